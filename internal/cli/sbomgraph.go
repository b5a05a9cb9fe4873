package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
	"godwit/internal/sbom"
)

// biller makes bills of a lockfile's graph, with what manifests say if they are
// installed.
type biller struct {
	*call
	lister *lister // knows where packages are from
	graph  *graph.Graph
	dirs   []string    // of the projects that are selected
	prod   graph.Reach // what is not there for development alone
	groups []graph.Group
}

func (c *call) newBiller() (*biller, error) {
	g, err := c.lockedGraph()
	if err != nil {
		return nil, err
	}
	b := &biller{call: c, lister: &lister{call: c, graph: g}, graph: g}
	if ws := &c.cfg.Settings.Workspace; c.workspace.here == "." && c.workspace.globs != nil && !ws.Root {
		ws.Recursive = true // the root's bill is of all projects, as with pnpm
	}
	if b.dirs, err = c.listedDirs(); err != nil {
		return nil, err
	}
	b.dirs = slices.DeleteFunc(b.dirs, func(dir string) bool { return g.Importer(dir) == nil })
	slices.Sort(b.dirs)
	in := c.cfg.Settings.Include
	b.groups = groupsOf(in.Prod, in.Dev, in.Optional)
	b.prod = g.Reachable(graph.Scope{Groups: []graph.Group{graph.Prod, graph.Optional}})
	return b, nil
}

// lockedGraph is what the lockfile says, or, where a lockfile says less than a
// graph, what was installed by it.
func (c *call) lockedGraph() (*graph.Graph, error) {
	doc, err := lockfile.Read(c.lock)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, lockfile.ErrEmpty) {
		return nil, &refusedError{what: "there is no lockfile in " + c.workspace.root, code: "ERR_PNPM_SBOM_NO_LOCKFILE", next: "godwit install makes one"}
	}
	if err != nil || doc.Graph != nil {
		return doc.Graph, err
	}
	g, err := c.installed()
	if err == nil && (g == nil || c.cfg.Settings.Lockfile.Only) {
		err = &refusedError{what: filepath.Base(c.lock.Path) + " alone does not say what depends on what", code: "ERR_GODWIT_NOT_INSTALLED", next: "run godwit install, and leave out --lockfile-only"}
	}
	return g, err
}

// billing is one bill in the making.
type billing struct {
	*biller
	bill     *sbom.Bill
	byID     map[string]*sbom.Component // name and version
	projects map[string]*sbom.Component // by directory
	reach    graph.Reach
	walked   map[graph.Key]bool
	todo     []billed
}

// billed is a package that something depends on.
type billed struct {
	by    *sbom.Component
	from  string // the directory that it is looked for from
	alias string
	key   graph.Key
}

// bill is that of some projects: of one that is selected alone, or of the
// workspace. Projects are components of it, too.
func (b *biller) bill(dirs []string) (*sbom.Bill, error) {
	w := &billing{biller: b, bill: &sbom.Bill{}, byID: map[string]*sbom.Component{}, projects: map[string]*sbom.Component{}, walked: map[graph.Key]bool{}}
	scope := graph.Scope{Groups: b.groups, From: []*graph.Importer{}}
	for _, im := range b.graph.Importers {
		if slices.Contains(dirs, im.Dir) || len(b.graph.Importers) == 1 {
			scope.From = append(scope.From, im)
		}
	}
	for i := 0; i < len(scope.From); i++ { // and what they are linked to
		for _, d := range scope.From[i].Deps {
			if to := b.member(scope.From[i].Dir, d.Target); to != nil && slices.Contains(b.groups, d.Group) && !slices.Contains(scope.From, to) {
				scope.From = append(scope.From, to)
			}
		}
	}
	w.reach = b.graph.Reachable(scope)
	if err := w.root(dirs); err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if w.projects[dir] != nil {
			continue
		}
		member, err := w.project(dir, path.Base(dir))
		if err != nil {
			return nil, err
		}
		w.bill.Root.Deps = append(w.bill.Root.Deps, sbom.Dependency{To: member})
	}
	for _, im := range scope.From {
		if err := w.importer(im); err != nil {
			return nil, err
		}
	}
	if err := w.walk(); err != nil {
		return nil, err
	}
	slices.SortFunc(w.bill.Components, func(x, y *sbom.Component) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), semver.CompareTexts(x.Version, y.Version), strings.Compare(x.Version, y.Version))
	})
	return w.bill, nil
}

// member is the project that a link leads to, or nil.
func (b *biller) member(dir string, to graph.Target) *graph.Importer {
	if to.Link == "" {
		return nil
	}
	return b.graph.Importer(graph.Arrive(filepath.ToSlash(b.workspace.root), dir, to.Link))
}

