package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"godwit/internal/fsys"
	"godwit/internal/install/link"
	"godwit/internal/layout"
)

// beside is a tree that is made beside another one and put in its place when it
// is whole: that of another layout, or of another tool. Until then nothing of the
// old one changes, and what goes wrong after that brings it back.
//
// Where a node_modules has to stay where it is (a volume) the old tree goes aside
// inside of it, and the new one is made in its place.
type beside struct {
	why     string   // for the user; "" if it is another layout of ours
	name    string   // of each new node_modules, or of what was in each old one
	modules []string // absolute directories; that of the root is the last
	fixed   bool     // one of them has to stay
	swapped []swap
}

// staged is where the new tree is made; "" in the place of the old one.
func (b *beside) staged() string {
	if b == nil || b.fixed {
		return ""
	}
	return b.name
}

// swap is a node_modules that was replaced.
type swap struct{ dir, old string } // old is "" if there was none

// besides decides whether the tree is to be made beside the one that is there.
func (e *engine) besides(l *layout.Layout) error {
	if e.beside != nil || e.DryRun {
		return nil
	}
	why := ""
	if !e.was.Ours {
		var err error
		if why, err = e.othersTree(); err != nil {
			return err
		}
	}
	if why == "" && !e.turns(l) {
		return nil
	}
	e.beside = &beside{why: why, name: fsys.TempName(layout.ModulesDir)}
	for _, im := range l.Importers {
		if im.Dir != "." {
			e.beside.modules = append(e.beside.modules, e.modulesOf(im.Dir))
		}
	}
	e.beside.modules = append(e.beside.modules, e.modulesOf("."))
	mounts := fsys.ReadMounts()
	e.beside.fixed = slices.ContainsFunc(e.beside.modules, func(dir string) bool { return e.fixed(dir, mounts) })
	return nil
}

// modulesOf is the absolute modules directory of the importer in dir.
func (e *engine) modulesOf(dir string) string { return e.tasks.abs(e.Layout.ModulesOf(dir)) }

// fixed reports whether a modules directory cannot be moved, or whether nothing may be
// put beside it: what is around one of another name is not known to be a project's.
func (e *engine) fixed(dir string, mounts fsys.Mounts) bool {
	if e.Layout.Modules != "" || len(e.Outside) > 0 {
		return true
	}
	info, err := os.Lstat(dir)
	return err == nil && info.IsDir() && mounts.Fixed(dir)
}

// turns reports whether what node_modules holds is of another layout: slots or
// directories, in the project or shared, in that virtual store or another one.
func (e *engine) turns(l *layout.Layout) bool {
	held := e.was.Held
	shared := slices.ContainsFunc(l.Slots, func(s layout.Slot) bool { return s.Shared != "" })
	if len(held.Slots) > 0 && len(l.Slots) > 0 && shared != held.AnyShared() {
		return true
	}
	for dir, slot := range held.Slots {
		switch {
		case slot.Shared:
		case (slot.Hoisted != "") != e.Hoisted:
			return true
		case !e.Hoisted && path.Dir(slot.Root(dir)) != e.tasks.virtualStore():
			return true
		}
	}
	return false
}

// othersTree tells of the node_modules of a project that some other tool made; "" if
// there is none. What is in it cannot be trusted to be whole, and directories of
// another layout would shadow ours. What clean has moved aside may still be there.
func (e *engine) othersTree() (string, error) {
	for _, im := range e.importers {
		dir := e.modulesOf(im.Dir)
		entries, err := entriesOf(dir)
		if err != nil {
			return "", err
		}
		entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == layout.ConfigDir }) // is there before the install, by us too
		if len(entries) == 0 {
			continue
		}
		for _, entry := range entries {
			if tool := makers[entry.Name()]; tool != "" {
				return fmt.Sprintf("%s was made by %s; it is replaced", dir, tool), nil
			}
		}
		return fmt.Sprintf("%s was not made by this version of godwit; it is replaced", dir), nil
	}
	return "", nil
}

// makers are the tools that leave a file or directory of that name. npm 6 left
// none, and bun's hoisted trees have none.
var makers = map[string]string{
	".package-lock.json": "npm", ".modules.yaml": "pnpm", ".yarn-integrity": "yarn", ".yarn-state.yml": "yarn", ".bun": "bun", ".aube": "aube",
}

// swap puts the new tree in the place of the old one.
func (e *engine) swap(linker *link.Linker) error {
	b := e.beside
	if b.staged() == "" {
		return nil
	}
	if len(b.modules) > 1 {
		if err := e.doubt(); err != nil {
			return err
		}
	}
	for _, dir := range b.modules {
		project := filepath.Dir(dir)
		old, err := fsys.MoveAside(dir, project)
		if errors.Is(err, fs.ErrNotExist) {
			continue // there is no such project any more
		}
		if err == nil {
			b.swapped = append(b.swapped, swap{dir, old})
			err = os.Rename(filepath.Join(project, b.name), dir)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("put the new %s in its place: %w", dir, err)
		}
	}
	linker.Unstage()
	e.tasks.now = nil
	return nil
}

// doubt notes that nothing of the old tree can be relied on from now on: after a
// kill some of it would be in its place.
func (e *engine) doubt() error {
	if !e.was.Ours {
		return nil
	}
	return e.modules.Begin(e.was.Held.Doubt())
}

// vacate moves what is in each node_modules aside, inside of it.
func (e *engine) vacate() error {
	if err := e.doubt(); err != nil {
		return err
	}
	for _, dir := range e.beside.modules {
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		old := filepath.Join(dir, e.beside.name)
		e.beside.swapped = append(e.beside.swapped, swap{dir, old})
		if err := fsys.MoveEntries(dir, old); err != nil {
			return err
		}
	}
	return nil
}

// keepNew ends what swap or vacate began: the old tree goes.
func (e *engine) keepNew() error {
	if e.beside == nil {
		return nil
	}
	swapped := e.beside.swapped
	e.beside = nil
	for _, s := range swapped {
		if s.old != "" {
			if err := keepConfig(s.old, s.dir); err != nil {
				return err
			}
		}
		if err := fsys.RemoveAll(s.old); s.old != "" && err != nil {
			return fmt.Errorf("remove the old %s: %w", s.dir, err)
		}
	}
	return nil
}

// keepOld takes back what was made beside the old tree. What cannot be undone is
// litter for the next install to sweep.
func (e *engine) keepOld() {
	if e.beside == nil {
		return
	}
	for _, s := range e.beside.swapped {
		if e.beside.fixed {
			s.moveBack()
			continue
		}
		if aside, err := fsys.MoveAside(s.dir, filepath.Dir(s.dir)); err == nil && aside != "" {
			defer fsys.RemoveAll(aside)
		}
		if s.old != "" {
			_ = os.Rename(s.old, s.dir)
		}
	}
	for _, dir := range e.beside.modules {
		_ = fsys.RemoveAll(filepath.Join(filepath.Dir(dir), e.beside.name))
	}
	e.modules.Resume()
}

// moveBack puts what was moved aside inside of a node_modules in its place again.
func (s swap) moveBack() {
	half := filepath.Join(s.dir, fsys.TempName(layout.ModulesDir)) // of a new tree, and all of the old one
	if fsys.MoveEntries(s.dir, half) == nil && fsys.MoveEntries(filepath.Join(half, filepath.Base(s.old)), s.dir) == nil {
		_ = fsys.RemoveAll(half)
	}
}
