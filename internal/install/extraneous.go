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
	"godwit/internal/layout"
)

// dropExtraneous removes what nobody asked for from the node_modules of projects:
// packages that somebody put beside ours. Names with a dot in front are no
// packages.
func (e *engine) dropExtraneous(p *plan.Plan) error {
	known := map[string]bool{}
	for at := range p.After.Links {
		known[at] = true
	}
	for at := range p.After.Slots {
		known[at] = true
	}
	for _, im := range e.importers {
		dir := path.Join(im.Dir, layout.ModulesDir)
		if err := e.dropUnknown(dir, known); err != nil {
			return err
		}
		for _, scope := range e.scopes(dir) {
			if err := e.dropUnknown(path.Join(dir, scope), known); err != nil {
				return err
			}
			_ = os.Remove(e.tasks.abs(path.Join(dir, scope))) // if it is empty now
		}
	}
	return nil
}

func (e *engine) dropUnknown(dir string, known map[string]bool) error {
	entries, err := os.ReadDir(e.tasks.abs(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		at := path.Join(dir, entry.Name())
		if err != nil {
			break
		}
		if c := entry.Name()[0]; c == '.' || known[at] || c == '@' && entry.IsDir() {
			continue
		}
		if err = fsys.RemoveAll(filepath.FromSlash(e.tasks.abs(at))); err == nil {
			e.summary.Removed++
		}
	}
	if err != nil {
		return fmt.Errorf("remove what is extraneous: %w", err)
	}
	return nil
}
