package install

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/install/build"
	"godwit/internal/install/extract"
	"godwit/internal/layout"
	"godwit/internal/store"
)

// preparing are the scripts that make a package of a repository, in order (npm,
// pnpm).
var preparing = []string{"preprepare", "prepare", "postprepare", "prepublish", "prepack", "publish"}

// prepare makes a package of the repository in dir: it installs what the package
// is developed with, none of whose scripts run, and runs its own.
func (t *tasks) prepare(f *fetched, dir string) error {
	runner, err := t.runner()
	if err != nil {
		return err
	}
	p := build.Package{ID: string(f.id), Dir: dir}
	if err := runner.Install(t.ctx, p); err != nil {
		return err
	}
	if err := runner.Run(t.ctx, p, preparing); err != nil {
		return err
	}
	return fsys.RemoveAll(filepath.Join(dir, layout.ModulesDir))
}

// packPrepared fills a tree with the package that scripts make of the archive of
// a repository.
func (t *tasks) packPrepared(w *store.Writer, f *fetched, a *archive, data []byte, scratch *extract.Scratch) error {
	id, err := store.ParseID(t.base(f.id, f.res))
	if err != nil {
		return err
	}
	whole, err := t.req.Store.Stage(id, func(w *store.Writer) error {
		_, err := eachFile(data, scratch, func(file string, exec bool, r io.Reader, size int64) error {
			rel, below := a.rel(file)
			if !below {
				return nil
			}
			return w.FileFrom(strings.Clone(rel), exec, r, size)
		})
		return err
	})
	if err != nil {
		return err
	}
	defer t.req.Store.Discard(whole)
	at, err := whole.Open()
	if err != nil {
		return err
	}
	defer at.Close()
	if err := t.prepare(f, at.Path()); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	root, err := os.OpenRoot(at.Path())
	if err != nil {
		return err
	}
	defer root.Close()
	return packRoot(w, root)
}
