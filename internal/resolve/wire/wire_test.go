package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/patch"
	"godwit/internal/resolve"
	"godwit/internal/resolve/compat"
	"godwit/internal/resolve/override"
	"godwit/internal/resolve/policy"
	"godwit/internal/resolve/wire"
)

// stays are the fields that a request does not carry, and why.
var stays = map[string]string{
	"Options.RegistryTarball":   "the server has the URLs of the registries",
	"Options.Shape":             "TestSettingsTravel",
	"Options.Patch":             "TestSettingsTravel",
	"Options.Policy":            "TestSettingsTravel",
	"Options.maxWork":           "tests only",
	"Options.Root":              "projects outside of the lockfile's directory are resolved by the client",
	"Options.Prefixed":          "registries with prefixes are asked by the client itself",
	"Manifest.Bin":              "only whether there are any",
	"Manifest.BinDir":           "only whether there are any",
	"Manifest.HasInstallScript": "for the install", "Manifest.Scripts": "for the install",
	"Manifest.PackageManager": "for the command", "Manifest.Dist": "projects have none",
}

// filled is a value whose every field is set, but those that stay.
func filled[T any](t *testing.T, of string) T {
	t.Helper()
	var v T
	fill(t, reflect.ValueOf(&v).Elem(), of)
	return v
}

func fill(t *testing.T, v reflect.Value, at string) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2020, 1, 2, 3, 4, 5, 6e6, time.UTC)))
		return
	case npm.Name:
		v.SetString("@acme/pkg")
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("text")
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(2)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i), at)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		fill(t, value, at)
		v.SetMapIndex(reflect.ValueOf("key"), value)
	case reflect.Struct:
		for i := range v.NumField() {
			name := at + "." + v.Type().Field(i).Name
			if stays[name] == "" && v.Type().Field(i).IsExported() {
				fill(t, v.Field(i), name)
			} else if stays[name] == "" {
				t.Errorf("%s cannot be set", name)
			}
		}
	default:
		t.Errorf("%s is of a kind that nobody carries yet: add it to the request, or say in stays why not", at)
	}
}

