package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
)

// PruneOptions are what [Store.Prune] asks others.
type PruneOptions struct {
	// SlotsOf lists the shared slots that a project uses, of any store, as the
	// absolute directories of their packages. An error that wraps
	// fs.ErrNotExist says that it uses none any more; any other ends the
	// pruning, since it cannot be told what the project needs.
	SlotsOf func(project string) ([]string, error)
	// Waiting is called when running installs have to end first.
	Waiting func()
}

// Pruned is what was removed.
type Pruned struct {
	Slots     int   // shared slots that no project uses
	Trees     int   // trees without a hard link to any of their files, or damaged
	Litter    int   // what killed processes left, of each one directory or more
	Forgotten int   // projects that were registered and use no shared slots any more
	Bytes     int64 // of files that are gone for good
}

// Prune removes what no project uses: first slots, since they have the files of
// trees in common, then trees. Whoever copies or clones files out of the store
// leaves no trace there: such a tree goes, and is fetched again when it is
// wanted. So does a damaged one.
//
// It decides, and moves out of sight, while nobody else uses the store: see
// [Store.Use]. Files are removed when others may go on.
func (s *Store) Prune(ctx context.Context, opts PruneOptions) (Pruned, error) {
	p := pruning{Store: s, PruneOptions: opts}
	for _, step := range []func(tmp *fsys.Dir) error{p.slots, p.trees} {
		if err := p.alone(ctx, step); err != nil {
			return p.Pruned, err
		}
	}
	return p.Pruned, nil
}

// pruning is one call of Prune.
type pruning struct {
	*Store
	PruneOptions
	Pruned
	aside []string // names in tmp/ that are to go
}

// alone does a step under the lock of the store, then removes what the step
// moved aside.
func (p *pruning) alone(ctx context.Context, step func(tmp *fsys.Dir) error) error {
	if _, err := os.Lstat(p.dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_, tmp, err := p.openForWriting()
	if err != nil {
		return p.explain(err)
	}
	lock, err := p.lock(ctx, fsys.Exclusive, p.Waiting)
	if err != nil {
		return p.explain(err)
	}
	err = step(tmp)
	lock.Unlock()
	if err != nil {
		return err
	}
	for _, name := range p.aside {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx) // the rest is litter for the next time
		}
		n, err := removeAndCount(filepath.Join(tmp.Path(), name))
		if p.Bytes += n; err != nil {
			return p.explain(err)
		}
	}
	p.aside = nil
	return nil
}

// hide moves rel of dir aside.
func (p *pruning) hide(dir *fsys.Dir, rel string, tmp *fsys.Dir) error {
	name := fsys.TempName("old")
	if err := dir.Rename(rel, tmp, name); err != nil {
		return p.explain(err)
	}
	p.aside = append(p.aside, name)
	return nil
}

// slots is the first step: what is in tmp/ and beside slots while nobody uses
// the store is litter, and so are slots that no project lists.
func (p *pruning) slots(tmp *fsys.Dir) error {
	litter, err := tmp.ReadDir(".")
	if err != nil {
		return p.explain(err)
	}
	for _, e := range litter {
		p.aside = append(p.aside, e.Name())
	}
	used, err := p.used()
	if err != nil {
		return err
	}
	links, err := p.openLinks()
	if errors.Is(err, fs.ErrNotExist) {
		p.Litter = len(p.aside)
		return nil
	}
	if err != nil {
		return p.explain(err)
	}
	err = p.eachSlot(links, ".", func(slot string) error {
		switch name := path.Base(slot); {
		case fsys.IsTempName(name):
			p.Litter++
		case used[slot]:
			return nil
		default:
			p.Slots++
		}
		return p.hide(links, slot, tmp)
	})
	p.Litter += len(litter)
	return err
}

// slotDepth is how many levels below links/ slots are: scope, name, version,
// hash.
const slotDepth = 4

