package store

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"godwit/internal/fsys"
)

const hashA, hashB = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"

// makeSlot makes a slot of tree as an install does.
func makeSlot(t *testing.T, s *Store, slot Slot, tree *Tree) *Tree {
	t.Helper()
	stage, err := s.BeginSlot(slot, tree)
	check(t, err)
	fillStage(t, stage, slot, tree)
	made, err := stage.Reveal(false)
	check(t, err)
	return made
}

// fillStage does for a tree that is not staged what the linker does.
func fillStage(t *testing.T, stage *SlotStage, slot Slot, tree *Tree) {
	t.Helper()
	if stage.Filled() {
		return
	}
	from, err := tree.Open()
	check(t, err)
	defer from.Close()
	to, err := fsys.OpenDir(filepath.Join(stage.Dir(), modulesName))
	check(t, err)
	defer to.Close()
	check(t, to.MkdirAll([]string{slot.Name}))
	for _, f := range tree.Files {
		check(t, to.Link(slot.Name+"/"+f.Path, from, f.Path))
	}
}

func TestSlotOfStagedTree(t *testing.T) {
	for _, slot := range []Slot{{"@/a/1.0.0/" + hashA, "a"}, {"@s/a/1.0.0/" + hashA, "@s/a"}} {
		s := openTemp(t)
		id := idOf("a")
		staged, err := s.Stage(id, files("package.json", `{"name":"a","scripts":{"install":"x"}}`, "f", "text"))
		check(t, err)
		if s.Has(id) || s.HasSlot(slot) || !staged.Staged() {
			t.Error("visible before it is a slot")
		}
		tree := makeSlot(t, s, slot, staged)
		if !s.HasSlot(slot) || !s.Has(id) || s.Owns(id) || tree.Staged() || !tree.InSlot() || !s.SlotBuilds(slot) {
			t.Errorf("slot %v, tree %v, owned %v", s.HasSlot(slot), s.Has(id), s.Owns(id))
		}
		data, err := os.ReadFile(filepath.Join(s.Links(), filepath.FromSlash(slot.files()), "f"))
		if string(data) != "text" {
			t.Errorf("f: %q, %v", data, err)
		}
		// Who wants a tree finds one, and Verify its files.
		loaded, err := s.Load(id)
		check(t, err)
		check(t, s.Verify(id))
		// Another context of the tarball gets the same files.
		other := Slot{filepath.ToSlash(filepath.Join(filepath.Dir(slot.Path), hashB)), slot.Name}
		makeSlot(t, s, other, loaded)
		check(t, os.RemoveAll(filepath.Join(s.Links(), filepath.FromSlash(slot.Path))))
		if s.Has(id) || !s.Known(id) || !s.HasSlot(other) {
			t.Error("a tree whose slot is gone is there")
		}
		// It comes back as a tree of its own.
		again, err := s.Add(id, files("package.json", `{"name":"a"}`))
		check(t, err)
		if !s.Owns(id) || again.InSlot() {
			t.Error("Add does not replace a link that leads nowhere")
		}
		noGarbage(t, s)
	}
}

// Who makes a tree that moved to a slot once more has its directory, with files that
// are not whole yet, or never will be. Nobody takes those for the ones in the slot.
func TestFilesBesideASlot(t *testing.T) {
	s := openTemp(t)
	slot, id := Slot{"@/a/1.0.0/" + hashA, "a"}, idOf("a")
	_, err := s.Stage(id, files("f", "killed")) // so that the next one has a number
	check(t, err)
	staged, err := s.Stage(id, files("f", "whole"))
	check(t, err)
	made := makeSlot(t, s, slot, staged)
	again, err := s.Stage(id, files("f", "half"))
	check(t, err)
	if again.Path() != staged.Path() {
		t.Fatalf("the directory %s is not used again, but %s", staged.Path(), again.Path())
	}
	loaded, err := s.Load(id)
	check(t, err)
	for _, tree := range []*Tree{made, loaded} {
		dir, err := tree.Open()
		check(t, err)
		if data, err := dir.ReadFile("f", 10); string(data) != "whole" {
			t.Errorf("f is %q, %v", data, err)
		}
		check(t, dir.Close())
	}
	// Which number it had is not in the slot.
	other := Slot{"@/a/1.0.0/" + hashB, "a"}
	makeSlot(t, s, other, loaded)
	var indexes []string
	for _, slot := range []Slot{slot, other} {
		indexes = append(indexes, string(must(os.ReadFile(filepath.Join(s.Links(), slot.Path, indexName)))))
	}
	if indexes[0] != indexes[1] {
		t.Errorf("the indexes of two slots differ: %q", indexes)
	}
}

