package link

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"godwit/internal/fsys"
)

// Own gives all files below a directory, which need not be there and may be a link that
// scripts made, to it alone: what is also in the store, or in another project, becomes a copy. Who runs something in
// there that may write must not write to those.
func (l *Linker) Own(dir string) error {
	r, rel, err := l.within(dir)
	if err == nil {
		err = own(r.dir, rel)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fsys.ErrSymlink) {
		return fmt.Errorf("copy what is linked in %s: %w", dir, err)
	}
	return nil
}

func own(root *fsys.Dir, rel string) error {
	dir, err := root.Open(rel)
	if err != nil {
		return err
	}
	subdirs, err := ownFiles(dir)
	dir.Close() // before those below: nesting is a package's choice, and descriptors are few
	for _, name := range subdirs {
		if err == nil {
			err = own(root, path.Join(rel, name))
		}
	}
	return err
}

// ownFiles copies the shared files of one directory, and lists the directories in it.
func ownFiles(dir *fsys.Dir) (subdirs []string, err error) {
	entries, err := dir.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() {
			subdirs = append(subdirs, e.Name())
			continue
		}
		info, err := dir.Lstat(e.Name())
		if err != nil {
			return nil, err
		}
		if info.Type != 0 || !info.Shared {
			continue
		}
		if err := rewrite(dir, e.Name(), info.Exec, false); err != nil {
			return nil, err
		}
	}
	return subdirs, nil
}
