package store

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"godwit/internal/fsys"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openTemp(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "store", "v1"))
	check(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func idOf(name string) ID {
	sum := sha512.Sum512([]byte(name))
	return ID{"sha512", hex.EncodeToString(sum[:])}
}

// files writes files given as path, text, path, text; "*" before a path makes
// it executable.
func files(pairs ...string) func(*Writer) error {
	return func(w *Writer) error {
		for i := 0; i < len(pairs); i += 2 {
			path, exec := strings.CutPrefix(pairs[i], "*")
			if err := w.File(path, exec, []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestAddThenLoad(t *testing.T) {
	s := openTemp(t)
	id := idOf("a")
	if s.Has(id) {
		t.Error("has a tree before there is a store")
	}
	if _, err := s.Load(id); !errors.Is(err, ErrAbsent) {
		t.Errorf("Load: %v", err)
	}
	added, err := s.Add(id, files(
		"package.json", `{"name":"a","version":"1.2.3","bin":{"x":"./bin/x.js","later":"built.js"},"scripts":{"postinstall":"x","test":"x"},"bundledDependencies":["b"]}`,
		"bin/x.js", "#!/usr/bin/env node\r\nrun()\n",
		"*tool", "binary",
		"lib/deep/er/f.js", "f",
		"lib/g.js", "",
		"node_modules/b/index.js", "",
	))
	check(t, err)
	want := &Tree{
		ID:   id,
		Dirs: []string{"bin", "lib", "lib/deep", "lib/deep/er", "node_modules", "node_modules/b"},
		Files: []File{
			{"package.json", int64(len(`{"name":"a","version":"1.2.3","bin":{"x":"./bin/x.js","later":"built.js"},"scripts":{"postinstall":"x","test":"x"},"bundledDependencies":["b"]}`)), false},
			{"bin/x.js", 27, true},
			{"tool", 6, true},
			{"lib/deep/er/f.js", 1, false},
			{"lib/g.js", 0, false},
			{"node_modules/b/index.js", 0, false},
		},
		Meta: Meta{
			Name: "a", Version: "1.2.3", Scripts: Postinstall, Bundled: true,
			Bins: []Bin{{Name: "later", Path: "built.js", Absent: true}, {Name: "x", Path: "bin/x.js", Shebang: "#!/usr/bin/env node\r"}},
		},
	}
	loaded, err := s.Load(id)
	check(t, err)
	for what, got := range map[string]*Tree{"Add": added, "Load": loaded} {
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Tree{}), cmp.AllowUnexported(ID{})); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
		if got.Path() != s.entry(id)+filesSuffix {
			t.Errorf("%s: path %s", what, got.Path())
		}
	}
	if !s.Has(id) || !loaded.Meta.Builds() || !loaded.BundledDir() {
		t.Error("Has, Builds or BundledDir")
	}
	for _, f := range want.Files {
		info, err := os.Lstat(filepath.Join(loaded.Path(), f.Path))
		check(t, err)
		wantMode := fs.FileMode(0o644)
		if f.Exec {
			wantMode = 0o755
		}
		if info.Size() != f.Size || info.Mode() != wantMode {
			t.Errorf("%s: %v", f.Path, info.Mode())
		}
	}
	check(t, s.Verify(id))
	ids, err := s.List()
	if err != nil || len(ids) != 1 || ids[0] != id {
		t.Errorf("List = %v, %v", ids, err)
	}
	check(t, s.Remove(id))
	check(t, s.Remove(id))
	if s.Has(id) {
		t.Error("still there after Remove")
	}
	if p, err := s.Prune(t.Context(), PruneOptions{}); err != nil || p.Litter != 1 {
		t.Errorf("Prune = %+v, %v, want the empty directory gone", p, err)
	}
	noGarbage(t, s)
}

// noGarbage checks that tmp is empty, that each directory of files has an index,
// and each index its name.
func noGarbage(t *testing.T, s *Store) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.Dir(), "tmp"))
	check(t, err)
	if len(entries) > 0 {
		t.Errorf("left in tmp: %v", entries)
	}
	files, err := filepath.Glob(filepath.Join(s.Dir(), "trees", "*", "*"+filesSuffix))
	check(t, err)
	for _, id := range must(s.List()) {
		if tree, err := s.Load(id); err == nil {
			files = slices.DeleteFunc(files, func(dir string) bool { return dir == tree.Path() })
		}
	}
	unnamed, err := filepath.Glob(filepath.Join(s.Dir(), "trees", "*", "*"+unnamedIndex))
	check(t, err)
	if files = append(files, unnamed...); len(files) > 0 {
		t.Errorf("no tree has %v", files)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestFileFrom(t *testing.T) {
	s := openTemp(t)
	big := "#!/bin/sh\n" + strings.Repeat("x", maxChunk)
	manifest := `{"name":"a","version":"1.0.0","bin":"big"}`
	tree, err := s.Add(idOf("a"), func(w *Writer) error {
		for _, f := range [][2]string{{"big", "first"}, {"big", big}, {"package.json", manifest}, {"small", "#!x"}} {
			if err := w.FileFrom(f[0], false, strings.NewReader(f[1]), int64(len(f[1]))); err != nil {
				return err
			}
		}
		return nil
	})
	check(t, err)
	if got := tree.Meta.Bins; len(got) != 1 || got[0] != (Bin{Name: "a", Path: "big", Shebang: "#!/bin/sh"}) {
		t.Errorf("bins %+v", got)
	}
	data, err := os.ReadFile(filepath.Join(tree.Path(), "big"))
	if err != nil || string(data) != big {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	for name, size := range map[string]int64{"package.json": 3, "x": 1, "y": 100, "z": maxChunk + 1} {
		_, err := s.Add(idOf("b"), func(w *Writer) error { return w.FileFrom(name, false, strings.NewReader("text"), size) })
		if err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%s with another size: %v", name, err)
		}
	}
	noGarbage(t, s)
}

func TestHostilePaths(t *testing.T) {
	s := openTemp(t)
	for _, path := range []string{"", filepath.Join(s.Dir(), "x"), "../x", "a/../../x", "a//b", "./a", "a/", "a\x00b", ".."} {
		_, err := s.Add(idOf("a"), files("ok", "", path, "evil"))
		if err == nil {
			t.Errorf("%q was written", path)
		}
	}
	if s.Has(idOf("a")) {
		t.Error("a failed tree is visible")
	}
	noGarbage(t, s)
	entries, err := os.ReadDir(filepath.Dir(s.Dir()))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the store: %v, %v", entries, err)
	}
}

func TestDuplicates(t *testing.T) {
	s := openTemp(t)
	tree, err := s.Add(idOf("a"), files("f", "one", "g", "", "*f", "three"))
	check(t, err)
	if diff := cmp.Diff([]File{{"g", 0, false}, {"f", 5, true}}, tree.Files); diff != "" {
		t.Error(diff)
	}
	check(t, s.Verify(tree.ID))
	for _, pairs := range [][]string{{"a", "", "a/b", ""}, {"a/b", "", "a", ""}, {"a/b/c", "", "a/b", ""}} {
		if _, err := s.Add(idOf("b"), files(pairs...)); err == nil || !strings.Contains(err.Error(), "file and a directory") {
			t.Errorf("%q: %v", pairs, err)
		}
	}
	_, err = s.Add(idOf("c"), files("Readme", "", "README", ""))
	if folds, ferr := fsys.FoldsCase(s.Dir()); ferr != nil || folds != errors.Is(err, ErrCollision) {
		t.Errorf("names that differ in case: %v, on a file system that folds: %v", err, folds)
	}
}

func TestFillFails(t *testing.T) {
	s := openTemp(t)
	want := errors.New("the tarball ends early")
	_, err := s.Add(idOf("a"), func(w *Writer) error {
		if err := w.File("a/b", false, nil); err != nil {
			return err
		}
		return want
	})
	if err != want {
		t.Errorf("Add = %v", err)
	}
	if s.Has(idOf("a")) {
		t.Error("visible")
	}
	noGarbage(t, s)
}

func TestAddRace(t *testing.T) {
	s := openTemp(t)
	other, err := Open(s.Dir()) // what another process has
	check(t, err)
	defer other.Close()
	var wg sync.WaitGroup
	var inside sync.WaitGroup
	const racers = 8
	inside.Add(racers)
	trees := make([]*Tree, racers)
	for i := range racers {
		wg.Go(func() {
			st := []*Store{s, other}[i%2]
			tree, err := st.Add(idOf("a"), func(w *Writer) error {
				inside.Done()
				inside.Wait() // nobody has it yet, everybody adds it
				return w.File("f", false, []byte("text"))
			})
			if err != nil {
				t.Error(err)
			}
			trees[i] = tree
		})
	}
	wg.Wait()
	for _, tree := range trees {
		if tree == nil || len(tree.Files) != 1 || tree.Path() != trees[0].Path() {
			t.Errorf("%+v", tree)
		}
	}
	check(t, s.Verify(idOf("a")))
	noGarbage(t, s)
}

// Who has read the index of a tree opens its files later. What is made in their
// place meanwhile is another directory.
func TestRemovedFilesAreNotMixedUp(t *testing.T) {
	s := openTemp(t)
	id := idOf("a")
	old, err := s.Add(id, files("f", "text"))
	check(t, err)
	check(t, s.Remove(id))
	_, err = s.Stage(id, files("f", "half"))
	check(t, err)
	dir, err := old.Open()
	check(t, err)
	defer dir.Close()
	if data, err := dir.ReadFile("f", 10); err == nil {
		t.Errorf("f of the old tree is %q", data)
	}
}

func TestDamagedEntryIsReplaced(t *testing.T) {
	s := openTemp(t)
	id := idOf("a")
	for name, damage := range map[string]func(string) error{
		"truncated": func(index string) error { return os.Truncate(index, 10) },
		"empty":     func(index string) error { return os.Truncate(index, 0) },
		"missing":   os.Remove,
		"other":     func(index string) error { return os.WriteFile(index, []byte("godwit tree 9\n12345678"), 0o644) },
	} {
		_, err := s.Add(id, files("f", "text"))
		check(t, err)
		check(t, damage(s.entry(id)))
		if _, err := s.Load(id); err == nil {
			t.Errorf("%s index: loaded", name)
		}
		_, err = s.Add(id, files("f", "text"))
		check(t, err)
		if _, err := s.Load(id); err != nil {
			t.Errorf("%s index: %v after Add", name, err)
		}
	}
	// Nothing says whose the files of the four damaged ones were.
	project := filepath.Join(t.TempDir(), "f")
	check(t, os.Link(filepath.Join(must(s.Load(id)).Path(), "f"), project))
	if p, err := s.Prune(t.Context(), PruneOptions{}); err != nil || p.Litter != 4 || p.Trees != 0 {
		t.Errorf("Prune = %+v, %v", p, err)
	}
	check(t, s.Verify(id))
	noGarbage(t, s)
}

// A pruning that is killed between the two, or a user, may leave an index that has
// no name yet without its files. Whoever adds the tree next is not held up.
func TestLeftoversAreNotInTheWay(t *testing.T) {
	id := idOf("a")
	for _, left := range [][]string{{id.files(0)}, {id.files(0), id.files(1)}} {
		s := openTemp(t)
		for _, files := range left {
			index := filepath.Join(s.Dir(), "trees", filepath.FromSlash(files+unnamedIndex))
			check(t, os.MkdirAll(filepath.Dir(index), 0o755))
			check(t, os.WriteFile(index, []byte("of another one"), 0o644))
		}
		if len(left) > 1 { // the first has its files: somebody may be at work there
			check(t, os.Mkdir(filepath.Join(s.Dir(), "trees", filepath.FromSlash(left[0])), 0o755))
		}
		_, err := s.Add(id, files("f", "text"))
		check(t, err)
		check(t, s.Verify(id))
	}
}

func TestVerify(t *testing.T) {
	s := openTemp(t)
	pairs := []string{"size", "text", "mode", "", "gone", "", "link", ""}
	for i := range 20 {
		pairs = append(pairs, fmt.Sprintf("many%d", i), "x")
	}
	tree, err := s.Add(idOf("a"), files(pairs...))
	check(t, err)
	at := func(name string) string { return filepath.Join(tree.Path(), name) }
	check(t, os.WriteFile(at("size"), []byte("longer"), 0o644))
	check(t, os.Chmod(at("mode"), 0o755))
	check(t, os.Remove(at("gone")))
	check(t, os.Remove(at("link")))
	check(t, os.Symlink("size", at("link")))
	var damage *DamageError
	if err := s.Verify(tree.ID); !errors.As(err, &damage) {
		t.Fatalf("Verify = %v", err)
	}
	want := []string{"size: has 6 bytes, not 4", "mode: has another mode", "gone: missing", "link: no regular file"}
	if diff := cmp.Diff(want, damage.Problems); diff != "" {
		t.Error(diff)
	}
	for i := range 20 {
		check(t, os.Remove(at(fmt.Sprintf("many%d", i))))
	}
	if err := s.Verify(tree.ID); !errors.As(err, &damage) || len(damage.Problems) != maxProblems || damage.More != 14 {
		t.Errorf("Verify = %v", err)
	}
	if err := s.Verify(idOf("none")); !errors.Is(err, ErrAbsent) {
		t.Errorf("Verify of nothing: %v", err)
	}
}

func TestID(t *testing.T) {
	good := idOf("a")
	if got, err := ParseID(good.String()); err != nil || got != good {
		t.Errorf("ParseID = %v, %v", got, err)
	}
	hex64 := strings.Repeat("ab", 32)
	for _, bad := range [][2]string{
		{"", hex64}, {"SHA1", hex64}, {"a-b", hex64}, {"a/b", hex64}, {strings.Repeat("a", 17), hex64},
		{"sha1", ""}, {"sha1", "abcd"}, {"sha1", "../" + hex64}, {"sha1", strings.ToUpper(hex64)}, {"sha512", hex64 + hex64 + hex64},
	} {
		if id, err := NewID(bad[0], bad[1]); err == nil {
			t.Errorf("NewID(%q, %q) = %v", bad[0], bad[1], id)
		}
	}
	s := openTemp(t)
	if _, err := s.Add(ID{}, files()); err == nil || s.Has(ID{}) {
		t.Error("the zero ID can be added")
	}
	if _, err := s.Load(ID{}); !errors.Is(err, ErrAbsent) {
		t.Errorf("Load of the zero ID: %v", err)
	}
}

// childStore makes the test binary a process that adds trees to a store and
// dies in the middle of the last one.
const childStore = "STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childStore); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

// child adds 20 trees, and kills itself in the 21st. Two children and the test
// race for the 20.
func child(dir string) {
	s, err := Open(dir)
	for i := 0; err == nil && i < 20; i++ {
		_, err = s.Add(idOf(fmt.Sprint(i)), files("a/f", "text", "package.json", "{}"))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s.Add(idOf("killed"), func(w *Writer) error {
		w.File("a/f", false, nil)
		p, _ := os.FindProcess(os.Getpid())
		p.Kill()
		select {}
	})
}

func TestProcesses(t *testing.T) {
	s := openTemp(t)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childStore+"="+s.Dir())
			if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != -1 {
				t.Errorf("child was not killed: %v, %s", err, out)
			}
		})
	}
	for i := range 20 {
		_, err := s.Add(idOf(fmt.Sprint(i)), files("a/f", "text", "package.json", "{}"))
		check(t, err)
	}
	wg.Wait()
	ids, err := s.List()
	if err != nil || len(ids) != 20 {
		t.Errorf("List = %d, %v", len(ids), err)
	}
	for _, id := range ids {
		if err := s.Verify(id); err != nil {
			t.Error(err)
		}
	}
	if s.Has(idOf("killed")) {
		t.Error("half a tree is visible")
	}
	p, err := s.Prune(t.Context(), PruneOptions{})
	if err != nil || p.Litter != 2 {
		t.Errorf("Prune = %+v, %v: want what two killed processes left", p, err)
	}
}