// root is what the bill is about. A project says what it does not say itself with
// what the root of its workspace says.
func (w *billing) root(dirs []string) error {
	dir := "."
	if len(dirs) == 1 {
		dir = dirs[0]
	}
	own, err := w.component(dir, unnamed)
	if err != nil {
		return err
	}
	w.bill.Root = *own
	if dir != "." {
		top, err := w.component(".", unnamed)
		if err != nil {
			return err
		}
		r := &w.bill.Root
		r.Description, r.Author, r.License = cmp.Or(r.Description, top.Description), cmp.Or(r.Author, top.Author), cmp.Or(r.License, top.License)
		r.Repository, r.Bugs = cmp.Or(r.Repository, top.Repository), cmp.Or(r.Bugs, top.Bugs)
	}
	w.bill.Root.Homepage = "" // neither form has that of the root
	w.projects[dir] = &w.bill.Root
	w.byID[own.Name+"@"+own.Version] = &w.bill.Root
	return nil
}

// component is a project.
func (w *billing) component(dir, name string) (*sbom.Component, error) {
	at := filepath.Join(w.workspace.root, filepath.FromSlash(dir))
	m, err := project.ReadValue(filepath.Join(at, project.ManifestFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	c := &sbom.Component{Name: cmp.Or(m.Field("name").Str(), name), Version: cmp.Or(m.Field("version").Str(), "0.0.0")}
	return c, describe(c, at, m)
}

// project is the component of a project, once.
func (w *billing) project(dir, alias string) (*sbom.Component, error) {
	if c := w.projects[dir]; c != nil {
		return c, nil
	}
	c, err := w.component(dir, alias)
	if err != nil {
		return nil, err
	}
	w.projects[dir] = w.add(c)
	return w.projects[dir], nil
}

// add is a component of the bill; one of each name and version is enough.
func (w *billing) add(c *sbom.Component) *sbom.Component {
	id := c.Name + "@" + c.Version
	if known := w.byID[id]; known != nil {
		return known
	}
	w.byID[id] = c
	w.bill.Components = append(w.bill.Components, c)
	return c
}

// importer notes what a project depends on.
func (w *billing) importer(im *graph.Importer) error {
	by, err := w.project(im.Dir, path.Base(im.Dir))
	if err != nil {
		return err
	}
	at := filepath.Join(w.workspace.root, filepath.FromSlash(im.Dir))
	var peers map[string]bool
	if w.cfg.Settings.Bill.ExcludePeers {
		if peers, err = onlyPeers(at); err != nil {
			return err
		}
	}
	for _, d := range im.Deps {
		if !slices.Contains(w.groups, d.Group) || peers[d.Alias] {
			continue
		}
		if to := w.member(im.Dir, d.Target); to != nil {
			member, err := w.project(to.Dir, d.Alias)
			if err != nil {
				return err
			}
			by.Deps = append(by.Deps, sbom.Dependency{To: member})
		} else {
			w.todo = append(w.todo, billed{by, at, d.Alias, d.Target.Key})
		}
	}
	return nil
}

// onlyPeers are the names that a project has among its peers and nowhere else.
func onlyPeers(dir string) (map[string]bool, error) {
	p, err := project.Read(dir)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, d := range p.Manifest.PeerDependencies {
		out[d.Alias] = groupOf(&p.Manifest.Manifest, d.Alias) == ""
	}
	return out, nil
}

// walk follows dependencies with its own stack: a hostile lockfile is deeper than
// goroutine stacks should grow.
func (w *billing) walk() error {
	for len(w.todo) > 0 {
		s := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		p := w.graph.Packages[s.key]
		if _, ok := w.reach[s.key]; p == nil || !ok {
			continue
		}
		dir := ""
		if !w.cfg.Settings.Lockfile.Only {
			dir = w.resolved(s.from, s.alias)
			if dir == "" && p.Optional { // one for other machines
				continue
			}
		}
		c, err := w.pkg(p, dir)
		if err != nil {
			return err
		}
		s.by.Deps = append(s.by.Deps, sbom.Dependency{To: c})
		if w.walked[s.key] {
			continue
		}
		w.walked[s.key] = true
		from := cmp.Or(dir, w.modulesOf("."))
		for _, e := range p.Edges {
			if e.Target.Key != "" && (!e.Optional || slices.Contains(w.groups, graph.Optional)) {
				w.todo = append(w.todo, billed{c, from, e.Alias, e.Target.Key})
			}
		}
	}
	return nil
}

// pkg is the component of a package, which may be in dir.
func (w *billing) pkg(p *graph.Package, dir string) (*sbom.Component, error) {
	if known := w.byID[string(p.Name)+"@"+p.Version]; known != nil {
		return known, nil
	}
	_, prod := w.prod[p.Key]
	c := &sbom.Component{Name: string(p.Name), Version: p.Version, Dev: !prod, Tarball: w.lister.tarball(p)}
	if p.Resolution.Kind == graph.Git {
		c.Tarball = "git+" + strings.TrimPrefix(p.Resolution.Repo, "git+") + "#" + p.Resolution.Commit
	}
	digest(c, p.Resolution.Integrity)
	if dir != "" {
		m, err := project.ReadValue(filepath.Join(dir, project.ManifestFile))
		if err == nil {
			err = describe(c, dir, m)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("look at what %s says of itself: %w", p.Key, err)
		}
	}
	return w.add(c), nil
}
