package script

import (
	"os"
	"path/filepath"
	"testing"

	"godwit/internal/fsys"
)

// A node that comes without npm, as in some images and from version managers, has
// the node-gyp of the npm that the user would call.
func TestNodeGypDirOfNpmInPath(t *testing.T) {
	root := t.TempDir()
	modules := filepath.Join(root, "lib", "node_modules", "npm")
	want := filepath.Join(modules, "node_modules", "@npmcli", "run-script", "lib", "node-gyp-bin")
	for _, file := range []string{
		filepath.Join(root, "bare", "bin", fsys.NodeName), filepath.Join(modules, "bin", "npm-cli.js"), filepath.Join(want, "node-gyp"),
		filepath.Join(modules, "node_modules", "node-gyp", "bin", "node-gyp.js"),
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	bin := filepath.Join(root, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(modules, "bin", "npm-cli.js"), filepath.Join(bin, "npm")); err != nil {
		t.Skip("no symbolic links: ", err)
	}
	node := filepath.Join(root, "bare", "bin", fsys.NodeName)
	real, err := filepath.EvalSymlinks(want) // the temporary directory may be reached by a link
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "bare", "bin") + string(filepath.ListSeparator) + bin
	got := NodeGypDir(node, path)
	if got != real {
		t.Errorf("got %q, want %q", got, real)
	}
	if NodeGyp(got) == "" {
		t.Error("the program that it calls is not found")
	}
	if got := NodeGypDir(node, "bin"); got != "" {
		t.Errorf("a relative directory counts: %q", got)
	}
}
