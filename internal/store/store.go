// Package store keeps extracted tarballs, each under the name of its integrity,
// for all projects of a user.
//
//	<dir>/trees/<2 hex>/<rest>-<algorithm>.tree/    the files of one tarball
//	<dir>/trees/<2 hex>/<rest>-<algorithm>          their index, see index.go
//	<dir>/tmp/<random>                              what is being removed
//	<dir>/links/<scope>/<name>/<version>/<hash>/    slots, see [Slot]
//	<dir>/projects/<hash> -> the project            who uses slots
//	<dir>/lock                                      see [Store.Use]
//
// A tree becomes visible by its index, which gets its name when all its files are
// there, so a tree that is there is whole: whoever links from it reads
// its index and looks at nothing else. kill -9 leaves files without an index,
// which [Store.Prune] removes. (A directory with files and index that is renamed when
// it is complete would do as well, and takes one directory more for each tree.) Any number of goroutines and processes may use a store at
// once: each that adds a tree has its own directory, "<rest>-<algorithm>.1.tree"
// if the first one is taken, of which the index says the number; of two that add
// the same tree the second to finish throws its copy away. Nothing is synced to
// the device: after a power cut [Store.Verify] tells what was lost.
//
// A tree that was first wanted for a shared slot is written once: its files move
// there, and in the place of its index is a link to the slot. Whoever asks for
// the tree need not know.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"godwit/internal/fsys"
)

// Store is a store directory. Methods may be called from several goroutines.
type Store struct {
	dir    string
	frozen bool // set before all else by Freeze

	mu    sync.Mutex
	trees *fsys.Dir // nil until it is known to exist
	tmp   *fsys.Dir // nil until something is written
	links *fsys.Dir // nil until it is known to exist
}

// ErrAbsent is the cause of an error about a tree that the store does not have.
var ErrAbsent = errors.New("not in the store")

// Open uses the store in dir, which is the versioned directory ("…/store/v1").
// It makes nothing: the first Add does. A store that cannot be written to serves
// the trees it has.
func Open(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", dir, err)
	}
	s := &Store{dir: abs}
	if _, err := s.openTrees(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, s.explain(err)
	}
	return s, nil
}

// Close releases the store's handles.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range []**fsys.Dir{&s.trees, &s.tmp, &s.links} {
		if *d != nil {
			(*d).Close()
			*d = nil
		}
	}
	return nil
}

// Dir is the store's directory, absolute.
func (s *Store) Dir() string { return s.dir }

// openTrees is the handle of trees/, if that exists.
func (s *Store) openTrees() (*fsys.Dir, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trees != nil {
		return s.trees, nil
	}
	d, err := fsys.OpenDir(filepath.Join(s.dir, "trees"))
	if err != nil {
		return nil, err
	}
	s.trees = d
	return d, nil
}

// Freeze says that nothing is to be written to the store from now on: what would be
// fails, as it would on a file system that is read-only. No other method may run
// meanwhile.
func (s *Store) Freeze() { s.frozen = true }

// ErrFrozen is the cause of an error about what a frozen store does not have.
var ErrFrozen = errors.New("nothing may be added to it (frozen-store)")

// openForWriting is the handles of trees/ and tmp/, which it makes.
func (s *Store) openForWriting() (trees, tmp *fsys.Dir, err error) {
	if s.frozen {
		return nil, nil, ErrFrozen
	}
	s.mu.Lock()
	if s.tmp == nil {
		s.tmp, err = makeDir(filepath.Join(s.dir, "tmp"))
	}
	if err == nil && s.trees == nil {
		s.trees, err = makeDir(filepath.Join(s.dir, "trees"))
	}
	trees, tmp = s.trees, s.tmp
	s.mu.Unlock()
	return trees, tmp, err
}

func makeDir(path string) (*fsys.Dir, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	return fsys.OpenDir(path)
}

// Error is a failure of the store's file system that the user can mend.
type Error struct {
	Dir  string
	What string // "cannot be written to"
	Err  error
	next string
}

func (e *Error) Error() string { return fmt.Sprintf("store %s %s: %v", e.Dir, e.What, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do next.
func (e *Error) Hint() string { return e.next }

// explain adds the store and what to do to an error of the file system.
func (s *Store) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrFrozen):
		return &Error{s.dir, "is frozen", err, "fill it first: run the same command without frozen-store"}
	case fsys.ReadOnly(err):
		return &Error{s.dir, "cannot be written to", err, "set store-dir to a directory that can be written to"}
	case fsys.DiskFull(err):
		return &Error{s.dir, "has no space left", err, "free some, or set store-dir to a larger disk"}
	case errors.Is(err, syscall.ENOTDIR):
		return &Error{s.dir, "is not a directory", err, "set store-dir to a directory"}
	}
	return fmt.Errorf("store %s: %w", s.dir, err)
}

