package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"path/filepath"

	"godwit/internal/fsys"
)

// Deduped is what [Store.Dedupe] did.
type Deduped struct {
	Files int   // that are another name of an equal one now
	Bytes int64 // of files that are gone for good
	// Held is the bytes of files that projects still have, as they were linked
	// there. They are gone with those projects.
	Held int64
}

// maxNames is how many names a file gets in the store at most, where it has them
// in projects, too: ext4 ends at 65,000. Of what a hundred trees have in common
// one copy in a hundred is left.
const maxNames = 100

// Dedupe makes equal files of different trees one file with several names, also
// those in shared slots. It may run beside installs: each name has whole contents
// at all times. Trees with something to build are left alone, for builds may write
// to their files. The store needs no tree deduped: whoever adds one makes
// files of its own. waiting is called if the store is being pruned.
func (s *Store) Dedupe(ctx context.Context, waiting func()) (Deduped, error) {
	lock, err := s.Use(ctx, waiting)
	if err != nil {
		return Deduped{}, err
	}
	if lock != nil {
		defer lock.Unlock()
	}
	ids, err := s.List()
	if err != nil || len(ids) == 0 {
		return Deduped{}, err
	}
	_, tmp, err := s.openForWriting()
	if err != nil {
		return Deduped{}, s.explain(err)
	}
	d := deduping{Store: s, tmp: tmp, alike: map[likeness]int{}, first: map[content]*original{}}
	for _, step := range []func(*Tree) error{d.count, d.tree} {
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				return d.Deduped, context.Cause(ctx)
			}
			tree, err := s.load(id)
			if err != nil || tree.Meta.Builds() {
				continue // a damaged one is Prune's concern
			}
			if err := step(tree); err != nil {
				return d.Deduped, s.explain(err)
			}
		}
	}
	return d.Deduped, nil
}

// deduping is one call of Dedupe.
type deduping struct {
	*Store
	Deduped
	tmp   *fsys.Dir
	alike map[likeness]int // how many files
	first map[content]*original
}

// likeness is what equal files have in common and indexes tell.
type likeness struct {
	size int64
	exec bool
}

// content is what equal files have in common.
type content struct {
	sum  [sha256.Size]byte
	exec bool
}

// original is the file of which others become names.
type original struct {
	path  string // absolute
	file  fsys.FileID
	names int // in the store, that we know of
}

// count is the first step: what is like no other file need not be read.
func (d *deduping) count(tree *Tree) error {
	for _, f := range tree.Files {
		d.alike[likeness{f.Size, f.Exec}]++
	}
	return nil
}

// tree is the second step.
func (d *deduping) tree(tree *Tree) error {
	dir, err := tree.Open()
	if err != nil {
		return nil // removed meanwhile
	}
	defer dir.Close()
	for _, f := range tree.Files {
		if f.Size == 0 || d.alike[likeness{f.Size, f.Exec}] == 1 {
			continue
		}
		if err := d.file(dir, f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// file makes a file another name of an equal one, or remembers it as the first.
func (d *deduping) file(dir *fsys.Dir, f File) error {
	info, err := dir.Lstat(f.Path)
	if err != nil || info.Type != 0 || info.Size != f.Size || !info.SameExec(f.Exec) {
		return err // damaged
	}
	sum, err := sumOf(dir, f.Path)
	if err != nil {
		return err
	}
	path := filepath.Join(dir.Path(), filepath.FromSlash(f.Path))
	file, names, err := fsys.Names(path)
	if err != nil {
		return err
	}
	key := content{sum, f.Exec}
	first := d.first[key]
	switch {
	case first != nil && first.file == file:
		first.names++
		return nil
	case first != nil && first.names < maxNames:
		switch err := d.rename(first, dir, f.Path); {
		case err == nil:
			first.names++
			d.Files++
			if names == 1 {
				d.Bytes += f.Size
			} else {
				d.Held += f.Size
			}
			return nil
		case !fsys.TooManyLinks(err):
			return err
		}
	}
	d.first[key] = &original{path, file, 1}
	return nil
}

// rename makes rel of dir another name of first, at once.
func (d *deduping) rename(first *original, dir *fsys.Dir, rel string) error {
	from, err := fsys.OpenDir(filepath.Dir(first.path))
	if err != nil {
		return err
	}
	defer from.Close()
	name := fsys.TempName("same")
	if err := d.tmp.Link(name, from, filepath.Base(first.path)); err != nil {
		return err
	}
	if err := d.tmp.Rename(name, dir, rel); err != nil {
		_ = d.tmp.Remove(name) // else it is litter for Prune
		return err
	}
	return nil
}

// sumOf is the SHA-256 of a file.
func sumOf(dir *fsys.Dir, rel string) (sum [sha256.Size]byte, err error) {
	f, err := dir.OpenFile(rel)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}
