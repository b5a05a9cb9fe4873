//go:build linux && !fsys_portable

package fsys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of an install that come by the ten thousand and take microseconds.
// They do not tell Go's scheduler that they may block: it would hand the
// processor to another thread and back for many of them. 1,341 packages took
// 5 % less time and a quarter of the context switches. The price: while a disk
// hangs in one of them on every processor, nothing else runs, a Ctrl-C included.

func rawOpen(dir int, rel string, flags int, perm uint32) (int, error) {
	path, err := unix.BytePtrFromString(rel)
	if err != nil {
		return 0, err
	}
	fd, _, errno := unix.RawSyscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(path)), uintptr(flags), uintptr(perm), 0, 0)
	return int(fd), asError(errno)
}

func rawWrite(fd int, data []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func rawClose(fd int) error {
	_, _, errno := unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	return asError(errno)
}

func rawLink(from int, fromRel string, to int, toRel string) error {
	old, err := unix.BytePtrFromString(fromRel)
	if err != nil {
		return err
	}
	path, err := unix.BytePtrFromString(toRel)
	if err != nil {
		return err
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_LINKAT, uintptr(from), uintptr(unsafe.Pointer(old)), uintptr(to), uintptr(unsafe.Pointer(path)), 0, 0)
	return asError(errno)
}

func rawMkdir(dir int, rel string, perm uint32) error {
	path, err := unix.BytePtrFromString(rel)
	if err != nil {
		return err
	}
	_, _, errno := unix.RawSyscall(unix.SYS_MKDIRAT, uintptr(dir), uintptr(unsafe.Pointer(path)), uintptr(perm))
	return asError(errno)
}

// asError keeps an errno of 0 from becoming an error.
func asError(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}
