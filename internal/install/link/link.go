// Package link fills node_modules: it places the files of packages in their
// slots, and makes the links and commands beside them.
//
// [Linker.Slots] is the only way in which files of packages get anywhere. Warm
// slots (in the store before) and cold ones (just extracted) go through it
// alike:
//
//	for each slot, at most Width at once over all calls:
//	    open the parent, refusing symbolic links on the way
//	    make the links to dependencies beside the slot
//	    make its directory
//	    hard-link (or clone, or copy) every file of the tree, package.json last
//
// So a slot that has its package.json is whole, links and all: plan may trust
// it, see [Whole]. Where that does not do, the directory is made under another
// name beside the slot and renamed to it: in a root that other processes share,
// in place of another directory (a half of a slot too, which is all the repair
// there is), for a tree without package.json. The rename of a directory of 30
// files is 5 % of the work on ext4, which is why it is not the rule.
package link

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"godwit/internal/fsys"
)

// Options say how a [Linker] works.
type Options struct {
	// Roots are the directories below which it may write: the workspace, and
	// the global virtual store if that is used. They are made if missing.
	Roots []Root

	// Import is the setting package-import-method.
	Import Import

	// Width is how many slots, links or commands are worked on at once; 0 means
	// [DefaultWidth] of two cores.
	Width int

	// Probe, if set, is called whenever a slot is begun, by the goroutine that
	// works on it, with the number of slots that are worked on now. A test
	// waits in it until a second slot is begun, and so needs no clock to see
	// whether slots are linked in parallel.
	Probe func(running int)
}

// Root is a directory below which a Linker may write.
type Root struct {
	Dir string
	// Shared says that other processes may link below Dir at the same time.
	// Otherwise the caller holds a lock that keeps them away.
	Shared bool
	// Apart says that the other roots are moved without this one: links between it and
	// them are absolute.
	Apart bool
	// Staged, if not empty, is the name that the first node_modules on the way to
	// anything has until [Linker.Unstage]: a tree is made beside another one. The
	// texts of links and commands are those of the tree in its place.
	Staged string
}

// DefaultWidth is how many slots to link at once on a machine with that many
// cores: twice the cores, 2 to 16. utoo measured 4 times as many, and as many,
// to be slower; ext4 gains nothing from more than two per core.
func DefaultWidth(cores int) int { return min(max(2*cores, 2), 16) }

// Linker is the linking of one install. Its methods may be called from several
// goroutines at once; the bound and the counts are common to all calls.
type Linker struct {
	roots []*root
	width chan struct{} // holds a token for each slot that is worked on
	probe func(int)

	running atomic.Int64
	counts  counts

	// link is [fsys.Dir.Link]; a test puts failures here.
	link func(to *fsys.Dir, rel string, from *fsys.Dir, fromRel string) error
}

// root is an open Root.
type root struct {
	path    string
	dir     *fsys.Dir
	shared  bool
	apart   bool
	staged  string  // Root.Staged
	common  *method // for slots that may share files with the store
	private *method // for slots with files of their own

	// trunk is the first directory that was three levels above a slot, scopes
	// not counted; nil until then. In the isolated layout that is the virtual
	// store of all slots, and having it open saves seven calls for each.
	trunk atomic.Pointer[trunk]
}

type trunk struct {
	rel string
	dir *fsys.Dir
}

// New opens the roots.
func New(opts Options) (*Linker, error) {
	width := opts.Width
	if width <= 0 {
		width = DefaultWidth(2)
	}
	l := &Linker{width: make(chan struct{}, width), probe: opts.Probe, link: (*fsys.Dir).Link}
	for _, r := range opts.Roots {
		if err := os.MkdirAll(r.Dir, 0o755); err != nil {
			return nil, errors.Join(err, l.Close())
		}
		dir, err := fsys.OpenDir(r.Dir)
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
		l.roots = append(l.roots, &root{
			path: dir.Path(), dir: dir, shared: r.Shared, apart: r.Apart, staged: r.Staged,
			common: newMethod(opts.Import.ways()), private: newMethod(opts.Import.privateWays()),
		})
	}
	return l, nil
}

// Close releases the roots.
func (l *Linker) Close() error {
	var err error
	for _, r := range l.roots {
		if t := r.trunk.Load(); t != nil {
			err = errors.Join(err, t.dir.Close())
		}
		err = errors.Join(err, r.dir.Close())
	}
	l.roots = nil
	return err
}

// errOutside is the cause of an error about a path that is below no root.
var errOutside = errors.New("is outside of the directories of this install")

// within finds the root of an absolute path, and the slash path below it.
func (l *Linker) within(abs string) (*root, string, error) {
	var found *root
	for _, r := range l.roots {
		if _, ok := cutDir(abs, r.path); ok && (found == nil || len(r.path) > len(found.path)) {
			found = r
		}
	}
	if found == nil {
		return nil, "", fmt.Errorf("%s: %w", abs, errOutside)
	}
	rel, err := found.below(abs)
	return found, found.stage(rel), err
}

