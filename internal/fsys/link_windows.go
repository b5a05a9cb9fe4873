package fsys

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"time"
	"unicode/utf16"

	"golang.org/x/sys/windows"
)

// linkDir makes at, an absolute path, a junction to the directory target. It
// fails if at exists. A junction needs no privilege, as a symbolic link does,
// but holds an absolute path.
func linkDir(target, at string) error {
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(at), target)
	}
	if err := os.Mkdir(at, dirMode); err != nil {
		return err
	}
	if err := setJunction(at, filepath.Clean(target)); err != nil {
		os.Remove(at)
		return err
	}
	return nil
}

// setJunction turns the empty directory at into a mount point of target. The
// buffer is REPARSE_DATA_BUFFER of ntifs.h: tag, length of what follows the
// header, then four offsets and lengths in bytes and two strings, each with a
// zero behind it: the NT path and the one to show.
func setJunction(at, target string) error {
	name, err := windows.UTF16PtrFromString(at)
	if err != nil {
		return err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_WRITE, 0, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	nt, shown := utf16.Encode([]rune(`\??\`+target)), utf16.Encode([]rune(target))
	const header, fields, zero = 8, 8, 2
	body := fields + 2*len(nt) + zero + 2*len(shown) + zero
	if body > windows.MAXIMUM_REPARSE_DATA_BUFFER_SIZE-header {
		return windows.ERROR_FILENAME_EXCED_RANGE
	}
	le := binary.LittleEndian
	buf := le.AppendUint32(nil, windows.IO_REPARSE_TAG_MOUNT_POINT)
	for _, n := range []int{body, 0, 0, 2 * len(nt), 2*len(nt) + zero, 2 * len(shown)} {
		buf = le.AppendUint16(buf, uint16(n))
	}
	for _, s := range [][]uint16{nt, shown} {
		for _, u := range s {
			buf = le.AppendUint16(buf, u)
		}
		buf = le.AppendUint16(buf, 0)
	}
	var n uint32
	return windows.DeviceIoControl(h, windows.FSCTL_SET_REPARSE_POINT, &buf[0], uint32(len(buf)), nil, 0, &n, nil)
}

// renameTries and renameWait bound how long a rename waits for a virus scanner
// or indexer to close a file below: 10+20+...+320 ms, as long as the go command
// has found to help (cmd/internal/robustio waits 2 s at most).
const (
	renameTries = 7
	renameWait  = 10 * time.Millisecond
)

// renameOnce is rename: there are no layers here.
func renameOnce(from, to string) error { return rename(from, to) }

func layered(error) bool { return false }

func rename(from, to string) error {
	wait := renameWait
	for try := 1; ; try++ {
		err := os.Rename(from, to)
		busy := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
		if !busy || try == renameTries {
			return err
		}
		if _, serr := os.Lstat(to); serr == nil && errors.Is(err, windows.ERROR_ACCESS_DENIED) {
			return err // a directory in the way, see occupied
		}
		<-time.After(wait)
		wait *= 2
	}
}
