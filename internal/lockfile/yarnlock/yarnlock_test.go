package yarnlock

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
	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/npm"
)

const classic = classicHead + `"alias@npm:left-pad@^1.0.0", left-pad@^1.3.0:
  version "1.3.0"
  resolved "https://registry.example/left-pad/-/left-pad-1.3.0.tgz#5b8a3a7765dfe001261dde915589e782f8c94d1e"
  integrity sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==

chokidar@^3.5.0:
  version "3.6.0"
  resolved "https://registry.example/chokidar/-/chokidar-3.6.0.tgz#197c6cc669ef2a8dc5e7b4d97ee4e092c3eb0d5b"
  dependencies:
    left-pad "^1.3.0"
  optionalDependencies:
    fsevents "~2.3.2"

fsevents@~2.3.2:
  version "2.3.3"
  resolved "https://registry.example/fsevents/-/fsevents-2.3.3.tgz#cac6407785d03675a2a5e1a5305c697b347d90d6"

"local@file:./local":
  version "1.2.3"
  dependencies:
    left-pad "^1.3.0"

"repo@git+https://host.example/repo.git":
  version "1.0.0"
  resolved "git+https://host.example/repo.git#0123456789012345678901234567890123456789"
`

const berry = berryHead + `__metadata:
  version: 10
  cacheKey: 10c0

"a@npm:^1.0.0":
  version: 1.0.0
  resolution: "a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fregistry.example%2Fx%2Fa.tgz"
  peerDependencies:
    b: "*"
    c: 1 || 2
  peerDependenciesMeta:
    c:
      optional: true
  checksum: 10c0/00
  languageName: node
  linkType: hard

"b@npm:*, b@npm:^2.0.0":
  version: 2.0.0
  resolution: "b@npm:2.0.0"
  dependencies:
    a: "npm:^1.0.0"
    n: "npm:1.0.0"
    r: "npm:^1.20.0"
  dependenciesMeta:
    n:
      optional: true
  bin:
    b: cli.js
  checksum: 10c0/00
  languageName: node
  linkType: hard

"local@file:./local::locator=m%40workspace%3Apackages%2Fm":
  version: 0.0.0
  resolution: "local@file:./local#./local::hash=ea68a0&locator=m%40workspace%3Apackages%2Fm"
  checksum: 10c0/00
  languageName: node
  linkType: hard

"m@workspace:^, m@workspace:packages/m":
  version: 0.0.0-use.local
  resolution: "m@workspace:packages/m"
  dependencies:
    local: "file:./local"
  languageName: unknown
  linkType: soft

"n@npm:1.0.0":
  version: 1.0.0
  resolution: "n@npm:1.0.0"
  conditions: os=linux & (cpu=x64 | cpu=arm64) & !libc=musl
  languageName: node
  linkType: hard

"r@patch:r@npm%3A^1.20.0#optional!builtin<compat/resolve>":
  version: 1.22.0
  resolution: "r@patch:r@npm%3A1.22.0#optional!builtin<compat/resolve>::version=1.22.0&hash=9bd1a5"
  languageName: node
  linkType: hard

"root@workspace:.":
  version: 0.0.0-use.local
  resolution: "root@workspace:."
  dependencies:
    b: "npm:*"
    m: "workspace:^"
  languageName: unknown
  linkType: soft
`

