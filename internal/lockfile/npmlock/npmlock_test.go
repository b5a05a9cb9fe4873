package npmlock

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// realFiles lists the lockfiles of npm's among the real projects.
func realFiles(t *testing.T) []string {
	t.Helper()
	root := filepath.Join("..", "..", "..", "..", "shared", "ecosystem")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the real projects are not here: ", err)
	}
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && (d.Name() == FileName || d.Name() == ShrinkwrapName) {
			out = append(out, path)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatal(len(out), err)
	}
	return out
}

// TestEcosystem reads every lockfile of npm's among the real projects, and
// writes it as it was.
func TestEcosystem(t *testing.T) {
	for _, path := range realFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Read(path, data)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Append(nil); !bytes.Equal(got, data) {
			t.Errorf("%s: %s", path, cmp.Diff(string(data), string(got)))
		}
		complete(t, path, d)
	}
}

// complete checks that every package is reached, and that every dependency that
// is asked for is there.
func complete(t *testing.T, path string, d *Document) {
	t.Helper()
	reach := d.Graph.Reachable(graph.Scope{})
	for key, p := range d.Graph.Packages {
		if _, ok := reach[key]; !ok {
			t.Errorf("%s: nobody depends on %s at %s", path, key, p.Dir)
		}
		for _, dep := range d.Entries[p.Dir].Manifest.Dependencies {
			if !slices.ContainsFunc(p.Edges, func(e graph.Edge) bool { return e.Alias == dep.Alias }) {
				t.Errorf("%s: %s has no %s", path, key, dep.Alias)
			}
		}
	}
}

const sample = `{
  "name": "app",
  "version": "1.0.0",
  "lockfileVersion": 3,
  "requires": true,
  "packages": {
    "": {
      "name": "app",
      "version": "1.0.0",
      "workspaces": [
        "packages/*"
      ],
      "dependencies": {
        "a": "^1.0.0",
        "z": "npm:b@1"
      },
      "devDependencies": {
        "d": "*"
      }
    },
    "node_modules/a": {
      "version": "1.0.0",
      "resolved": "https://registry.example/a/-/a-1.0.0.tgz",
      "integrity": "sha512-a",
      "bundleDependencies": [
        "in"
      ],
      "dependencies": {
        "b": "2",
        "in": "1"
      },
      "peerDependencies": {
        "d": "*"
      }
    },
    "node_modules/a/node_modules/b": {
      "version": "2.0.0",
      "resolved": "https://registry.example/b/-/b-2.0.0.tgz",
      "integrity": "sha512-b2"
    },
    "node_modules/a/node_modules/in": {
      "version": "1.0.0",
      "inBundle": true
    },
    "node_modules/d": {
      "version": "1.0.0",
      "resolved": "git+ssh://git@git.example/d.git#0123456789012345678901234567890123456789",
      "dev": true
    },
    "node_modules/m": {
      "resolved": "packages/m",
      "link": true
    },
    "node_modules/z": {
      "name": "b",
      "version": "1.0.0",
      "resolved": "https://registry.example/b/-/b-1.0.0.tgz",
      "integrity": "sha512-b1",
      "optional": true
    },
    "packages/m": {
      "version": "0.0.0",
      "dependencies": {
        "a": "1",
        "b": "2"
      }
    },
    "packages/m/node_modules/b": {
      "version": "2.0.0",
      "resolved": "https://registry.example/b/-/b-2.0.0.tgz",
      "integrity": "sha512-b2"
    }
  }
}
`

