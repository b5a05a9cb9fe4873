package wire_test

import (
	"reflect"
	"testing"
	"time"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/resolve/npmtree"
	"godwit/internal/resolve/policy"
	"godwit/internal/resolve/wire"
)

// travelNpm sends a request for npm's rules and takes it in on the other side.
func travelNpm(t *testing.T, req *npmtree.Request, s wire.Settings) *npmtree.Request {
	t.Helper()
	out, err := wire.NewNpm(req, s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := received(t, out).NpmResolution()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEveryNpmOptionTravels(t *testing.T) {
	// What is compared by itself, or is the server's own.
	stays["NpmOptions.Policy"], stays["NpmOptions.Node"], stays["NpmOptions.Platform"], stays["NpmOptions.Strategy"] = "below", "below", "below", "below"
	stays["NpmOptions.InstallLinks"], stays["NpmOptions.Allow"] = "directories are resolved here", "what is of no registry is resolved here"
	stays["NpmOptions.Prefer"] = "an import is resolved here"
	node := semver.MustParse("20.1.2")
	req := &npmtree.Request{
		Name: "dir", Inflate: true, Asked: map[string][]string{".": {"a"}},
		Projects: []npmtree.Project{{Dir: ".", Manifest: &npm.Manifest{Name: "app"}, JSON: []byte("\ufeff" + `{"Overrides": 1, "overrides": {"a": {"b": "<2>"}}, "scripts": {"x": "secret"}}`)}},
		Options:  filled[npmtree.Options](t, "NpmOptions"),
	}
	req.Options.Strategy, req.Options.Node = npmtree.Shallow, func() semver.Version { return node }
	req.Options.Policy = &policy.Policy{Cutoff: time.Unix(9, 0).UTC(), Setting: "before"}
	got := travelNpm(t, req, wire.Settings{Platforms: []npm.Platform{{OS: "linux", CPU: "x64", Libc: "musl"}}})
	if o := got.Options; o.Node() != node || !o.Platform(nil, nil, []string{"musl"}) || o.Platform([]string{"darwin"}, nil, nil) ||
		o.Policy == nil || !o.Policy.Cutoff.Equal(req.Options.Policy.Cutoff) {
		t.Errorf("the options are %+v", o)
	}
	if text := string(got.Projects[0].JSON); text != `{"overrides":{"a":{"b":"<2>"}}}` {
		t.Errorf("of the package.json there is %s", text)
	}
	for _, o := range []*npmtree.Options{&got.Options, &req.Options} {
		o.Node, o.Platform, o.Policy = nil, nil, nil
	}
	if !reflect.DeepEqual(got.Options, req.Options) || got.Name != "dir" || !got.Inflate || !reflect.DeepEqual(got.Asked, req.Asked) {
		t.Errorf("%+v\nis not\n%+v", got, req)
	}
	for i := range reflect.TypeFor[npmtree.Request]().NumField() {
		switch name := reflect.TypeFor[npmtree.Request]().Field(i).Name; name {
		case "Name", "Projects", "Options", "Inflate", "Asked": // above
		case "Locked", "Update": // TestNpmLockfilesTravel
		case "Root", "Picked": // this machine's own
		case "Fixing": // advisories stay here, and so does what gets rid of them
		default:
			t.Errorf("nobody carries %s", name)
		}
	}
}

// What a lockfile has arrives, but for what only an answer has.
func TestNpmLockfilesTravel(t *testing.T) {
	stays["graph.Placed.Kept"], stays["graph.Placed.Short"], stays["graph.Placed.JSON"], stays["graph.Placed.Manifest"] = "x", "x", "x", "x"
	full := filled[graph.Placed](t, "graph.Placed")
	full.Dir, full.Manifest = "node_modules/a", &npm.Manifest{Version: "1.0.0", Dependencies: npm.Deps{{Alias: "b", Specifier: "^1"}}}
	req := &npmtree.Request{
		Projects: []npmtree.Project{{Dir: ".", Manifest: &npm.Manifest{Dependencies: npm.Deps{{Alias: "x", Specifier: "1"}}}}},
		Locked:   []graph.Placed{{Dir: "", Manifest: &npm.Manifest{}}, full, {Dir: "node_modules/lib", Link: "packages/lib"}},
		Update:   func(name string) bool { return name != "lib" },
	}
	got := travelNpm(t, req, wire.Settings{})
	if !reflect.DeepEqual(got.Locked, req.Locked[1:]) {
		t.Errorf("%+v\nis not\n%+v", got.Locked, req.Locked[1:])
	}
	for name, want := range map[string]bool{"a": true, "b": true, "x": true, "lib": false} {
		if got.Update(name) != want {
			t.Errorf("%s is updated: %v", name, !want)
		}
	}
	req.Update = nil
	if travelNpm(t, req, wire.Settings{}).Update != nil {
		t.Error("there is an update that nobody wants")
	}
}
