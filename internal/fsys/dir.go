package fsys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Dir is an open directory. Methods that take a rel want a slash path below it
// that [CheckPath] accepts; they do not check it again. A Dir may be used by
// several goroutines until it is closed.
//
// Open and OpenAll refuse symbolic links on the way. The other methods walk rel
// as the system does, so a rel of several segments is for directories that the
// caller made itself; in a directory that others write to, open the parent and
// use one segment.
type Dir struct {
	path string
	handle
}

// Path is where the directory was when it was opened.
func (d *Dir) Path() string { return d.path }

// abs is the path of rel, for error messages and for package os.
func (d *Dir) abs(rel string) string { return filepath.Join(d.path, filepath.FromSlash(rel)) }

func (d *Dir) pathError(op, rel string, err error) error {
	return &fs.PathError{Op: op, Path: d.abs(rel), Err: err}
}

// linkError adds the two names to err; no error stays none.
func linkError(op string, from *Dir, fromRel string, to *Dir, toRel string, err error) error {
	if err == nil {
		return nil
	}
	return &os.LinkError{Op: op, Old: from.abs(fromRel), New: to.abs(toRel), Err: err}
}

// OpenAll opens rel, making what is missing on the way.
func (d *Dir) OpenAll(rel string) (*Dir, error) {
	dir, err := d.Open(rel)
	if err == nil || !os.IsNotExist(err) {
		return dir, err
	}
	above, below := d, rel
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		if above, err = d.OpenAll(rel[:i]); err != nil {
			return nil, err
		}
		defer above.Close()
		below = rel[i+1:]
	}
	// Somebody else may make it at the same time.
	if err := above.Mkdir(below); err != nil && !Exists(err) {
		return nil, err
	}
	return above.Open(below)
}

// MakeAll is OpenAll for a rel of which most likely not even the first segment
// is there: it makes first and looks later.
func (d *Dir) MakeAll(rel string) (*Dir, error) {
	for i := 0; i <= len(rel); i++ {
		if i < len(rel) && rel[i] != '/' {
			continue
		}
		// Segments above rel[:i] were made by this loop, so none is a link.
		err := d.Mkdir(rel[:i])
		if Exists(err) {
			return d.OpenAll(rel)
		}
		if err != nil {
			return nil, err
		}
	}
	return d.Open(rel)
}

// MkdirAll makes the directories rels, parents before children. One that is
// there already is fine.
func (d *Dir) MkdirAll(rels []string) error {
	for _, rel := range rels {
		if err := d.Mkdir(rel); err != nil && !Exists(err) {
			return err
		}
	}
	return nil
}

// WriteFrom writes all of r to the new file rel.
func (d *Dir) WriteFrom(rel string, r io.Reader, exec bool) (int64, error) {
	f, err := d.Create(rel, exec)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, r)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return n, err
}

// Name gives the file rel the name toRel, unless somebody has it: [Exists] then
// says so of the error.
func (d *Dir) Name(rel, toRel string) error {
	err := d.renameNew(rel, toRel)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err = d.Link(toRel, d, rel); !Unsupported(err) {
		if err == nil {
			err = d.Remove(rel)
		}
		return err
	}
	// No links either (FAT): between the look and the rename somebody may come,
	// and loses.
	if _, err := d.Lstat(toRel); err == nil {
		return linkError("rename", d, rel, d, toRel, fs.ErrExist)
	}
	return d.Rename(rel, d, toRel)
}

// Copy makes rel a copy of the file fromRel of from. It fails if rel exists.
func (d *Dir) Copy(rel string, from *Dir, fromRel string, exec bool) error {
	src, err := from.OpenFile(fromRel)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := d.Create(rel, exec)
	if err != nil {
		return err
	}
	err = copyFile(dst, src)
	if cerr := dst.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return linkError("copy", from, fromRel, d, rel, err)
	}
	return nil
}

// tooLong is the error of ReadFile for a file of size bytes.
func (d *Dir) tooLong(rel string, size, limit int64) error {
	return d.pathError("read", rel, fmt.Errorf("%d bytes are more than the %d it can have", size, limit))
}

// ReadDir lists the directory rel, sorted by name.
func (d *Dir) ReadDir(rel string) ([]fs.DirEntry, error) {
	f, err := d.OpenFile(rel)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	sortEntries(entries)
	return entries, nil
}

// Discard removes rel with everything below it, and it is out of the way at once:
// renamed first, but for what overlayfs does not rename.
func (d *Dir) Discard(rel string) error {
	gone := TempName(path.Base(rel))
	switch err := d.renameOnce(rel, d, gone); {
	case layered(err):
		gone = rel
	case err != nil:
		return err
	}
	return d.RemoveAll(gone)
}

// RemoveAll removes rel with everything below it, as [RemoveAll] does.
func (d *Dir) RemoveAll(rel string) error { return RemoveAll(d.abs(rel)) }

// PointTo makes rel a link to the directory target, which is absolute or
// relative to the directory that holds rel. Whatever link or file was there is
// replaced; a directory is not. It reports whether anything changed.
func (d *Dir) PointTo(rel, target string) (changed bool, err error) {
	// Making the link first is one call where nothing is there, which is the
	// rule; asking first would be two.
	if err := d.LinkDir(target, rel); !Exists(err) {
		return err == nil, err
	}
	if d.pointsTo(rel, target) {
		return false, nil
	}
	if info, err := d.Lstat(rel); err == nil && info.IsDir() {
		return false, d.pathError("link", rel, fs.ErrExist)
	}
	if err := d.Remove(rel); err != nil && !os.IsNotExist(err) {
		return false, err
	}
	return true, d.LinkDir(target, rel)
}

// Repoint makes rel, a link to a directory or nothing, one to target. Where the
// system can replace a link, rel is the old one or the new one at any time.
func (d *Dir) Repoint(rel, target string) error {
	temp := TempName(path.Base(rel))
	if err := d.LinkDir(target, temp); err != nil {
		return err
	}
	if err := d.Rename(temp, d, rel); err == nil {
		return nil
	}
	if err := d.Remove(temp); err != nil {
		return err
	}
	_, err := d.PointTo(rel, target)
	return err
}

// pointsTo reports whether rel is a link with that target.
func (d *Dir) pointsTo(rel, target string) bool {
	now, err := d.Readlink(rel)
	if err != nil {
		return false
	}
	return now == target || resolveLink(d.abs(path.Dir(rel)), now) == resolveLink(d.abs(path.Dir(rel)), target)
}

// resolveLink is where a link with that target in dir leads, as text.
func resolveLink(dir, target string) string {
	if filepath.IsAbs(target) {
		return filepath.Clean(target)
	}
	return filepath.Join(dir, target)
}
