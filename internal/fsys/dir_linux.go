//go:build linux && !fsys_portable

package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// handle is a descriptor opened with O_PATH: enough for the *at calls, and
// possible for directories that may be searched and not read.
type handle struct{ fd int }

const openPath = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC

// again calls op until no signal interrupts it; FUSE file systems may return
// EINTR from any call.
func again(op func() error) error {
	for {
		if err := op(); err != unix.EINTR {
			return err
		}
	}
}

// OpenDir opens the directory at path, following links: the path is trusted.
func OpenDir(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	var fd int
	err = again(func() (err error) { fd, err = unix.Open(path, openPath, 0); return })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return &Dir{path, handle{fd}}, nil
}

// Close releases the handle.
func (d *Dir) Close() error { return unix.Close(d.fd) }

// Open opens the directory rel. No segment of rel may be a symbolic link: the
// error then wraps [ErrSymlink].
func (d *Dir) Open(rel string) (*Dir, error) {
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Openat2(d.fd, rel, &unix.OpenHow{
			Flags:   openPath,
			Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
		})
		return
	})
	switch err {
	case nil:
		return &Dir{d.abs(rel), handle{fd}}, nil
	case unix.ENOSYS, unix.EPERM, unix.EAGAIN:
		// Linux before 5.6, a container's system call filter, or a rename
		// somewhere on the way while the kernel looked.
		return d.openSegments(rel)
	case unix.ELOOP, unix.EXDEV:
		err = ErrSymlink
	}
	return nil, d.pathError("open", rel, err)
}

// openSegments is Open by one openat for each segment.
func (d *Dir) openSegments(rel string) (*Dir, error) {
	fd := d.fd
	for seg := range strings.SplitSeq(rel, "/") {
		var next int
		err := again(func() (err error) { next, err = unix.Openat(fd, seg, openPath|unix.O_NOFOLLOW, 0); return })
		if err == unix.ENOTDIR {
			var st unix.Stat_t
			if unix.Fstatat(fd, seg, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK {
				err = ErrSymlink
			}
		}
		if fd != d.fd {
			unix.Close(fd)
		}
		if err != nil {
			return nil, d.pathError("open", rel, err)
		}
		fd = next
	}
	return &Dir{d.abs(rel), handle{fd}}, nil
}

// OpenFile opens rel for reading; a symbolic link is an error.
func (d *Dir) OpenFile(rel string) (*os.File, error) {
	return d.openFlags(rel, unix.O_RDONLY|unix.O_NOFOLLOW, 0)
}

// newFile are the flags of a file that must not be there yet.
const newFile = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW

func (d *Dir) openFD(rel string, flags int, perm fs.FileMode) (fd int, err error) {
	open := unix.Openat
	if flags&unix.O_EXCL != 0 {
		open = rawOpen // what is made anew is no pipe that could block
	}
	err = again(func() (err error) { fd, err = open(d.fd, rel, flags|unix.O_CLOEXEC, uint32(perm)); return })
	if err != nil {
		return 0, d.pathError("open", rel, err)
	}
	return fd, nil
}

func (d *Dir) openFlags(rel string, flags int, perm fs.FileMode) (*os.File, error) {
	fd, err := d.openFD(rel, flags, perm)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), d.abs(rel)), nil
}

// ReadFile reads the file rel, which may not be longer than limit bytes.
func (d *Dir) ReadFile(rel string, limit int64) ([]byte, error) {
	fd, err := d.openFD(rel, unix.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, d.pathError("stat", rel, err)
	}
	if st.Size > limit {
		return nil, d.tooLong(rel, st.Size, limit)
	}
	data := make([]byte, st.Size)
	for have := 0; have < len(data); {
		n, err := unix.Read(fd, data[have:])
		if err != nil && err != unix.EINTR {
			return nil, d.pathError("read", rel, err)
		}
		if n == 0 {
			return data[:have], nil // became shorter meanwhile
		}
		have += max(n, 0)
	}
	return data, nil
}

// Create makes the new file rel.
func (d *Dir) Create(rel string, exec bool) (*os.File, error) {
	return d.openFlags(rel, newFile, mode(exec))
}

// Mkdir makes the directory rel.
func (d *Dir) Mkdir(rel string) error {
	if err := again(func() error { return rawMkdir(d.fd, rel, uint32(dirMode)) }); err != nil {
		return d.pathError("mkdir", rel, err)
	}
	return nil
}

// WriteFile writes the new file rel.
func (d *Dir) WriteFile(rel string, data []byte, exec bool) error {
	return d.WriteParts(rel, exec, data)
}

