package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/install/state"
	"godwit/internal/layout"
)

// Outside is a directory outside of the project that an install writes in: a virtual
// store or a modules directory that is somewhere else. It has to be known to be this
// project's ([state.Owner]), or empty and named by the user: whoever wrote the project
// has no say in what is written outside of it.
type Outside struct {
	Dir string // absolute
	// Named says that the user named it, and no file of the project's. It may also be
	// one that another package manager made.
	Named bool
	// Member says that it is the node_modules of a project of the workspace: then it
	// may also have links alone, as pnpm leaves them there.
	Member bool
}

// claim makes sure that what is about to be written over is the project's to write
// over.
func (e *engine) claim() error {
	if e.LockfileOnly || e.DryRun || e.NoModules {
		return nil
	}
	for _, o := range e.Outside {
		if err := o.claim(e.Root); err != nil {
			return err
		}
	}
	if e.Layout.Modules == "" {
		return nil
	}
	ours := e.modules.Look().Ours
	for _, im := range e.importers {
		dir := e.modulesOf(im.Dir)
		if e.isOutside(dir) {
			continue
		}
		if err := claimInside(e.Root, dir, im.Dir == ".", ours); err != nil {
			return err
		}
	}
	return nil
}

// Claim makes sure that a modules directory of the project, which is absolute, is the
// project's to empty, by the rules of an install. It looks only at directories that
// Node would not take for packages by their name alone.
func (t *Tree) Claim(dir string, now func() time.Time) error {
	for _, o := range t.Outside {
		if o.Dir == dir {
			return o.claim(t.Root)
		}
	}
	if t.Modules == "" {
		return nil
	}
	ours := state.Open(t.place(), now).Look().Ours
	return claimInside(t.Root, dir, dir == filepath.Join(t.Root, filepath.FromSlash(t.Modules)), ours)
}

// claimInside is claim for a modules directory below root. ours says that the tree is
// known; isRoot, that the directory is the root's.
func claimInside(root, dir string, isRoot, ours bool) error {
	if at := linkOnTheWay(root, dir); at != "" {
		return &OccupiedError{Dir: dir, Link: at}
	}
	if ours {
		return nil
	}
	entries, err := entriesOf(dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 && !madeByTool(entries) && (isRoot || !packagesOnly(dir, entries)) {
		return &OccupiedError{Dir: dir}
	}
	return nil
}

func (e *engine) isOutside(dir string) bool {
	return slices.ContainsFunc(e.Outside, func(o Outside) bool { return o.Dir == dir })
}

func (o *Outside) claim(root string) error {
	if rel, err := filepath.Rel(o.Dir, root); err == nil && filepath.IsLocal(rel) {
		return &OccupiedError{Dir: o.Dir, Around: true}
	}
	switch owner, err := state.Owner(o.Dir); {
	case err != nil || owner == root:
		return err
	case owner != "":
		return &OccupiedError{Dir: o.Dir, Owner: owner, Member: o.Member}
	case !o.Named && !o.Member:
		return &OccupiedError{Dir: o.Dir, Unasked: true}
	}
	entries, err := entriesOf(o.Dir)
	if err != nil {
		return err
	}
	if len(entries) == 0 || o.Named && madeByTool(entries) || o.Member && linksOnly(o.Dir, entries) {
		return nil
	}
	return &OccupiedError{Dir: o.Dir, Member: o.Member}
}

// linkOnTheWay is the first link on the way from root down to a directory that need
// not be there, "" for none: it may lead anywhere.
func linkOnTheWay(root, dir string) string {
	rel, err := filepath.Rel(root, filepath.Dir(dir))
	if err != nil {
		return dir
	}
	at := root
	for _, name := range strings.Split(rel, string(filepath.Separator)) {
		at = filepath.Join(at, name)
		info, err := os.Lstat(at)
		if err != nil {
			return "" // it is not there, nor is what is below
		}
		if at != root && info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0 {
			return at
		}
	}
	return ""
}

// entriesOf lists a directory that need not be there, but for what a killed install
// of ours left.
func entriesOf(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look into %s: %w", dir, err)
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return fsys.IsTempName(e.Name()) || e.Name() == fsys.LostAndFound
	}), nil
}