// stage is where a slash path below a root is now.
func (r *root) stage(rel string) string {
	if r.staged == "" {
		return rel
	}
	if i := strings.Index("/"+rel, "/node_modules/"); i >= 0 {
		return rel[:i] + r.staged + rel[i+len("node_modules"):]
	}
	return rel
}

// Now is where an absolute path is as long as the tree is staged.
func (l *Linker) Now(abs string) string {
	r, rel, err := l.within(abs)
	if err != nil {
		return abs
	}
	return filepath.Join(r.path, filepath.FromSlash(rel))
}

// Unstage says that what was staged is in its place. Nothing else may be at work.
func (l *Linker) Unstage() {
	for _, r := range l.roots {
		r.staged = ""
	}
}

// route is the text of a link in dir to target, both absolute and clean. Inside
// of a root links are relative, so that the root can be moved as a whole. Between
// one that is apart and another they are absolute: projects are moved more often than
// stores, and a store that is elsewhere is a change of settings.
func (l *Linker) route(dir, target string) string {
	if len(l.roots) > 1 {
		from, _, err := l.within(filepath.Join(dir, "x"))
		to, _, toErr := l.within(target)
		if err == nil && toErr == nil && from != to && (from.apart || to.apart) {
			return target
		}
	}
	return relative(dir, target)
}

// below is the slash path of an absolute path below the root.
func (r *root) below(abs string) (string, error) {
	rel, ok := cutDir(abs, r.path)
	if !ok {
		return "", fmt.Errorf("%s: %w", abs, errOutside)
	}
	rel = filepath.ToSlash(rel)
	if err := fsys.CheckPath(rel); err != nil {
		return "", fmt.Errorf("%s: %w: %w", abs, errOutside, err)
	}
	return rel, nil
}

// cutDir is what comes behind dir and a separator in abs.
func cutDir(abs, dir string) (string, bool) {
	n := len(dir)
	if n > 0 && os.IsPathSeparator(dir[n-1]) { // "/" or `C:\`
		n--
	}
	if len(abs) < n+2 || abs[:n] != dir[:n] || !os.IsPathSeparator(abs[n]) {
		return "", false
	}
	return abs[n+1:], true
}

// dirs opens directories for one piece of work and remembers them: the links
// beside a slot are nearly all in one or two directories.
type dirs struct {
	root *root
	open map[string]*fsys.Dir
}

func (r *root) dirs() *dirs { return &dirs{root: r, open: map[string]*fsys.Dir{}} }

// parent opens the directory of rel, making it if need be, and returns the last
// segment of rel. No segment may be a symbolic link.
func (d *dirs) parent(rel string) (*fsys.Dir, string, error) {
	return d.parentBy(d.root.dir.OpenAll, rel)
}

// slotParent is parent for a slot, whose directory is most likely not there.
func (d *dirs) slotParent(rel string) (*fsys.Dir, string, error) {
	return d.parentBy(d.root.openAll, rel)
}

func (d *dirs) parentBy(open func(string) (*fsys.Dir, error), rel string) (*fsys.Dir, string, error) {
	above, base := path.Split(rel)
	if above == "" {
		return d.root.dir, base, nil
	}
	above = above[:len(above)-1]
	if dir := d.open[above]; dir != nil {
		return dir, base, nil
	}
	dir, err := open(above)
	if err != nil {
		return nil, "", err
	}
	d.open[above] = dir
	return dir, base, nil
}

// openAll opens the directory rel by way of the trunk, making it if need be.
func (r *root) openAll(rel string) (*fsys.Dir, error) {
	above := path.Dir(path.Dir(rel))
	if path.Base(rel)[0] == '@' {
		above = path.Dir(above)
	}
	if above == "." {
		return r.dir.OpenAll(rel)
	}
	t := r.trunk.Load()
	if t == nil {
		dir, err := r.dir.OpenAll(above)
		if err != nil {
			return nil, err
		}
		t = &trunk{above, dir}
		if !r.trunk.CompareAndSwap(nil, t) {
			dir.Close()
			t = r.trunk.Load()
		}
	}
	if t.rel == above {
		dir, err := t.dir.MakeAll(rel[len(above)+1:])
		if !errors.Is(err, fs.ErrNotExist) { // else the trunk was removed meanwhile
			return dir, err
		}
	}
	return r.dir.OpenAll(rel)
}

func (d *dirs) close() {
	for _, dir := range d.open {
		dir.Close()
	}
}

// each runs do for 0 to n-1, at most as many at once as l is wide over all
// calls. The first error ends it, after what has begun is done.
func (l *Linker) each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			select {
			case <-ctx.Done():
				return
			case l.width <- struct{}{}:
			}
			err := ctx.Err()
			if err == nil {
				err = do(ctx, i)
			}
			<-l.width
			if err != nil {
				cancel(err)
				return
			}
		}
	}
	var wg sync.WaitGroup
	for range min(n, cap(l.width)) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	return context.Cause(ctx)
}
