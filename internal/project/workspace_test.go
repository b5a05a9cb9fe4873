package project

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/npm"
)

func TestParseWorkspace(t *testing.T) {
	w, err := ParseWorkspace("pnpm-workspace.yaml", []byte(`
# comment
packages:
  - packages/*
  - '!**/test/**'
catalog:
  react: ^18.0.0
  pinned: 1.10
catalogs:
  old: &old {react: ^17, "@s/x": '1'}
  older: *old
  merged:
    <<: *old
    react: ^16
overrides:
  "a>b@1": "-"
allowBuilds: {esbuild: true, core-js: false, later: set this to true or false}
onlyBuiltDependencies: [sharp]
supportedArchitectures:
  os: [linux, current]
peerDependencyRules: {ignoreMissing: [x], allowedVersions: {react: '19'}}
patchedDependencies:
  is-odd@1.0.0: patches/is-odd.patch
hoistPattern: []
minimumReleaseAge: 1440
note: |
  two
  lines
nothing:
`))
	if err != nil {
		t.Fatal(err)
	}
	deps := func(kv ...string) npm.Deps {
		var d npm.Deps
		for i := 0; i < len(kv); i += 2 {
			d = append(d, npm.Dep{Alias: kv[i], Specifier: kv[i+1]})
		}
		return d
	}
	if diff := cmp.Diff([]string{"packages/*", "!**/test/**"}, w.Packages); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Catalog{
		{"default", deps("react", "^18.0.0", "pinned", "1.10"), false},
		{"old", deps("react", "^17", "@s/x", "1"), true},
		{"older", deps("react", "^17", "@s/x", "1"), true},
		{"merged", deps("react", "^16", "@s/x", "1"), true},
	}, w.Catalogs); diff != "" {
		t.Error(diff)
	}
	want := Shape{
		Overrides:           deps("a>b@1", "-"),
		AllowBuilds:         []BuildRule{{"esbuild", true}, {"core-js", false}},
		OldBuilds:           []string{"onlyBuiltDependencies"},
		SupportedArch:       Architectures{OS: []string{"linux", "current"}},
		PeerDependencyRules: PeerRules{IgnoreMissing: []string{"x"}, AllowedVersion: deps("react", "19")},
		PatchedDependencies: deps("is-odd@1.0.0", "patches/is-odd.patch"),
	}
	if diff := cmp.Diff(want, w.Shape); diff != "" {
		t.Error(diff)
	}
	var rest []string
	for _, f := range w.Settings {
		rest = append(rest, f.Key+"="+f.Value.Text)
	}
	if diff := cmp.Diff([]string{"hoistPattern=", "minimumReleaseAge=1440", "note=two\nlines\n", "nothing="}, rest); diff != "" {
		t.Error(diff)
	}
	if line := w.Settings[1].Line; line != 25 {
		t.Errorf("minimumReleaseAge is on line %d", line)
	}
}

func TestWorkspaceErrorsPointAtThePlace(t *testing.T) {
	for _, tt := range []struct{ name, text, place, message string }{
		{"duplicate key", "a: 1\nb: 2\na: 3\n", "3:1", "already defined"},
		{"duplicate nested key", "catalog:\n  x: 1\n  x: 2\n", "3:3", "already defined"},
		{"bad indentation", "a:\n - b\n  c: [\n", "", "invalid YAML"},
		{"not a map", "- a\n", "1:1", "a map of settings"},
		{"packages is no list", "packages: a\n", "1:1", "expected a list"},
		{"overrides is no map", "\noverrides: [a]\n", "2:1", "expected an object"},
		{"nested override", "overrides:\n  a: {b: 1}\n", "2:3", "expected a string"},
		{"unknown alias", "a: *nope\n", "", ""},
		{"brackets", "a: " + strings.Repeat("[", 3000), "1:1", "nested deeper"},
		{"dashes", strings.Repeat("- ", 3000), "1:1", "nested deeper"},
		{"two documents", "a: 1\n---\nb: 2\n", "", "more than one YAML document"},
		{"too large", strings.Repeat("#", 2<<20), "", "larger than"},
		{"billion laughs", "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n", "", "too large"},
		{"alias of itself", "a: &a [*a]\n", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseWorkspace("pnpm-workspace.yaml", []byte(tt.text))
			if _, ok := errors.AsType[*SyntaxError](err); !ok {
				t.Fatalf("got %v, want a *SyntaxError", err)
			}
			if !strings.HasPrefix(err.Error(), "pnpm-workspace.yaml:"+tt.place) || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("got %v\nwant %s and %q", err, tt.place, tt.message)
			}
		})
	}
}

func TestEmptyWorkspace(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "{}", "null\n", "\ufeffpackages:\n"} {
		if _, err := ParseWorkspace("w", []byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestReadEcosystemWorkspaces(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/ecosystem/*/pnpm-workspace.yaml")
	if len(files) == 0 {
		t.Skip("shared fixtures are absent")
	}
	for _, file := range files {
		w, err := ReadWorkspace(filepath.Dir(file))
		if err != nil || len(w.Packages)+len(w.Settings)+len(w.Catalogs) == 0 {
			t.Errorf("%s: %+v, %v", file, w, err)
		}
	}
	if _, err := ReadWorkspace(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

func TestPnpmFieldOfOldProjects(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"pnpm":{"overrides":{"a":"1"},"neverBuiltDependencies":["x"],"shamefullyHoist":true}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	shape, settings, err := p.Pnpm()
	if err != nil || len(settings) != 1 || settings[0].Key != "shamefullyHoist" || settings[0].Line != 1 {
		t.Errorf("settings %+v, %v", settings, err)
	}
	if diff := cmp.Diff(Shape{Overrides: npm.Deps{{Alias: "a", Specifier: "1"}}, OldBuilds: []string{"neverBuiltDependencies"}}, shape); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseWorkspace(f *testing.F) {
	for _, seed := range []string{"packages:\n  - a\n", "a: &x {b: 1}\nc: *x\n", "a:\n  <<: {b: 1}\n", "? [a]\n: b\n", "!!str a: |\n  x\n", "a: 'b''c'\n\"d\": \"\\n\"\n", "%YAML 1.2\n---\na: 1\n", "a: [1, {b: c}]\n# x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		w, err := ParseWorkspace("w", raw)
		if err == nil {
			for _, c := range w.Catalogs {
				if c.Name == "default" && len(c.Deps) > len(raw) {
					t.Fatal("more entries than bytes")
				}
			}
		}
	})
}
