package resolve

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

func TestPickVersion(t *testing.T) {
	const doc = `{"name": "lib", "dist-tags": {"latest": "1.1.0", "next": "2.0.0", "bad": "9.9.9"}, "versions": {
		"0.9.0": {}, "1.0.0": {}, "1.1.0": {}, "1.2.0": {"deprecated": "no"}, "1.3.0": {},
		"2.0.0": {"deprecated": "no"}, "2.1.0-rc.1": {}, "v3.0.0": {}}}`
	const pre = `{"name": "lib", "dist-tags": {"latest": "1.0.0-b"}, "versions": {"1.0.0-a": {}, "1.0.0-b": {}, "0.1.0": {}}}`
	const old = `{"name": "lib", "dist-tags": {"latest": "1.1.0"}, "versions": {"1.0.0": {}, "1.1.0": {"deprecated": "no"}}}`
	direct := func(spec string) preferences {
		s, _ := selectorFor(spec, weightDirect)
		return preferences{spec: s}
	}
	locked := func(versions ...string) preferences {
		p := preferences{}
		for _, v := range versions {
			p[v] = selector{kind: byVersion, locked: true}
		}
		return p
	}
	for _, test := range []struct {
		doc, what string
		prefer    preferences
		nearby    []string
		how       picking
		want      string
	}{
		{doc: doc, what: "1.0.0", want: "1.0.0"},
		{doc: doc, what: "=1.0.0", want: "1.0.0"},
		{doc: doc, what: "v3.0.0", want: "v3.0.0"},
		{doc: doc, what: "4.0.0"},
		{doc: doc, what: "latest", want: "1.1.0"},
		{doc: doc, what: "next", want: "2.0.0"},
		{doc: doc, what: "none"},
		{doc: doc, what: "bad", want: "9.9.9"}, // whoever decodes it says that it is missing
		{doc: doc, what: "", want: "1.1.0"},
		{doc: doc, what: "^1.0.0", want: "1.1.0"},
		{doc: doc, what: ">1.1.0 <2", want: "1.3.0"},
		{doc: doc, what: "~1.2.0", want: "1.2.0"},
		{doc: doc, what: "^2.0.0", want: "2.0.0"},
		{doc: doc, what: ">=2.1.0-0 <3", want: "2.1.0-rc.1"},
		{doc: doc, what: "^7"},
		{doc: pre, what: "*", want: "1.0.0-b"},
		{doc: pre, what: "*", prefer: direct("*"), want: "0.1.0"},
		{doc: pre, what: "*", how: picking{lowest: true}, want: "0.1.0"},
		{doc: old, what: "*", want: "1.0.0"},
		{doc: old, what: "^1.1.0", want: "1.1.0"},
		{doc: doc, what: "^1.0.0", how: picking{lowest: true}, want: "1.0.0"},
		{doc: doc, what: ">=0", prefer: direct("0.9.0"), want: "0.9.0"},
		{doc: doc, what: ">=0", prefer: direct("~1.0.0"), want: "1.0.0"},
		{doc: doc, what: ">=0", prefer: direct("next"), want: "2.0.0"},
		{doc: doc, what: "^1.0.0", prefer: direct("^1.0.0"), want: "1.1.0"},
		{doc: doc, what: "^1.0.0", nearby: []string{"1.0.0"}, want: "1.0.0"},
		{doc: doc, what: "^1.0.0", nearby: []string{"0.9.0"}, want: "1.1.0"},
		{doc: doc, what: "^1.0.0", nearby: []string{"1.0.0", "1.1.0", "1.3.0"}, want: "1.1.0"},
		{doc: doc, what: "^1.0.0", prefer: locked("1.0.0", "1.3.0"), want: "1.3.0"},
		{doc: doc, what: "^1.0.0", prefer: locked("1.0.0"), nearby: []string{"1.3.0"}, want: "1.3.0"},
		{doc: doc, what: "^1.0.0", prefer: locked("1.0.0"), nearby: []string{"1.3.0"}, how: picking{reshaped: true}, want: "1.0.0"},
		{doc: doc, what: "^1.0.0", prefer: locked("1.0.0"), nearby: []string{"2.0.0"}, want: "1.0.0"},
		{doc: doc, what: "^1.0.0", prefer: locked("1.1.0", "1.3.0"), want: "1.1.0"},
		{doc: doc, what: "^1.0.0", prefer: locked("1.1.0", "1.3.0"), how: picking{direct: true}, want: "1.3.0"},
		{doc: pre, what: "*", prefer: locked("1.0.0-b"), how: picking{direct: true}, want: "0.1.0"},
	} {
		doc, err := npm.ParsePackument("lib", []byte(test.doc))
		if err != nil {
			t.Fatal(err)
		}
		if got := pickVersion(doc, test.what, test.prefer, test.nearby, test.how, nil); got != test.want {
			t.Errorf("pick %q, prefer %v, nearby %v, %+v: %q, want %q", test.what, test.prefer, test.nearby, test.how, got, test.want)
		}
	}
}