// WriteParts is [Dir.WriteFile] of data in several pieces.
func (d *Dir) WriteParts(rel string, exec bool, parts ...[]byte) error {
	fd, err := d.openFD(rel, newFile, mode(exec))
	if err != nil {
		return err
	}
	for _, data := range parts {
		for len(data) > 0 && err == nil {
			var n int
			n, err = rawWrite(fd, data)
			if err == unix.EINTR {
				err = nil
				continue
			}
			data = data[max(n, 0):]
		}
	}
	if cerr := rawClose(fd); err == nil && cerr != unix.EINTR {
		err = cerr
	}
	if err != nil {
		return d.pathError("write", rel, err)
	}
	return nil
}

// Link makes rel another name of the file fromRel of from.
func (d *Dir) Link(rel string, from *Dir, fromRel string) error {
	if err := again(func() error { return rawLink(from.fd, fromRel, d.fd, rel) }); err != nil {
		return linkError("link", from, fromRel, d, rel, err)
	}
	return nil
}

// Clone makes rel a file of its own that shares its blocks with the file
// fromRel of from until one of them is written to.
func (d *Dir) Clone(rel string, from *Dir, fromRel string, exec bool) error {
	src, err := from.OpenFile(fromRel)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := d.Create(rel, exec)
	if err != nil {
		return err
	}
	err = again(func() error { return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())) })
	dst.Close()
	if err != nil {
		unix.Unlinkat(d.fd, rel, 0)
		return linkError("clone", from, fromRel, d, rel, err)
	}
	return nil
}

// Symlink makes rel a symbolic link with that text.
func (d *Dir) Symlink(target, rel string) error {
	if err := again(func() error { return unix.Symlinkat(target, d.fd, rel) }); err != nil {
		return d.pathError("symlink", rel, err)
	}
	return nil
}

// LinkDir makes rel a link to the directory target, which is absolute or
// relative to the directory that holds rel. It fails if rel exists.
func (d *Dir) LinkDir(target, rel string) error { return d.Symlink(target, rel) }

// Readlink is the text of the symbolic link rel.
func (d *Dir) Readlink(rel string) (string, error) {
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(d.fd, rel, buf[:])
	if err != nil {
		return "", d.pathError("readlink", rel, err)
	}
	return string(buf[:n]), nil
}

// Rename moves rel to toRel of to. A file takes the place of a file; a
// directory takes that of an empty directory only ([Exists] otherwise).
func (d *Dir) Rename(rel string, to *Dir, toRel string) error {
	err := d.renameOnce(rel, to, toRel)
	if err == nil {
		return nil
	}
	return moveLayered(d.abs(rel), to.abs(toRel), err)
}

func (d *Dir) renameOnce(rel string, to *Dir, toRel string) error {
	if err := again(func() error { return unix.Renameat(d.fd, rel, to.fd, toRel) }); err != nil {
		return linkError("rename", d, rel, to, toRel, err)
	}
	return nil
}

// renameNew is Name where the file system can tell (renameat2, Linux 3.15).
func (d *Dir) renameNew(rel, toRel string) error {
	err := again(func() error { return unix.Renameat2(d.fd, rel, d.fd, toRel, unix.RENAME_NOREPLACE) })
	if err == unix.EINVAL || err == unix.ENOSYS || err == unix.EPERM { // EPERM: a container's system call filter
		return errors.ErrUnsupported
	}
	return linkError("rename", d, rel, d, toRel, err)
}

// Remove removes the file, link or empty directory rel.
func (d *Dir) Remove(rel string) error {
	err := again(func() error { return unix.Unlinkat(d.fd, rel, 0) })
	if errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EPERM) {
		if derr := unix.Unlinkat(d.fd, rel, unix.AT_REMOVEDIR); derr != unix.ENOTDIR {
			err = derr
		}
	}
	if err != nil {
		return d.pathError("remove", rel, err)
	}
	return nil
}

// Chmod lets everybody execute the file rel, or nobody.
func (d *Dir) Chmod(rel string, exec bool) error {
	if err := again(func() error { return unix.Fchmodat(d.fd, rel, uint32(mode(exec)), 0) }); err != nil {
		return d.pathError("chmod", rel, err)
	}
	return nil
}

// Lstat tells what rel is, without following it.
func (d *Dir) Lstat(rel string) (Info, error) {
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstatat(d.fd, rel, &st, unix.AT_SYMLINK_NOFOLLOW) }); err != nil {
		return Info{}, d.pathError("lstat", rel, err)
	}
	info := Info{Size: st.Size, Exec: st.Mode&0o100 != 0, Shared: st.Nlink > 1}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		info.Type = fs.ModeDir
	case unix.S_IFLNK:
		info.Type = fs.ModeSymlink
	default:
		info.Type = fs.ModeDevice
	}
	return info, nil
}
