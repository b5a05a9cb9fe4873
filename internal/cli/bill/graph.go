package bill

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
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
	"godwit/internal/sbom"
)

// Unnamed is pnpm's name for a project without one.
const Unnamed = "unknown"

// Graph is what a lockfile says of a workspace, of which bills are made, with what
// manifests say if they are installed.
type Graph struct {
	*graph.Graph
	Root         string        // directory of the workspace, absolute
	Groups       []graph.Group // of dependencies that are told
	LockfileOnly bool          // nothing of node_modules is looked at
	ExcludePeers bool          // those of projects are left out
	Modules      string        // directory where packages are looked for that nothing leads to
	// Find is the real path of what a directory has under an alias, or "".
	Find func(dir, alias string) string
	// Tarball is where a package is from, or "".
	Tarball func(*graph.Package) string
}

// billing is one bill in the making.
type billing struct {
	*Graph
	bill     *sbom.Bill
	prod     graph.Reach                // what is not there for development alone
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

// Bill is that of the projects in some directories, slash paths from the root: of one
// alone, or of the workspace. Projects are components of it, too.
func (g *Graph) Bill(dirs []string) (*sbom.Bill, error) {
	w := &billing{Graph: g, bill: &sbom.Bill{}, byID: map[string]*sbom.Component{}, projects: map[string]*sbom.Component{}, walked: map[graph.Key]bool{}}
	w.prod = g.Reachable(graph.Scope{Groups: []graph.Group{graph.Prod, graph.Optional}})
	scope := g.scope(dirs)
	w.reach = g.Reachable(scope)
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

// scope is some projects and the projects that they are linked to.
func (g *Graph) scope(dirs []string) graph.Scope {
	scope := graph.Scope{Groups: g.Groups, From: []*graph.Importer{}}
	for _, im := range g.Importers {
		if slices.Contains(dirs, im.Dir) || len(g.Importers) == 1 {
			scope.From = append(scope.From, im)
		}
	}
	for i := 0; i < len(scope.From); i++ {
		for _, d := range scope.From[i].Deps {
			if to := g.member(scope.From[i].Dir, d.Target); to != nil && slices.Contains(g.Groups, d.Group) && !slices.Contains(scope.From, to) {
				scope.From = append(scope.From, to)
			}
		}
	}
	return scope
}

// member is the project that a link leads to, or nil.
func (g *Graph) member(dir string, to graph.Target) *graph.Importer {
	if to.Link == "" {
		return nil
	}
	return g.Importer(graph.Arrive(filepath.ToSlash(g.Root), dir, to.Link))
}

// root is what the bill is about. A project says what it does not say itself with
// what the root of its workspace says.
func (w *billing) root(dirs []string) error {
	dir := "."
	if len(dirs) == 1 {
		dir = dirs[0]
	}
	own, err := w.component(dir, Unnamed)
	if err != nil {
		return err
	}
	w.bill.Root = *own
	if dir != "." {
		top, err := w.component(".", Unnamed)
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
	at := filepath.Join(w.Root, filepath.FromSlash(dir))
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
	at := filepath.Join(w.Root, filepath.FromSlash(im.Dir))
	var peers map[string]bool
	if w.ExcludePeers {
		if peers, err = onlyPeers(at); err != nil {
			return err
		}
	}
	for _, d := range im.Deps {
		if !slices.Contains(w.Groups, d.Group) || peers[d.Alias] {
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
	m, out := &p.Manifest, map[string]bool{}
	others := []npm.Deps{m.Dependencies, m.DevDependencies, m.OptionalDependencies}
	for _, d := range m.PeerDependencies {
		out[d.Alias] = !slices.ContainsFunc(others, func(deps npm.Deps) bool {
			_, ok := deps.Lookup(d.Alias)
			return ok
		})
	}
	return out, nil
}

// walk follows dependencies with its own stack: a hostile lockfile is deeper than
// goroutine stacks should grow.
func (w *billing) walk() error {
	for len(w.todo) > 0 {
		s := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		p := w.Packages[s.key]
		if _, ok := w.reach[s.key]; p == nil || !ok {
			continue
		}
		dir := ""
		if !w.LockfileOnly {
			dir = w.Find(s.from, s.alias)
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
		from := cmp.Or(dir, w.Modules)
		for _, e := range p.Edges {
			if e.Target.Key != "" && (!e.Optional || slices.Contains(w.Groups, graph.Optional)) {
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
	c := &sbom.Component{Name: string(p.Name), Version: p.Version, Dev: !prod, Tarball: w.Tarball(p)}
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
