package store

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/fsys"
)

// Tree is what the store has of one tarball. It is immutable.
type Tree struct {
	ID    ID
	Dirs  []string // slash paths, parents before children
	Files []File   // in the order of the tarball
	Meta  Meta

	entry  string // absolute path of its index, or of the link to its slot
	number int    // of the directory of its files, if they are not in a slot
	inSlot bool   // its entry was a link when it was read
	staged bool   // it has no index yet, so nobody else can see it
}

// File is one file of a tree.
type File struct {
	Path string // slash path
	Size int64  // bytes
	Exec bool   // its mode is 0755, else 0644
}

// Meta is what an install needs to know of a package.json after the files are
// linked, so that a warm install opens no package.json.
type Meta struct {
	Name    string // as npm.Name, "" where there is none or an invalid one
	Version string
	Bins    []Bin   // sorted by name
	Scripts Scripts // those a dependency may run
	Gyp     bool    // binding.gyp is there: without an install script npm runs node-gyp
	Bundled bool    // it says that dependencies are inside the tarball
}

// Bin is a command that a package offers.
type Bin struct {
	Name string
	Path string // slash path of a file, whose mode is 0755
	// Absent says that the tarball has no such file. A build script may make it.
	Absent bool
	// Shebang is the first line of the file if that starts with "#!", without
	// "\n"; with "\r" if the line ended so, which no kernel accepts.
	Shebang string
}

// Scripts is a set of lifecycle scripts.
type Scripts uint8

const (
	Preinstall Scripts = 1 << iota
	Install
	Postinstall
	Prepare
)

// Has reports whether all of the scripts are in s.
func (s Scripts) Has(scripts Scripts) bool { return s&scripts == scripts }

// Builds reports whether a package from a registry has anything to build: one
// of the three install scripts, or a binding.gyp.
func (m *Meta) Builds() bool {
	return m.Scripts&(Preinstall|Install|Postinstall) != 0 || m.Gyp
}

// Path is the directory of the files, unless they are in a slot.
func (t *Tree) Path() string {
	return filepath.Join(filepath.Dir(filepath.Dir(t.entry)), filepath.FromSlash(t.files()))
}

// files is that directory below trees/.
func (t *Tree) files() string { return t.ID.files(t.number) }

// Open opens the directory of the files. They may have other names in any
// number of projects: nobody may write to them.
func (t *Tree) Open() (*fsys.Dir, error) {
	if !t.inSlot { // else what is there is another one's
		dir, err := fsys.OpenDir(t.Path())
		if !errors.Is(err, fs.ErrNotExist) {
			return dir, err
		}
	}
	slot, ok := t.slot()
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: t.Path(), Err: fs.ErrNotExist}
	}
	return fsys.OpenDir(t.inside(slot))
}

// inside is the directory of the files in a slot.
func (t *Tree) inside(slot Slot) string {
	return filepath.Join(t.entry, modulesName, filepath.FromSlash(slot.Name))
}

// paths are the absolute paths of the files, wherever they are.
func (t *Tree) paths() iter.Seq[string] {
	dir := t.Path()
	if slot, ok := t.slot(); ok {
		dir = t.inside(slot)
	}
	return func(yield func(string) bool) {
		for _, f := range t.Files {
			if !yield(filepath.Join(dir, filepath.FromSlash(f.Path))) {
				return
			}
		}
	}
}

// Staged reports whether the tree is not visible yet.
func (t *Tree) Staged() bool { return t.staged }

// InSlot reports whether the files are in a shared slot, where there may be
// others beside them: the commands of the package's dependencies.
func (t *Tree) InSlot() bool {
	_, ok := t.slot()
	return ok
}

func (t *Tree) slot() (Slot, bool) {
	target, err := os.Readlink(t.entry)
	if err != nil {
		return Slot{}, false
	}
	return slotAt(target)
}

// Find is the index in Files of the file at path, or -1.
func (t *Tree) Find(path string) int {
	return slices.IndexFunc(t.Files, func(f File) bool { return f.Path == path })
}

// Size is the sum of the files' sizes in bytes.
func (t *Tree) Size() int64 {
	var sum int64
	for _, f := range t.Files {
		sum += f.Size
	}
	return sum
}

// BundledDir reports whether the tarball brings files below node_modules.
func (t *Tree) BundledDir() bool {
	for _, d := range t.Dirs {
		if d == "node_modules" || strings.HasPrefix(d, "node_modules/") {
			return true
		}
	}
	return false
}