// Has reports whether the tree is there: one system call, and two more if it is
// in a slot. A tree that is there may still turn out unreadable in Load (a power
// cut); Add then replaces it.
func (s *Store) Has(id ID) bool {
	info, known := s.lookup(id)
	if !known || !info.IsLink() {
		return known
	}
	slot, ok := s.slotOf(id)
	return ok && s.HasSlot(slot)
}

// Known reports whether the tree is there, or was before its slot was removed:
// one system call.
func (s *Store) Known(id ID) bool {
	_, known := s.lookup(id)
	return known
}

// Owns reports whether the tree is there, and not in a slot.
func (s *Store) Owns(id ID) bool {
	info, known := s.lookup(id)
	return known && !info.IsLink()
}

func (s *Store) lookup(id ID) (fsys.Info, bool) {
	trees, err := s.openTrees()
	if err != nil || id.IsZero() {
		return fsys.Info{}, false
	}
	info, err := trees.Lstat(id.rel())
	return info, err == nil && !info.IsDir()
}

// slotOf is the slot that has the files of a tree, if one has.
func (s *Store) slotOf(id ID) (Slot, bool) {
	trees, err := s.openTrees()
	if err != nil {
		return Slot{}, false
	}
	target, err := trees.Readlink(id.rel())
	if err != nil {
		return Slot{}, false
	}
	return slotAt(target)
}

// Load reads what is in a tree. The error wraps [ErrAbsent] if it is not there.
func (s *Store) Load(id ID) (*Tree, error) {
	tree, err := s.load(id)
	if errors.Is(err, fs.ErrNotExist) || id.IsZero() {
		err = ErrAbsent
	}
	if err != nil {
		return nil, fmt.Errorf("store %s: tree %s: %w", s.dir, id, err)
	}
	return tree, nil
}

func (s *Store) load(id ID) (*Tree, error) {
	trees, err := s.openTrees()
	if err != nil {
		return nil, err
	}
	data, err := trees.ReadFile(id.rel(), maxIndex)
	inSlot := err != nil && !errors.Is(err, fs.ErrNotExist) && !fsys.TooManyFiles(err)
	if inSlot {
		data, err = trees.ReadFile(id.rel()+"/"+indexName, maxIndex)
	}
	if err != nil {
		return nil, err
	}
	tree, err := decodeIndex(data)
	if err != nil {
		return nil, err
	}
	tree.ID, tree.entry, tree.inSlot = id, s.entry(id), inSlot
	return tree, nil
}

func (s *Store) entry(id ID) string {
	return filepath.Join(s.dir, "trees", filepath.FromSlash(id.rel()))
}

// List is the trees of the store in order of their directories.
func (s *Store) List() ([]ID, error) {
	trees, err := s.openTrees()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, s.explain(err)
	}
	shards, err := trees.ReadDir(".")
	if err != nil {
		return nil, s.explain(err)
	}
	var ids []ID
	for _, shard := range shards {
		entries, err := trees.ReadDir(shard.Name())
		if err != nil {
			continue // removed meanwhile, or not ours
		}
		for _, e := range entries {
			if rest, algo, ok := cutLast(e.Name(), "-"); ok {
				if id, err := NewID(algo, shard.Name()+rest); err == nil {
					ids = append(ids, id)
				}
			}
		}
	}
	return ids, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Remove removes a tree. It vanishes with its index; a project that hard-links
// its files keeps them, and so does a shared slot. A tree that is not there is
// no error. The files of one whose index is damaged are left for Prune, since it
// does not say which they are; so is the empty directory of any other.
func (s *Store) Remove(id ID) error {
	info, known := s.lookup(id)
	if !known {
		return nil
	}
	trees, tmp, err := s.openForWriting()
	if err != nil {
		return s.explain(err)
	}
	tree, unreadable := s.load(id)
	if err := discard(trees, id.rel(), tmp); err != nil || unreadable != nil || info.IsLink() {
		return s.explain(err)
	}
	return s.explain(vacate(trees, tree.files(), tmp))
}

// vacate empties the directory of the files of a tree. It stays, for the name is
// known to all who have read the index and did not open it yet: what another one
// makes gets another number.
func vacate(trees *fsys.Dir, files string, tmp *fsys.Dir) error {
	entries, err := trees.ReadDir(files)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if err == nil {
			err = discard(trees, files+"/"+e.Name(), tmp)
		}
	}
	return err
}

// discard moves rel of dir out of sight, then removes it.
func discard(dir *fsys.Dir, rel string, tmp *fsys.Dir) error {
	aside := fsys.TempName("old")
	if err := dir.Rename(rel, tmp, aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return tmp.RemoveAll(aside)
}