func TestMergeRanges(t *testing.T) {
	for _, test := range []struct {
		peers   string // ranges; "?" in front of optional ones
		highest bool
		want    string
		must    bool
	}{
		{peers: "^1.0.0", want: "^1.0.0", must: true},
		{peers: "^1.0.0, ^1.0.0", want: "^1.0.0", must: true},
		{peers: "?^1.0.0"},
		{peers: "?^2.0.0, ^1.0.0", want: "^1.0.0", must: true},
		{peers: ">=1.2.0, ^1.0.0", want: ">=1.2.0 <2.0.0-0", must: true},
		{peers: "^1.0.0, ^2.0.0", must: true},
		{peers: "^1.0.0, ^2.0.0", highest: true, want: "^1.0.0 || ^2.0.0", must: true},
		{peers: "^1.0.0 || ^2.0.0, ^2.1.0", want: ">=2.1.0 <3.0.0-0", must: true},
		{peers: "latest, ^1.0.0", must: true},
		{peers: "workspace:^1.0.0", want: "workspace:^1.0.0", must: true},
	} {
		var peers []missingPeer
		for _, rng := range strings.Split(test.peers, ", ") {
			rng, optional := strings.CutPrefix(rng, "?")
			peers = append(peers, missingPeer{peerDep: peerDep{name: "p", wanted: rng, raw: rng, optional: optional}})
		}
		got, must := mergeRanges(peers, test.highest)
		if got != test.want && !sameRange(got, test.want) || must != test.must {
			t.Errorf("merge %q: %q %v, want %q %v", test.peers, got, must, test.want, test.must)
		}
	}
}

// sameRange compares what ranges admit: a merged one is not simplified.
func sameRange(a, b string) bool {
	ra, err1 := semver.ParseRange(a, loose)
	rb, err2 := semver.ParseRange(b, loose)
	return a != "" && b != "" && err1 == nil && err2 == nil && semver.Subset(ra, rb) && semver.Subset(rb, ra)
}

func TestPeerSatisfied(t *testing.T) {
	for _, test := range []struct {
		version, wanted string
		want            bool
	}{
		{"1.2.3", "^1.0.0", true},
		{"2.0.0", "^1.0.0", false},
		{"2.0.0-rc.1", "^2.0.0", true},
		{"2.0.0-rc.1", "^1.0.0", false},
		{"1.0.0-a", "*", true},
		{"file:lib", "*", true},
		{"file:lib", "^1", false},
		{"1.0.0", "npm:other@^1.0.0", true},
		{"1.0.0", "npm:other", true},
		{"1.0.0", "workspace:^2.0.0", false},
		{"1.0.0", "workspace:^", true},
		{"tag", "tag", true},
	} {
		if got := PeerSatisfied(test.version, test.wanted); got != test.want {
			t.Errorf("%s satisfies %s: %v", test.version, test.wanted, got)
		}
	}
}

