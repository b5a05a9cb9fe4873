package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func openTemp(t *testing.T) *Dir {
	t.Helper()
	d, err := OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDirFiles(t *testing.T) {
	d := openTemp(t)
	check(t, d.MkdirAll([]string{"a", "a/b", "a"}))
	check(t, d.WriteFile("a/b/f", []byte("text"), false))
	check(t, d.WriteFile("a/x", nil, true))
	if err := d.WriteFile("a/x", nil, true); !Exists(err) {
		t.Errorf("second WriteFile: %v, want that it exists", err)
	}
	_, err := d.WriteFrom("a/b/r", strings.NewReader("stream"), true)
	check(t, err)
	for rel, want := range map[string]Info{
		"a":     {Type: fs.ModeDir},
		"a/b/f": {Size: 4},
		"a/x":   {Exec: true},
		"a/b/r": {Size: 6, Exec: true},
	} {
		got, err := d.Lstat(rel)
		check(t, err)
		if got.Type != want.Type || !got.IsDir() && (got.Size != want.Size || !got.SameExec(want.Exec)) {
			t.Errorf("Lstat(%s) = %+v, want %+v", rel, got, want)
		}
	}
	data, err := d.ReadFile("a/b/f", 4)
	if err != nil || string(data) != "text" {
		t.Errorf("ReadFile = %q, %v", data, err)
	}
	if _, err := d.ReadFile("a/b/f", 3); err == nil || !strings.Contains(err.Error(), "4 bytes") {
		t.Errorf("ReadFile over its limit: %v", err)
	}
	entries, err := d.ReadDir("a/b")
	if err != nil || len(entries) != 2 || entries[0].Name() != "f" || entries[1].Name() != "r" {
		t.Errorf("ReadDir = %v, %v", entries, err)
	}
	check(t, d.Remove("a/b/f"))
	check(t, d.Remove("a/b/r"))
	check(t, d.Remove("a/b"))
	if err := d.Remove("a"); !Exists(err) {
		t.Errorf("Remove of a full directory: %v", err)
	}
	if err := d.Remove("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Remove of nothing: %v", err)
	}
	check(t, d.Chmod("a/x", false))
	if info, _ := d.Lstat("a/x"); !info.SameExec(false) {
		t.Error("Chmod changed nothing")
	}
}

func TestDirPlacesFiles(t *testing.T) {
	from, to := openTemp(t), openTemp(t)
	check(t, from.WriteFile("f", []byte("text"), true))
	check(t, to.Link("linked", from, "f"))
	check(t, to.Copy("copied", from, "f", true))
	err := to.Clone("cloned", from, "f", true)
	if err != nil && !Unsupported(err) {
		t.Errorf("Clone: %v", err)
	}
	if _, lerr := to.Lstat("cloned"); (lerr == nil) != (err == nil) {
		t.Errorf("Clone: %v, and Lstat: %v", err, lerr)
	}
	original, err := os.Stat(from.abs("f"))
	check(t, err)
	for name, same := range map[string]bool{"linked": true, "copied": false} {
		info, err := os.Stat(to.abs(name))
		check(t, err)
		data, err := to.ReadFile(name, 100)
		if err != nil || string(data) != "text" || os.SameFile(info, original) != same {
			t.Errorf("%s: %q, %v, same file: %v", name, data, err, os.SameFile(info, original))
		}
		if i, _ := to.Lstat(name); !i.SameExec(true) || same && !i.Shared {
			t.Errorf("%s: %+v", name, i)
		}
	}
	for what, err := range map[string]error{
		"link": to.Link("linked", from, "f"), "copy": to.Copy("linked", from, "f", true), "clone": to.Clone("linked", from, "f", true),
	} {
		if what != "clone" && !Exists(err) || err == nil {
			t.Errorf("%s over a file: %v", what, err)
		}
	}
	if err := to.Link("x", from, "none"); !errors.Is(err, fs.ErrNotExist) || Unsupported(err) {
		t.Errorf("Link of nothing: %v", err)
	}
}

