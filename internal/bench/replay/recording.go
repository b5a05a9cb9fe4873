package replay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Recording is a data folder. Its methods may be called from many goroutines
// and many processes at once: files appear whole, by rename, and never change.
type Recording struct {
	dir string
}

// Open returns the recording in dir, making an empty one where there is none.
func Open(dir string) (*Recording, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	r := &Recording{dir: dir}
	found, err := os.ReadFile(filepath.Join(dir, "format"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r, r.write([]byte(formatLine), "format")
	case err != nil:
		return nil, fmt.Errorf("recording: %w", err)
	case string(found) != formatLine:
		return nil, fmt.Errorf("recording %s: its format is %q, this program reads %q; record again into a new folder",
			dir, strings.TrimSpace(string(found)), strings.TrimSpace(formatLine))
	}
	return r, nil
}

// Names lists the packuments the recording holds.
func (r *Recording) Names() ([]string, error) {
	entries, err := os.ReadDir(r.path("packuments"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	var names []string
	for _, e := range entries {
		if r.has("packuments", e.Name(), "short.json") {
			names = append(names, unfold(e.Name()))
		}
	}
	return names, nil
}

// Publish records packages that no upstream has: the full packument doc, whose
// tarball URLs begin with base, and tarballs by their paths below it.
func (r *Recording) Publish(name string, doc []byte, base string, tarballs map[string][]byte) error {
	at, err := url.Parse(base)
	if err != nil {
		return fmt.Errorf("publish %s: %w", name, err)
	}
	for path, data := range tarballs {
		if err := r.write(data, "tarballs", fold(path)); err != nil {
			return fmt.Errorf("publish %s: %w", name, err)
		}
	}
	if err := r.keep(name, doc, at); err != nil {
		return fmt.Errorf("publish %s: %w", name, err)
	}
	return nil
}

// path joins parts below the folder.
func (r *Recording) path(parts ...string) string {
	return filepath.Join(append([]string{r.dir}, parts...)...)
}

// has reports whether the file is recorded.
func (r *Recording) has(parts ...string) bool {
	_, err := os.Lstat(r.path(parts...))
	return err == nil
}

// packument reads a recorded packument, full or short.
// It returns fs.ErrNotExist for a name that was not recorded.
func (r *Recording) packument(name string, f form) ([]byte, error) {
	return os.ReadFile(r.path("packuments", fold(name), f.file()))
}

// write stores b under the path that parts name.
func (r *Recording) write(b []byte, parts ...string) error {
	return r.copy(bytes.NewReader(b), time.Time{}, parts...)
}

// copy stores what src yields under the path that parts name; nothing is
// visible there unless src ended without an error. A time that is not zero
// becomes the file's.
func (r *Recording) copy(src io.Reader, at time.Time, parts ...string) (err error) {
	path := r.path(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	tmp, err := os.CreateTemp(r.dir, ".tmp-*")
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	_, err = io.Copy(tmp, src)
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("recording %s: %w", filepath.Base(path), err)
	}
	if err = os.Chmod(tmp.Name(), 0o644); err != nil { // CreateTemp hides the file from others
		return fmt.Errorf("recording: %w", err)
	}
	if !at.IsZero() {
		if err = os.Chtimes(tmp.Name(), at, at); err != nil {
			return fmt.Errorf("recording: %w", err)
		}
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}

// fold turns a name or a URL path into one file name: a slash becomes %2f, and
// an upper-case letter !l, so that JSONStream and jsonstream stay two files
// where the file system ignores case (as the Go module cache does it).
func fold(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case 'A' <= c && c <= 'Z':
			b.WriteByte('!')
			b.WriteByte(c + 'a' - 'A')
		case c == '/', c == '%', c == '!', c == '\\', c == ':', c < ' ':
			fmt.Fprintf(&b, "%%%02x", c)
		default:
			b.WriteByte(c)
		}
	}
	if s := b.String(); s != "." && s != ".." {
		return s
	}
	return strings.ReplaceAll(b.String(), ".", "%2e")
}

// unfold is the inverse of fold.
func unfold(file string) string {
	var b strings.Builder
	for i := 0; i < len(file); i++ {
		switch c := file[i]; {
		case c == '!' && i+1 < len(file):
			i++
			b.WriteByte(file[i] - 'a' + 'A')
		case c == '%' && i+2 < len(file):
			var n byte
			if _, err := fmt.Sscanf(file[i+1:i+3], "%02x", &n); err == nil {
				b.WriteByte(n)
			}
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
