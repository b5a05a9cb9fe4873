package link

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// Remove removes directories, links and files below the roots, in any order.
// Each vanishes by one rename before it is removed, so a kill leaves no half of
// a package. An @scope or node_modules directory that becomes empty goes too. What
// is not there is no error.
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
	if err := parent.Discard(base); err != nil {
		return ignoreAbsent(err)
	}
	for above = path.Clean(above); forOthers(above); above = path.Dir(above) {
		if r.dir.Remove(above) != nil { // as it shall, unless it is empty
			break
		}
	}
	return nil
}

// forOthers reports whether a directory is there for what is in it only: that of
// a scope, or a node_modules in a package or project. That of a virtual store
// stays, as with pnpm.
func forOthers(dir string) bool {
	name := path.Base(dir)
	return name[0] == '@' || name == "node_modules" && path.Base(path.Dir(dir))[0] != '.'
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
