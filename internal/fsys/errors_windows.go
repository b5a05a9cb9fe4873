package fsys

import (
	"errors"

	"golang.org/x/sys/windows"
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

// occupied: MoveFileEx says "access denied" of a directory that is there.
func occupied(err error) bool {
	return is(err, windows.ERROR_DIR_NOT_EMPTY, windows.ERROR_ACCESS_DENIED, windows.ERROR_DIRECTORY)
}

func unsupported(err error) bool {
	return is(err, windows.ERROR_NOT_SAME_DEVICE, windows.ERROR_INVALID_FUNCTION, windows.ERROR_NOT_SUPPORTED)
}

func tooManyLinks(err error) bool { return is(err, windows.ERROR_TOO_MANY_LINKS) }

func diskFull(err error) bool {
	return is(err, windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

func readOnly(err error) bool { return is(err, windows.ERROR_WRITE_PROTECT) }
