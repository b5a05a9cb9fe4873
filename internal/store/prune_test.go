package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"godwit/internal/fsys"
)

func TestPruneOfNoStore(t *testing.T) {
	s := openTemp(t)
	check(t, os.RemoveAll(s.Dir()))
	if p, err := s.Prune(t.Context(), PruneOptions{}); p != (Pruned{}) || err != nil {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := os.Stat(s.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it made a store")
	}
}

func TestPruneTrees(t *testing.T) {
	s := openTemp(t)
	for _, name := range []string{"used", "last", "damaged", "unused"} {
		_, err := s.Add(idOf(name), files("a", "1", "b", "22"))
		check(t, err)
	}
	link := func(name, file string) string {
		to := filepath.Join(t.TempDir(), name)
		check(t, os.Link(filepath.Join(s.entry(idOf(name))+filesSuffix, file), to))
		return to
	}
	kept := link("used", "a")
	link("last", "b") // the other file was edited in the project, by replacing it
	check(t, os.WriteFile(link("damaged", "a"), []byte("longer"), 0o644))
	p, err := s.Prune(t.Context(), PruneOptions{})
	check(t, err)
	const files = 3 + 2 // bytes: both of one tree, the one without another name of the other
	if p.Trees != 2 || p.Litter+p.Slots+p.Forgotten != 0 || p.Bytes <= files {
		t.Errorf("%+v, want 2 trees, and more than %d bytes with the indexes", p, files)
	}
	for name, want := range map[string]bool{"used": true, "last": true, "damaged": false, "unused": false} {
		if s.Has(idOf(name)) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	check(t, os.Remove(kept))
	noGarbage(t, s)
}

// Slots of a project stay, whatever it calls the store; those of other stores
// are no concern of ours, and a project that cannot tell ends it.
func TestPruneSlots(t *testing.T) {
	s := openTemp(t)
	used, unused := Slot{"@/a/1.0.0/" + hashA, "a"}, Slot{"@s/b/1.0.0/" + hashA, "@s/b"}
	for name, slot := range map[string]Slot{"used": used, "unused": unused} {
		staged, err := s.Stage(idOf(name), files("package.json", "{}"))
		check(t, err)
		makeSlot(t, s, slot, staged)
	}
	alias := filepath.Join(t.TempDir(), "alias")
	check(t, os.Symlink(s.Dir(), alias))
	projects := map[string][]string{
		"/one":  {filepath.Join(alias, "links", used.files()), "/other/store/links/" + unused.files(), "nonsense"},
		"/two":  {"/other/store/links/" + unused.files()},
		"/gone": nil,
	}
	for dir := range projects {
		check(t, s.Register(dir))
	}
	unreadable := errors.New("unreadable")
	if _, err := s.Prune(t.Context(), PruneOptions{SlotsOf: func(string) ([]string, error) { return nil, unreadable }}); !errors.Is(err, unreadable) {
		t.Errorf("%v", err)
	}
	if !s.HasSlot(unused) {
		t.Fatal("removed on a guess")
	}
	p, err := s.Prune(t.Context(), PruneOptions{SlotsOf: func(dir string) ([]string, error) {
		if projects[dir] == nil {
			return nil, fs.ErrNotExist
		}
		return projects[dir], nil
	}})
	check(t, err)
	if p.Slots != 1 || p.Trees != 0 || p.Forgotten != 2 || p.Bytes == 0 {
		t.Errorf("%+v", p)
	}
	if !s.HasSlot(used) || s.HasSlot(unused) || !s.Has(idOf("used")) || s.Known(idOf("unused")) {
		t.Error("too much is gone, or too little")
	}
	if _, err := os.Stat(filepath.Join(s.Links(), "@s")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("empty directories stay")
	}
	noGarbage(t, s)
}

// TestPruneWaits has an install at work that relies on an unused tree.
func TestPruneWaits(t *testing.T) {
	s := openTemp(t)
	_, err := s.Add(idOf("a"), files("f", ""))
	check(t, err)
	using, err := s.Use(t.Context(), func() { t.Error("nobody prunes") })
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.Prune(ctx, PruneOptions{Waiting: cancel}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if !s.Has(idOf("a")) {
		t.Fatal("removed under an install")
	}
	check(t, using.Unlock())
	_, err = s.Prune(t.Context(), PruneOptions{Waiting: func() { t.Error("nobody installs") }})
	check(t, err)
	if s.Has(idOf("a")) {
		t.Error("still there")
	}
	pruning, err := s.lock(t.Context(), fsys.Exclusive, nil)
	check(t, err)
	ctx, cancel = context.WithCancel(t.Context())
	if _, err := s.Use(ctx, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("beside a pruning: %v", err)
	}
	check(t, pruning.Unlock())
}
