package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
)

// Slot names a slot that all projects share: a package's files, beside links to
// what it depends on.
type Slot struct {
	Path string // slash path below links/: "@/a/1.0.0/<hash>", "@scope/a/1.0.0/<hash>"
	Name string // of the package
}

const (
	linksName   = "links"
	modulesName = "node_modules"

	// buildsName is an empty file in the slot of a package that has install
	// scripts: to ask for it is one call, to read the index are four.
	buildsName = "builds"
)

func (s Slot) files() string { return s.Path + "/" + modulesName + "/" + s.Name }

// slotAt is the slot that a link in trees/ leads to, by its text.
func slotAt(target string) (Slot, bool) {
	segments := strings.Split(filepath.ToSlash(target), "/")
	const depth = 4 // scope, name, version, hash
	if len(segments) < depth {
		return Slot{}, false
	}
	segments = segments[len(segments)-depth:]
	slot := Slot{Path: strings.Join(segments, "/"), Name: segments[1]}
	if scope := segments[0]; scope != "@" {
		slot.Name = scope + "/" + slot.Name
	}
	return slot, fsys.CheckPath(slot.Path) == nil
}

// Links is the directory of all shared slots, absolute.
func (s *Store) Links() string { return filepath.Join(s.dir, linksName) }

// openLinks is the handle of links/, if that exists.
func (s *Store) openLinks() (*fsys.Dir, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.links != nil {
		return s.links, nil
	}
	d, err := fsys.OpenDir(s.Links())
	if err == nil {
		s.links = d
	}
	return d, err
}

// HasSlot reports whether the slot is there: one system call. A slot that is
// there is whole, with its links and commands.
func (s *Store) HasSlot(slot Slot) bool {
	links, err := s.openLinks()
	if err != nil || fsys.CheckPath(slot.files()) != nil {
		return false
	}
	info, err := links.Lstat(slot.files())
	return err == nil && info.IsDir()
}

// SlotBuilds reports whether the package in a slot has install scripts.
func (s *Store) SlotBuilds(slot Slot) bool {
	links, err := s.openLinks()
	if err != nil {
		return false
	}
	_, err = links.Lstat(slot.Path + "/" + buildsName)
	return err == nil
}

// SlotStage is a slot that is being made. It belongs to one goroutine.
type SlotStage struct {
	store *Store
	slot  Slot
	tree  *Tree
	above *fsys.Dir // the directory of the slot
	name  string    // of the staging directory in it
}

// BeginSlot begins a slot with the files of tree. Those of a staged tree move
// there, and the tree is used up; for another one Filled is false, and it is
// for the caller to place them. It ends with Reveal or with Discard.
//
// The staging directory is beside the slot, not in tmp/, for then a relative
// link in it leads from both places to the same.
func (s *Store) BeginSlot(slot Slot, tree *Tree) (*SlotStage, error) {
	if err := fsys.CheckPath(slot.files()); err != nil {
		return nil, fmt.Errorf("store %s: slot %q: %w", s.dir, slot.Path, err)
	}
	trees, _, err := s.openForWriting()
	if err != nil {
		return nil, s.explain(err)
	}
	links, err := s.openLinks()
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(s.Links(), 0o755); err == nil {
			links, err = s.openLinks()
		}
	}
	if err != nil {
		return nil, s.explain(err)
	}
	above, err := links.OpenAll(path.Dir(slot.Path))
	if err != nil {
		return nil, s.explain(err)
	}
	stage := &SlotStage{store: s, slot: slot, tree: tree, above: above, name: fsys.TempName(path.Base(slot.Path))}
	if err := stage.prepare(trees); err != nil {
		stage.Discard()
		return nil, s.explain(err)
	}
	return stage, nil
}

// prepare makes what every slot has: the index, and the directories around the
// files.
func (st *SlotStage) prepare(trees *fsys.Dir) error {
	modules := st.name + "/" + modulesName
	dirs := []string{st.name, modules}
	if scope, _, scoped := strings.Cut(st.slot.Name, "/"); scoped {
		dirs = append(dirs, modules+"/"+scope)
	}
	if err := st.above.MkdirAll(dirs); err != nil {
		return err
	}
	if st.Filled() {
		if err := trees.Rename(st.tree.files(), st.above, modules+"/"+st.slot.Name); err != nil {
			return err
		}
	}
	inSlot := *st.tree
	inSlot.number = 0
	if err := st.above.WriteFile(st.name+"/"+indexName, inSlot.encode(), false); err != nil {
		return err
	}
	if st.tree.Meta.Builds() {
		return st.above.WriteFile(st.name+"/"+buildsName, nil, false)
	}
	return nil
}

// Filled reports whether the files are in their place.
func (st *SlotStage) Filled() bool { return st.tree.Staged() }

// Dir is the absolute directory that is to become the slot.
func (st *SlotStage) Dir() string { return filepath.Join(st.above.Path(), st.name) }

// Discard removes what was begun.
func (st *SlotStage) Discard() {
	st.above.RemoveAll(st.name)
	st.above.Close()
}

// Reveal makes the slot visible, complete as it is, by one rename. Of two that
// make a slot the second throws its own away, unless replace is set; a slot that
// is not whole is replaced in any case. It returns the tree, which from now on
// is found in the slot if the store has it nowhere else.
func (st *SlotStage) Reveal(replace bool) (*Tree, error) {
	defer st.above.Close()
	base := path.Base(st.slot.Path)
	// Others may put theirs there again and again, but each of them only once.
	const tries = 8
	var err error
	for range tries {
		err = st.above.Rename(st.name, st.above, base)
		if !fsys.Exists(err) {
			break
		}
		if !replace && st.store.HasSlot(st.slot) {
			err = st.above.RemoveAll(st.name)
			break
		}
		if gone := discard(st.above, base, st.above); gone != nil {
			err = gone
			break
		}
	}
	if err != nil {
		st.above.RemoveAll(st.name)
		return nil, st.store.explain(err)
	}
	return st.store.adopt(st.tree, st.slot)
}

// adopt lets the tree be found in a slot, unless the store has it already. A
// kill before this costs a download at most.
func (s *Store) adopt(tree *Tree, slot Slot) (*Tree, error) {
	trees, tmp, err := s.openForWriting()
	if err != nil {
		return nil, s.explain(err)
	}
	adopted := *tree
	adopted.staged, adopted.inSlot, adopted.entry = false, true, s.entry(tree.ID)
	// In the way can be no shard, and a link to a slot that is gone.
	const tries = 4
	for range tries {
		if s.Owns(tree.ID) {
			return s.load(tree.ID)
		}
		if s.Has(tree.ID) {
			return &adopted, nil
		}
		err = trees.LinkDir(filepath.FromSlash("../../"+linksName+"/"+slot.Path), tree.ID.rel())
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = trees.Mkdir(tree.ID.shard())
		case fsys.Exists(err) && !s.Has(tree.ID):
			err = discard(trees, tree.ID.rel(), tmp)
		}
		if err != nil && !fsys.Exists(err) {
			return nil, s.explain(err)
		}
	}
	return &adopted, nil
}
