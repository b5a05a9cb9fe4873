//go:build unix

package fsys

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// otherDevice reports whether dir is on another device than what it is in.
func otherDevice(dir string) bool {
	var st, above unix.Stat_t
	return unix.Lstat(dir, &st) == nil && unix.Stat(filepath.Dir(dir), &above) == nil && st.Dev != above.Dev
}

// writable reports whether entries of dir can be renamed.
func writable(dir string) bool { return unix.Access(dir, unix.W_OK|unix.X_OK) == nil }

func busy(err error) bool { return is(err, unix.EBUSY) }
