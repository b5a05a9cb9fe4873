//go:build !windows

package fsys

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const locksDirs = true

// tryLock uses flock(2): unlike a lock of fcntl(2) it belongs to the open file
// and is not lost when another descriptor of the same file is closed.
func tryLock(f *os.File, mode LockMode) error {
	how := unix.LOCK_EX
	if mode == Shared {
		how = unix.LOCK_SH
	}
	for {
		switch err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB); err {
		case unix.EINTR:
		case unix.EWOULDBLOCK:
			return ErrLocked
		case unix.EBADF, unix.EINVAL, unix.ENOLCK: // NFS of some systems, for a directory
			return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
		default:
			return err
		}
	}
}
