package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDescribe(t *testing.T) {
	tree := &Tree{Files: []File{{Path: "bin/a"}, {Path: "bin/sub/b"}, {Path: "bin/.hidden"}, {Path: "bin/.d/c"}, {Path: "binding.gyp"}, {Path: "cli.js"}}}
	gyp := &Tree{Files: []File{{Path: "lib/binding.gyp"}}}
	for name, tt := range map[string]struct {
		manifest string
		tree     *Tree
		want     Meta
	}{
		"nothing":   {"", &Tree{}, Meta{}},
		"no object": {`[1]`, tree, Meta{Gyp: true}},
		"broken":    {`{"name":"a",`, tree, Meta{Gyp: true}},
		"gyp below": {`{}`, gyp, Meta{}},
		"plain":     {`{"name":"@s/a","version":"1.0.0"}`, gyp, Meta{Name: "@s/a", Version: "1.0.0"}},
		"one bin": {`{"name":"@s/a","bin":"./cli.js"}`, tree,
			Meta{Name: "@s/a", Gyp: true, Bins: []Bin{{Name: "a", Path: "cli.js", Shebang: "#!node"}}}},
		"escapes": {`{"name":"a","bin":{"../../x":"../../cli.js","..":"cli.js","ok":"none"}}`, gyp,
			Meta{Name: "a", Bins: []Bin{{Name: "ok", Path: "none", Absent: true}, {Name: "x", Path: "cli.js", Absent: true}}}},
		"directory": {`{"name":"a","directories":{"bin":"./bin/"}}`, tree,
			Meta{Name: "a", Gyp: true, Bins: []Bin{{Name: "a", Path: "bin/a"}, {Name: "b", Path: "bin/sub/b"}}}},
		"bin beats directory": {`{"name":"a","bin":"cli.js","directories":{"bin":"bin"}}`, tree,
			Meta{Name: "a", Gyp: true, Bins: []Bin{{Name: "a", Path: "cli.js", Shebang: "#!node"}}}},
		"directory above": {`{"name":"a","directories":{"bin":"../../bin"}}`, tree,
			Meta{Name: "a", Gyp: true, Bins: []Bin{{Name: "a", Path: "bin/a"}, {Name: "b", Path: "bin/sub/b"}}}},
		"odd directories": {`{"name":"a","directories":["bin"]}`, gyp, Meta{Name: "a"}},
		"scripts": {`{"name":"a","scripts":{"preinstall":"x","install":"","prepare":"x","prepublish":"x"},"bundleDependencies":true}`, gyp,
			Meta{Name: "a", Scripts: Preinstall | Prepare, Bundled: true}},
	} {
		shebangs := map[string]string{}
		if tt.tree == tree {
			shebangs["cli.js"] = "#!node"
		}
		got := describe([]byte(tt.manifest), tt.tree, shebangs)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestBuilds(t *testing.T) {
	for want, metas := range map[bool][]Meta{
		true:  {{Scripts: Preinstall}, {Scripts: Install}, {Scripts: Postinstall | Prepare}, {Gyp: true}},
		false: {{}, {Scripts: Prepare}},
	} {
		for _, m := range metas {
			if m.Builds() != want {
				t.Errorf("%+v builds: %v", m, !want)
			}
		}
	}
}
