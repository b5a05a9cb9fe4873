//go:build unix

package fsys

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// moveLayered is what becomes of a rename that failed with err. overlayfs, which
// containers run on, renames no directory of a layer below (EXDEV): what the image
// brought is moved file by file. It is not done at once then.
func moveLayered(from, to string, err error) error {
	if !is(err, unix.EXDEV) || !sameDevice(filepath.Dir(from), filepath.Dir(to)) {
		return err
	}
	info, statErr := os.Lstat(from)
	if statErr != nil || !info.IsDir() {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	_ = os.Remove(to) // an empty directory, as for rename(2)
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	for _, e := range entries {
		if err := rename(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	if err := os.Chmod(to, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Remove(from)
}

func sameDevice(a, b string) bool {
	var x, y unix.Stat_t
	return unix.Stat(a, &x) == nil && unix.Stat(b, &y) == nil && x.Dev == y.Dev
}

// layered reports whether a directory of a layer below could not be renamed.
func layered(err error) bool { return is(err, unix.EXDEV) }
