//go:build !linux || fsys_portable

package fsys

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// handle is empty: the path is the handle.
type handle struct{}

// OpenDir opens the directory at path, following links: the path is trusted.
func OpenDir(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.ENOTDIR}
	}
	return &Dir{path: path}, nil
}

// Close releases the handle.
func (d *Dir) Close() error { return nil }

// Open opens the directory rel. No segment of rel may be a symbolic link: the
// error then wraps [ErrSymlink].
func (d *Dir) Open(rel string) (*Dir, error) {
	at := ""
	for seg := range strings.SplitSeq(rel, "/") {
		at = filepath.Join(at, seg)
		info, err := d.Lstat(at)
		switch {
		case err != nil:
			return nil, err
		case info.IsLink():
			return nil, d.pathError("open", at, ErrSymlink)
		case !info.IsDir():
			return nil, d.pathError("open", at, syscall.ENOTDIR)
		}
	}
	return &Dir{path: d.abs(rel)}, nil
}

// OpenFile opens rel for reading; a symbolic link is an error.
func (d *Dir) OpenFile(rel string) (*os.File, error) {
	if info, err := d.Lstat(rel); err != nil {
		return nil, err
	} else if info.IsLink() {
		return nil, d.pathError("open", rel, ErrSymlink)
	}
	return os.Open(d.abs(rel))
}

// ReadFile reads the file rel, which may not be longer than limit bytes.
func (d *Dir) ReadFile(rel string, limit int64) ([]byte, error) {
	f, err := d.OpenFile(rel)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, d.tooLong(rel, info.Size(), limit)
	}
	data := make([]byte, info.Size())
	n, err := io.ReadFull(f, data)
	if err == io.ErrUnexpectedEOF {
		err = nil
	}
	return data[:n], err
}

// Create makes the new file rel.
func (d *Dir) Create(rel string, exec bool) (*os.File, error) {
	return os.OpenFile(d.abs(rel), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode(exec))
}

// Mkdir makes the directory rel.
func (d *Dir) Mkdir(rel string) error { return os.Mkdir(d.abs(rel), dirMode) }

// WriteFile writes the new file rel.
func (d *Dir) WriteFile(rel string, data []byte, exec bool) error {
	return d.WriteParts(rel, exec, data)
}

// WriteParts is [Dir.WriteFile] of data in several pieces.
func (d *Dir) WriteParts(rel string, exec bool, parts ...[]byte) error {
	f, err := d.Create(rel, exec)
	if err != nil {
		return err
	}
	for _, data := range parts {
		if err == nil {
			_, err = f.Write(data)
		}
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// Link makes rel another name of the file fromRel of from.
func (d *Dir) Link(rel string, from *Dir, fromRel string) error {
	return os.Link(from.abs(fromRel), d.abs(rel))
}

// Clone makes rel a file of its own that shares its blocks with the file
// fromRel of from until one of them is written to.
func (d *Dir) Clone(rel string, from *Dir, fromRel string, _ bool) error {
	if err := clone(from.abs(fromRel), d.abs(rel)); err != nil {
		return linkError("clone", from, fromRel, d, rel, err)
	}
	return nil
}

// Symlink makes rel a symbolic link with that text.
func (d *Dir) Symlink(target, rel string) error { return os.Symlink(target, d.abs(rel)) }

// LinkDir makes rel a link to the directory target, which is absolute or
// relative to the directory that holds rel. It fails if rel exists.
func (d *Dir) LinkDir(target, rel string) error {
	if err := linkDir(target, d.abs(rel)); err != nil {
		return d.pathError("link", rel, err)
	}
	return nil
}

// Readlink is the text of the symbolic link rel.
func (d *Dir) Readlink(rel string) (string, error) { return os.Readlink(d.abs(rel)) }

// Rename moves rel to toRel of to. A file takes the place of a file; a
// directory takes that of an empty directory only ([Exists] otherwise).
func (d *Dir) Rename(rel string, to *Dir, toRel string) error {
	return rename(d.abs(rel), to.abs(toRel))
}

func (d *Dir) renameOnce(rel string, to *Dir, toRel string) error {
	return renameOnce(d.abs(rel), to.abs(toRel))
}

func (d *Dir) renameNew(string, string) error { return errors.ErrUnsupported }

// Remove removes the file, link or empty directory rel.
func (d *Dir) Remove(rel string) error { return os.Remove(d.abs(rel)) }

// Chmod lets everybody execute the file rel, or nobody.
func (d *Dir) Chmod(rel string, exec bool) error { return os.Chmod(d.abs(rel), mode(exec)) }

// Lstat tells what rel is, without following it.
func (d *Dir) Lstat(rel string) (Info, error) {
	info, err := os.Lstat(d.abs(rel))
	if err != nil {
		return Info{}, err
	}
	return Info{Type: info.Mode().Type(), Exec: info.Mode()&0o100 != 0, Shared: true, Size: info.Size()}, nil
}
