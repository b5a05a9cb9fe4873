package compat

import (
	"reflect"
	"testing"

	"godwit/internal/npm"
)

func TestBuiltin(t *testing.T) {
	x := Builtin()
	for _, test := range []struct {
		name     npm.Name
		version  string
		optional string // a peer that is made optional
		want     bool
	}{
		{"debug", "4.1.1", "supports-color", true},
		{"debug", "4.3.4", "supports-color", false},
		{"nothing", "1.0.0", "supports-color", false},
	} {
		m := &npm.Manifest{Name: test.name, Version: test.version}
		got := x.Apply(m)
		if got.OptionalPeers[test.optional] != test.want {
			t.Errorf("%s@%s: optional peers %v", test.name, test.version, got.OptionalPeers)
		}
		if !test.want && got != m {
			t.Errorf("%s@%s is copied for nothing", test.name, test.version)
		}
	}
}

// What a manifest says itself stays, and it is not changed: all who depend on
// the package share it.
func TestApplyKeeps(t *testing.T) {
	x := Extensions{}
	add := Fields{
		Dependencies:     map[string]string{"b": "^2", "a": "^2", "c": "^2"},
		PeerDependencies: map[string]string{"p": "*"},
	}
	yes := true
	add.PeerDependenciesMeta = map[string]PeerMeta{"p": {&yes}, "q": {&yes}}
	if err := x.add("@s/lib@<2", add); err != nil {
		t.Fatal(err)
	}
	m := &npm.Manifest{
		Name: "@s/lib", Version: "1.0.0",
		Dependencies: npm.Deps{{Alias: "b", Specifier: "^1"}}, OptionalPeers: map[string]bool{"q": false},
	}
	got := x.Apply(m)
	want := npm.Deps{{Alias: "b", Specifier: "^1"}, {Alias: "a", Specifier: "^2"}, {Alias: "c", Specifier: "^2"}}
	if !reflect.DeepEqual(got.Dependencies, want) {
		t.Errorf("dependencies %v, want %v", got.Dependencies, want)
	}
	if !got.OptionalPeers["p"] || got.OptionalPeers["q"] || len(got.PeerDependencies) != 1 {
		t.Errorf("peers %v, optional %v", got.PeerDependencies, got.OptionalPeers)
	}
	if len(m.Dependencies) != 1 || len(m.OptionalPeers) != 1 || m.PeerDependencies != nil {
		t.Errorf("the manifest was changed: %+v", m)
	}
	for version, applies := range map[string]bool{"2.0.0": false, "1.9.9": true, "junk": false} {
		m := &npm.Manifest{Name: "@s/lib", Version: version}
		if got := x.Apply(m) != m; got != applies {
			t.Errorf("applies to %s: %v", version, got)
		}
	}
	if err := x.add("lib@not a range", Fields{}); err == nil {
		t.Error("a selector without a range is accepted")
	}
}

// Of two entries that say different things of one peer pnpm 12 follows the one that
// is about more versions.
func TestBuiltinOrder(t *testing.T) {
	m := Builtin().Apply(&npm.Manifest{Name: "consolidate", Version: "0.13.1"})
	if got, _ := m.PeerDependencies.Lookup("mustache"); got != "^4.0.1" {
		t.Errorf("mustache %q", got)
	}
}