// eachSlot calls do for all that is where slots are, and removes the
// directories above that have become empty.
func (p *pruning) eachSlot(links *fsys.Dir, dir string, do func(slot string) error) error {
	entries, err := links.ReadDir(dir)
	if err != nil {
		return p.explain(err)
	}
	for _, e := range entries {
		at := path.Join(dir, e.Name())
		switch {
		case strings.Count(at, "/") == slotDepth-1:
			err = do(at)
		case e.IsDir():
			if err = p.eachSlot(links, at, do); err == nil {
				_ = links.Remove(at) // fails, as it shall, unless empty
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// used are the paths below links/ of the slots that projects list. A project
// that uses none is forgotten.
func (p *pruning) used() (map[string]bool, error) {
	projects, err := p.Store.Projects()
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	ours := map[string]bool{} // directories that are links/, by whatever path
	for _, project := range projects {
		dirs, err := p.SlotsOf(project)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("prune %s: which slots does %s use: %w", p.dir, project, err)
		}
		here := 0
		for _, dir := range dirs {
			links, slot := splitSlot(dir)
			if links == "" {
				continue
			}
			same, known := ours[links]
			if !known {
				same = p.isLinks(links)
				ours[links] = same
			}
			if same {
				used[slot] = true
				here++
			}
		}
		if here == 0 {
			if err := p.Unregister(project); err != nil {
				return nil, err
			}
			p.Forgotten++
		}
	}
	return used, nil
}

// splitSlot splits the directory of a package in a slot into that of all slots
// and the slot's path below it.
func splitSlot(dir string) (links, slot string) {
	dir = filepath.ToSlash(dir)
	i := strings.LastIndex(dir, "/"+modulesName+"/")
	if i < 0 {
		return "", ""
	}
	segments := strings.Split(dir[:i], "/")
	if len(segments) <= slotDepth {
		return "", ""
	}
	at := len(segments) - slotDepth
	return strings.Join(segments[:at], "/"), strings.Join(segments[at:], "/")
}

// isLinks reports whether a path leads to the directory of our slots.
func (p *pruning) isLinks(path string) bool {
	a, err := os.Stat(filepath.FromSlash(path))
	if err != nil {
		return false
	}
	b, err := os.Stat(p.Links())
	return err == nil && os.SameFile(a, b)
}

// trees is the second step.
func (p *pruning) trees(tmp *fsys.Dir) error {
	trees, err := p.openTrees()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return p.explain(err)
	}
	ids, err := p.List()
	if err != nil {
		return err
	}
	looks, own := make([]look, len(ids)), ownNames{}
	for i, id := range ids {
		looks[i] = p.look(id)
		own.count(&looks[i])
	}
	files := map[string]bool{} // of the trees; whether they stay
	for i, id := range ids {
		l := &looks[i]
		keep := l.slot && p.Has(id) // its files go with the slot
		if !l.slot {
			if keep = l.whole && own.inUse(l); !keep {
				p.Trees++
			}
			files[l.files] = keep
		}
		if keep {
			continue
		}
		if err := p.hide(trees, id.rel(), tmp); err != nil {
			return err
		}
	}
	return p.files(trees, files, tmp)
}

// files hides the directories in trees/ that no tree has which stays, and indexes
// that never got their names. What was of no tree is what killed processes left.
func (p *pruning) files(trees *fsys.Dir, stay map[string]bool, tmp *fsys.Dir) error {
	shards, err := trees.ReadDir(".")
	if err != nil {
		return p.explain(err)
	}
	for _, shard := range shards {
		entries, err := trees.ReadDir(shard.Name())
		if err != nil {
			return p.explain(err)
		}
		for _, e := range entries {
			rel := shard.Name() + "/" + e.Name()
			keep, ofTree := stay[rel]
			if keep || !e.IsDir() && !strings.HasSuffix(rel, unnamedIndex) {
				continue
			}
			if !ofTree {
				p.Litter++
			}
			if err := p.hide(trees, rel, tmp); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeAndCount removes path, and returns how many bytes its files had that
// have no other name.
func removeAndCount(path string) (bytes int64, err error) {
	err = filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		_, names, err := fsys.Names(at)
		if err == nil && names == 1 {
			bytes += info.Size()
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // another process removes it, too
		return bytes, err
	}
	return bytes, fsys.RemoveAll(path)
}
