package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/install/plan"
	"godwit/internal/install/sched"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
)

// npm reports whether the project is npm's: its lockfile says where each package
// goes, and node_modules shall be as npm makes it.
func (e *engine) npm() bool { return e.Choice.Npm != "" }

// serves reports whether npm's lockfile can serve as it is. One that is only
// written anew for what the projects ask for today cannot: a range that allows
// more may let a peer be put right further down.
func serves(present *lockfile.Document, reasons []lockfile.Reason) bool {
	if present.Npm.Merged && len(reasons) == 1 {
		return true // the reason is the merge, which adopting writes down
	}
	return len(reasons) == 0 && present.Npm.Version > 1 // 1 does not say what packages depend on
}

// adopt is npm's lockfile with what the projects ask for today. There is no
// lockfile that is too old for that, but one that lacks something.
func (e *engine) adopt(present *lockfile.Document, reasons []lockfile.Reason) (*lockfile.Document, error) {
	if len(reasons) > 0 || present.Npm.Version == 1 { // which does not say what projects ask for
		var err error
		if present, err = lockfile.Adopt(e.lockfilePath(), present, e.projects(), e.Lockfile); err != nil {
			return nil, err
		}
	}
	e.seed(present.Graph)
	return present, nil
}

// installed tells which of the lockfile's directories are there.
func installed(g *graph.Graph, p *plan.Plan) func(dir string) bool {
	links := maps.Clone(p.After.Links)
	for _, slot := range p.Slots {
		for _, l := range slot.Links {
			links[l.At] = l.Target
		}
	}
	linked := make(map[string]bool, len(links))
	for _, target := range links {
		linked[target] = true
	}
	packages := make(map[string]*graph.Package, len(g.Packages))
	for _, pkg := range g.Packages {
		packages[pkg.Dir] = pkg
	}
	return func(dir string) bool {
		for {
			switch pkg := packages[dir]; {
			case pkg == nil:
				return links[dir] != "" || linked[dir]
			case !pkg.Inside:
				_, there := p.After.Slots[dir]
				return there
			}
			dir = dir[:strings.LastIndex(dir, "/"+layout.ModulesDir+"/")] // it came with that package
		}
	}
}

// clean moves every node_modules out of the way. The old ones are removed while
// the new ones are made.
func (e *engine) clean() error {
	mounts := fsys.ReadMounts()
	for _, im := range e.importers {
		dir := e.modulesOf(im.Dir)
		aside, err := e.moveAside(dir, mounts)
		if err != nil {
			return fmt.Errorf("move what is installed in %s aside: %w", filepath.Dir(dir), err)
		}
		if aside != "" {
			if err := keepConfig(aside, dir); err != nil {
				return err
			}
			e.tasks.discard(aside)
		}
	}
	e.was = e.modules.Look()
	return nil
}

// moveAside moves a modules directory out of the way, or what is in it if it has to
// stay, and returns where that is now; "" if there was none.
func (e *engine) moveAside(dir string, mounts fsys.Mounts) (string, error) {
	if !e.fixed(dir, mounts) {
		return fsys.TakeAside(dir, filepath.Dir(dir))
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	aside := filepath.Join(dir, fsys.TempName(layout.ModulesDir))
	return aside, fsys.MoveEntries(dir, aside)
}

// keepConfig moves what configDependencies brought from a node_modules that goes to
// the one in its place: it is there before an install, and not this one's.
func keepConfig(from, to string) error {
	from = filepath.Join(from, layout.ConfigDir)
	if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if err := os.Rename(from, filepath.Join(to, layout.ConfigDir)); err != nil {
		return fmt.Errorf("keep the packages of configDependencies: %w", err)
	}
	return nil
}

// hoistedChanges tells what becomes of direct dependencies in a hoisted layout.
func (e *engine) hoistedChanges(l *layout.Layout, g *graph.Graph) {
	will := map[string]string{} // directory -> version
	for _, s := range l.Slots {
		will[s.Dir] = s.Package.Version
	}
	for _, im := range g.Importers {
		for _, d := range im.Deps {
			if g.Packages[d.Target.Key] == nil {
				continue
			}
			at := e.found(im.Dir, d.Alias, func(dir string) bool { return will[dir] != "" || e.was.Held.Slots[dir].Hoisted != "" })
			old := e.was.Held.Slots[at]
			was := cmp.Or(old.Hoisted, heldVersion(e.was.Held.Target(path.Join(e.Layout.ModulesOf(im.Dir), d.Alias))))
			if !old.Unsure() && was != will[at] {
				e.Sink.Emit(event.Changed{Importer: im.Dir, Alias: d.Alias, Group: groupNames[d.Group], Old: was, New: will[at]})
			}
		}
	}
}

// found is where Node finds alias from dir, if there tells of each directory of
// a package whether it is there; "" for nowhere.
func (e *engine) found(dir, alias string, there func(dir string) bool) string {
	for ; ; dir = path.Dir(dir) {
		if at := path.Join(e.Layout.ModulesOf(dir), alias); there(at) {
			return at
		}
		if dir == "." || dir == "/" {
			return ""
		}
	}
}

// withDependents adds to the packages that are left out those that cannot do
// without one of them and are optional themselves, as npm does.
func (e *engine) withDependents(g *graph.Graph, optional graph.Reach) {
	needs := map[graph.Key][]graph.Key{} // package -> optional packages that require it
	for key, p := range g.Packages {
		for _, edge := range p.Edges {
			if !edge.Optional && optional[key] && edge.Target.Key != "" {
				needs[edge.Target.Key] = append(needs[edge.Target.Key], key)
			}
		}
	}
	var queue []graph.Key
	for key, p := range g.Packages {
		if optional[key] && e.leaveOut(p) {
			queue = append(queue, key)
		}
	}
	for len(queue) > 0 {
		key := queue[0]
		queue = queue[1:]
		for _, dependent := range needs[key] {
			if !e.out[dependent] {
				e.out[dependent] = true
				queue = append(queue, dependent)
			}
		}
	}
}

// sweepHoisted removes litter beside the directories of packages.
func (e *engine) sweepHoisted(litter func(name string) bool) error {
	dirs := map[string]bool{}
	for dir, slot := range e.was.Held.Slots {
		if slot.Hoisted != "" {
			dirs[path.Dir(dir)] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if err := e.sweepDir(dir, litter); err != nil {
			return err
		}
	}
	return nil
}

// discard removes a directory while other work goes on.
func (t *tasks) discard(dir string) {
	t.sched.Add(sched.Task{
		Key: sched.Key("discard " + dir), Lane: disk,
		Run: func(context.Context, int) error { return fsys.RemoveAll(dir) },
	})
}

// arrived is the integrity of what was fetched for a package, "" if nothing was.
func (t *tasks) arrived(p *graph.Package) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.fetched[whatIs(p.Key, p.Resolution)]; f != nil && f.tree != nil && !f.in.IsZero() {
		return f.in.String()
	}
	return ""
}