func TestDirName(t *testing.T) {
	d := openTemp(t)
	check(t, d.WriteFile("a", []byte("a"), false))
	check(t, d.WriteFile("b", []byte("b"), false))
	if err := d.Name("a", "b"); !Exists(err) {
		t.Errorf("a name that is taken: %v", err)
	}
	if err := d.Name("none", "c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
	check(t, d.Name("a", "c"))
	if _, err := d.Lstat("a"); err == nil {
		t.Error("it has two names")
	}
	for name, want := range map[string]string{"b": "b", "c": "a"} {
		if data, err := d.ReadFile(name, 9); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
}

func TestDirRename(t *testing.T) {
	a, b := openTemp(t), openTemp(t)
	check(t, a.MkdirAll([]string{"d", "d/e", "full", "full/x", "empty"}))
	if err := a.Rename("d", a, "full"); !Exists(err) {
		t.Errorf("rename over a full directory: %v", err)
	}
	check(t, a.WriteFile("file", nil, false))
	if err := a.Rename("d", a, "file"); !Exists(err) {
		t.Errorf("rename of a directory over a file: %v", err)
	}
	check(t, a.Rename("d", b, "moved"))
	if _, err := b.Lstat("moved/e"); err != nil {
		t.Error(err)
	}
	if err := a.Rename("d", b, "again"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("rename of nothing: %v", err)
	}
}

func TestOpenRefusesLinks(t *testing.T) {
	d := openTemp(t)
	outside := t.TempDir()
	check(t, d.MkdirAll([]string{"real", "real/sub"}))
	check(t, d.Symlink(outside, "real/away"))
	check(t, d.Symlink("sub", "real/near"))
	check(t, d.WriteFile("real/file", nil, false))
	for _, rel := range []string{"real/away", "real/away/x", "real/near"} {
		for what, open := range map[string]func(string) (*Dir, error){"Open": d.Open, "OpenAll": d.OpenAll, "MakeAll": d.MakeAll} {
			if _, err := open(rel); !errors.Is(err, ErrSymlink) {
				t.Errorf("%s(%s) = %v, want ErrSymlink", what, rel, err)
			}
		}
	}
	if _, err := d.OpenAll("real/file/x"); err == nil || errors.Is(err, ErrSymlink) {
		t.Errorf("OpenAll through a file: %v", err)
	}
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Errorf("something was made outside: %v", entries)
	}
	if _, err := d.OpenFile("real/away"); err == nil {
		t.Error("OpenFile follows a link")
	}
	for i, rel := range []string{"real/new/deep/er", "real/new", "made/deep/er", "made/deep/too"} {
		open := d.OpenAll
		if i > 1 {
			open = d.MakeAll
		}
		sub, err := open(rel)
		check(t, err)
		defer sub.Close()
		check(t, sub.Mkdir("x"))
		if _, err := d.Lstat(rel + "/x"); err != nil {
			t.Error(err)
		}
	}
}

func TestPointTo(t *testing.T) {
	d := openTemp(t)
	check(t, d.MkdirAll([]string{"a", "b", "dir"}))
	check(t, d.WriteFile("file", nil, false))
	for i, step := range []struct {
		rel, target string
		changed     bool
	}{
		{"link", "a", true}, {"link", "a", false}, {"link", "b", true},
		{"file", "a", true}, {"dangling", "nowhere", true}, {"dangling", "a", true},
	} {
		changed, err := d.PointTo(step.rel, step.target)
		if err != nil || changed != step.changed {
			t.Errorf("step %d: PointTo = %v, %v", i, changed, err)
		}
		if got, err := filepath.EvalSymlinks(d.abs(step.rel)); step.target != "nowhere" {
			want, _ := filepath.EvalSymlinks(d.abs(step.target))
			if err != nil || got != want {
				t.Errorf("step %d: leads to %s, %v", i, got, err)
			}
		}
	}
	if _, err := d.PointTo("dir", "a"); !Exists(err) {
		t.Errorf("PointTo over a directory: %v", err)
	}
}

func TestErrorClasses(t *testing.T) {
	for name, f := range map[string]func(error) bool{
		"Exists": Exists, "Unsupported": Unsupported, "TooManyLinks": TooManyLinks, "DiskFull": DiskFull, "ReadOnly": ReadOnly,
	} {
		if f(nil) || f(errors.New("other")) || f(fs.ErrNotExist) {
			t.Errorf("%s takes any error", name)
		}
	}
	if !Unsupported(errors.ErrUnsupported) || !ReadOnly(fs.ErrPermission) {
		t.Error("the sentinels of the standard library do not count")
	}
}

func TestRepoint(t *testing.T) {
	d := openTemp(t)
	for _, target := range []string{"a", "b", "b"} {
		if target != "b" || !isDir(d, "b") {
			check(t, d.Mkdir(target))
		}
		check(t, d.Repoint("now", target))
		if real, err := filepath.EvalSymlinks(d.abs("now")); err != nil || filepath.Base(real) != target {
			t.Errorf("it leads to %s, %v; want %s", real, err, target)
		}
	}
	entries, err := d.ReadDir(".")
	if err != nil || len(entries) != 3 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if err := d.Repoint("a", "b"); err == nil || !isDir(d, "a") {
		t.Errorf("a directory was replaced: %v", err)
	}
}

func isDir(d *Dir, rel string) bool {
	info, err := d.Lstat(rel)
	return err == nil && info.IsDir()
}
