package store

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"godwit/internal/fsys"
)

// Add makes the tree id of the files that fill writes, and returns it when it
// is visible to everybody. If fill fails nothing becomes visible, and its error
// is returned as it is. fill runs even if the tree is there: ask Has first. If
// somebody else adds the same tree meanwhile, theirs is kept and returned.
func (s *Store) Add(id ID, fill func(*Writer) error) (*Tree, error) {
	tree, err := s.Stage(id, fill)
	if err != nil {
		return nil, err
	}
	return s.Publish(tree)
}

// Stage does the work of Add, and leaves the tree where nobody looks: Publish
// makes it visible, or BeginSlot makes a slot of it.
func (s *Store) Stage(id ID, fill func(*Writer) error) (*Tree, error) {
	if id.IsZero() {
		return nil, errors.New("store: a tree without an id cannot be added")
	}
	trees, _, err := s.openForWriting()
	if err != nil {
		return nil, s.explain(err)
	}
	number, err := makeFiles(trees, id)
	if err != nil {
		return nil, s.explain(err)
	}
	tree, err := s.stage(trees, id.files(number), fill)
	if err != nil {
		trees.RemoveAll(id.files(number))
		return nil, err
	}
	tree.ID, tree.entry, tree.number, tree.staged = id, s.entry(id), number, true
	return tree, nil
}

// makeFiles makes the directory for the files of a tree, and returns its number.
// Where there is one without an index somebody is at work, or was killed.
func makeFiles(trees *fsys.Dir, id ID) (number int, err error) {
	// Each try is a call that fails; so many are left by a machine that kills
	// every install, and Prune removes them.
	const tries = 10_000
	for number < tries {
		err = trees.Mkdir(id.files(number))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if err := trees.Mkdir(id.shard()); err != nil && !fsys.Exists(err) {
				return 0, err
			}
		case fsys.Exists(err):
			number++
		default:
			return number, err
		}
	}
	return 0, err
}

// stage writes the files of a tree to the directory files.
func (s *Store) stage(trees *fsys.Dir, files string, fill func(*Writer) error) (*Tree, error) {
	root, err := trees.Open(files)
	if err != nil {
		return nil, s.explain(err)
	}
	defer root.Close()
	w := &Writer{root: root, dirs: map[string]bool{"": true, ".": true}, shebangs: map[string]string{}}
	if err := fill(w); err != nil {
		var of *fs.PathError
		if errors.As(err, &of) && strings.HasPrefix(of.Path, s.dir) {
			err = s.explain(err) // the writer's, not that of what fill reads from
		}
		return nil, err
	}
	if err := w.finish(); err != nil {
		return nil, s.explain(err)
	}
	return &w.tree, nil
}

// Discard removes a staged tree that nobody needs any more.
func (s *Store) Discard(tree *Tree) {
	if trees, _, err := s.openForWriting(); err == nil && tree.staged {
		trees.RemoveAll(tree.files())
	}
}

// Publish makes a staged tree visible to everybody, and returns it as it is
// then. If somebody else added the same tree meanwhile, theirs is returned.
func (s *Store) Publish(tree *Tree) (*Tree, error) {
	trees, tmp, err := s.openForWriting()
	if err != nil {
		return nil, s.explain(err)
	}
	visible, err := s.publish(tree, trees, tmp)
	if err != nil {
		trees.RemoveAll(tree.files())
	}
	return visible, err
}

// unnamedIndex is behind the name of an index that is not visible yet.
const unnamedIndex = ".index"

// publish writes the index. What is in its place already is kept if it can be
// read, else replaced.
func (s *Store) publish(tree *Tree, trees, tmp *fsys.Dir) (*Tree, error) {
	id, index, err := tree.ID, tree.encode(), error(nil)
	if len(index) > maxIndex {
		return nil, fmt.Errorf("%d files have an index of %d bytes, more than the %d it can have", len(tree.Files), len(index), maxIndex)
	}
	// Its name is nobody else's, as that of the files: what has it is left over.
	written := tree.files() + unnamedIndex
	if err = trees.WriteFile(written, index, false); fsys.Exists(err) {
		if err = trees.Remove(written); err == nil {
			err = trees.WriteFile(written, index, false)
		}
	}
	if err != nil {
		trees.Remove(written) // half of it, on a disk that is full
		return nil, s.explain(err)
	}
	// Two things can be in the way, each once: a damaged index, and one that
	// somebody made after that was moved away.
	const tries = 3
	for range tries {
		if err = trees.Name(written, id.rel()); err == nil {
			visible := *tree
			visible.staged = false
			return &visible, nil
		}
		if !fsys.Exists(err) {
			break
		}
		if theirs, lerr := s.load(id); lerr == nil && s.Has(id) {
			// In this order: whoever makes the directory anew has both names.
			err = trees.Remove(written)
			trees.RemoveAll(tree.files())
			return theirs, s.explain(err)
		}
		if err = discard(trees, id.rel(), tmp); err != nil {
			break
		}
	}
	trees.Remove(written)
	return nil, s.explain(err)
}
