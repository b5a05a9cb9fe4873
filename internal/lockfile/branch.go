package lockfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
