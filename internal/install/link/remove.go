package link

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"godwit/internal/fsys"
)

// Remove removes directories, links and files below the roots, in any order.
// Each vanishes by one rename before it is removed, so a kill leaves no half of
// a package. An @scope directory that becomes empty goes too. What is not there
// is no error.
func (l *Linker) Remove(ctx context.Context, paths []string) error {
	return l.each(ctx, len(paths), func(_ context.Context, i int) error {
		if err := l.remove(paths[i]); err != nil {
			return fmt.Errorf("remove %s: %w", paths[i], err)
		}
		return nil
	})
}

func (l *Linker) remove(abs string) error {
	r, rel, err := l.within(abs)
	if err != nil {
		return err
	}
	above, base := path.Split(rel)
	parent := r.dir
	if above != "" {
		parent, err = r.dir.Open(path.Clean(above))
		if err != nil {
			return ignoreAbsent(err)
		}
		defer parent.Close()
	}
	gone := fsys.TempName(base)
	if err := parent.Rename(base, parent, gone); err != nil {
		return ignoreAbsent(err)
	}
	if err := parent.RemoveAll(gone); err != nil {
		return err
	}
	if scope := path.Base(above); scope[0] == '@' {
		// Fails, as it shall, unless empty.
		_ = r.dir.Remove(path.Clean(above))
	}
	return nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
