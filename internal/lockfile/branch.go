package lockfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/lockfile/conflict"
	"godwit/internal/lockfile/pnpmlock"
)

// BranchFile is the name of the lockfile that a git branch has of its own
// under pnpm's setting git-branch-lockfile. Characters that a file name might
// not hold become "!", capitals small letters.
func BranchFile(branch string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '_', r == '.', r == '-':
			return r
		}
		return '!'
	}, branch)
	return "pnpm-lock." + name + ".yaml"
}

// BranchFiles lists the lockfiles of branches in dir, sorted by name, so that
// merging them gives the same everywhere.
func BranchFiles(dir string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("look for lockfiles of branches: %w", err)
	}
	var files []File
	for _, e := range entries {
		branch, ok := strings.CutPrefix(e.Name(), "pnpm-lock.")
		if branch, ok2 := strings.CutSuffix(branch, ".yaml"); ok && ok2 && branch != "" && e.Type().IsRegular() {
			files = append(files, File{Pnpm, filepath.Join(dir, e.Name())})
		}
	}
	return files, nil
}

// Choice says which lockfile of a project counts. The zero value is its only
// one.
type Choice struct {
	Npm    string // the name of npm's lockfile, where the project keeps that; else ""
	Other  File   // yarn's or bun's lockfile, where the project keeps one of those
	Branch string // the git branch has a file of its own (git-branch-lockfile); "" is off
	Merge  bool   // those of all branches go into the project's (merge-git-branch-lockfiles)
	// Unmerged are the sides of a file that git could not merge, as it still knows
	// them, or false; nil knows none. It is asked about files with conflict markers.
	Unmerged func(path string) (Sides, bool)
}

// Sides are the files of a merge, whole.
type Sides = conflict.Sides

// File is the name of the file that is written.
func (c Choice) File() string {
	if c.Npm != "" {
		return c.Npm
	}
	if c.Other.Format != "" {
		return filepath.Base(c.Other.Path)
	}
	if c.Branch != "" && !c.Merge {
		return BranchFile(c.Branch)
	}
	return string(Pnpm)
}

// Present reads the lockfile that counts in dir, or returns nil where there is
// none: a branch without a file of its own begins with that of the project.
func (c Choice) Present(dir string) (*Document, error) {
	if c.Npm != "" {
		return c.read(File{Npm, filepath.Join(dir, c.Npm)})
	}
	if c.Other.Format != "" {
		return c.read(c.Other)
	}
	doc, err := c.read(File{Pnpm, filepath.Join(dir, c.File())})
	if doc == nil && err == nil {
		doc, err = c.read(File{Pnpm, filepath.Join(dir, string(Pnpm))})
	}
	if err != nil || !c.Merge {
		return doc, err
	}
	return c.merged(dir, doc)
}

// read reads a lockfile, or returns nil where there is none. The sides of a
// conflict are those that git still has: between markers it mixes them line by
// line, and the key of one package may end up above the fields of another.
func (c Choice) read(f File) (*Document, error) {
	doc, err := readIfAny(f)
	if c.Unmerged == nil || err == nil && (doc == nil || !doc.conflicted()) {
		return doc, err
	}
	if data, err := fsys.ReadFile(f.Path, maxFile); err == nil && conflict.Has(string(data)) {
		if sides, ok := c.Unmerged(f.Path); ok {
			return codecOf(f.Format).read(f.Path, []byte(conflict.Join(sides)))
		}
	}
	return doc, err
}

// IsOld reports whether an error is a lockfile of pnpm 8 or older, which pnpm 12
// makes anew.
func IsOld(err error) bool {
	var e *pnpmlock.Error
	return errors.As(err, &e) && e.Old
}

func readIfAny(f File) (*Document, error) {
	doc, err := Read(f)
	if errors.Is(err, ErrEmpty) || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return doc, err
}

// merged adds what the lockfiles of branches have.
func (c Choice) merged(dir string, doc *Document) (*Document, error) {
	files, err := BranchFiles(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		other, err := readIfAny(f)
		switch {
		case err != nil:
			return nil, err
		case other == nil:
		case doc == nil:
			doc = other
		default:
			doc = Merge(doc, other)
		}
	}
	if doc != nil && len(files) > 0 {
		doc.Pnpm.Merged = true
	}
	return doc, nil
}

// Pending reports whether dir has lockfiles of branches that are to be merged.
func (c Choice) Pending(dir string) bool {
	if !c.Merge {
		return false
	}
	files, err := BranchFiles(dir)
	return err != nil || len(files) > 0
}

// Clear removes the lockfiles of branches after they went into the project's.
func (c Choice) Clear(dir string) error {
	if !c.Merge {
		return nil
	}
	files, err := BranchFiles(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the merged lockfile of a branch: %w", err)
		}
	}
	return nil
}

// Merge unites two documents of format Pnpm by pnpm's rules: what either has,
// the higher version where they differ. It is what merge-git-branch-lockfiles
// does with the lockfiles of branches, one after the other.
func Merge(ours, theirs *Document) *Document {
	d := pnpmlock.Merge(ours.pnpm(), theirs.pnpm())
	return &Document{Format: Pnpm, Graph: d.Graph, Pnpm: &d.Record}
}

// pnpm is the document as its codec has it.
func (d *Document) pnpm() *pnpmlock.Document {
	doc := &pnpmlock.Document{Graph: d.Graph}
	if d.Pnpm != nil {
		doc.Record = *d.Pnpm
	}
	return doc
}
