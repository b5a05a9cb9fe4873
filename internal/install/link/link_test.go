package link

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"godwit/internal/fsys"
	"godwit/internal/store"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fixture is a store and a project, with a Linker for it.
type fixture struct {
	*Linker
	t       *testing.T
	store   *store.Store
	project string
}

func newFixture(t *testing.T, opts Options) *fixture {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	f := &fixture{t: t, project: filepath.Join(dir, "project")}
	f.store, err = store.Open(filepath.Join(dir, "store"))
	check(t, err)
	if opts.Roots == nil {
		opts.Roots = []Root{{Dir: f.project}}
	}
	f.Linker, err = New(opts)
	check(t, err)
	t.Cleanup(func() { f.Linker.Close(); f.store.Close() })
	return f
}

// tree adds a tree to the store; files are given as path, text, path, text.
func (f *fixture) tree(name string, files ...string) *store.Tree {
	f.t.Helper()
	tree, err := addTree(f.store, name, files...)
	check(f.t, err)
	return tree
}

func addTree(s *store.Store, name string, files ...string) (*store.Tree, error) {
	sum := sha512.Sum512([]byte(name))
	id, err := store.NewID("sha512", hex.EncodeToString(sum[:]))
	if err != nil {
		return nil, err
	}
	return s.Add(id, func(w *store.Writer) error {
		for i := 0; i < len(files); i += 2 {
			path, exec := strings.CutPrefix(files[i], "*")
			if err := w.File(path, exec, []byte(files[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *fixture) at(rel string) string { return filepath.Join(f.project, rel) }

// want checks what is below node_modules: path, text, path, text. A text "->x"
// is a link to x.
func (f *fixture) want(files ...string) {
	f.t.Helper()
	missing := map[string]string{}
	for i := 0; i < len(files); i += 2 {
		missing[files[i]] = files[i+1]
	}
	root := f.at("node_modules")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		rel = filepath.ToSlash(rel)
		text := ""
		if to, err := os.Readlink(p); err == nil {
			text = "->" + filepath.ToSlash(to)
		} else {
			data, err := os.ReadFile(p)
			check(f.t, err)
			text = string(data)
		}
		if want, ok := missing[rel]; !ok || want != text {
			f.t.Errorf("%s is %q, want %q", rel, text, want)
		}
		delete(missing, rel)
		return nil
	})
	check(f.t, err)
	for rel := range missing {
		f.t.Errorf("%s is missing", rel)
	}
}

func TestSlotsIsolated(t *testing.T) {
	f := newFixture(t, Options{})
	a := f.tree("a", "package.json", "{}", "lib/x.js", "x", "*bin", "b")
	slot := Slot{
		Dir: f.at("node_modules/.pnpm/@s+a@1/node_modules/@s/a"), Tree: a,
		Links: []Symlink{
			{f.at("node_modules/.pnpm/@s+a@1/node_modules/b"), f.at("node_modules/.pnpm/b@1/node_modules/b")},
			{f.at("node_modules/.pnpm/@s+a@1/node_modules/@s/c"), f.at("node_modules/.pnpm/c@1/node_modules/@s/c")},
		},
	}
	files := []string{
		".pnpm/@s+a@1/node_modules/@s/a/package.json", "{}",
		".pnpm/@s+a@1/node_modules/@s/a/lib/x.js", "x",
		".pnpm/@s+a@1/node_modules/@s/a/bin", "b",
		".pnpm/@s+a@1/node_modules/b", "->../../b@1/node_modules/b",
		".pnpm/@s+a@1/node_modules/@s/c", "->../../../c@1/node_modules/@s/c",
	}
	check(t, f.Slots(t.Context(), []Slot{slot}))
	f.want(files...)
	if got := f.Stats(); got != (Stats{Slots: 1, Linked: 3, Symlinks: 2, MaxConcurrent: 1}) {
		t.Errorf("%+v", got)
	}
	check(t, f.Slots(t.Context(), []Slot{slot}))
	f.want(files...)
	if got := f.Stats(); got != (Stats{Slots: 1, Kept: 1, Linked: 3, Symlinks: 2, MaxConcurrent: 1}) {
		t.Errorf("second time: %+v", got)
	}
	for name, exec := range map[string]bool{"bin": true, "lib/x.js": false} {
		info, err := os.Stat(filepath.Join(slot.Dir, name))
		check(t, err)
		original, err := os.Stat(filepath.Join(a.Path(), name))
		check(t, err)
		if !os.SameFile(info, original) || (info.Mode()&0o111 != 0) != exec {
			t.Errorf("%s: %v, the store's file: %v", name, info.Mode(), os.SameFile(info, original))
		}
	}
}

func TestImports(t *testing.T) {
	for _, private := range []bool{false, true} {
		for _, imp := range []Import{Auto, Hardlink, Clone, Copy, CloneOrCopy} {
			f := newFixture(t, Options{Import: imp})
			a := f.tree("a", "x/f", "text", "*g", "")
			slot := Slot{Dir: f.at("node_modules/a"), Tree: a, Private: private}
			err := f.Slots(t.Context(), []Slot{slot})
			if fsys.Unsupported(err) && imp == Clone && strings.Contains(err.Error(), "package-import-method") {
				continue // as it shall be where nothing can be cloned
			}
			check(t, err)
			f.want("a/x/f", "text", "a/g", "")
			info, err := os.Stat(f.at("node_modules/a/g"))
			check(t, err)
			original, err := os.Stat(filepath.Join(a.Path(), "g"))
			check(t, err)
			shared := !private && (imp == Auto || imp == Hardlink)
			if os.SameFile(info, original) != shared || info.Mode() != original.Mode() {
				t.Errorf("%v, private %v: the store's own file: %v, mode %v", imp, private, !shared, info.Mode())
			}
			if s := f.Stats(); s.Linked+s.Cloned+s.Copied != 2 || (s.Linked > 0) != shared || imp == Copy && s.Copied != 2 {
				t.Errorf("%v, private %v: %+v", imp, private, s)
			}
			check(t, f.store.Verify(a.ID))
		}
	}
}

func TestParseImport(t *testing.T) {
	for _, i := range []Import{Auto, Hardlink, Clone, Copy, CloneOrCopy} {
		if got, err := ParseImport(i.String()); err != nil || got != i {
			t.Errorf("ParseImport(%v) = %v, %v", i, got, err)
		}
	}
	if _, err := ParseImport("symlink"); err == nil || !strings.Contains(err.Error(), "clone-or-copy") {
		t.Errorf("ParseImport: %v", err)
	}
}

func TestReplace(t *testing.T) {
	f := newFixture(t, Options{})
	one := f.tree("a1", "package.json", "1", "old.js", "")
	two := f.tree("a2", "package.json", "2", "node_modules/bundled/x", "b", "node_modules/both/x", "tarball")
	dep := f.tree("dep", "x", "d")
	check(t, f.Slots(t.Context(), []Slot{{Dir: f.at("node_modules/a"), Tree: one}}))
	check(t, f.Slots(t.Context(), []Slot{
		{Dir: f.at("node_modules/a/node_modules/dep"), Tree: dep},
		{Dir: f.at("node_modules/a/node_modules/@s/dep"), Tree: dep},
		{Dir: f.at("node_modules/a/node_modules/both"), Tree: dep},
		{Dir: f.at("node_modules/a/node_modules/gone"), Tree: dep},
	}))
	slot := Slot{Dir: f.at("node_modules/a"), Tree: two}
	check(t, f.Slots(t.Context(), []Slot{slot}))
	if data, err := os.ReadFile(f.at("node_modules/a/package.json")); err != nil || string(data) != "1" {
		t.Errorf("replaced unasked: %q, %v", data, err)
	}
	slot.Replace = true
	slot.Nested = []string{"node_modules/dep", "node_modules/@s/dep", "node_modules/both", "node_modules/absent", "other/absent"}
	check(t, f.Slots(t.Context(), []Slot{slot}))
	f.want("a/package.json", "2", "a/node_modules/bundled/x", "b",
		"a/node_modules/dep/x", "d", "a/node_modules/@s/dep/x", "d", "a/node_modules/both/x", "d")
	check(t, f.store.Verify(two.ID))
	slot.Nested = []string{"../../x"}
	if err := f.Slots(t.Context(), []Slot{slot}); err == nil {
		t.Error("a nested path outside of the slot was taken")
	}
}

func TestReplacesFilesAndLinks(t *testing.T) {
	f := newFixture(t, Options{})
	a := f.tree("a", "x", "1")
	outside := t.TempDir()
	check(t, os.WriteFile(filepath.Join(outside, "keep"), nil, 0o644))
	check(t, os.Mkdir(f.at("node_modules"), 0o755))
	check(t, os.Symlink(outside, f.at("node_modules/link")))
	check(t, os.WriteFile(f.at("node_modules/file"), nil, 0o644))
	check(t, f.Slots(t.Context(), []Slot{{Dir: f.at("node_modules/link"), Tree: a}, {Dir: f.at("node_modules/file"), Tree: a}}))
	f.want("link/x", "1", "file/x", "1")
	if _, err := os.Stat(f.at("node_modules/@t/b/node_modules")); !os.IsNotExist(err) {
		t.Error("an empty node_modules is left")
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 1 {
		t.Errorf("outside: %v", entries)
	}
}

func TestEscapes(t *testing.T) {
	f := newFixture(t, Options{})
	a := f.tree("a", "x", "1")
	outside := t.TempDir()
	check(t, os.Mkdir(f.at("node_modules"), 0o755))
	check(t, os.Symlink(outside, f.at("node_modules/.pnpm")))
	check(t, os.Symlink(outside, f.at("node_modules/@s")))
	check(t, os.Symlink(outside, f.at("node_modules/.bin")))
	for _, dir := range []string{
		f.at("node_modules/.pnpm/a/node_modules/a"), f.at("node_modules/@s/a"),
	} {
		if err := f.Slots(t.Context(), []Slot{{Dir: dir, Tree: a}}); !errors.Is(err, fsys.ErrSymlink) {
			t.Errorf("slot %s: %v", dir, err)
		}
		if err := f.Symlinks(t.Context(), []Symlink{{dir, f.project}}); !errors.Is(err, fsys.ErrSymlink) {
			t.Errorf("link %s: %v", dir, err)
		}
		if err := f.Remove(t.Context(), []string{dir}); !errors.Is(err, fsys.ErrSymlink) {
			t.Errorf("remove %s: %v", dir, err)
		}
	}
	if err := f.Bins(t.Context(), Shims, []Bin{{Name: "a", Dir: f.at("node_modules/.bin"), Target: f.at("x")}}); !errors.Is(err, fsys.ErrSymlink) {
		t.Errorf("command: %v", err)
	}
	for _, dir := range []string{outside, f.project, filepath.Dir(f.project), f.project + "x", f.project + "/../x/y", f.project + "//x", "relative"} {
		if err := f.Slots(t.Context(), []Slot{{Dir: dir, Tree: a}}); !errors.Is(err, errOutside) {
			t.Errorf("slot %s: %v", dir, err)
		}
		if err := f.Symlinks(t.Context(), []Symlink{{dir, f.project}}); !errors.Is(err, errOutside) {
			t.Errorf("link %s: %v", dir, err)
		}
		if err := f.Remove(t.Context(), []string{dir}); !errors.Is(err, errOutside) {
			t.Errorf("remove %s: %v", dir, err)
		}
	}
	for _, at := range []string{outside + "/x", f.at("../x"), f.project + "/../x", f.project + "/a/../../x"} {
		slot := Slot{Dir: f.at("node_modules/fine"), Tree: a, Links: []Symlink{{at, f.project}}}
		if err := f.Slots(t.Context(), []Slot{slot}); !errors.Is(err, errOutside) {
			t.Errorf("a slot with a link at %s: %v", at, err)
		}
	}
	for _, name := range []string{"", "..", "../x", "a/b", `a\b`} {
		if err := f.Bins(t.Context(), Shims, []Bin{{Name: name, Dir: f.at("bin"), Target: f.at("x")}}); err == nil {
			t.Errorf("command %q was made", name)
		}
	}
	if _, err := os.Stat(f.at("node_modules/@t/b/node_modules")); !os.IsNotExist(err) {
		t.Error("an empty node_modules is left")
	}
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Errorf("outside: %v", entries)
	}
}

func TestSymlinks(t *testing.T) {
	f := newFixture(t, Options{})
	var links []Symlink
	want := []string{}
	for i := range 200 { // more than one worker takes
		name := fmt.Sprintf("p%d", i)
		links = append(links, Symlink{f.at("node_modules/" + name), f.at("node_modules/.pnpm/" + name)})
		want = append(want, name, "->.pnpm/"+name)
	}
	links = append(links, Symlink{f.at("node_modules/@s/x"), filepath.Join(f.project, "..", "elsewhere")})
	want = append(want, "@s/x", "->../../../elsewhere")
	check(t, os.MkdirAll(f.at("node_modules/p0/full"), 0o755))
	check(t, os.WriteFile(f.at("node_modules/p0/full/f"), nil, 0o644))
	for range 2 {
		check(t, f.Symlinks(t.Context(), links))
		f.want(want...)
		if got := f.Stats().Symlinks; got != 201 {
			t.Errorf("%d links made", got)
		}
	}
	check(t, f.Symlinks(t.Context(), nil))
}

func TestRelative(t *testing.T) {
	paths := []string{"/", "/a", "/a/b", "/a/bc", "/a/b/c", "/a/b/c/d", "/b", "/a/x/y", "/ab/c"}
	for _, dir := range paths {
		for _, target := range paths {
			want, err := filepath.Rel(dir, target)
			check(t, err)
			if got := relative(dir, target); got != want {
				t.Errorf("relative(%s, %s) = %s, want %s", dir, target, got, want)
			}
		}
	}
}

func TestRemove(t *testing.T) {
	f := newFixture(t, Options{})
	a := f.tree("a", "x/y", "1")
	outside := t.TempDir()
	check(t, os.WriteFile(filepath.Join(outside, "keep"), nil, 0o644))
	check(t, f.Slots(t.Context(), []Slot{
		{Dir: f.at("node_modules/a"), Tree: a}, {Dir: f.at("node_modules/@s/a"), Tree: a},
		{Dir: f.at("node_modules/@t/a"), Tree: a}, {Dir: f.at("node_modules/@t/b"), Tree: a},
	}))
	check(t, f.Slots(t.Context(), []Slot{{Dir: f.at("node_modules/@t/b/node_modules/@s/c"), Tree: a}}))
	check(t, f.Symlinks(t.Context(), []Symlink{{f.at("node_modules/link"), outside}}))
	var gone []string
	for _, rel := range []string{"a", "@s/a", "@t/a", "@t/b/node_modules/@s/c", "link", "absent", "@absent/x"} {
		gone = append(gone, f.at("node_modules/"+rel))
	}
	check(t, f.Remove(t.Context(), gone))
	f.want("@t/b/x/y", "1")
	if _, err := os.Stat(f.at("node_modules/@s")); !os.IsNotExist(err) {
		t.Error("an empty scope is left")
	}
	if _, err := os.Stat(f.at("node_modules/@t/b/node_modules")); !os.IsNotExist(err) {
		t.Error("an empty node_modules is left")
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 1 {
		t.Error("a link was followed")
	}
	check(t, f.store.Verify(a.ID))
}

// TestSlotsAfterRemove removes the directory that a Linker keeps open.
func TestSlotsAfterRemove(t *testing.T) {
	f := newFixture(t, Options{})
	a := f.tree("a", "x", "1")
	slots := []Slot{{Dir: f.at("node_modules/.pnpm/a@1/node_modules/a"), Tree: a}, {Dir: f.at("node_modules/b"), Tree: a}}
	for range 2 {
		check(t, f.Slots(t.Context(), slots))
		f.want(".pnpm/a@1/node_modules/a/x", "1", "b/x", "1")
		check(t, f.Remove(t.Context(), []string{f.at("node_modules/.pnpm")}))
		f.want("b/x", "1")
	}
}

func TestCancelled(t *testing.T) {
	f := newFixture(t, Options{})
	a := f.tree("a", "x", "1")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the user said so")
	cancel(why)
	if err := f.Slots(ctx, []Slot{{Dir: f.at("node_modules/a"), Tree: a}}); err != why {
		t.Errorf("Slots = %v", err)
	}
	if _, err := os.Stat(f.at("node_modules/a")); !os.IsNotExist(err) {
		t.Error("placed all the same")
	}
}
