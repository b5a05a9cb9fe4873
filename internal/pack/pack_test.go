package pack

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func inflate(t *testing.T, tgz []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(tgz))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What npm itself packs, inflated, is what we pack: order, modes, paths that are
// too long or not ASCII, executables, bundled packages, ignore files.
func TestDirIsNpms(t *testing.T) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not here")
	}
	dir := t.TempDir()
	long, deep := strings.Repeat("x", 120), strings.Repeat("y", 80)
	files := map[string]string{
		"package.json": `{"name": "lp", "version": "1.0.0", "bin": {"x": "cli.js"}, "bundleDependencies": ["dep"], "dependencies": {"dep": "1"}}`,
		long + ".js":   "a", deep + "/" + strings.Repeat("z", 60): "b", "d/zé.js": "c", ".hidden": "", "A.JS": "", "b.js": strings.Repeat("b", 512),
		"Zeta.txt": "", "index.md": "", "cli.js": "#!/usr/bin/env node", "run.sh": "", ".npmignore": "*.log\n", "x.log": "", "no.ext.": "",
		"node_modules/dep/package.json": `{"name": "dep", "version": "1.0.0"}`, "node_modules/dep/i.js": "", "node_modules/other/package.json": "{}",
		deep + "/" + deep + "/" + strings.Repeat("w", 30): "far",
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasSuffix(name, ".sh") {
			mode = 0o755
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("b.js", filepath.Join(dir, "link.js")); err != nil {
		t.Skip(err)
	}
	got, err := Dir(dir, Options{Bins: []string{"cli.js"}, Level: -1})
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	cmd := exec.Command(npm, "pack", "--offline", "--ignore-scripts", "--loglevel=error", "--pack-destination", to)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+to, "npm_config_update_notifier=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm pack: %v\n%s", err, out)
	}
	tgz, err := os.ReadFile(filepath.Join(to, "lp-1.0.0.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	want := inflate(t, tgz)
	if have := inflate(t, got.Tarball); !bytes.Equal(have, want) {
		at := 0
		for at < min(len(have), len(want)) && have[at] == want[at] {
			at++
		}
		t.Errorf("%d bytes, npm has %d; they differ at %d (header %q, npm's %q)", len(have), len(want), at, around(have, at), around(want, at))
	}
	if len(got.Bundled) != 1 || got.Bundled[0] != "dep" {
		t.Errorf("bundled: %q", got.Bundled)
	}
}

func around(b []byte, at int) []byte {
	from := min(at-at%block, len(b))
	return b[from:min(from+block, len(b))]
}

func TestRecord(t *testing.T) {
	for _, n := range []int{1, 80, 81, 82, 83, 88, 89, 90, 91, 975, 983, 984, 985, 986, 987, 988, 989, 990} {
		got := record("path", strings.Repeat("p", n))
		length, _, _ := strings.Cut(got, " ")
		if want := len(got); length != strconv.Itoa(want) {
			t.Errorf("a value of %d: the record says %s, and has %d", n, length, want)
		}
	}
}

// A file that grows or shrinks while it is packed must not make a tar whose
// headers lie.
func TestShrinking(t *testing.T) {
	err := writeEntry(io.Discard, File{Path: "a", Size: 10}, strings.NewReader("short"))
	if err != errShrank {
		t.Errorf("%v", err)
	}
}
