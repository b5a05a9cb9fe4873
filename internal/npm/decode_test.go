package npm

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeManifest(t *testing.T) {
	tests := []struct {
		name, in string
		want     Manifest
	}{
		{"empty", `{}`, Manifest{}},
		{"byte order mark", "\xef\xbb\xbf{\"version\":\"1.0.0\"}", Manifest{Version: "1.0.0"}},
		{"what the early registry holds", `{"name":"a","version":"0.1.0","dependencies":[],"devDependencies":"x",
			"engines":["node >= 0.4"],"bin":"","os":"linux","cpu":[],"license":{"type":"MIT"},"scripts":[],
			"deprecated":false,"dist":"none","peerDependencies":null,"libc":7}`,
			Manifest{Name: "a", Version: "0.1.0", OS: []string{"linux"}, CPU: []string{}}},
		{"order is kept, of a key that comes twice the last value", `{"dependencies":{"z":"1","a":"2","m":3,"z":"4"}}`,
			Manifest{Dependencies: Deps{{"z", "4"}, {"a", "2"}}}},
		{"of a field that comes twice the last", `{"dependencies":{"a":"1"},"dependencies":[]}`, Manifest{}},
		{"optional wins", `{"dependencies":{"a":"1","b":"1"},"optionalDependencies":{"b":"2"}}`,
			Manifest{Dependencies: Deps{{"a", "1"}}, OptionalDependencies: Deps{{"b", "2"}}}},
		{"a name that could leave node_modules", `{"name":"../../x","bin":"a.js"}`, Manifest{}},
		{"peers meta", `{"peerDependencies":{"a":"*"},"peerDependenciesMeta":{"a":{"optional":true},"b":{"optional":false},
			"c":null,"d":{"optional":"yes"},"e":true,"f":{"optional":true,"optional":0},"g":{"optional":1e999},
			"h":{"optional":true},"h":{}}}`,
			Manifest{PeerDependencies: Deps{{"a", "*"}}, OptionalPeers: map[string]bool{"a": true, "d": true, "g": true}}},
		{"bundle list", `{"bundleDependencies":["a",1,"b"]}`, Manifest{Bundled: Bundled{Names: []string{"a", "b"}}}},
		{"bundle all", `{"bundledDependencies":true}`, Manifest{Bundled: Bundled{All: true}}},
		{"bundle none", `{"bundleDependencies":false,"bundledDependencies":["a"]}`, Manifest{}},
		{"bundle object", `{"bundledDependencies":{"a":"1","b":"2"}}`, Manifest{Bundled: Bundled{Names: []string{"a", "b"}}}},
		{"deprecated text", `{"deprecated":"use b"}`, Manifest{Deprecated: "use b"}},
		{"deprecated empty", `{"deprecated":""}`, Manifest{}},
		{"deprecated true", `{"deprecated":true}`, Manifest{Deprecated: "this version is deprecated"}},
		{"install script said", `{"hasInstallScript":true}`, Manifest{HasInstallScript: true}},
		{"install script found", `{"scripts":{"postinstall":"x","test":1}}`,
			Manifest{HasInstallScript: true, Scripts: map[string]string{"postinstall": "x"}}},
		{"dist", `{"dist":{"tarball":"https://registry.example/a.tgz","integrity":"sha512-x","shasum":"y","unpackedSize":12e2,"fileCount":-1}}`,
			Manifest{Dist: Dist{Tarball: "https://registry.example/a.tgz", Integrity: "sha512-x", Shasum: "y", UnpackedSize: 1200}}},
		{"sizes that are none", `{"dist":{"unpackedSize":1e400,"fileCount":"3"}}`, Manifest{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := DecodeManifest([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDecodeManifestRefuses(t *testing.T) {
	for _, in := range []string{``, `[]`, `null`, `"x"`, `{`, `{"name":"a"`, `{"name":"a",}`, `{} x`} {
		if m, err := DecodeManifest([]byte(in)); err == nil {
			t.Errorf("%q: got %+v, want an error", in, m)
		}
	}
}

// bins are manifests whose bin npm's own normalizer is asked about.
var bins = []string{
	`{"name":"a","bin":"./cli.js"}`, `{"name":"@s/a","bin":"cli.js"}`, `{"name":"a","bin":""}`, `{"name":"a","bin":"../../x"}`,
	`{"name":"a","bin":{"b":"x.js","../c":"../y.js","d":7,"":"z",".":"z","..":"z","e/f":"/abs/g","h\\i":"j\\..\\..\\k"}}`,
	`{"name":"a","bin":["bin/one","bin/two.js"]}`, `{"name":"a","bin":{"c:d":"C:\\x"}}`, `{"name":"a","bin":false}`,
	`{"name":"a","bin":{"x":"","y":".","z":"./"}}`, `{"bin":"cli.js"}`, `{"name":"a","bin":{"@s/b":"b.js"}}`, `{"name":"a","bin":{}}`,
	`{"name":"a","bin":{"x/..":"p","y/.":"q","...":"r"}}`,
}

func TestBinAsNPM(t *testing.T) {
	script := `
		const { normalize } = require(process.argv[1] + '/@npmcli/package-json/lib/normalize.js')
		Promise.all(JSON.parse(process.argv[2]).map(async s => {
			const content = JSON.parse(s)
			await normalize({ content }, { steps: ['bin'] })
			return content.bin || null
		})).then(bins => console.log(JSON.stringify(bins)))`
	var want []map[string]string
	askNPM(t, script, bins, &want)
	for i, in := range bins {
		got, err := DecodeManifest([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i], got.Bin); diff != "" {
			t.Errorf("%s: -npm +got:\n%s", in, diff)
		}
	}
}

// askNPM runs script under node; its first argument is the node_modules folder
// inside npm, its second is input as JSON, and it prints JSON.
func askNPM(t *testing.T, script string, input, output any) {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed: it is the reference here")
	}
	if npm, err = filepath.EvalSymlinks(npm); err != nil {
		t.Fatal(err)
	}
	modules := filepath.Join(filepath.Dir(npm), "..", "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "npm-install-checks")); err != nil {
		t.Skip("npm has no modules beside it: they are the reference here")
	}
	arg, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("node", "-e", script, modules, string(arg)).Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	if err := json.Unmarshal(out, output); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
}

func TestBinDir(t *testing.T) {
	for in, want := range map[string]string{
		`{"directories":{"bin":"./bin/"}}`:                    "bin",
		`{"directories":{"bin":"../../etc"}}`:                 "etc",
		`{"directories":{"bin":"bin"},"bin":{"a":"a.js"}}`:    "",
		`{"directories":{"bin":"bin"},"bin":""}`:              "bin",
		`{"directories":["bin"]}`:                             "",
		`{"directories":{"bin":["bin"]}}`:                     "",
		`{"directories":{"bin":"x"},"directories":{"man":1}}`: "",
	} {
		if m, err := DecodeManifest([]byte(in)); err != nil || m.BinDir != want {
			t.Errorf("%s: got %q, %v, want %q", in, m.BinDir, err, want)
		}
	}
}

// Whatever is JSON and an object is a manifest; nothing else is; no path leaves
// the package.
func FuzzDecodeManifest(f *testing.F) {
	for _, in := range bins {
		f.Add([]byte(in))
	}
	f.Add([]byte(`{"dependencies":{"a":"1"},"dist":{"unpackedSize":3},"peerDependenciesMeta":{"a":{"optional":1}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := DecodeManifest(raw)
		var object map[string]json.RawMessage
		if valid := json.Unmarshal(raw, &object) == nil && object != nil; valid && err != nil {
			t.Fatalf("refused: %v", err)
		}
		if err != nil {
			return
		}
		for command, target := range m.Bin {
			if strings.ContainsAny(command, `/\:`) || command == "" || command == "." || command == ".." || !filepath.IsLocal(target) {
				t.Fatalf("bin %q: %q is not inside", command, target)
			}
		}
	})
}
