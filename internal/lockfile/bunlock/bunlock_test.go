package bunlock

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"godwit/internal/graph"
)

// workspace is what bun 1.4.5 wrote for every kind of local dependency.
func workspace(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("testdata/workspace.lock")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// nested has a package in two versions, comments, and a repository.
const nested = `{
  "lockfileVersion": 1,
  // a comment, that "goes"
  "workspaces": {
    "": {
      "name": "app",
      "dependencies": {
        "a": "^1.0.0",
        "b": "^2.0.0", /* another */
        "alias": "npm:b@^1.0.0",
        "g": "github:owner/repo",
      },
    },
  },
  "packages": {
    "a": ["a@1.0.0", "", { "dependencies": { "b": "^1.0.0" }, "optionalDependencies": { "n": "1.0.0" } }, "sha512-AAAA"],

    "alias": ["b@1.0.0", "", {}, "sha512-CCCC"],

    "b": ["b@2.0.0", "https://registry.example/elsewhere/b.tgz", { "os": "linux", "cpu": [ "x64", "arm64", ], "bin": "cli.js" }, "sha512-BBBB"],

    "g": ["g@github:owner/repo#0123456", { "peerDependencies": { "b": "*", "z": "1" }, "optionalPeers": ["z"] }, "owner-repo-0123456", "sha512-GGGG"],

    "a/b": ["b@1.0.0", "", {}, "sha512-CCCC"],

    "a/n": ["n@1.0.0", "", { "bundled": true }, "sha512-NNNN"],
  }
}
`

func describe(g *graph.Graph) string {
	var b strings.Builder
	target := func(t graph.Target) string {
		if t.Link != "" {
			return "link:" + t.Link
		}
		return string(t.Key)
	}
	for _, im := range g.Importers {
		fmt.Fprintf(&b, "%s:", im.Dir)
		for _, d := range im.Deps {
			fmt.Fprintf(&b, " %s=%s", d.Alias, target(d.Target))
		}
		b.WriteByte('\n')
	}
	for _, l := range g.Links {
		fmt.Fprintf(&b, "%s -> %s\n", l.At, l.Target)
	}
	for _, key := range slices.Sorted(maps.Keys(g.Packages)) {
		p := g.Packages[key]
		fmt.Fprintf(&b, "%s %s:", key, p.Dir)
		for _, e := range p.Edges {
			fmt.Fprintf(&b, " %s=%s", e.Alias, target(e.Target))
		}
		if p.Inside {
			b.WriteString(" inside")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func graphOf(t *testing.T, text string) *graph.Graph {
	t.Helper()
	rec, err := Read("bun.lock", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	g, err := rec.Graph("bun.lock", true)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestNested(t *testing.T) {
	g := graphOf(t, nested)
	want := `.: a=a@1.0.0 alias=b@1.0.0 b=b@2.0.0 g=g@https://codeload.github.com/owner/repo/tar.gz/0123456
a@1.0.0 node_modules/a: b=b@1.0.0(2) n=n@1.0.0
b@1.0.0 node_modules/alias:
b@1.0.0(2) node_modules/a/node_modules/b:
b@2.0.0 node_modules/b:
g@https://codeload.github.com/owner/repo/tar.gz/0123456 node_modules/g: b=b@2.0.0
n@1.0.0 node_modules/a/node_modules/n: inside
`
	if got := describe(g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b := g.Packages["b@2.0.0"]
	if got := fmt.Sprint(b.OS, b.CPU, b.HasBin, b.Resolution); got != "[linux] [x64 arm64] true {0 sha512-BBBB https://registry.example/elsewhere/b.tgz     false <nil> []}" {
		t.Error(got)
	}
}

// Without places there is one b@1.0.0 only.
func TestMerged(t *testing.T) {
	rec, err := Read("bun.lock", []byte(nested))
	if err != nil {
		t.Fatal(err)
	}
	g, err := rec.Graph("bun.lock", false)
	if err != nil {
		t.Fatal(err)
	}
	want := `.: a=a@1.0.0 alias=b@1.0.0 b=b@2.0.0 g=g@https://codeload.github.com/owner/repo/tar.gz/0123456
a@1.0.0 : b=b@1.0.0
b@1.0.0 :
b@2.0.0 :
g@https://codeload.github.com/owner/repo/tar.gz/0123456 : b=b@2.0.0
`
	if got := describe(g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWorkspace(t *testing.T) {
	g := graphOf(t, workspace(t))
	want := `.: chalk=chalk@4.1.2 debug=debug@4.4.3 l2=l2@file:l2 l3=l3@file:l3 lk=link:l2 local=local@file:local ms=ms@2.1.2 w=link:packages/w
packages/w: ms=ms@2.1.2 left-pad=left-pad@1.3.0
node_modules/lk -> l2
node_modules/w -> packages/w
ansi-styles@4.3.0 node_modules/ansi-styles: color-convert=color-convert@2.0.1
chalk@4.1.2 node_modules/chalk: ansi-styles=ansi-styles@4.3.0 supports-color=supports-color@7.2.0
color-convert@2.0.1 node_modules/color-convert: color-name=color-name@1.1.4
color-name@1.1.4 node_modules/color-name:
debug@4.4.3 node_modules/debug: ms=ms@2.1.2 supports-color=supports-color@7.2.0
has-flag@4.0.0 node_modules/has-flag:
l2@file:l2 node_modules/l2: left-pad=left-pad@1.3.0(2)
l3@file:l3 node_modules/l3: left-pad=left-pad@1.3.0
left-pad@1.3.0 node_modules/left-pad:
left-pad@1.3.0(2) node_modules/l2/node_modules/left-pad: inside
local@file:local node_modules/local:
ms@2.1.2 node_modules/ms:
supports-color@7.2.0 node_modules/supports-color: has-flag=has-flag@4.0.0
`
	if got := describe(g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, text := range []string{workspace(t), "{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {\n    \"\": {},\n  },\n  \"packages\": {}\n}\n"} {
		rec, err := Read("bun.lock", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(rec.Append(nil)); got != text {
			t.Errorf("got\n%s\nwant\n%s", got, text)
		}
	}
}

// What a lockfile may not say.
func TestHostile(t *testing.T) {
	text := workspace(t)
	for _, c := range []struct{ old, new, want string }{
		{`"w@workspace:packages/w"`, `"w@workspace:../../etc"`, "no project"},
		{`"ms@2.1.2"`, `"ms@link:/etc"`, "nobody asks for"},
		{`"ms@2.1.2"`, `"ms@file:../../etc"`, "nobody asks for"},
		{`"ms@2.1.2"`, `"../ms@2.1.2"`, "invalid"},
		{`"ms@2.1.2"`, `"ms@exec:x"`, "exec:x"},
		{`"ms": ["ms`, `"../ms": ["ms`, "invalid"},
		{`"l2/left-pad"`, `"nobody/left-pad"`, "not there"},
		{`"packages/w": {`, `"../w": {`, "no directory below"},
		{`"lockfileVersion": 2`, `"lockfileVersion": 9`, "reads up to 3"},
		{`"lockfileVersion": 2`, `"lockfileVersion": {}`, "no number"},
	} {
		bad := strings.Replace(text, c.old, c.new, 1)
		if bad == text {
			t.Fatalf("%q is not there", c.old)
		}
		rec, err := Read("bun.lock", []byte(bad))
		if err == nil {
			_, err = rec.Graph("bun.lock", true)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.new, err, c.want)
		}
	}
	if _, err := Read("bun.lock", nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("got %v", err)
	}
}

// Both sides of a conflict stay.
func TestConflict(t *testing.T) {
	line := `    "ms": ["ms@2.1.2"`
	text := strings.Replace(workspace(t), line, "<<<<<<< HEAD\n    \"kept\": [\"kept@1.0.0\", \"\", {}, \"sha512-A\"],\n\n=======\n    \"new\": [\"new@1.0.0\", \"\", {}, \"sha512-A\"],\n\n>>>>>>> topic\n"+line, 1)
	rec, err := Read("bun.lock", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got := string(rec.Append(nil))
	kept, added := strings.Index(got, `"kept": [`), strings.Index(got, `"new": [`)
	if !rec.Merged || kept < 0 || added < kept || strings.Contains(got, "<<<") {
		t.Errorf("got\n%s", got)
	}
}

// Every bun.lock of real projects comes out as it was.
func TestEcosystem(t *testing.T) {
	found := false
	err := filepath.WalkDir("../../../../shared/ecosystem", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != FileName {
			return nil
		}
		found = true
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rec, err := Read(path, data)
		if err != nil {
			t.Error(err)
			return nil
		}
		if string(rec.Append(nil)) != string(data) {
			t.Errorf("%s is written otherwise", path)
		}
		rec.sort()
		if string(rec.Append(nil)) != string(data) {
			t.Errorf("%s has another order", path)
		}
		if g, err := rec.Graph(path, true); err != nil {
			t.Error(err)
		} else {
			t.Logf("%s: %d packages", path, len(g.Packages))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Skip("../shared is not there")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(nested)
	f.Add("{\"workspaces\": {\"\": {}, \"a\": {\"name\": \"a\"}}, \"packages\": {\"a\": [\"a@workspace:a\"], \"a/b\": [\"b@file:b\", {}]}}")
	f.Fuzz(func(t *testing.T, text string) {
		rec, err := Read("bun.lock", []byte(text))
		if err != nil {
			return
		}
		_, _ = rec.Graph("bun.lock", true)
		_, _ = rec.Graph("bun.lock", false)
		once := rec.Append(nil)
		again, err := Read("bun.lock", once)
		if err != nil {
			t.Fatalf("%v in\n%s", err, once)
		}
		if twice := again.Append(nil); string(twice) != string(once) {
			t.Errorf("first\n%s\nthen\n%s", once, twice)
		}
	})
}
