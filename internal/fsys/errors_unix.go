//go:build !windows

package fsys

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// is reports whether err is one of several.
func is(err error, several ...error) bool {
	for _, e := range several {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// occupied: rename(2) says ENOTEMPTY of a full directory, ENOTDIR or EISDIR of
// a thing of the other kind.
func occupied(err error) bool { return is(err, unix.ENOTEMPTY, unix.ENOTDIR, unix.EISDIR) }

// unsupported: link(2) gives EPERM on file systems without hard links and under
// fs.protected_hardlinks; FICLONE gives EINVAL or ENOTTY where the file system
// cannot.
func unsupported(err error) bool {
	if is(err, unix.EXDEV, unix.EPERM, unix.EOPNOTSUPP, unix.ENOTSUP, unix.ENOSYS) {
		return true
	}
	var link *os.LinkError
	return errors.As(err, &link) && link.Op == "clone" && is(err, unix.EINVAL, unix.ENOTTY)
}

func tooManyLinks(err error) bool { return is(err, unix.EMLINK) }

func diskFull(err error) bool { return is(err, unix.ENOSPC, unix.EDQUOT) }

func readOnly(err error) bool { return is(err, unix.EROFS) }
