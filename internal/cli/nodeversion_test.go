package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"godwit/internal/cli"
)

// Node is asked for its version once, until another one stands there. A program in
// its place that starts one node or another is asked each time.
func TestNodeIsAskedOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the programs here have Unix names")
	}
	dir := t.TempDir()
	at := func(path string) string { return filepath.Join(dir, path) }
	write := func(path string, size int64) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(at(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(path), []byte("#!"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(at(path), size); err != nil {
			t.Fatal(err)
		}
	}
	write("real/node", 30<<20)
	write("small/node", 1<<20)
	write("other/volta-shim", 30<<20)
	if err := os.Symlink("volta-shim", at("other/node")); err != nil {
		t.Fatal(err)
	}
	install := func(bin string) (asked int) {
		t.Helper()
		project := t.TempDir()
		if err := os.WriteFile(filepath.Join(project, "package.json"), []byte(`{"engines": {"node": ">=20"}}`), 0o644); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		p := process()
		p.Dir, p.Home, p.Stdout, p.Stderr = project, at("home"), &said, &said
		p.Env = []string{"PATH=" + at(bin), "HOME=" + at("home")}
		p.Args = []string{"install", "--registry=http://127.0.0.1:1/"}
		p.Output = func(_, program string, args ...string) (string, error) {
			if program == "node" && slices.Equal(args, []string{"--version"}) {
				asked++
			}
			return "v18.0.0\n", nil
		}
		if code := cli.Run(context.Background(), p); code != 0 || !strings.Contains(said.String(), "wants node >=20, and this is 18.0.0") {
			t.Errorf("%s: exit status %d\n%s", bin, code, &said)
		}
		return asked
	}
	for _, c := range []struct {
		bin  string
		want int
	}{{"real", 1}, {"real", 0}, {"small", 1}, {"small", 1}, {"other", 1}, {"other", 1}, {"real", 0}} {
		if got := install(c.bin); got != c.want {
			t.Errorf("%s: asked %d times, want %d", c.bin, got, c.want)
		}
	}
	write("real/node", 31<<20)
	if got := install("real"); got != 1 {
		t.Errorf("another node: asked %d times", got)
	}
}
