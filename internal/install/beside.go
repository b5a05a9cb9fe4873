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
type beside struct {
	why      string   // for the user; "" if it is another layout of ours
	name     string   // of each new node_modules
	projects []string // absolute directories; the root is the last
	swapped  []swap
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
			e.beside.projects = append(e.beside.projects, e.tasks.abs(im.Dir))
		}
	}
	e.beside.projects = append(e.beside.projects, e.Root)
	return nil
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
// another layout would shadow ours.
func (e *engine) othersTree() (string, error) {
	for _, im := range e.importers {
		dir := filepath.Join(e.tasks.abs(im.Dir), layout.ModulesDir)
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("look into %s: %w", dir, err)
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
	if b == nil {
		return nil
	}
	if e.was.Ours && len(b.projects) > 1 {
		// After a kill between two of them nothing of the old tree can be relied on.
		if err := e.modules.Begin(e.was.Held.Doubt()); err != nil {
			return err
		}
	}
	for _, project := range b.projects {
		dir := filepath.Join(project, layout.ModulesDir)
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

// keepNew ends what swap began: the old tree goes.
func (e *engine) keepNew() error {
	if e.beside == nil {
		return nil
	}
	swapped := e.beside.swapped
	e.beside = nil
	for _, s := range swapped {
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
		if aside, err := fsys.MoveAside(s.dir, filepath.Dir(s.dir)); err == nil && aside != "" {
			defer fsys.RemoveAll(aside)
		}
		if s.old != "" {
			_ = os.Rename(s.old, s.dir)
		}
	}
	for _, project := range e.beside.projects {
		_ = fsys.RemoveAll(filepath.Join(project, e.beside.name))
	}
}