// madeByTool reports whether a package manager left its record in a directory: in a
// modules directory, or in a virtual store, which has a copy of the lockfile.
func madeByTool(entries []fs.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return makers[e.Name()] != "" || e.Name() == "lock.yaml" || state.Records(e.Name())
	})
}

// linksOnly reports whether all in a directory are links, but for commands; scopes
// are looked into.
func linksOnly(dir string, entries []fs.DirEntry) bool {
	isLink := func(e fs.DirEntry) bool { return e.Type()&fs.ModeSymlink != 0 }
	return !slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		if e.Name() == ".bin" || isLink(e) {
			return false
		}
		inner, err := os.ReadDir(filepath.Join(dir, e.Name()))
		return e.Name()[0] != '@' || err != nil || slices.ContainsFunc(inner, func(e fs.DirEntry) bool { return !isLink(e) })
	})
}

// packagesOnly reports whether all in a directory are links, commands, and packages.
func packagesOnly(dir string, entries []fs.DirEntry) bool {
	return !slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		if e.Type()&fs.ModeSymlink != 0 || e.Name() == ".bin" || e.Name()[0] == '@' {
			return false
		}
		_, err := os.Lstat(filepath.Join(dir, e.Name(), "package.json"))
		return err != nil
	})
}

// own notes whose the directories outside of the project are from now on.
func (e *engine) own() error {
	for _, o := range e.Outside {
		if err := state.Own(o.Dir, e.Root); err != nil {
			return err
		}
	}
	return nil
}

// roots are the directories that the linker may write in.
func (e *engine) roots() []link.Root {
	out := []link.Root{{Dir: e.Root, Staged: e.beside.staged()}}
	for _, o := range e.Outside {
		out = append(out, link.Root{Dir: o.Dir})
	}
	return out
}

// stays is what is held although a new tree is made beside the old one: the slots of
// a virtual store outside, which nobody moves aside.
func (e *engine) stays() plan.Held {
	store := e.tasks.abs(e.tasks.virtualStore())
	if !e.isOutside(store) {
		return plan.Held{}
	}
	out := plan.Held{Slots: map[string]plan.Slot{}}
	for dir, slot := range e.was.Held.Slots {
		if strings.HasPrefix(e.tasks.abs(dir), store+string(filepath.Separator)) {
			out.Slots[dir] = slot
		}
	}
	return out
}

// OccupiedError is a directory that packages shall go to and that is not known to be
// the project's.
type OccupiedError struct {
	Dir     string
	Owner   string // the project that it is known to belong to; "" for none
	Around  bool   // the project is in it
	Member  bool   // it is that of a project of the workspace
	Link    string // on the way there; "" for none
	Unasked bool   // nothing but the project's own files names it
}

func (e *OccupiedError) Error() string {
	switch {
	case e.Around:
		return fmt.Sprintf("packages cannot go to %s: the project is in it", e.Dir)
	case e.Link != "":
		return fmt.Sprintf("packages cannot go to %s: %s is a link", e.Dir, e.Link)
	case e.Unasked:
		return fmt.Sprintf("packages cannot go to %s: it is outside of the project, whose own files alone name it", e.Dir)
	case e.Owner != "":
		return fmt.Sprintf("packages cannot go to %s: it belongs to the project %s", e.Dir, e.Owner)
	}
	return fmt.Sprintf("packages cannot go to %s: it is not empty, and nothing says that it was made for this project", e.Dir)
}

// Code tells it apart.
func (e *OccupiedError) Code() string { return "ERR_GODWIT_OCCUPIED" }

// Hint is what the user can do.
func (e *OccupiedError) Hint() string {
	switch {
	case e.Link != "":
		return "name the directory by where the link leads"
	case e.Unasked:
		return "if you want it there say so once yourself: --modules-dir or --virtual-store-dir with that directory"
	case e.Member:
		return "remove it if nothing in it is needed, or take its project out of the workspace"
	}
	return "name another directory (the default is " + layout.ModulesDir + "), or remove that one if nothing in it is needed"
}