func TestSuffixNames(t *testing.T) {
	for key, want := range map[graph.Key]string{
		"a@1.0.0":                                "[]",
		"a@1.0.0(b@1.0.0)":                       "[b]",
		"a@1.0.0(@s/b@1.0.0(c@2.0.0))(d@1.0.0)":  "[@s/b d]",
		"a@1.0.0(patch_hash=12ab)(b@1.0.0)":      "[b]",
		"@x/a@file:lib(b@file:../b(c@1.0.0-rc))": "[b]",
	} {
		if got := fmt.Sprint(suffixNames(key)); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}

func TestDedupeVariants(t *testing.T) {
	lib, other := &pkg{id: "lib@1.0.0"}, &pkg{id: "x@1.0.0"}
	variantOf := func(p *pkg, key graph.Key, edges string) *variant {
		v := &variant{key: key, pkg: p, edges: map[string]graph.Key{}, peers: map[string]bool{}}
		for _, e := range strings.Fields(edges) {
			alias, to, _ := strings.Cut(e, "=")
			v.edges[alias] = graph.Key(to)
			v.peers[alias] = true
		}
		return v
	}
	vs := map[graph.Key]*variant{}
	for _, v := range []*variant{
		variantOf(lib, "lib@1.0.0", ""),
		variantOf(lib, "lib@1.0.0(a@1)", "a=a@1"),
		variantOf(lib, "lib@1.0.0(a@1)(b@1)", "a=a@1 b=b@1"),
		variantOf(lib, "lib@1.0.0(a@2)", "a=a@2"),
		variantOf(other, "x@1.0.0", "lib=lib@1.0.0"),
		variantOf(other, "x@1.0.0(a@1)", "lib=lib@1.0.0(a@1) a=a@1"),
	} {
		vs[v.key] = v
	}
	moved := dedupeVariants(vs)
	want := map[graph.Key]graph.Key{
		"lib@1.0.0":      "lib@1.0.0(a@1)(b@1)",
		"lib@1.0.0(a@1)": "lib@1.0.0(a@1)(b@1)",
		"x@1.0.0":        "x@1.0.0(a@1)",
	}
	if fmt.Sprint(moved) != fmt.Sprint(want) {
		t.Errorf("moved %v, want %v", moved, want)
	}
	if to := vs["x@1.0.0(a@1)"].edges["lib"]; to != "lib@1.0.0(a@1)(b@1)" {
		t.Errorf("x depends on %s", to)
	}
}

// naiveComponents finds cycles by reachability.
func naiveComponents(n int, next func(int) []int) []int {
	reach := make([][]bool, n)
	for v := range n {
		reach[v] = make([]bool, n)
		todo := slices.Clone(next(v))
		for len(todo) > 0 {
			u := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if !reach[v][u] {
				reach[v][u] = true
				todo = append(todo, next(u)...)
			}
		}
	}
	comp, count := make([]int, n), 0
	for v := range n {
		if comp[v] != 0 || !reach[v][v] {
			continue
		}
		count++
		for u := range n {
			if reach[v][u] && reach[u][v] {
				comp[u] = count
			}
		}
	}
	return comp
}

func FuzzComponents(f *testing.F) {
	f.Add([]byte{0, 1, 1, 0})
	f.Add([]byte{0, 1, 1, 2, 2, 0, 3, 3, 4, 5})
	f.Add([]byte{})
	f.Add(binary.BigEndian.AppendUint64(nil, 0x0102020303010405))
	f.Fuzz(func(t *testing.T, data []byte) {
		const n = 12
		edges := make([][]int, n)
		for i := 0; i+1 < len(data) && i < 200; i += 2 {
			from := int(data[i]) % n
			edges[from] = append(edges[from], int(data[i+1])%n)
		}
		next := func(v int) []int { return edges[v] }
		got, want := components(n, next), naiveComponents(n, next)
		for a := range n {
			for b := range n {
				if (got[a] == 0) != (want[a] == 0) || (got[a] == got[b]) != (want[a] == want[b]) {
					t.Fatalf("%v: %v, want the same sets as %v", edges, got, want)
				}
			}
		}
	})
}
