package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"godwit/internal/fsys"
)

// Writer takes the files of one tree. It belongs to one goroutine.
//
// It writes below a directory that nobody else knows and in which it makes
// nothing but directories and regular files, so no path leads through a link.
type Writer struct {
	root *fsys.Dir
	tree Tree

	dirs     map[string]bool   // made; "" and "." are the root
	last     string            // the directory of the file before
	manifest []byte            // package.json
	shebangs map[string]string // first lines of scripts
	buf      []byte            // of chunk
}

const (
	// maxManifest bounds the one file that is kept in memory: the largest
	// package.json on the registry is some 3 MB.
	maxManifest = 16 << 20

	// maxShebang is as far as cmd-shim looks for the end of a first line.
	maxShebang = 512
)

// ErrCollision is the cause of an error about a tarball with two paths that
// are one on the store's file system.
var ErrCollision = errors.New("two paths of the tarball are the same name on this file system")

// File writes one file. The path is a slash path below the package and may be
// hostile. Of two files with one path the last counts, as in npm.
func (w *Writer) File(path string, exec bool, data []byte) error {
	if err := w.prepare(path); err != nil {
		return err
	}
	err := w.root.WriteFile(path, data, exec)
	if errors.Is(err, fs.ErrExist) {
		if err = w.replace(path); err == nil {
			err = w.root.WriteFile(path, data, exec)
		}
	}
	if err != nil {
		return err
	}
	w.wrote(File{Path: path, Size: int64(len(data)), Exec: exec}, data)
	return nil
}

// FileFrom writes one file as [Writer.File] does. size is how many bytes r has;
// another number is an error.
func (w *Writer) FileFrom(path string, exec bool, r io.Reader, size int64) error {
	if size <= maxChunk || path == manifestName && size <= maxManifest {
		data, err := w.chunk(r, size)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return w.File(path, exec, data)
	}
	if err := w.prepare(path); err != nil {
		return err
	}
	head, err := io.ReadAll(io.LimitReader(r, maxShebang))
	if err != nil {
		return err
	}
	r = io.MultiReader(bytes.NewReader(head), io.LimitReader(r, size-int64(len(head))+1))
	n, err := w.root.WriteFrom(path, r, exec)
	if errors.Is(err, fs.ErrExist) && n == 0 {
		if err = w.replace(path); err == nil {
			n, err = w.root.WriteFrom(path, r, exec)
		}
	}
	if err == nil && n != size {
		err = fmt.Errorf("%s: want %d bytes", path, size)
	}
	if err != nil {
		return err
	}
	w.wrote(File{Path: path, Size: size, Exec: exec}, head)
	return nil
}

// maxChunk is the largest file that is read whole before it is written, which
// takes one call instead of one for each 32 KiB and a buffer of that size for
// each file. Of a hundred files in archives that are streamed two are larger.
const maxChunk = 256 << 10

// chunk reads all size bytes of r into memory that the next call uses again.
func (w *Writer) chunk(r io.Reader, size int64) ([]byte, error) {
	if int64(cap(w.buf)) < size {
		w.buf = make([]byte, max(size, maxChunk))
	}
	data := w.buf[:size]
	if n, err := io.ReadFull(r, data); err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("want %d bytes, not %d", size, n)
	} else if err != nil {
		return nil, err
	}
	var more [1]byte
	if n, err := r.Read(more[:]); n > 0 {
		return nil, fmt.Errorf("want %d bytes, not more", size)
	} else if err != nil && err != io.EOF {
		return nil, err
	}
	return data, nil
}

// prepare checks a path and makes the directories above it.
func (w *Writer) prepare(file string) error {
	if err := fsys.CheckPath(file); err != nil {
		return err
	}
	dir := ""
	if i := strings.LastIndexByte(file, '/'); i >= 0 {
		dir = file[:i]
	}
	if dir == w.last || w.dirs[dir] {
		w.last = dir
		return nil
	}
	if err := w.mkdir(dir); err != nil {
		return err
	}
	w.last = dir
	return nil
}

// mkdir makes dir and what is missing above it.
func (w *Writer) mkdir(dir string) error {
	if w.dirs[dir] {
		return nil
	}
	if err := w.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	if err := w.root.Mkdir(dir); err != nil {
		// Where case folds, "Lib" is there when "lib" is: both stand for it.
		info, lerr := w.root.Lstat(dir)
		switch {
		case !errors.Is(err, fs.ErrExist) || lerr != nil:
			return err
		case !info.IsDir():
			return bothKinds(dir)
		}
	}
	w.dirs[dir] = true
	w.tree.Dirs = append(w.tree.Dirs, dir)
	return nil
}

// replace makes room for a file whose name is taken.
func (w *Writer) replace(path string) error {
	i := w.tree.Find(path)
	if i < 0 {
		return w.collision(path)
	}
	w.tree.Files = slices.Delete(w.tree.Files, i, i+1)
	delete(w.shebangs, path)
	return w.root.Remove(path)
}

// collision explains why path is taken by something else than a file of that
// path.
func (w *Writer) collision(path string) error {
	if w.dirs[path] {
		return bothKinds(path)
	}
	for _, f := range w.tree.Files {
		if strings.EqualFold(f.Path, path) {
			return fmt.Errorf("%w: %.200q and %.200q", ErrCollision, f.Path, path)
		}
	}
	return fmt.Errorf("%w: %.200q", ErrCollision, path)
}

func bothKinds(path string) error {
	return fmt.Errorf("path %.200q is a file and a directory in one tarball", path)
}

// wrote notes a file and what later questions need of its beginning.
func (w *Writer) wrote(f File, head []byte) {
	w.tree.Files = append(w.tree.Files, f)
	if bytes.HasPrefix(head, []byte("#!")) {
		line, _, found := bytes.Cut(head[:min(len(head), maxShebang)], []byte("\n"))
		if found || len(head) < maxShebang {
			w.shebangs[f.Path] = string(line)
		}
	}
	if f.Path == manifestName && f.Size <= maxManifest {
		w.manifest = bytes.Clone(head)
	}
}

// finish completes the tree: what package.json calls a command is executable,
// here and not when it is linked, since the mode belongs to the shared file.
func (w *Writer) finish() error {
	w.tree.Meta = describe(w.manifest, &w.tree, w.shebangs)
	for _, bin := range w.tree.Meta.Bins {
		i := w.tree.Find(bin.Path)
		if i < 0 || w.tree.Files[i].Exec {
			continue
		}
		if err := w.root.Chmod(bin.Path, true); err != nil {
			return err
		}
		w.tree.Files[i].Exec = true
	}
	return nil
}
