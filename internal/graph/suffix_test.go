package graph

import (
	"slices"
	"strings"
	"testing"
)

func TestKeyParts(t *testing.T) {
	for _, c := range []struct {
		key, id  Key
		patch    string
		peers    []Key
		balanced bool
	}{
		{"a@1.0.0", "a@1.0.0", "", nil, true},
		{"@s/a@1.0.0(b@2.0.0)", "@s/a@1.0.0", "", []Key{"b@2.0.0"}, true},
		{"a@1.0.0(b@2.0.0(c@1.0.0))(@s/d@1.0.0)", "a@1.0.0", "", []Key{"b@2.0.0(c@1.0.0)", "@s/d@1.0.0"}, true},
		{"a@1.0.0(patch_hash=ff)(b@2.0.0)", "a@1.0.0", "ff", []Key{"b@2.0.0"}, true},
		{"a@1.0.0(patch_hash=ff)", "a@1.0.0", "ff", nil, true},
		{"a@file:x(y)/z", "a@file:x(y)/z", "", nil, true},
		{"a@file:x(y)/z(b@1.0.0)", "a@file:x(y)/z", "", []Key{"b@1.0.0"}, true},
		{"a@1.0.0(b@2.0.0", "a@1.0.0(b@2.0.0", "", nil, false},
		{"a@1.0.0)b@2.0.0(", "a@1.0.0)b@2.0.0(", "", nil, false},
		{"(a@1.0.0)", "(a@1.0.0)", "", nil, true},
		{"", "", "", nil, true},
	} {
		if got := c.key.ID(); got != c.id {
			t.Errorf("%s: id %s, want %s", c.key, got, c.id)
		}
		if got := c.key.Patch(); got != c.patch {
			t.Errorf("%s: patch %q, want %q", c.key, got, c.patch)
		}
		if got := c.key.Peers(); !slices.Equal(got, c.peers) {
			t.Errorf("%s: peers %q, want %q", c.key, got, c.peers)
		}
		if got := c.key.Balanced(); got != c.balanced {
			t.Errorf("%s: balanced is %v", c.key, got)
		}
	}
}

func TestPeerSuffix(t *testing.T) {
	if got := PeerSuffix([]Key{"react@18.2.0", "@types/react@18.0.0"}, 1000); got != "(@types/react@18.0.0)(react@18.2.0)" {
		t.Errorf("suffix is %s", got)
	}
	if got := PeerSuffix(nil, 0); got != "" {
		t.Errorf("suffix of no peers is %s", got)
	}
	// left-pad@1.3.0 has 14 bytes; a limit below makes it a hash, as pnpm 12
	// wrote it under peersSuffixMaxLength: 13.
	for limit, want := range map[int]string{14: "(left-pad@1.3.0)", 13: "(21db9ce4773b1895cfd5585cddf65a34)"} {
		if got := PeerSuffix([]Key{"left-pad@1.3.0"}, limit); got != want {
			t.Errorf("limit %d: %s, want %s", limit, got, want)
		}
	}
	if got := Key("a@1.0.0" + PatchSuffix("ff") + PeerSuffix([]Key{"b@1.0.0"}, 9)); got.Patch() != "ff" || len(got.Peers()) != 1 {
		t.Errorf("%s: patch %s, peers %v", got, got.Patch(), got.Peers())
	}
}

func TestLinkVersion(t *testing.T) {
	for path, want := range map[string]string{
		"packages/a": "packages+a", "../packages/a": "packages+a", "../../x//y/": "..+x+y", "": "", ".": "+", "a.": "a", "a:b": "a+b",
	} {
		if got := LinkVersion(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"a@1.0.0(b@1.0.0)(c@1.0.0(d@1.0.0))", "a@1.0.0(patch_hash=ff)(", ")(", "@/@", "a@file:(x)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k := Key(s)
		if string(k.ID())+k.Suffix() != s {
			t.Fatalf("%q: id %q and suffix %q", s, k.ID(), k.Suffix())
		}
		if k.ID().Suffix() != "" && k.Balanced() && !strings.HasSuffix(string(k.ID()), ")") {
			t.Fatalf("%q: the id %q has a suffix", s, k.ID())
		}
		k.Peers()
		k.Patch()
		k.Name()
		if n := len(SlotName(k, DefaultSlotNameLen)); n > DefaultSlotNameLen {
			t.Fatalf("%q: slot name of %d bytes", s, n)
		}
	})
}
