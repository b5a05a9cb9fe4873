package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
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

// Stage does the work of Add, and leaves the tree where nobody else can see it:
// Publish makes it visible, or BeginSlot makes a slot of it.
func (s *Store) Stage(id ID, fill func(*Writer) error) (*Tree, error) {
	if id.IsZero() {
		return nil, errors.New("store: a tree without an id cannot be added")
	}
	_, tmp, err := s.openForWriting()
	if err != nil {
		return nil, s.explain(err)
	}
	staged := fsys.TempName(id.algo)
	tree, err := s.stage(tmp, staged, fill)
	if err != nil {
		tmp.RemoveAll(staged)
		return nil, err
	}
	tree.ID, tree.staged, tree.path = id, staged, filepath.Join(tmp.Path(), staged, treeName)
	return tree, nil
}

// Publish makes a staged tree visible to everybody, and returns it as it is
// then. If somebody else added the same tree meanwhile, theirs is returned.
func (s *Store) Publish(tree *Tree) (*Tree, error) {
	trees, tmp, err := s.openForWriting()
	if err != nil {
		return nil, s.explain(err)
	}
	visible, err := s.publish(tree, publication{trees, tmp, tree.staged})
	if err != nil {
		tmp.RemoveAll(tree.staged)
	}
	return visible, err
}

// Discard removes a staged tree that nobody needs any more.
func (s *Store) Discard(tree *Tree) {
	if _, tmp, err := s.openForWriting(); err == nil && tree.Staged() {
		tmp.RemoveAll(tree.staged)
	}
}

// stage writes a complete entry to the directory staged of tmp.
func (s *Store) stage(tmp *fsys.Dir, staged string, fill func(*Writer) error) (*Tree, error) {
	files := staged + "/" + treeName
	if err := tmp.MkdirAll([]string{staged, files}); err != nil {
		return nil, s.explain(err)
	}
	root, err := tmp.Open(files)
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
	index := w.tree.encode()
	if len(index) > maxIndex {
		return nil, fmt.Errorf("%d files have an index of %d bytes, more than the %d it can have", len(w.tree.Files), len(index), maxIndex)
	}
	if err := tmp.WriteFile(staged+"/"+indexName, index, false); err != nil {
		return nil, s.explain(err)
	}
	return &w.tree, nil
}

// publication is an entry on its way from tmp to trees.
type publication struct {
	trees, tmp *fsys.Dir
	staged     string
}

// publish makes the entry visible. What is in its place already is kept if it
// can be read, else replaced.
func (s *Store) publish(tree *Tree, p publication) (*Tree, error) {
	id := tree.ID
	// Three things can be in the way, each once: no shard, a damaged entry, and
	// one that somebody made after that was moved away.
	const tries = 4
	var err error
	for range tries {
		err = p.tmp.Rename(p.staged, p.trees, id.rel())
		switch {
		case err == nil:
			visible := *tree
			visible.staged, visible.path = "", s.treePath(id)
			return &visible, nil
		case errors.Is(err, fs.ErrNotExist):
			if err := p.trees.Mkdir(id.shard()); err != nil && !fsys.Exists(err) {
				return nil, s.explain(err)
			}
		case fsys.Exists(err):
			if theirs, lerr := s.load(id); lerr == nil && s.Has(id) {
				p.tmp.RemoveAll(p.staged)
				return theirs, nil
			}
			if err := discard(p.trees, id.rel(), p.tmp); err != nil {
				return nil, s.explain(err)
			}
		default:
			return nil, s.explain(err)
		}
	}
	return nil, fmt.Errorf("store %s: add %s: %w", s.dir, id, err)
}
