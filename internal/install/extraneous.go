package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"godwit/internal/fsys"
	"godwit/internal/install/plan"
)

// dropExtraneous removes what nobody asked for from the node_modules of projects.
func (e *engine) dropExtraneous(p *plan.Plan) error {
	var dirs []string
	for _, im := range e.importers {
		dirs = append(dirs, im.Dir)
	}
	found, err := e.extraneous(p, dirs)
	if err != nil {
		return err
	}
	for _, at := range found {
		if err := fsys.RemoveAll(filepath.FromSlash(e.tasks.abs(at))); err != nil {
			return fmt.Errorf("remove what is extraneous: %w", err)
		}
		e.summary.Removed++
	}
	for _, dir := range dirs {
		dir = e.Layout.ModulesOf(dir)
		for _, scope := range e.scopes(dir) {
			_ = os.Remove(e.tasks.abs(path.Join(dir, scope))) // if it is empty now
		}
	}
	return nil
}

// extraneous lists the packages that somebody put beside those of the plan, in the
// node_modules of some directories. Names with a dot in front are no packages.
func (e *engine) extraneous(p *plan.Plan, of []string) (found []string, err error) {
	for _, dir := range of {
		modules := e.Layout.ModulesOf(dir)
		dirs := []string{modules}
		for _, scope := range e.scopes(modules) {
			dirs = append(dirs, path.Join(modules, scope))
		}
		for _, dir := range dirs {
			entries, err := os.ReadDir(e.tasks.abs(dir))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("look for what is extraneous: %w", err)
			}
			for _, entry := range entries {
				at := path.Join(dir, entry.Name())
				_, slot := p.After.Slots[at]
				if c := entry.Name()[0]; c != '.' && !slot && p.After.Links[at] == "" && (c != '@' || !entry.IsDir()) {
					found = append(found, at)
				}
			}
		}
	}
	return found, nil
}
