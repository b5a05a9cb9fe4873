package fsys

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// RemoveAll removes path with everything below it. It never follows a link, and
// removes directories that forbid writing. Nothing there is no error.
func RemoveAll(path string) error {
	err := os.RemoveAll(path)
	if err == nil || !os.IsPermission(err) {
		return err
	}
	filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			os.Chmod(p, 0o700) // comes before WalkDir reads it
		}
		return nil
	})
	return os.RemoveAll(path)
}

// TakeAside is MoveAside for what is to be removed: it is at once, and "" is returned,
// where overlayfs does not rename it.
func TakeAside(path, aside string) (string, error) {
	to := filepath.Join(aside, TempName(filepath.Base(path)))
	switch err := renameOnce(path, to); {
	case layered(err):
		return "", RemoveAll(path)
	case err == nil:
		return to, nil
	}
	return MoveAside(path, aside)
}

// MoveAside renames path to a new name in the directory aside, on the same
// device, and returns where it is now; "" if nothing was there. Moving costs
// one call, so what is in the way is out of it at once and can be removed
// later.
func MoveAside(path, aside string) (string, error) {
	to := filepath.Join(aside, TempName(filepath.Base(path)))
	err := rename(path, to)
	if os.IsNotExist(err) {
		if _, serr := os.Lstat(aside); serr != nil {
			return "", serr
		}
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return to, nil
}

// FoldsCase reports whether two names in dir that differ in case only are the
// same name. It makes a file in dir and removes it.
func FoldsCase(dir string) (bool, error) {
	name := filepath.Join(dir, TempName("case"))
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return false, err
	}
	defer os.Remove(name)
	f.Close()
	_, err = os.Lstat(filepath.Join(dir, strings.ToUpper(filepath.Base(name))))
	if os.IsNotExist(err) {
		return false, nil
	}
	return err == nil, err
}
