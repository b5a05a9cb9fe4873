//go:build !windows

package fsys

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// HasOtherNames reports whether the file at path has other names: hard links.
func HasOtherNames(path string) (bool, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return false, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return st.Nlink > 1, nil
}
