//go:build unix

package fsys

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Usable reports whether this process can read a directory, or make it if it is not
// there.
func Usable(dir string) bool {
	err := unix.Access(dir, unix.R_OK|unix.X_OK)
	for err == unix.ENOENT && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		err = unix.Access(dir, unix.W_OK|unix.X_OK)
	}
	return err == nil
}

// OwnDir makes a directory for this user alone in one where everybody writes. What is
// there already is taken only if nobody else made it, or may change it.
func OwnDir(in, name string) (string, error) {
	dir := filepath.Join(in, fmt.Sprintf("%s-%d", name, os.Geteuid()))
	err := os.Mkdir(dir, 0o700)
	if err == nil || !os.IsExist(err) {
		return dir, err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return "", &os.PathError{Op: "look at", Path: dir, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0 {
		return "", &os.PathError{Op: "use", Path: dir, Err: unix.EPERM}
	}
	return dir, nil
}
