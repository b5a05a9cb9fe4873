package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"godwit/internal/fsys"
)

// Sweep removes what killed processes left in tmp and beside slots: whatever was
// last changed before the time given. A day ago is long enough ago for any
// running install. It returns how many things it removed.
func (s *Store) Sweep(before time.Time) (removed int, err error) {
	all := func(string) bool { return true }
	removed, err = sweep(filepath.Join(s.dir, "tmp"), 0, all, before)
	if err == nil {
		const versions = 3 // links/<scope>/<name>/<version>/ has slots
		var more int
		more, err = sweep(s.Links(), versions, fsys.IsTempName, before)
		removed += more
	}
	return removed, s.explain(err)
}

// sweep removes what litter says of names that many levels below dir.
func sweep(dir string, levels int, litter func(name string) bool, before time.Time) (removed int, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if levels > 0 {
			if e.IsDir() {
				n, err := sweep(path, levels-1, litter, before)
				if removed += n; err != nil {
					return removed, err
				}
			}
			continue
		}
		info, err := e.Info()
		if err != nil || !litter(e.Name()) || !info.ModTime().Before(before) {
			continue // gone meanwhile, or in use
		}
		if err := fsys.RemoveAll(path); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
