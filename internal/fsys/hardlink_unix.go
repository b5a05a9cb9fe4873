//go:build !windows

package fsys

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// Names tells which file is at path, and how many names it has: hard links.
func Names(path string) (FileID, int, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return FileID{}, 0, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return FileID{uint64(st.Dev), st.Ino}, int(st.Nlink), nil
}
