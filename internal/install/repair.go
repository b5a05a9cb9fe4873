package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/install/link"
	"godwit/internal/layout"
)

// prepare looks after what is in node_modules before anything is done to it: the
// litter of an install that was killed goes. The user is told of that, and of a
// tree that is replaced as a whole.
func (e *engine) prepare() error {
	switch {
	case e.beside != nil && e.beside.why != "":
		e.warn("FOREIGN_MODULES", "%s", e.beside.why)
	case e.was.Ours && !e.was.Ended:
		e.warn("REPAIR", "the last install in %s did not come to its end; node_modules is repaired", e.Root)
	case e.was.Ours && !e.was.Whole:
		e.warn("REPAIR", "node_modules in %s is not as the last install left it; it is repaired", e.Root)
	}
	if !e.was.Ended {
		return e.sweep()
	}
	return nil
}

// ownModules makes way for each node_modules where there is a link, as npm does.
// Nothing is written through one: who wrote the project may have made it lead
// anywhere.
func (e *engine) ownModules() error {
	if e.LockfileOnly || e.DryRun || e.FetchOnly || e.NoModules {
		return nil
	}
	for _, im := range e.importers {
		dir := e.modulesOf(im.Dir)
		info, err := os.Lstat(dir)
		if err != nil || info.IsDir() {
			continue // what else is wrong with it is told where it is made
		}
		if info.Mode().IsRegular() {
			return &FileError{dir}
		}
		e.warn("LINKED_MODULES", "%s is a link, and it is replaced; what it leads to stays as it is", dir)
		if err := os.Remove(dir); err != nil {
			return fmt.Errorf("make way for packages: %w", err)
		}
	}
	return nil
}

// sweep removes what a killed install was making or removing, wherever one
// does that. Litter beside a slot goes with the slot.
func (e *engine) sweep() error {
	dirs := []string{e.tasks.virtualStore(), path.Join(e.tasks.virtualStore(), layout.ModulesDir)}
	for _, im := range e.importers {
		if err := e.sweepDir(im.Dir, e.ownLitter); err != nil {
			return err
		}
		dirs = append(dirs, e.Layout.ModulesOf(im.Dir))
	}
	if err := e.sweepHoisted(link.IsStaging); err != nil {
		return err
	}
	for _, dir := range dirs {
		// Their children are directories of scopes, of commands, of our own
		// files, and slots, whose litter is in the way of nothing.
		for _, child := range []string{".bin", ".godwit"} {
			if err := e.sweepDir(path.Join(dir, child), link.IsStaging); err != nil {
				return err
			}
		}
		for _, scope := range e.scopes(dir) {
			if err := e.sweepDir(path.Join(dir, scope), link.IsStaging); err != nil {
				return err
			}
		}
		if err := e.sweepDir(dir, link.IsStaging); err != nil {
			return err
		}
	}
	return nil
}

// scopes lists the directories of scopes in dir.
func (e *engine) scopes(dir string) []string {
	entries, err := os.ReadDir(e.tasks.abs(dir))
	if err != nil {
		return nil // sweepDir says what is wrong with it
	}
	var out []string
	for _, entry := range entries {
		if entry.IsDir() && entry.Name()[0] == '@' {
			out = append(out, entry.Name())
		}
	}
	return out
}

func (e *engine) sweepDir(dir string, litter func(name string) bool) error {
	abs := e.tasks.abs(dir)
	entries, err := os.ReadDir(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if err == nil && litter(entry.Name()) {
			err = fsys.RemoveAll(filepath.Join(abs, entry.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("remove what a killed install left: %w", err)
	}
	return nil
}

// ownLitter reports whether litter in the project's directory is of something
// that is ours to make there.
func (e *engine) ownLitter(name string) bool {
	of := []string{layout.ModulesDir, "package.json", "pnpm-workspace.yaml", e.Choice.File()}
	return fsys.IsTempName(name) && slices.ContainsFunc(of, func(of string) bool { return strings.HasPrefix(name, "."+of+".") })
}

// FileError says that a file has the place of a node_modules.
type FileError struct{ Path string }

func (e *FileError) Error() string { return e.Path + " is a file, and packages need a directory there" }

// Hint is what the user can do.
func (e *FileError) Hint() string { return "remove it, or give it another name" }
