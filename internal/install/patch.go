package install

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install/sched"
	"godwit/internal/patch"
	"godwit/internal/patch/unidiff"
	"godwit/internal/store"
)

// A patched package is a tree of its own in the store, made of that of the
// tarball and the patch: slots get links to its files like those of any other,
// the published files are never written to, and the next project with the same
// patch finds it there.

// patchedID names a tree with a patch applied; without a patch it is base.
func patchedID(base, patch string) string {
	if base == "" || patch == "" {
		return base
	}
	// The text names the way in which patches apply: another one makes
	// another tree.
	sum := sha512.Sum512([]byte("godwit patch 1\n" + base + "\n" + patch + "\n"))
	id, err := store.NewID("patched", hex.EncodeToString(sum[:]))
	if err != nil {
		return ""
	}
	return id.String()
}

// whatIsPatched tells patched packages apart.
func whatIsPatched(p *graph.Package) string { return whatIs(p.Key, p.Resolution) + " " + p.Patch }

// bring adds the tasks that bring the files of a package into the store, as
// fetch does, and patches them if they are to be.
func (t *tasks) bring(p *graph.Package, drop func(error) bool) (*fetched, sched.Key, sched.Ticket) {
	if p.Patch == "" {
		return t.fetch(p.Key, p.Resolution, drop)
	}
	what := whatIsPatched(p)
	t.mu.Lock()
	f := t.fetched[what]
	if f == nil {
		f = &fetched{id: p.Key.ID(), res: p.Resolution}
		t.fetched[what] = f
	}
	t.mu.Unlock()
	var published *fetched
	var needs []sched.Key
	if base := t.base(p.Key, p.Resolution); base == "" || f.again || !t.Has(base) {
		var ready sched.Key
		published, ready, _ = t.fetch(p.Key, p.Resolution, drop)
		needs = append(needs, ready)
	}
	if f.again {
		what = "again " + what
	}
	key := sched.Key("patch " + what)
	return f, key, t.sched.Add(sched.Task{
		Key: key, Lane: cpu, Needs: needs, Group: string(event.Extract), Drop: drop,
		Run: func(context.Context, int) error { return t.patch(f, p, published) },
	})
}

// patch makes the patched tree of a package. published is nil if the store had
// its files before.
func (t *tasks) patch(f *fetched, p *graph.Package, published *fetched) error {
	from, err := t.published(p, published)
	if err != nil {
		return t.unreadable(p, err)
	}
	id, err := store.ParseID(patchedID(from.ID.String(), p.Patch))
	if err != nil {
		return &PackageError{Action: "patch", ID: f.id, Err: err}
	}
	use := t.req.Patches.Find(p.Patch)
	if use == nil {
		return &PackageError{Action: "patch", ID: f.id, Err: fmt.Errorf("no entry of patchedDependencies has the patch with the hash %s, which the lockfile names", p.Patch)}
	}
	files, err := openTree(from)
	if err != nil {
		return t.unreadable(p, err)
	}
	defer files.root.Close()
	changes, err := use.Diff.Apply(files)
	if err != nil {
		return t.patchFailed(use, p, err)
	}
	add := t.req.Store.Add
	if t.req.Layout.Shared != nil && !f.again {
		add = t.req.Store.Stage
	}
	if f.tree, err = add(id, func(w *store.Writer) error { return files.write(w, changes) }); err != nil {
		return t.patchFailed(use, p, err)
	}
	t.mu.Lock()
	t.added[id.String()] = true
	t.mu.Unlock()
	t.remember(f.tree)
	return nil
}

// patchFailed tells what a patch does not fit from what the disk does not take.
func (t *tasks) patchFailed(use *patch.Patch, p *graph.Package, err error) error {
	if errors.As(err, new(*unidiff.Error)) {
		return use.Failed(p.Name, p.Version, err)
	}
	return t.unreadable(p, err)
}

// unreadable is the error of a package whose files, as published, could not be
// read from the store. If that is to blame they go, and the next install fetches
// them.
func (t *tasks) unreadable(p *graph.Package, err error) error {
	if id, bad := store.ParseID(t.base(p.Key, p.Resolution)); bad == nil && t.had(id.String()) {
		if damage := t.req.Store.Verify(id); damage != nil && t.req.Store.Remove(id) == nil {
			err = fmt.Errorf("its files in the store were damaged (%w) and are removed: install again", damage)
		}
	}
	return &PackageError{Action: "patch", ID: p.Key.ID(), Err: err}
}

// published is the tree that the patch is applied to.
func (t *tasks) published(p *graph.Package, f *fetched) (*store.Tree, error) {
	if f != nil {
		return t.visible(f), nil
	}
	return t.load(t.base(p.Key, p.Resolution))
}

// treeFiles are the files of a tree of the store, as a patch reads them.
type treeFiles struct {
	tree *store.Tree
	root *os.Root
}

func openTree(tree *store.Tree) (*treeFiles, error) {
	dir, err := tree.Open()
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	root, err := os.OpenRoot(dir.Path())
	if err != nil {
		return nil, err
	}
	return &treeFiles{tree, root}, nil
}

// maxPatched bounds a file that a patch changes, which is held in memory.
const maxPatched = 256 << 20

// Read implements unidiff.Files.
func (t *treeFiles) Read(path string) ([]byte, bool, error) {
	i := t.tree.Find(path)
	if i < 0 {
		return nil, false, nil
	}
	if t.tree.Files[i].Size > maxPatched {
		return nil, false, fmt.Errorf("%s is larger than the %d MiB that can be patched", path, maxPatched>>20)
	}
	file, err := t.root.Open(filepath.FromSlash(path))
	if err != nil {
		return nil, false, err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	return data, true, err
}

// write writes the files of the tree with the changes.
func (t *treeFiles) write(w *store.Writer, changes []unidiff.Change) error {
	changed := make(map[string]*unidiff.Change, len(changes))
	for i := range changes {
		changed[changes[i].Path] = &changes[i]
	}
	for _, f := range t.tree.Files {
		c := changed[f.Path]
		if c == nil {
			if err := t.copy(w, f); err != nil {
				return err
			}
			continue
		}
		if err := t.change(w, c); err != nil {
			return err
		}
		delete(changed, f.Path)
	}
	for i := range changes {
		if changed[changes[i].Path] != nil {
			if err := t.change(w, &changes[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *treeFiles) copy(w *store.Writer, f store.File) error {
	file, err := t.root.Open(filepath.FromSlash(f.Path))
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("the store lacks %s of a package that it had: %w", f.Path, err)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	return w.FileFrom(f.Path, f.Exec, file, f.Size)
}

func (t *treeFiles) change(w *store.Writer, c *unidiff.Change) error {
	if c.Removed {
		return nil
	}
	exec := false
	if i := t.tree.Find(c.From); i >= 0 {
		exec = t.tree.Files[i].Exec
	}
	if c.Mode != nil {
		exec = *c.Mode
	}
	return w.File(c.Path, exec, c.Data)
}