func manifest(t *testing.T, text string) *npm.Manifest {
	t.Helper()
	m, err := npm.DecodeManifest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// describe is a graph as text, a line for each package and each importer.
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
	for _, key := range slices.Sorted(maps.Keys(g.Packages)) {
		p := g.Packages[key]
		fmt.Fprintf(&b, "%s %s %s%s%s%s %s:", key, p.Name, p.Resolution.Tarball, p.Resolution.Directory, p.Resolution.Repo, p.Resolution.Commit, p.Resolution.Integrity[:min(12, len(p.Resolution.Integrity))])
		for _, e := range p.Edges {
			fmt.Fprintf(&b, " %s=%s", e.Alias, target(e.Target))
			if e.Optional {
				b.WriteByte('?')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestClassicGraph(t *testing.T) {
	rec, err := Read("yarn.lock", []byte(classic))
	if err != nil {
		t.Fatal(err)
	}
	projects := []Project{
		{Dir: ".", Manifest: manifest(t, `{"name":"root","dependencies":{"alias":"npm:left-pad@^1.0.0","local":"file:./local","m":"^1.0.0","gone":"1"},"devDependencies":{"chokidar":"^3.5.0"}}`)},
		{Dir: "packages/m", Manifest: manifest(t, `{"name":"m","version":"1.2.0","dependencies":{"repo":"git+https://host.example/repo.git","up":"link:../up"}}`)},
	}
	g, missing, err := rec.Graph(projects, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `.: alias=left-pad@1.3.0 local=local@file:local m=link:packages/m chokidar=chokidar@3.6.0
packages/m: repo=repo@git+https://host.example/repo.git#0123456789012345678901234567890123456789 up=link:../up
chokidar@3.6.0 chokidar https://registry.example/chokidar/-/chokidar-3.6.0.tgz sha1-GXxsxmn: fsevents=fsevents@2.3.3? left-pad=left-pad@1.3.0
fsevents@2.3.3 fsevents https://registry.example/fsevents/-/fsevents-2.3.3.tgz sha1-ysZAd4X: 
left-pad@1.3.0 left-pad https://registry.example/left-pad/-/left-pad-1.3.0.tgz sha512-XI5MP: 
local@file:local local local : left-pad=left-pad@1.3.0
repo@git+https://host.example/repo.git#0123456789012345678901234567890123456789 repo https://host.example/repo.git0123456789012345678901234567890123456789 : 
`
	if got := describe(g); got != strings.ReplaceAll(want, ": \n", ":\n") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(missing) != 1 || missing[0] != (Missing{".", "root", "gone@1"}) {
		t.Errorf("missing: %v", missing)
	}
}

func TestBerryGraph(t *testing.T) {
	rec, err := Read("yarn.lock", []byte(berry))
	if err != nil {
		t.Fatal(err)
	}
	projects := []Project{
		{Dir: ".", Manifest: manifest(t, `{"name":"root","dependencies":{"b":"*","m":"workspace:^"}}`)},
		{Dir: "packages/m", Manifest: manifest(t, `{"name":"m","dependencies":{"local":"file:./local"}}`)},
	}
	g, missing, err := rec.Graph(projects, npm.Deps{{Alias: "b/r", Specifier: "patch:r@npm%3A^1.20.0#optional!builtin<compat/resolve>"}}, nil)
	if err != nil || len(missing) > 0 {
		t.Fatal(err, missing)
	}
	want := `.: b=b@2.0.0 m=link:packages/m
packages/m: local=local@file:packages/m/local
a@1.0.0(b@2.0.0) a https://registry.example/x/a.tgz : b=b@2.0.0
b@2.0.0 b  : a=a@1.0.0(b@2.0.0) n=n@1.0.0? r=r@1.22.0
local@file:packages/m/local local packages/m/local :
n@1.0.0 n  :
r@1.22.0 r  :
`
	if got := describe(g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	n, a := g.Packages["n@1.0.0"], g.Packages["a@1.0.0(b@2.0.0)"]
	if got := fmt.Sprint(n.OS, n.CPU, n.Libc, a.Peers, a.OptionalPeers); got != "[linux] [x64 arm64] [!musl] [{b *} {c 1 || 2}] map[c:true]" {
		t.Error(got)
	}
}

// What a lockfile may not say.
func TestHostile(t *testing.T) {
	root := []Project{{Dir: ".", Manifest: manifest(t, `{"name":"root","dependencies":{"b":"*","m":"workspace:^"}}`)}, {Dir: "packages/m", Manifest: manifest(t, `{"name":"m"}`)}}
	for _, c := range []struct{ old, new, want string }{
		{`"m@workspace:packages/m"`, `"m@workspace:../../etc"`, "no project of the workspace"},
		{`"b@npm:2.0.0"`, `"b@file:../../etc::locator=root%40workspace%3A."`, "path of this machine"},
		{`a: "npm:^1.0.0"`, `a: "link:/etc"`, "path of this machine"},
		{`"b@npm:2.0.0"`, `"../b@npm:2.0.0"`, "invalid"},
		{`"b@npm:*,`, `"b/../../x@npm:*,`, "invalid"},
		{`"b@npm:2.0.0"`, `"b@exec:./x.js"`, "exec:"},
		{`"b@npm:2.0.0"`, `"b@patch:b@npm%3A2.0.0#~/.yarn/patches/b.patch::version=2.0.0&hash=1"`, "patched by yarn"},
		{"os=linux &", "os>linux &", "condition"},
	} {
		text := strings.Replace(berry, c.old, c.new, 1)
		if text == berry {
			t.Fatalf("%q is not there", c.old)
		}
		rec, err := Read("yarn.lock", []byte(text))
		if err == nil {
			_, _, err = rec.Graph(root, nil, nil)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.new, err, c.want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, text := range []string{classic, berry, classicHead, strings.ReplaceAll(berry, "\n", "\r\n")} {
		rec, err := Read("yarn.lock", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(rec.Append(nil)); got != text {
			t.Errorf("got\n%s\nwant\n%s", got, text)
		}
	}
	for _, text := range []string{"", "# nothing\n", " \n"} {
		if _, err := Read("yarn.lock", []byte(text)); !errors.Is(err, ErrEmpty) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

// Both sides of a conflict stay, as yarn does it.
func TestConflict(t *testing.T) {
	const entry = "n@npm:1.0.0"
	text := strings.Replace(berry, "\"n@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"n@npm:1.0.0\"\n",
		"<<<<<<< HEAD\n\"n@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"n@npm:1.0.0\"\n=======\n\"n@npm:1.1.0\":\n  version: 1.1.0\n  resolution: \"n@npm:1.1.0\"\n>>>>>>> topic\n", 1)
	rec, err := Read("yarn.lock", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if !rec.Merged || rec.Dialect != syml.Berry {
		t.Error("it is not said to be merged")
	}
	got := string(rec.Append(nil))
	want := strings.Replace(berry, "\"n@npm:1.0.0\":\n", "\"n@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"n@npm:1.0.0\"\n  conditions: os=linux & (cpu=x64 | cpu=arm64) & !libc=musl\n  languageName: node\n  linkType: hard\n\n\"n@npm:1.1.0\":\n", 1)
	want = strings.Replace(want, "\"n@npm:1.1.0\":\n  version: 1.0.0\n  resolution: \"n@npm:1.0.0\"", "\"n@npm:1.1.0\":\n  version: 1.1.0\n  resolution: \"n@npm:1.1.0\"", 1)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := Read("yarn.lock", []byte(strings.Replace(text, ">>>>>>> topic\n", "", 1))); err == nil || !strings.Contains(err.Error(), "do not pair up") {
		t.Errorf("got %v for %s", err, entry)
	}
}

// Every yarn.lock of real projects comes out as it was.
func TestEcosystem(t *testing.T) {
	const top = "../../../../shared/ecosystem"
	found := false
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != FileName {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rec, err := Read(path, data)
		if errors.Is(err, ErrEmpty) {
			return nil
		}
		if err != nil {
			t.Error(err)
			return nil
		}
		found = true
		if string(rec.Append(nil)) != string(data) {
			t.Errorf("%s is written otherwise", path)
		}
		m, err := os.ReadFile(filepath.Join(filepath.Dir(path), "package.json"))
		if err != nil {
			return nil
		}
		g, missing, err := rec.Graph([]Project{{Dir: ".", Manifest: manifest(t, string(m))}}, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else {
			t.Logf("%s: %d packages, %d missing", path, len(g.Packages), len(missing))
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
	f.Add(classic)
	f.Add(berry)
	f.Fuzz(func(t *testing.T, text string) {
		rec, err := Read("yarn.lock", []byte(text))
		if err != nil {
			return
		}
		m := &npm.Manifest{Name: "root", Dependencies: npm.Deps{{Alias: "b", Specifier: "*"}, {Alias: "chokidar", Specifier: "^3.5.0"}}}
		_, _, _ = rec.Graph([]Project{{Dir: ".", Manifest: m}}, nil, nil)
		once := rec.Append(nil)
		again, err := Read("yarn.lock", once)
		if errors.Is(err, ErrEmpty) {
			return // all there was went with a conflict
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, once)
		}
		if twice := again.Append(nil); string(twice) != string(once) {
			t.Errorf("first\n%s\nthen\n%s", once, twice)
		}
	})
}
