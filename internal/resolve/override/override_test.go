package override

import (
	"errors"
	"reflect"
	"testing"

	"godwit/internal/npm"
)

func deps(pairs ...string) (out npm.Deps) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, npm.Dep{Alias: pairs[i], Specifier: pairs[i+1]})
	}
	return out
}

func parse(t *testing.T, pairs ...string) *Set {
	t.Helper()
	s, err := Parse(deps(pairs...), Options{Root: "/proj/app"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDependencies(t *testing.T) {
	for _, test := range []struct {
		name      string
		overrides []string
		spec      string // of foo, in bar@1.2.0
		want      string // "" where it is removed
	}{
		{"every range", []string{"foo", "2.0.0"}, "^1.0.0", "2.0.0"},
		{"a range in common", []string{"foo@^1", "1.9.0"}, ">=1.5 <3", "1.9.0"},
		{"no range in common", []string{"foo@^1", "1.9.0"}, "^2.0.0", "^2.0.0"},
		{"not a range", []string{"foo@^1", "1.9.0"}, "github:a/b", "github:a/b"},
		{"the same text", []string{"foo@next", "1.9.0"}, "next", "1.9.0"},
		{"open range", []string{"foo@>1", "3.0.0"}, "^2.0.0", "3.0.0"},
		{"alternatives", []string{"foo@1 || >3", "3.0.0"}, "^4", "3.0.0"},
		{"the narrowest", []string{"foo", "1.0.0", "foo@^2", "2.0.0"}, "2.6.0", "2.0.0"},
		{"the first of ranges that meet", []string{"foo", "1.0.0", "foo@^2", "2.0.0", "foo@^2.5", "2.5.0"}, "2.6.0", "2.0.0"},
		{"parent", []string{"bar>foo", "3.0.0", "foo", "2.0.0"}, "^1", "3.0.0"},
		{"parent in range", []string{"bar@^1>foo@^1", "3.0.0"}, "^1", "3.0.0"},
		{"parent not in range", []string{"bar@^2>foo", "3.0.0"}, "^1", "^1"},
		{"another parent", []string{"baz>foo", "3.0.0"}, "^1", "^1"},
		{"parent with an open range", []string{"bar@>=1>foo", "3.0.0"}, "^1", "3.0.0"},
		{"removed", []string{"foo", "-"}, "^1", ""},
		{"converges", []string{"foo@", "1.4.0"}, "^1.2.0", "1.4.0"},
		{"does not converge", []string{"foo@", "1.4.0"}, "^2.0.0", "^2.0.0"},
		{"explicit before convergent", []string{"foo@", "1.4.0", "foo@^1", "1.5.0"}, "^1.2.0", "1.5.0"},
		{"link", []string{"foo", "link:../foo"}, "^1", "link:/proj/foo"},
		{"file", []string{"foo", "file:/abs/foo"}, "^1", "file:/abs/foo"},
	} {
		m := &npm.Manifest{Name: "bar", Version: "1.2.0", Dependencies: deps("a", "1", "foo", test.spec, "z", "1")}
		got := parse(t, test.overrides...).Apply(m, "")
		want := deps("a", "1", "foo", test.want, "z", "1")
		if test.want == "" {
			want = deps("a", "1", "z", "1")
		}
		if !reflect.DeepEqual(got.Dependencies, want) {
			t.Errorf("%s: %v", test.name, got.Dependencies)
		}
		if spec, _ := m.Dependencies.Lookup("foo"); spec != test.spec {
			t.Errorf("%s: the manifest was changed", test.name)
		}
	}
}

func TestPeers(t *testing.T) {
	m := &npm.Manifest{
		Name: "bar", Version: "1.0.0", Dependencies: deps("x", "1"),
		PeerDependencies: deps("foo", "^1", "gone", "*", "local", "^1"),
		OptionalPeers:    map[string]bool{"foo": true, "gone": true, "meta": true},
	}
	got := parse(t, "foo", "2.0.0", "gone", "-", "meta", "-", "local", "link:local").Apply(m, "")
	if want := deps("foo", "2.0.0", "local", "^1"); !reflect.DeepEqual(got.PeerDependencies, want) {
		t.Errorf("peers %v", got.PeerDependencies)
	}
	if want := deps("x", "1", "local", "link:/proj/app/local"); !reflect.DeepEqual(got.Dependencies, want) {
		t.Errorf("dependencies %v", got.Dependencies)
	}
	if want := map[string]bool{"foo": true}; !reflect.DeepEqual(got.OptionalPeers, want) {
		t.Errorf("optional %v", got.OptionalPeers)
	}
	if len(m.OptionalPeers) != 3 || len(m.PeerDependencies) != 3 {
		t.Error("the manifest was changed")
	}
}

// A project's own peer takes ranges only, and gets no dependency beside it.
func TestPeersOfProject(t *testing.T) {
	for value, want := range map[string]string{"npm:bar@1": "^1", "latest": "^1", "link:lib": "^1", "^2": "^2"} {
		m := &npm.Manifest{Name: "app", DevDependencies: deps("foo", "1"), PeerDependencies: deps("foo", "^1")}
		got := parse(t, "foo", value).Apply(m, "/proj/app")
		if peer, _ := got.PeerDependencies.Lookup("foo"); peer != want || len(got.Dependencies) != 0 {
			t.Errorf("%s: peer %s, dependencies %v", value, peer, got.Dependencies)
		}
		if dev, _ := got.DevDependencies.Lookup("foo"); dev != value {
			t.Errorf("%s: dev dependency %s", value, dev)
		}
	}
}

// Targets are written from where the manifest is.
func TestLocal(t *testing.T) {
	for _, test := range []struct{ value, dir, want string }{
		{"link:../lib", "/proj/app", "link:../lib"},
		{"link:lib", "/proj/app", "link:lib"},
		{"link:lib", "/proj/app/packages/a", "link:../../lib"},
		{"file:lib", "/proj/app/packages/a", "file:../../lib"},
		{"link:/abs/lib", "/proj/app", "link:/abs/lib"},
	} {
		m := &npm.Manifest{Name: "app", DevDependencies: deps("foo", "1")}
		got, _ := parse(t, "foo", test.value).Apply(m, test.dir).DevDependencies.Lookup("foo")
		if got != test.want {
			t.Errorf("%s in %s: %s", test.value, test.dir, got)
		}
	}
}

// A peer that is installed though nobody declares it as a dependency.
func TestUndeclared(t *testing.T) {
	s := parse(t, "foo", "npm:bar@1", "gone", "-", "local", "link:lib", "p>scoped", "1.0.0")
	for _, test := range []struct{ name, dir, want string }{
		{"foo", ".", "npm:bar@1"}, {"gone", ".", ""}, {"local", ".", "link:lib"}, {"local", "packages/a", "link:../../lib"},
		{"scoped", ".", "^1"}, {"other", ".", "^1"},
	} {
		if got := s.Undeclared(test.name, "^1", test.dir); got != test.want {
			t.Errorf("%s in %s: %q", test.name, test.dir, got)
		}
	}
}

func TestReferences(t *testing.T) {
	o := Options{
		Direct:  func(name string) (string, bool) { return "^7", name == "foo" },
		Catalog: func(name, spec string) (string, error) { return spec + "!" + name, nil },
	}
	s, err := Parse(deps("b>foo", "$foo", "c", "catalog:x"), o)
	if err != nil {
		t.Fatal(err)
	}
	if want := deps("b>foo", "^7", "c", "catalog:x!c"); !reflect.DeepEqual(s.Entries(), want) {
		t.Errorf("entries %v", s.Entries())
	}
	m := &npm.Manifest{Name: "b", Dependencies: deps("foo", "1")}
	s.Apply(m, "")
	if want := []string{"c"}; !reflect.DeepEqual(s.Unused(), want) {
		t.Errorf("unused %v", s.Unused())
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ selector, value, code string }{
		{"", "1", "ERR_PNPM_INVALID_SELECTOR"},
		{"%%", "1", "ERR_PNPM_INVALID_SELECTOR"},
		{"a>%%", "1", "ERR_PNPM_INVALID_SELECTOR"},
		{"../x>a", "1", "ERR_PNPM_INVALID_SELECTOR"},
		{"a@", "^1", "ERR_PNPM_INVALID_CONVERGENCE_OVERRIDE"},
		{"a>b@", "1.0.0", "ERR_PNPM_INVALID_CONVERGENCE_OVERRIDE"},
		{"a", "$b", "ERR_PNPM_CANNOT_RESOLVE_OVERRIDE_VERSION"},
		{"a", "catalog:", "ERR_PNPM_CATALOG_IN_OVERRIDES"},
	} {
		_, err := Parse(deps(test.selector, test.value), Options{})
		var e *Error
		if !errors.As(err, &e) || e.Code() != test.code || e.Hint() == "" {
			t.Errorf("%q: %q: %v", test.selector, test.value, err)
		}
	}
}

// A manifest that nothing is for is not copied.
func TestNothing(t *testing.T) {
	m := &npm.Manifest{Name: "a", Dependencies: deps("b", "1"), PeerDependencies: deps("c", "1")}
	if got := parse(t, "z", "1").Apply(m, ""); got != m {
		t.Error("copied")
	}
	if got := (*Set)(nil).Apply(m, ""); got != m || (*Set)(nil).Entries() != nil || (*Set)(nil).Unused() != nil {
		t.Error("the nil set does something")
	}
}

// Whatever a selector and a manifest say, nothing breaks, and the value is what
// comes out where a rule was used.
func FuzzOverride(f *testing.F) {
	f.Add("a@1>b@^2", "1.0.0", "a", "1.2.0", "b", "^2.1.0")
	f.Add("b@", "1.0.0", "a", "", "b", "")
	f.Add("b", "link:../x", "a", "1", "b", "*")
	f.Fuzz(func(t *testing.T, selector, value, name, version, dep, spec string) {
		s, err := Parse(deps(selector, value), Options{Root: "/r"})
		if err != nil {
			return
		}
		m := &npm.Manifest{
			Name: npm.Name(name), Version: version, Dependencies: deps(dep, spec), PeerDependencies: deps(dep, spec),
			OptionalPeers: map[string]bool{dep: true},
		}
		got := s.Apply(m, "/r/x")
		if used := len(s.Unused()) == 0; used != (got != m) {
			t.Fatalf("used %v, %+v", used, got)
		}
		s.Undeclared(dep, spec, "x")
	})
}

// A range in a selector is about what a catalog says of a project's dependency.
func TestCatalogs(t *testing.T) {
	s, err := Parse(deps("foo@^1", "1.9.0", "bar@^1", "1.9.0", "baz@", "1.4.0"), Options{
		Root: "/proj", Catalog: func(name, spec string) (string, error) {
			return map[string]string{"foo": "1.2.0", "bar": "^2", "baz": "^1"}[name], nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := &npm.Manifest{Name: "app", Version: "1.0.0", Dependencies: deps("foo", "catalog:", "bar", "catalog:x", "baz", "catalog:")}
	if got, want := s.Apply(m, "/proj").Dependencies, deps("foo", "1.9.0", "bar", "catalog:x", "baz", "catalog:"); !reflect.DeepEqual(got, want) {
		t.Errorf("a project has %v, want %v", got, want)
	}
	if got := s.Apply(m, "").Dependencies; !reflect.DeepEqual(got, m.Dependencies) {
		t.Errorf("a package has %v", got)
	}
}
