package project

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/npm"
)

func TestParseReadsWhatAnInstallNeeds(t *testing.T) {
	m, err := Parse("package.json", []byte("\ufeff"+`{
  "name": "@s/app", "version": "1.0.0", "private": true, "type": "module",
  "packageManager": "pnpm@9.0.0+sha512.ab",
  "dependencies": {"b": " ^1 ", "a": "npm:x@2"},
  "devDependencies": null,
  "peerDependencies": {"react": "*"}, "peerDependenciesMeta": {"react": {"optional": true}, "vue": {"optional": false}},
  "bundledDependencies": ["a"],
  "bin": "./cli.js",
  "engines": ["node >= 0.4"],
  "os": "linux", "cpu": ["x64", 1],
  "scripts": {"b": "x", "a": "y", "bad": 1},
  "workspaces": {"packages": ["packages/*"]},
  "resolutions": {"**/x": "1"},
  "devEngines": {"packageManager": {"name": "npm", "version": "^10", "onFail": "warn"}, "runtime": [{"name": "node"}, 3]},
  "dependencies": {"c": "1"}
}`))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{
		"name": string(m.Name), "deps": m.Dependencies, "dev": m.DevDependencies, "peers": m.PeerDependencies,
		"optionalPeers": m.OptionalPeers, "bundled": m.Bundled, "bin": m.Bin, "engines": m.Engines, "os": m.OS, "cpu": m.CPU,
		"scripts": m.ScriptOrder, "workspaces": m.Workspaces, "resolutions": m.Resolutions, "tools": m.DevEngines, "private": m.Private,
	}
	want := map[string]any{
		"name": "@s/app", "deps": npm.Deps{{Alias: "c", Specifier: "1"}}, "dev": npm.Deps(nil), "peers": npm.Deps{{Alias: "react", Specifier: "*"}},
		"optionalPeers": map[string]bool{"react": true}, "bundled": npm.Bundled{Names: []string{"a"}}, "bin": map[string]string{"app": "cli.js"},
		"engines": npm.Deps(nil), "os": []string{"linux"}, "cpu": []string{"x64", "1"}, "scripts": []string{"b", "a", "bad"},
		"workspaces": []string{"packages/*"}, "resolutions": npm.Deps{{Alias: "**/x", Specifier: "1"}}, "private": true,
		"tools": DevEngines{PackageManager: []Tool{{"npm", "^10", "warn"}}, Runtime: []Tool{{Name: "node"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrorsPointAtThePlace(t *testing.T) {
	tests := []struct {
		name, text, place, message string
	}{
		{"empty", "", "1:1", "empty"},
		{"blank with BOM", "\ufeff \n", "1:1", "empty"},
		{"trailing comma", "{\n  \"name\": \"a\",\n}", "2:14", "a comma stands before"},
		{"missing comma", "{\n  \"a\": 1\n  \"b\": 2\n}", "3:3", "a comma is missing"},
		{"comment", "{\n  // hi\n}", "2:3", "comments are not allowed"},
		{"single quotes", "{'a': 1}", "1:2", "double quotes"},
		{"conflict", "{\n<<<<<<< HEAD\n}", "2:1", "unresolved merge conflict"},
		{"cut short", "{\n \"a\": [1,", "2:10", "the file ends in the middle"},
		{"text behind", "{}\n{}", "2:1", "unexpected text"},
		{"garbage behind", "{} x", "1:4", "unexpected text"},
		{"not an object", "[]", "1:1", "is an object, this is a list"},
		{"wrong map", "{\n  \"dependencies\": []}", "2:19", "expected an object of names"},
		{"wrong specifier", "{\"dependencies\": {\n\t\"a\": 1}}", "2:7", "expected a string such as"},
		{"hostile alias", "{\"devDependencies\": {\n\"../../x\": \"1\"}}", "2:1", "invalid package name"},
		{"wrong name", "{\"name\": {}}", "1:10", "expected a string"},
		{"wrong workspaces", "{\"workspaces\": \"a\"}", "1:16", "expected a list of folders"},
		{"columns are characters", "{\"é\": \"é\", \"name\": 1}", "1:20", "expected a string"},
		{"too deep", strings.Repeat("[", 5000), "1:202", "nested deeper"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("package.json", []byte(tt.text))
			syn, ok := errors.AsType[*SyntaxError](err)
			if !ok {
				t.Fatalf("got %v, want a *SyntaxError", err)
			}
			if !strings.HasPrefix(err.Error(), "package.json:"+tt.place+": ") || !strings.Contains(syn.Message, tt.message) {
				t.Errorf("got %v\nwant %s and %q", err, tt.place, tt.message)
			}
		})
	}
}

func TestExcerptHasACaretUnderTheColumn(t *testing.T) {
	_, err := Parse("package.json", []byte("{\r\n\t\"name\": \"a\",\r\n\t\"dependencies\": []\r\n}"))
	want := "package.json:3:18: \"dependencies\" is a list; expected an object of names and versions\n" +
		"    3 | \t\"dependencies\": []\n" +
		"      | \t                ^"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	long := "{\"dependencies\": {" + strings.Repeat(" ", 100_000) + "\"a\": 1}}"
	if _, err = Parse("package.json", []byte(long)); err == nil || len(err.Error()) > 500 {
		t.Errorf("excerpt of a long line: %d bytes", len(err.Error()))
	}
}

func TestBinsStayInsideThePackage(t *testing.T) {
	m, err := Parse("package.json", []byte(`{"name":"@s/n","bin":{"../../evil":"../../x.js","a\\b":"./y.js","c":"","..":"z","d":1,"e":"a/../../b"}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"evil": "x.js", "b": "y.js", "e": "b"}
	if diff := cmp.Diff(want, m.Bin); diff != "" {
		t.Error(diff)
	}
}

func TestLocate(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("ws/pnpm-workspace.yaml", "")
	write("ws/a/package.json", "{}")
	write("ws/a/src/x.js", "")
	write("ws/a/package.json.d/package.json/x", "") // a directory of that name is no manifest
	at := func(p string) string { return filepath.Join(root, filepath.FromSlash(p)) }
	for _, tt := range []struct{ dir, project, workspace string }{
		{"ws/a", "ws/a", "ws"},
		{"ws/a/src", "ws/a", "ws"},
		{"ws/a/package.json.d", "ws/a", "ws"},
	} {
		loc, err := Locate(at(tt.dir))
		if err != nil || loc.Dir != at(tt.project) || loc.Workspace != at(tt.workspace) || loc.Root() != at(tt.workspace) {
			t.Errorf("Locate(%s) = %+v, %v", tt.dir, loc, err)
		}
	}
	loc, err := Locate(at("ws"))
	if missing, ok := errors.AsType[*NotFoundError](err); !ok || missing.Dir != at("ws") || loc.Workspace != at("ws") || loc.Dir != at("ws") {
		t.Errorf("Locate without a package.json = %+v, %v", loc, err)
	}
	write("package.json", "{}") // a stranger's
	write("ws/sub/x.js", "")
	if loc, err := Locate(at("ws/sub")); err == nil || loc.Workspace != at("ws") || loc.Dir != at("ws") {
		t.Errorf("Locate below a workspace = %+v, %v", loc, err)
	}
	if _, err := At(at("ws/a/src")); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "godwit init") {
		t.Errorf("At looked above the directory, or has no next step: %v", err)
	}
	if loc, err := At(at("ws/a")); err != nil || loc.Workspace != at("ws") {
		t.Errorf("At = %+v, %v", loc, err)
	}
	if _, err := Read(at("ws")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read without a package.json: %v", err)
	}
	if p, err := Read(at("ws/a")); err != nil || string(p.Raw()) != "{}" || p.Path() != at("ws/a/package.json") {
		t.Errorf("Read = %+v, %v", p, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"{}", `{"a":[1,{"b":null}],"a":"é"}`, "{\"a\": 1\n\"b\"}", "\ufeff{}", `{"dependencies":{"a":"^1"},"bin":"x","name":"n"}`, `{"a":"\ud800"}`, "{\"\xff\":1}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse("package.json", raw)
		if err != nil {
			syn, ok := errors.AsType[*SyntaxError](err)
			if !ok || syn.Line < 1 || syn.Column < 1 {
				t.Fatalf("error without a place: %#v", err)
			}
			return
		}
		for _, d := range m.Dependencies {
			if _, err := npm.ParseName(d.Alias); err != nil {
				t.Fatal(err)
			}
		}
	})
}