func TestGraph(t *testing.T) {
	d, err := Read("package-lock.json", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample, string(d.Append(nil))); diff != "" {
		t.Error(diff)
	}
	var got strings.Builder
	for _, im := range d.Graph.Importers {
		got.WriteString(im.Dir + ":")
		for _, dep := range im.Deps {
			got.WriteString(" " + dep.Alias + "=" + string(dep.Target.Key) + dep.Target.Link)
		}
		got.WriteString("\n")
	}
	for _, key := range slices.Sorted(maps.Keys(d.Graph.Packages)) {
		p := d.Graph.Packages[key]
		got.WriteString(string(key) + " in " + p.Dir + ":")
		for _, e := range p.Edges {
			got.WriteString(" " + e.Alias + "=" + string(e.Target.Key) + e.Target.Link)
		}
		got.WriteString("\n")
	}
	const git = "d@git+ssh://git@git.example/d.git#0123456789012345678901234567890123456789"
	want := `.: a=a@1.0.0 z=b@1.0.0 d=` + git + `
packages/m: a=a@1.0.0 b=b@2.0.0(2)
a@1.0.0 in node_modules/a: b=b@2.0.0 d=` + git + ` in=in@1.0.0
b@1.0.0 in node_modules/z:
b@2.0.0 in node_modules/a/node_modules/b:
b@2.0.0(2) in packages/m/node_modules/b:
` + git + ` in node_modules/d:
in@1.0.0 in node_modules/a/node_modules/in:
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]graph.Link{{At: "node_modules/m", Target: "packages/m"}}, d.Graph.Links); diff != "" {
		t.Error(diff)
	}
}

func TestBroken(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":        {`{"packages": {`, "cannot be read"},
		"no object":      {`[]`, "no JSON object"},
		"a later format": {`{"lockfileVersion": 4, "packages": {}}`, "lockfileVersion 4"},
		"no version":     {`{"lockfileVersion": "x", "packages": {}}`, "none that is known"},
		"out of project": {`{"packages": {"../node_modules/a": {}}}`, "outside of the project"},
		"a dotted way":   {`{"packages": {"node_modules/a/../../b": {}}}`, "no path relative"},
		"absolute":       {`{"packages": {"/etc/node_modules/a": {}}}`, "no path relative"},
		"a drive":        {`{"packages": {"C:/node_modules/a": {}}}`, "no path relative"},
		"bookkeeping":    {`{"packages": {"node_modules/.bin": {}}}`, "no name"},
		"in between":     {`{"packages": {"node_modules/.bin/node_modules/a": {}}}`, "no name"},
		"a lost link":    {`{"packages": {"node_modules/a": {"link": true, "resolved": "lib"}}}`, "does not have"},
		"an entry":       {`{"packages": {"node_modules/a": 1}}`, "cannot be read"},
		"half a merge":   {"<<<<<<< a\n{\n", "do not pair up"},
		"a bad value":    {`{"packages": {"node_modules/a": {"version": 1x}}}`, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read("f", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if _, err := Read("f", []byte(" \n")); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
}

func TestConflict(t *testing.T) {
	text := strings.Replace(sample, `        "a": "^1.0.0",
`, `<<<<<<< ours
        "a": "^1.0.0",
        "mine": "1",
||||||| base
        "a": "^1.0.0",
=======
        "a": "^1.1.0",
        "theirs": "1",
>>>>>>> theirs
`, 1)
	d, err := Read("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if !d.Merged {
		t.Error("nobody is told of the merge")
	}
	deps := d.Entries[""].Manifest.Dependencies
	for alias, want := range map[string]string{"a": "^1.1.0", "mine": "1", "theirs": "1", "z": "npm:b@1"} {
		if got, _ := deps.Lookup(alias); got != want {
			t.Errorf("%s is %q, want %q", alias, got, want)
		}
	}
}

func TestOldVersion(t *testing.T) {
	d, err := Read("f", []byte(`{"name": "app", "lockfileVersion": 1, "requires": true, "dependencies": {
		"a": {"version": "1.0.0", "resolved": "https://registry.example/a/-/a-1.0.0.tgz", "integrity": "sha512-a", "dev": true,
			"requires": {"b": "^1.0.0"},
			"dependencies": {"b": {"version": "1.0.0", "bundled": true}}},
		"c": {"version": "npm:d@2.0.0", "resolved": "https://registry.example/d/-/d-2.0.0.tgz"},
		"l": {"version": "file:lib", "dependencies": {"e": {"version": "1.0.0"}}}
	}}`))
	if err != nil {
		t.Fatal(err)
	}
	for dir, key := range map[string]graph.Key{
		"node_modules/a": "a@1.0.0", "node_modules/a/node_modules/b": "b@1.0.0",
		"node_modules/c": "d@2.0.0", "lib/node_modules/e": "e@1.0.0",
	} {
		p := d.Graph.Packages[key]
		if p == nil || p.Dir != dir || !p.HasBin || p.Inside != strings.HasSuffix(dir, "b") {
			t.Errorf("%s: %+v", key, p)
		}
	}
	if len(d.Graph.Packages["a@1.0.0"].Edges) != 1 || len(d.Graph.Links) != 1 {
		t.Errorf("%+v", d.Graph)
	}
}

// FuzzRead reads anything: what can be read is written, and read again the same.
func FuzzRead(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "file:../x"}}}}}`))
	f.Add([]byte("<<<<<<< a\n{}\n=======\n{\"packages\": {\"\": {}}}\n>>>>>>> b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read("f", data)
		if err != nil {
			return
		}
		for _, p := range d.Graph.Packages {
			if !filepath.IsLocal(filepath.FromSlash(p.Dir)) {
				t.Errorf("%q", p.Dir)
			}
		}
		if d.Version == 1 {
			d.Version = 3
		}
		once := d.Append(nil)
		again, err := Read("f", once)
		if err != nil {
			t.Fatalf("%v: %s", err, once)
		}
		if twice := again.Append(nil); !bytes.Equal(once, twice) {
			t.Errorf("%s\n%s", once, twice)
		}
	})
}

