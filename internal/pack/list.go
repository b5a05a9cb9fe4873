package pack

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"godwit/internal/npm"
	"godwit/internal/packlist"
)

// File is a file of a directory.
type File struct {
	Path string // slash path below the directory
	Exec bool
	Size int64 // bytes
	Link bool  // a link to a file
}

// Bounds of what is packed: those of a tarball (extract.Limits).
const (
	maxFiles = 1 << 20
	maxBytes = 4 << 30
)

var errTooManyFiles = fmt.Errorf("it has more than %d files", maxFiles)

// List lists the files of the package in root, sorted by path.
func List(root *os.Root) ([]File, error) { return list(root, nil) }

// list does so by another package.json than the one in root, unless manifest is
// nil.
func list(root *os.Root, manifest []byte) ([]File, error) {
	read := func(file string) ([]byte, error) {
		if file == "package.json" && manifest != nil {
			return manifest, nil
		}
		return ReadSmall(root, file)
	}
	all, err := listAll(root, read)
	if err != nil {
		return nil, err
	}
	byPath := make(map[string]File, len(all))
	tree := packlist.Tree{Read: read}
	for _, f := range all {
		byPath[f.Path] = f
		tree.Files = append(tree.Files, f.Path)
	}
	names, err := packlist.Select(tree)
	if err != nil {
		return nil, err
	}
	out, bytes := make([]File, len(names)), int64(0)
	for i, name := range names {
		out[i] = byPath[name]
		if bytes += out[i].Size; bytes > maxBytes {
			return nil, fmt.Errorf("it has more than %d bytes", int64(maxBytes))
		}
	}
	return out, nil
}

// listAll lists the files below root, and the links to files below it. What is
// never published is not looked at, nor is node_modules, unless something in it
// is bundled.
func listAll(root *os.Root, read func(string) ([]byte, error)) ([]File, error) {
	bundles := false
	if data, err := read("package.json"); err == nil {
		if m, err := npm.DecodeManifest(data); err == nil {
			bundles = m.Bundled.All || len(m.Bundled.Names) > 0
		}
	}
	l := Lister{Root: root}
	err := fs.WalkDir(root.FS(), ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return l.Add(file, d)
		case d.Name() == ".git" || file == "node_modules" && !bundles:
			return fs.SkipDir
		}
		return nil
	})
	return l.Files, err
}

// Lister collects the files below a directory, and the links to files below it.
type Lister struct {
	Root  *os.Root
	Files []File
}

// Add adds what is no directory.
func (l *Lister) Add(file string, d fs.DirEntry) error {
	if !d.Type().IsRegular() && d.Type() != fs.ModeSymlink {
		return nil
	}
	// Follows a link, and fails if that leads out of root.
	info, err := l.Root.Stat(filepath.FromSlash(file))
	if err != nil && d.Type() == fs.ModeSymlink || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return err
	}
	if len(l.Files) == maxFiles {
		return errTooManyFiles
	}
	l.Files = append(l.Files, File{Path: file, Exec: info.Mode()&0o111 != 0, Size: info.Size(), Link: d.Type() == fs.ModeSymlink})
	return nil
}

// maxRead bounds a package.json or ignore file, as the store does.
const maxRead = 16 << 20

// ReadSmall reads a package.json or an ignore file.
func ReadSmall(root *os.Root, file string) ([]byte, error) {
	f, err := root.Open(filepath.FromSlash(file))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRead+1))
	if err == nil && len(data) > maxRead {
		err = fmt.Errorf("%s is larger than %d bytes", path.Base(file), maxRead)
	}
	return data, err
}

// Open lets do read a file, as much of it as it had when it was listed.
func (f File) Open(root *os.Root, do func(io.Reader) error) error {
	file, err := root.Open(filepath.FromSlash(f.Path))
	if err != nil {
		return err
	}
	defer file.Close()
	if err := do(io.LimitReader(file, f.Size)); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
}
