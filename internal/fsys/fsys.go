// Package fsys is what godwit asks of an operating system's file system beyond
// package os. It is the only package with files for one GOOS.
//
//	Dir                directory handles; names below them, not path walks
//	Link, Clone, Copy  the three ways to place a file
//	LinkDir            a relative symlink, or a junction on Windows
//	WriteFile          atomic: temporary file, then rename
//	TryLock, TryLockDir, AwaitLock
//	                   locks between processes
//	RemoveAll, MoveAside, MoveEntries, Fixed, FoldsCase
//
// On Linux a Dir is a descriptor and every method one raw *at call: a path walk
// and the registration with the poller, which package os does for each file,
// cost 27 % of a write and 17 % of a link (measured on tmpfs). Elsewhere a Dir
// is a path and package os does the work; `go test -tags fsys_portable` runs
// that half on Linux too.
package fsys

import (
	"errors"
	"io/fs"
)

// ErrSymlink is the cause of an error about a path that leads through a
// symbolic link (or junction) where a real directory is required.
var ErrSymlink = errors.New("a symbolic link is in the way; remove it, or install where it leads")

// ErrLocked is the cause of an error of [TryLock] when the lock is taken.
var ErrLocked = errors.New("locked by another process")

// Exists reports whether err says that something is already at the place where
// a file, link or directory was to be made or moved to.
func Exists(err error) bool { return errors.Is(err, fs.ErrExist) || occupied(err) }

// Unsupported reports whether err, from [Dir.Link], [Dir.Clone] or
// [Dir.CloneTree], says that this pair of directories cannot do that at all, as
// against a failure that another way of placing the file would meet too: files
// on two devices, a file system without the operation, a policy that forbids
// it. Missing files, missing permission on a directory and a full disk are not.
func Unsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || unsupported(err)
}

// TooManyLinks reports whether err says that one file has reached the limit of
// its file system on hard links (65,000 on ext4, 1,023 on NTFS). The next file
// can still be linked.
func TooManyLinks(err error) bool { return tooManyLinks(err) }

// DiskFull reports whether err says that a device or a quota is used up.
func DiskFull(err error) bool { return diskFull(err) }

// TooManyFiles reports whether err says that no more files can be opened.
func TooManyFiles(err error) bool { return tooManyFiles(err) }

// ReadOnly reports whether err says that a place cannot be written to: a
// read-only file system, or missing permission.
func ReadOnly(err error) bool { return errors.Is(err, fs.ErrPermission) || readOnly(err) }

// Permissions of what godwit creates; the user's umask applies.
const (
	dirMode  fs.FileMode = 0o755
	fileMode fs.FileMode = 0o644
	execMode fs.FileMode = 0o755
)

// mode is the permission of a new file.
func mode(exec bool) fs.FileMode {
	if exec {
		return execMode
	}
	return fileMode
}

// Info is what [Dir.Lstat] tells about one name.
type Info struct {
	Type fs.FileMode // type bits only: 0 regular, fs.ModeDir, fs.ModeSymlink, ...
	Exec bool        // the owner may execute it; always false on Windows
	Size int64       // bytes
	// Shared is true if the file may have other names: writing to it, or
	// changing its mode, may change a file elsewhere.
	Shared bool
}

// FileID is which file a name leads to: names with the same one are hard links.
type FileID struct{ device, number uint64 }

// IsDir reports whether the name is a directory, and no link to one.
func (i Info) IsDir() bool { return i.Type == fs.ModeDir }

// IsLink reports whether the name is a symbolic link or a junction.
func (i Info) IsLink() bool { return i.Type&(fs.ModeSymlink|fs.ModeIrregular) != 0 }
