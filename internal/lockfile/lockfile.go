// Package lockfile is the lockfile of a project, whichever tool it belongs to.
//
// [Detect] finds it, [Read] turns it into a graph, [Satisfies] tells whether
// it still fits the project, [New] and [Write] make the next one. The formats
// are the table codecs; the packages below are their parts and are imported
// from here only.
package lockfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/lockfile/bunlock"
	"godwit/internal/lockfile/npmlock"
	"godwit/internal/lockfile/pnpmlock"
	"godwit/internal/lockfile/yarnlock"
)

// Format names a kind of lockfile after its file.
type Format string

// The formats.
const (
	Pnpm Format = "pnpm-lock.yaml"
	Npm  Format = "package-lock.json"
	Yarn Format = "yarn.lock"
	Bun  Format = "bun.lock"
)

// FormatOf is the format of the tool that has a name: pnpm, npm, yarn or bun; ""
// for any other.
func FormatOf(tool string) Format {
	return map[string]Format{"pnpm": Pnpm, "npm": Npm, "yarn": Yarn, "bun": Bun}[tool]
}

// maxFile bounds what is read of any lockfile; pnpm's own bound is the half of it.
const maxFile = 512 << 20

// ErrEmpty is returned by Read for a file without contents; it stands for a
// project that has no lockfile.
var ErrEmpty = pnpmlock.ErrEmpty

// Document is a lockfile that was read, or that is to be written.
type Document struct {
	Format Format
	Graph  *graph.Graph
	Pnpm   *pnpmlock.Record // what pnpm-lock.yaml says beside the graph; nil in other formats
	Npm    *npmlock.Record  // the same of package-lock.json
	Yarn   *yarnlock.Record // of a yarn.lock, which has no graph before [Join]
	Bun    *bunlock.Record  // of a bun.lock, which has no graph before [Join]

	missing []yarnlock.Missing // what the yarn.lock lacks; set by Join
}

// conflicted reports whether the file has markers of git.
func (d *Document) conflicted() bool {
	return d.Pnpm != nil && d.Pnpm.Merged || d.Npm != nil && d.Npm.Merged || d.Yarn != nil && d.Yarn.Merged || d.Bun != nil && d.Bun.Merged
}

// WriteOptions say what else a lockfile holds.
type WriteOptions = pnpmlock.WriteOptions

// codec is one format.
type codec struct {
	format Format
	files  []string // names, the one that counts most first
	read   func(name string, data []byte) (*Document, error)
	append func(dst []byte, d *Document, opts WriteOptions) []byte
	same   func(old, written []byte) bool // is the file what would be written
}

// codecs in the order of precedence for a project that has several lockfiles.
var codecs = []codec{
	{Pnpm, []string{pnpmlock.FileName}, readPnpm, appendPnpm, pnpmlock.Same},
	{Npm, []string{npmlock.ShrinkwrapName, npmlock.FileName}, readNpm, appendNpm, bytes.Equal},
	{Yarn, []string{yarnlock.FileName}, readYarn, appendYarn, bytes.Equal},
	{Bun, []string{bunlock.FileName, bunlock.BinaryName}, readBun, appendBun, bytes.Equal},
}

func readPnpm(name string, data []byte) (*Document, error) {
	d, err := pnpmlock.Read(name, data)
	if err != nil {
		return nil, err
	}
	return &Document{Format: Pnpm, Graph: d.Graph, Pnpm: &d.Record}, nil
}

func readNpm(name string, data []byte) (*Document, error) {
	d, err := npmlock.Read(name, data)
	if errors.Is(err, npmlock.ErrEmpty) {
		return nil, ErrEmpty
	}
	if err != nil {
		return nil, err
	}
	return &Document{Format: Npm, Graph: d.Graph, Npm: &d.Record}, nil
}

func appendNpm(dst []byte, d *Document, _ WriteOptions) []byte { return d.Npm.Append(dst) }

func appendPnpm(dst []byte, d *Document, opts WriteOptions) []byte {
	return d.pnpm().Append(dst, opts)
}

// File is a lockfile in a directory.
type File struct {
	Format Format
	Path   string
}

// Detect lists the lockfiles in dir, the one that counts most first; at most
// one of each format. Which one a project with several means, its
// packageManager field may tell.
func Detect(dir string) ([]File, error) {
	var found []File
	for _, c := range codecs {
		for _, name := range c.files {
			path := filepath.Join(dir, name)
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("look for a lockfile: %w", err)
			}
			if info.Mode().IsRegular() {
				found = append(found, File{c.format, path})
				break
			}
		}
	}
	return found, nil
}

// codecOf finds the codec by format.
func codecOf(f Format) *codec {
	for i := range codecs {
		if c := &codecs[i]; c.format == f {
			return c
		}
	}
	panic("lockfile: no format is called " + string(f))
}

// Read reads a lockfile. A file that is not there is fs.ErrNotExist, one with
// nothing in it ErrEmpty.
func Read(f File) (*Document, error) {
	c := codecOf(f.Format)
	data, err := fsys.ReadFile(f.Path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("read lockfile: %w", err)
	}
	return c.read(f.Path, data)
}

// SymlinkError is a lockfile that is a symbolic link, which a write must not
// follow: a repository could make it lead to any file of the user.
type SymlinkError struct{ Path string }

func (e *SymlinkError) Error() string {
	return fmt.Sprintf("%s is a symbolic link; its target is not overwritten", e.Path)
}

// Code is the code of this error.
func (e *SymlinkError) Code() string { return "ERR_GODWIT_LOCKFILE_SYMLINK" }

// Hint is what the user can do.
func (e *SymlinkError) Hint() string { return "replace the link by a copy of the file" }

// Text is the document as Write puts it down.
func (d *Document) Text(opts WriteOptions) []byte { return codecOf(d.Format).append(nil, d, opts) }

// Write puts the document's text, as Text has it, at path in one step and reports
// whether it changed the file. One that already says the same is left as it is, also
// where its line ends differ or an env document precedes it. A bun.lock of nothing is
// removed.
func Write(path string, d *Document, text []byte) (changed bool, err error) {
	if d.Bun != nil && len(d.Bun.Packages) == 0 { // bun keeps no empty one
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	}
	old, err := fsys.ReadFile(path, maxFile)
	switch {
	case err == nil && codecOf(d.Format).same(old, text):
		return false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("read lockfile: %w", err)
	}
	if err := replace(path, text); err != nil {
		return false, err
	}
	return true, nil
}

// replace writes a lockfile in one step.
func replace(path string, data []byte) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return &SymlinkError{path}
	}
	if err := fsys.WriteFile(path, data, fsys.WriteOptions{Settle: true}); err != nil {
		return fmt.Errorf("write lockfile: %w", err)
	}
	return nil
}
