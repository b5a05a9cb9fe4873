package registry

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"godwit/internal/npm"
)

// Document is a packument in the cache.
type Document struct {
	Registry string   // URL; "" where nobody wrote it down
	Name     npm.Name // or a hash, where that is too long for a name of a file
	Form     Form
	Path     string
	Size     int64 // of the file
}

// Documents lists what the cache in dir (see Options.CacheDir) has, registry by
// registry, in the order of names.
func Documents(dir string) ([]Document, error) {
	root := filepath.Join(dir, "packuments")
	shelves, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Document
	for _, s := range shelves {
		path := filepath.Join(root, s.Name())
		entries, err := os.ReadDir(path)
		if err != nil {
			continue // another user's, or gone since
		}
		label, _ := os.ReadFile(filepath.Join(path, labelFile))
		for _, e := range entries {
			d := Document{Registry: strings.TrimSpace(string(label)), Path: filepath.Join(path, e.Name())}
			form, file, ok := strings.Cut(e.Name(), "-")
			switch {
			case !ok || !e.Type().IsRegular():
				continue
			case form == Full.String():
				d.Form = Full
			case form != Short.String():
				continue
			}
			if name, err := url.PathUnescape(file); err == nil && fileName(npm.Name(name)) == file {
				d.Name = npm.Name(name)
			}
			if info, err := e.Info(); err == nil {
				d.Size = info.Size()
			}
			out = append(out, d)
		}
	}
	return out, nil
}

// Open reads the document, and tells when the registry last confirmed it. ok is
// false if the file is none that this version can read.
func (d Document) Open() (doc *npm.Packument, checked time.Time, ok bool) {
	c := newCache("")
	c.open.Store(maxOpen) // all of it is read: the file stays nobody's
	s := &slot{cache: c, shelf: &shelf{path: filepath.Dir(d.Path)}, name: d.Name}
	k := s.read(d.Form)
	if s.shelf.dir != nil {
		defer s.shelf.dir.Close()
	}
	if k == nil {
		return nil, time.Time{}, false
	}
	return k.doc, k.checked, true
}

// Remove takes the document out of the cache.
func (d Document) Remove() error {
	err := os.Remove(d.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