// Each state that a kill can leave behind, and what the next install makes of it.
func TestKilledSlots(t *testing.T) {
	slot, id := Slot{"@/a/1.0.0/" + hashA, "a"}, idOf("a")
	content := files("package.json", `{"name":"a"}`)
	for name, kill := range map[string]func(*testing.T, *Store){
		"staged": func(t *testing.T, s *Store) {
			_, err := s.Stage(id, content)
			check(t, err)
		},
		"begun": func(t *testing.T, s *Store) {
			staged, err := s.Stage(id, content)
			check(t, err)
			_, err = s.BeginSlot(slot, staged)
			check(t, err)
		},
		"begun from a tree": func(t *testing.T, s *Store) {
			tree, err := s.Add(id, content)
			check(t, err)
			_, err = s.BeginSlot(slot, tree)
			check(t, err)
		},
		"a slot without its files": func(t *testing.T, s *Store) {
			staged, err := s.Stage(id, content)
			check(t, err)
			makeSlot(t, s, slot, staged)
			check(t, os.RemoveAll(filepath.Join(s.Links(), filepath.FromSlash(slot.files()))))
			if s.Has(id) {
				t.Error("has a tree without files")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTemp(t)
			kill(t, s)
			if s.HasSlot(slot) {
				t.Fatal("half a slot is taken for one")
			}
			staged, err := s.Stage(id, content)
			check(t, err)
			makeSlot(t, s, slot, staged)
			if !s.HasSlot(slot) || !s.Has(id) {
				t.Error("not repaired")
			}
			check(t, s.Verify(id))
			check(t, s.Register("/project"))
			_, err = s.Prune(t.Context(), PruneOptions{SlotsOf: func(string) ([]string, error) {
				return []string{filepath.Join(s.Links(), slot.files())}, nil
			}})
			check(t, err)
			if !s.HasSlot(slot) {
				t.Error("pruned away")
			}
			noGarbage(t, s)
			noLitter(t, s)
		})
	}
	t.Run("a slot nobody told trees of", func(t *testing.T) {
		s := openTemp(t)
		staged, err := s.Stage(id, content)
		check(t, err)
		makeSlot(t, s, slot, staged)
		check(t, s.Remove(id))
		if !s.HasSlot(slot) || s.Has(id) {
			t.Error("Remove of a tree removes its slot")
		}
		_, err = s.Load(id)
		if !errors.Is(err, ErrAbsent) {
			t.Error(err)
		}
	})
}

// noLitter checks that nothing is beside the slots of a@1.0.0.
func noLitter(t *testing.T, s *Store) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.Links(), "@", "a", "1.0.0"))
	check(t, err)
	if len(entries) != 1 {
		t.Errorf("left beside the slot: %v", entries)
	}
}

func TestSlotsMadeAtOnce(t *testing.T) {
	s := openTemp(t)
	slot, id := Slot{"@/a/1.0.0/" + hashA, "a"}, idOf("a")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			staged, err := s.Stage(id, files("package.json", `{"name":"a"}`, "f", "text"))
			if err != nil {
				t.Error(err)
				return
			}
			stage, err := s.BeginSlot(slot, staged)
			if err != nil {
				t.Error(err)
				return
			}
			tree, err := stage.Reveal(false)
			if err != nil {
				t.Error(err)
				return
			}
			dir, err := tree.Open()
			if err != nil {
				t.Error(err)
				return
			}
			dir.Close()
		})
	}
	wg.Wait()
	check(t, s.Verify(id))
	noGarbage(t, s)
	noLitter(t, s)
}

func TestRevealReplaces(t *testing.T) {
	s := openTemp(t)
	slot, id := Slot{"@/a/1.0.0/" + hashA, "a"}, idOf("a")
	for i, tt := range []struct {
		replace    bool
		text, want string
	}{{false, "1", "1"}, {false, "2", "1"}, {true, "3", "3"}} {
		staged, err := s.Stage(id, files("f", tt.text))
		check(t, err)
		stage, err := s.BeginSlot(slot, staged)
		check(t, err)
		_, err = stage.Reveal(tt.replace)
		check(t, err)
		data, err := os.ReadFile(filepath.Join(s.Links(), filepath.FromSlash(slot.files()), "f"))
		if string(data) != tt.want {
			t.Errorf("%d: %q, %v; want %q", i, data, err, tt.want)
		}
	}
	noLitter(t, s)
}

// A slot's path comes from a lockfile.
func TestHostileSlots(t *testing.T) {
	s := openTemp(t)
	tree, err := s.Add(idOf("a"), files("f", ""))
	check(t, err)
	for _, slot := range []Slot{{"../../x/1/h", "a"}, {"@/a/../../h", "a"}, {"@/a/1/h", "../a"}, {"/a/1/1/h", "a"}, {"", ""}} {
		if _, err := s.BeginSlot(slot, tree); err == nil {
			t.Errorf("BeginSlot(%v) goes on", slot)
		}
		if s.HasSlot(slot) {
			t.Errorf("HasSlot(%v)", slot)
		}
	}
	if _, ok := slotAt("../../links/../../../etc"); ok {
		t.Error("a link in trees/ leads anywhere")
	}
}

func TestRegister(t *testing.T) {
	s := openTemp(t)
	dir := t.TempDir()
	for range 2 {
		check(t, s.Register(dir))
	}
	links, err := filepath.Glob(filepath.Join(s.Dir(), "projects", "*"))
	check(t, err)
	if len(links) != 1 {
		t.Fatalf("%v", links)
	}
	if to, err := os.Readlink(links[0]); to != dir {
		t.Errorf("leads to %s, %v", to, err)
	}
	if dirs, err := s.Projects(); err != nil || len(dirs) != 1 || dirs[0] != dir {
		t.Errorf("Projects: %q, %v", dirs, err)
	}
	for range 2 {
		check(t, s.Unregister(dir))
	}
	if dirs, err := s.Projects(); err != nil || len(dirs) != 0 {
		t.Errorf("after that: %q, %v", dirs, err)
	}
}
