package fsys

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// overlay is a directory of a container: "lower" is what its image brought.
func overlay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"lower/a/b", "lower/shut", "upper", "work", "merged"} {
		if err := os.MkdirAll(at(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"lower/a/x", "lower/a/b/y"} {
		if err := os.WriteFile(at(name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../elsewhere", at("lower/a/link")); err != nil {
		t.Fatal(err)
	}
	options := strings.Join([]string{"lowerdir=" + at("lower"), "upperdir=" + at("upper"), "workdir=" + at("work"), "redirect_dir=off"}, ",")
	if err := unix.Mount("overlay", at("merged"), "overlay", 0, options); err != nil {
		t.Skipf("an overlay cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(at("merged"), 0); err != nil {
			t.Error(err)
		}
	})
	if err := os.Rename(at("merged/a"), at("merged/z")); err == nil {
		t.Fatal("this overlay renames what is below")
	}
	return at("merged")
}

func TestLayeredRename(t *testing.T) {
	dir := overlay(t)
	d, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Rename("a", d, "new"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "new", "b", "y"))
	target, linkErr := os.Readlink(filepath.Join(dir, "new", "link"))
	if string(text) != "lower/a/b/y" || err != nil || target != "../elsewhere" || linkErr != nil {
		t.Errorf("%q, %v, %q, %v", text, err, target, linkErr)
	}
	if _, err := os.Lstat(filepath.Join(dir, "a")); !os.IsNotExist(err) {
		t.Error(err)
	}
}

func TestLayeredRenameOfFull(t *testing.T) {
	dir := overlay(t)
	if err := os.WriteFile(filepath.Join(dir, "shut", "z"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := rename(filepath.Join(dir, "a"), filepath.Join(dir, "shut")); !Exists(err) {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "a", "b", "y")); err != nil {
		t.Error(err)
	}
}

func TestLayeredDiscard(t *testing.T) {
	dir := overlay(t)
	d, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Discard("a/b"); err != nil {
		t.Fatal(err)
	}
	if aside, err := TakeAside(filepath.Join(dir, "a"), dir); aside != "" || err != nil {
		t.Errorf("%q, %v", aside, err)
	}
	entries, err := d.ReadDir(".")
	if err != nil || len(entries) != 1 || entries[0].Name() != "shut" {
		t.Errorf("%v, %v", entries, err)
	}
}