// travel sends a request and takes it in on the other side.
func travel(t *testing.T, req *resolve.Request, s wire.Settings) *resolve.Request {
	t.Helper()
	got, err := received(t, wire.New(req, s)).Resolution()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// received is what the other side gets of a request.
func received(t *testing.T, out *wire.Request) *wire.Request {
	t.Helper()
	var text bytes.Buffer
	if err := out.Encode(&text); err != nil {
		t.Fatal(err)
	}
	in, err := wire.Decode(&text)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// oneProject is a request that can be sent.
func oneProject(m *npm.Manifest) *resolve.Request {
	return &resolve.Request{
		Importers: []resolve.Importer{{Dir: ".", Manifest: m}}, Members: []resolve.Member{{Dir: ".", Manifest: m}},
	}
}

// An option that did not travel would make another lockfile.
func TestEveryOptionTravels(t *testing.T) {
	req := oneProject(&npm.Manifest{})
	req.Options = filled[resolve.Options](t, "Options")
	if got := travel(t, req, wire.Settings{}); !reflect.DeepEqual(got.Options, req.Options) {
		t.Errorf("%+v\nis not\n%+v", got.Options, req.Options)
	}
}

func TestManifestsTravel(t *testing.T) {
	m := filled[npm.Manifest](t, "Manifest")
	req := oneProject(&m)
	if got := travel(t, req, wire.Settings{}); !reflect.DeepEqual(got.Importers[0].Manifest, &m) {
		t.Errorf("%+v\nis not\n%+v", got.Importers[0].Manifest, &m)
	}
	m = npm.Manifest{Bin: map[string]string{"x": "x.js"}}
	if got := travel(t, req, wire.Settings{}); got.Importers[0].Manifest.BinDir == "" {
		t.Error("that there are commands got lost")
	}
}

func TestRequestsTravel(t *testing.T) {
	req := oneProject(&npm.Manifest{Name: "a"})
	req.Importers[0].Injected, req.Members[0].Injected = map[string]bool{"x": true}, map[string]bool{"x": true}
	req.Importers[0].Kept, req.Members[0].Publish = true, "dist"
	req.Catalogs = map[string]npm.Deps{"default": {{Alias: "b", Specifier: "1"}, {Alias: "a", Specifier: "2"}}}
	req.LockedCatalogs = map[string]npm.Deps{"default": {{Alias: "b", Specifier: "0"}}}
	req.Reshaped, req.Preferred, req.Freed = true, true, []npm.Name{"x"}
	req.Locked = &graph.Graph{
		Importers: []*graph.Importer{{Dir: ".", Deps: []graph.Direct{{Alias: "x", Specifier: "^1.0.0", Target: graph.Target{Key: "x@1.0.0"}}}}},
		Packages:  map[graph.Key]*graph.Package{"x@1.0.0": {Key: "x@1.0.0", Name: "x", Version: "1.0.0", Resolution: graph.Resolution{Integrity: "sha512-AA=="}}},
	}
	got := travel(t, req, wire.Settings{Platforms: []npm.Platform{{OS: "linux", CPU: "x64", Libc: "musl"}}})
	if got.Locked == nil || got.Locked.Packages["x@1.0.0"].Resolution.Integrity != "sha512-AA==" || got.Locked.Importer(".").Deps[0].Specifier != "^1.0.0" {
		t.Errorf("the lockfile is %+v", got.Locked)
	}
	if !got.Fits(&npm.Manifest{Libc: []string{"musl"}}) || got.Fits(&npm.Manifest{OS: []string{"darwin"}}) {
		t.Error("the platform got lost")
	}
	if in := wire.New(req, wire.Settings{Externals: []wire.External{wire.NewExternal("p", "x", "file:x", &resolve.External{
		ID: "file:p/x", Manifest: &npm.Manifest{Name: "y", Version: "2.0.0"}, Resolution: graph.Resolution{Kind: graph.Directory, Directory: "p/x"},
	})}}); in.Externals[0].External().Manifest.Name != "y" || in.Externals[0].External().Resolution.Directory != "p/x" {
		t.Error("what is on this machine got lost")
	}
	got.Locked, got.Fits, req.Locked = nil, nil, nil
	if !reflect.DeepEqual(got, req) {
		t.Errorf("%+v\nis not\n%+v", got, req)
	}
	// What resolve.Request has beside that is not the server's to know.
	for i := range reflect.TypeFor[resolve.Request]().NumField() {
		switch name := reflect.TypeFor[resolve.Request]().Field(i).Name; name {
		case "Importers", "Members", "Catalogs", "Options", "Locked", "LockedCatalogs", "Reshaped", "Preferred", "Freed", "Fits": // above
		case "Update": // TestUpdatesTravel
		case "Picked":
		default:
			t.Errorf("nobody carries %s", name)
		}
	}
}

func TestSettingsTravel(t *testing.T) {
	yes := true
	overrides, err := override.Parse(npm.Deps{{Alias: "b", Specifier: "2"}, {Alias: "a@1>c", Specifier: "3"}}, override.Options{Root: "/x"})
	if err != nil {
		t.Fatal(err)
	}
	extension := compat.Extension{Selector: "lib@1"}
	extension.Dependencies = map[string]string{"dep": "^1"}
	extension.PeerDependenciesMeta = map[string]compat.PeerMeta{"react": {Optional: &yes}}
	extensions, err := compat.Parse([]compat.Extension{extension})
	if err != nil {
		t.Fatal(err)
	}
	patches, err := patch.Known(npm.Deps{{Alias: "lib@^1", Specifier: "abc"}})
	if err != nil {
		t.Fatal(err)
	}
	req := oneProject(&npm.Manifest{})
	req.Options.Shape = &resolve.Shape{Overrides: overrides, Extensions: extensions}
	req.Options.Policy = &policy.Policy{Cutoff: time.Unix(9, 0).UTC(), Setting: "s", Strict: true, MissingTime: true, NoDowngrade: true, TrustAge: 5, Now: time.Unix(10, 0).UTC(), Npmrc: true}
	got := travel(t, req, wire.Settings{
		Extensions: []compat.Extension{extension}, IgnoredOptional: []string{"ign*"}, Patches: patches,
		AgeExclude: []string{"lib@1.0.0"}, TrustExclude: []string{"@acme/*"},
	})
	m := &npm.Manifest{
		Name: "lib", Version: "1.2.0", Dependencies: npm.Deps{{Alias: "b", Specifier: "1"}},
		OptionalDependencies: npm.Deps{{Alias: "ignored", Specifier: "1"}},
	}
	shaped := got.Options.Shape.Project(m, "")
	if b, _ := shaped.Dependencies.Lookup("b"); b != "2" || len(shaped.OptionalDependencies) != 0 || !shaped.OptionalPeers["react"] {
		t.Errorf("shaped it is %+v", shaped)
	}
	if hash, err := got.Options.Patch("lib", "1.2.0"); hash != "abc" || err != nil {
		t.Errorf("the patch is %q, %v", hash, err)
	}
	if p := got.Options.Policy; p.Concerns("other") != true || p.Setting != "s" || !p.Strict || !p.MissingTime || p.TrustAge != 5 || !p.Npmrc ||
		!p.Cutoff.Equal(req.Options.Policy.Cutoff) || !p.Now.Equal(req.Options.Policy.Now) {
		t.Errorf("the policy is %+v", p)
	}
	if n := reflect.TypeFor[policy.Policy]().NumField(); n != 10 {
		t.Errorf("of %d fields of a policy 10 travel", n)
	}
	exclude, _ := policy.ParseExclude("", []string{"@acme/*"})
	if !reflect.DeepEqual(got.Options.Policy.TrustExclude, exclude) {
		t.Errorf("what trust does not apply to is %+v", got.Options.Policy.TrustExclude)
	}
}

// An update may be about whatever the lockfile has: projects' dependencies, those
// of packages, and names behind aliases.
func TestUpdatesTravel(t *testing.T) {
	req := oneProject(&npm.Manifest{Name: "a"})
	req.Update = func(name string) bool { return name != "kept" }
	if got := travel(t, req, wire.Settings{}); got.Update == nil || got.Update("x") {
		t.Error("without a lockfile there is nothing to update, but it is an update")
	}
	sum := graph.Resolution{Integrity: "sha512-AA=="}
	req.Locked = &graph.Graph{
		Importers: []*graph.Importer{{Dir: ".", Deps: []graph.Direct{
			{Alias: "direct", Specifier: "npm:x@1", Target: graph.Target{Key: "x@1.0.0"}}, {Alias: "kept", Specifier: "1", Target: graph.Target{Key: "kept@1.0.0"}},
		}}},
		Packages: map[graph.Key]*graph.Package{
			"x@1.0.0":    {Key: "x@1.0.0", Name: "x", Version: "1.0.0", Resolution: sum, Edges: []graph.Edge{{Alias: "below", Target: graph.Target{Key: "kept@1.0.0"}}}},
			"kept@1.0.0": {Key: "kept@1.0.0", Name: "kept", Version: "1.0.0", Resolution: sum},
		},
	}
	got := travel(t, req, wire.Settings{})
	for name, want := range map[string]bool{"direct": true, "x": true, "below": true, "kept": false} {
		if got.Update(name) != want {
			t.Errorf("%s is updated: %v", name, !want)
		}
	}
}

// There are only so many packages that anybody could need.
func TestTooManyPackages(t *testing.T) {
	var answer bytes.Buffer
	for i := range 200_001 {
		fmt.Fprintf(&answer, `{"package":{"id":"p%d@1.0.0"}}`+"\n", i)
	}
	in, err := wire.NewReader(&answer), error(nil)
	for n := 0; err == nil; n++ {
		if _, err = in.Next(); n == 200_000 && !errors.Is(err, wire.ErrTooLong) || n < 200_000 && err != nil {
			t.Fatalf("frame %d: %v", n, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"version":1,"registries":{"":{"url":"https://registry.example"}},"options":{},"importers":[{"dir":".","manifest":{"dependencies":[["a","^1"]]}}]}`)
	f.Add(`{"version":1,"options":{"linkWorkspace":"deep"},"shape":{"overrides":[["a>b@1","-"]],"extensions":[{"selector":"a@1"}]},"patched":[["a@^1","00"]],"policy":{"exclude":["a@1 || 2"]},"lockfile":"lockfileVersion: '9.0'","importers":[{"dir":"a/b","manifest":{}}]}`)
	f.Add(`{"version":1,"npm":{"overrides":{"a":{".":"1"}},"node":"20.0.0","locked":[{"dir":"node_modules/a","manifest":{"version":"1.0.0"}},{"dir":"node_modules/b","link":"b"}]},"importers":[{"dir":".","manifest":{}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		req, err := wire.Decode(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, im := range req.Importers {
			if im.Dir == "" || im.Dir[0] == '/' || im.Dir == ".." || strings.HasPrefix(im.Dir, "../") || strings.Contains(im.Dir, "/../") {
				t.Errorf("it has a project in %q", im.Dir)
			}
		}
		_, _ = req.Resolution()
		if req.Npm != nil {
			_, _ = req.NpmResolution()
		}
	})
}

func FuzzReader(f *testing.F) {
	f.Add("{\"package\":{\"id\":\"a@1.0.0\"}}\n{\"done\":{\"packages\":1}}\n")
	f.Add("{\"error\":{\"code\":\"X\"}}\n{}\n")
	f.Fuzz(func(t *testing.T, text string) {
		in := wire.NewReader(strings.NewReader(text))
		ended := false
		for {
			frame, err := in.Next()
			if err == io.EOF && !ended {
				t.Fatal("an answer without an end is taken")
			}
			if err != nil {
				return
			}
			if ended {
				t.Fatal("something behind the end is taken")
			}
			ended = frame.Package == nil
		}
	})
}
