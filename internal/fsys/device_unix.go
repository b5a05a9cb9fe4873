//go:build !windows

package fsys

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// SameDevice reports whether two existing paths are on one device, which is
// needed for renames and hard links between them, and not always enough.
func SameDevice(a, b string) (bool, error) {
	var sa, sb unix.Stat_t
	if err := unix.Stat(a, &sa); err != nil {
		return false, &fs.PathError{Op: "stat", Path: a, Err: err}
	}
	if err := unix.Stat(b, &sb); err != nil {
		return false, &fs.PathError{Op: "stat", Path: b, Err: err}
	}
	return sa.Dev == sb.Dev, nil
}
