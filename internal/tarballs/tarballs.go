// Package tarballs is a file with tarballs of packages, to be carried from one
// machine to the next.
//
// It is a tar archive: a ".tgz" for each, named after the integrity that its
// bytes must have ("sha512-<64 digits>/<64 digits>.tgz", in two parts, as a long
// name has to be in a plain header), sorted by name, everything else of the
// headers the same. So equal contents are equal bytes, and any program shows
// what is there. Nothing in it is believed: whoever takes a tarball out holds it
// against that integrity.
package tarballs

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	// suffix of the names in the archive.
	suffix = ".tgz"

	// maxEntries bounds what is remembered of an archive: 100 times the packages
	// of the largest lockfile known.
	maxEntries = 1 << 20

	// maxName is an ID, with room to spare: 512 bits in hexadecimal are 128 digits.
	maxName = 160

	// maxTarball bounds what is read at once; 10 times the largest package known.
	maxTarball = 1 << 30
)

// File is an archive to read from. Methods may be called from several goroutines.
type File struct {
	path string
	f    *os.File
	at   map[string]span // by ID
}

type span struct{ start, size int64 }

// nameOf is the name of an entry.
func nameOf(id string) string { return id[:len(id)/2] + "/" + id[len(id)/2:] + suffix }

// idOf is the ID of what has a name, or false if nothing has.
func idOf(name string) (string, bool) {
	id, ok := strings.CutSuffix(name, suffix)
	id = strings.Replace(id, "/", "", 1)
	return id, ok && id != "" && len(name) <= maxName && nameOf(id) == name
}

// Error is an archive that is none.
type Error struct {
	Path string
	Err  error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s is no file of godwit cache pack: %v", e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Code is the code of this error.
func (e *Error) Code() string { return "ERR_GODWIT_CACHE_FILE" }

// Hint is what the user can do.
func (e *Error) Hint() string {
	return "remove it; godwit cache pack makes it anew, and an install downloads what it lacks"
}

// Open reads the headers of an archive. An archive that is none is an *Error.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the tarballs: %w", err)
	}
	file := &File{path: path, f: f, at: map[string]span{}}
	if err := file.scan(); err != nil {
		f.Close()
		return nil, &Error{path, err}
	}
	return file, nil
}

func (f *File) scan() error {
	info, err := f.f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	for r := tar.NewReader(f.f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		id, ok := idOf(h.Name)
		if !ok || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("it has an entry %.40q", h.Name)
		}
		start, err := f.f.Seek(0, io.SeekCurrent) // where Next left it: at the contents
		if err != nil {
			return err
		}
		if h.Size > maxTarball || h.Size > info.Size()-start {
			return fmt.Errorf("%s is longer than it can be", h.Name)
		}
		if f.at[id] = (span{start, h.Size}); len(f.at) > maxEntries {
			return fmt.Errorf("it has more than %d entries", maxEntries)
		}
	}
}

// Path is where the archive is.
func (f *File) Path() string { return f.path }

// Len is how many tarballs there are.
func (f *File) Len() int { return len(f.at) }

// Has reports whether there is a tarball of that name.
func (f *File) Has(id string) bool {
	_, ok := f.at[id]
	return ok
}

// Tarball reads one, unverified, into memory that room makes for it.
func (f *File) Tarball(id string, room func(size int64) []byte) ([]byte, error) {
	s, ok := f.at[id]
	if !ok {
		return nil, fmt.Errorf("%s: no tarball %s", f.path, id)
	}
	data := room(s.size)[:s.size]
	if _, err := f.f.ReadAt(data, s.start); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.path, err)
	}
	return data, nil
}

// Close ends reading.
func (f *File) Close() error { return f.f.Close() }
