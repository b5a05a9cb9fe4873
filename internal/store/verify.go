package store

import (
	"fmt"
	"strings"
)

// DamageError says how a tree differs from its index.
type DamageError struct {
	ID       ID
	Problems []string // "path: what is wrong"; the first maxProblems
	More     int      // how many are not listed
}

// maxProblems bounds a report: whoever reads of ten damaged files removes the
// tree, however many there are.
const maxProblems = 10

func (e *DamageError) Error() string {
	more := ""
	if e.More > 0 {
		more = fmt.Sprintf("; and %d more", e.More)
	}
	return fmt.Sprintf("tree %s is damaged: %s%s", e.ID, strings.Join(e.Problems, "; "), more)
}

// Verify compares a tree with its index: every file is there, is a regular file
// and has its size and mode. The error is a [*DamageError] if not. Files that
// were changed without changing their size are not found: the store has no
// digests of files.
func (s *Store) Verify(id ID) error {
	tree, err := s.Load(id)
	if err != nil {
		return err
	}
	return s.verify(tree)
}

func (s *Store) verify(tree *Tree) error {
	root, err := tree.Open()
	if err != nil {
		return s.explain(err)
	}
	defer root.Close()
	damage := &DamageError{ID: tree.ID}
	for _, f := range tree.Files {
		info, err := root.Lstat(f.Path)
		problem := ""
		switch {
		case err != nil:
			problem = "missing"
		case info.Type != 0:
			problem = "no regular file"
		case info.Size != f.Size:
			problem = fmt.Sprintf("has %d bytes, not %d", info.Size, f.Size)
		case !info.SameExec(f.Exec):
			problem = "has another mode"
		default:
			continue
		}
		if len(damage.Problems) < maxProblems {
			damage.Problems = append(damage.Problems, f.Path+": "+problem)
		} else {
			damage.More++
		}
	}
	if len(damage.Problems) > 0 {
		return damage
	}
	return nil
}
