//go:build unix

package fsys

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestUsable(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "shut"), 0o500); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		".":        true,
		"a/b":      true,
		"file/b/c": false,
		"shut":     true,              // what is in it can be read
		"shut/a/b": os.Geteuid() == 0, // root may write anywhere
	} {
		if got := Usable(filepath.Join(dir, path)); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestOwnDir(t *testing.T) {
	in := t.TempDir()
	dir, err := OwnDir(in, "x")
	if err != nil || dir != filepath.Join(in, fmt.Sprintf("x-%d", os.Geteuid())) {
		t.Fatal(dir, err)
	}
	if again, err := OwnDir(in, "x"); again != dir || err != nil {
		t.Error(again, err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := OwnDir(in, "x"); err == nil {
		t.Error("a directory that all may write to was taken")
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	if _, err := OwnDir(in, "x"); err == nil {
		t.Error("a link was taken")
	}
}