// TestLegacy makes the legacy section of every real lockfile that has one: it is
// what npm wrote.
func TestLegacy(t *testing.T) {
	for _, path := range realFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Read(path, data)
		if err != nil {
			t.Fatal(err)
		}
		if d.Version != 2 {
			continue
		}
		d.legacy = d.legacyTree()
		if got := d.Append(nil); !bytes.Equal(got, data) {
			t.Errorf("%s: %s", path, cmp.Diff(string(data), string(got)))
		}
	}
}

// projectsOf are the projects as the lockfile has them.
func projectsOf(d *Document) []Project {
	var out []Project
	for _, im := range d.Graph.Importers {
		out = append(out, Project{Dir: im.Dir, Manifest: d.Entries[projectDir(im.Dir)].Manifest})
	}
	return out
}

func TestAdopt(t *testing.T) {
	d, err := Read("f", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	projects := projectsOf(d)
	root := *projects[0].Manifest
	root.Version, root.Dependencies, root.DevDependencies = "1.1.0", npm.Deps{{Alias: "d", Specifier: "*"}}, nil
	projects[0].Manifest = &root
	again, err := d.Adopt("f", projects, false)
	if err != nil {
		t.Fatal(err)
	}
	got := again.Directories()
	// The alias is gone. What a member of the workspace needs stays.
	want := []string{"", "node_modules/a", "node_modules/a/node_modules/b", "node_modules/a/node_modules/in", "node_modules/d", "node_modules/m", "packages/m", "packages/m/node_modules/b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again.Entries["node_modules/d"].Dev || !d.Entries["node_modules/d"].Dev {
		t.Error("d is for development only, or was changed in the old file")
	}
	text := string(again.Append(nil))
	if !strings.Contains(text, `"version": "1.1.0"`) || strings.Contains(text, "devDependencies") || strings.Contains(text, `"dev": true`) {
		t.Error(text)
	}
	if diff := cmp.Diff(sample, string(d.Append(nil))); diff != "" {
		t.Error(diff)
	}
}
