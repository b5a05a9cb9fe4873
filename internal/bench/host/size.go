package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// fileID names a file whatever it is called.
type fileID struct{ device, inode uint64 }

// Size is the sum of the lengths of the regular files below path, a file with
// several names counted once. Paths in skip are left out. A path that does not
// exist has size 0.
func Size(path string, skip ...string) (int64, error) {
	var total int64
	seen := map[fileID]bool{}
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, s := range skip {
			if p == s {
				return skipOver(d)
			}
		}
		if !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return ignoreAbsent(err)
		}
		if id, links, ok := identity(info); ok && links > 1 {
			if seen[id] {
				return nil
			}
			seen[id] = true
		}
		total += info.Size()
		return nil
	})
	return total, err
}

func skipOver(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// ignoreAbsent forgives a file that went away between listing and asking.
func ignoreAbsent(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
