package cli

import (
	"cmp"
	"errors"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
	"godwit/internal/query"
)

// graphNodes is what is installed in a project that is not npm's: each package once
// for each set of peers, as it is in the lockfile's graph. As for npm, the root
// depends on all projects of its workspace.
func (q *queried) graphNodes() error {
	g, err := q.installed()
	if err != nil {
		return err
	}
	if g == nil {
		return &usageError{"nothing is installed", "run godwit install first"}
	}
	b := &graphQuery{queried: q, graph: g, nodes: map[graph.Key]*query.Node{}, projects: map[string]*query.Node{}, manifests: map[*query.Node]*npm.Manifest{}}
	if err := b.makeNodes(); err != nil {
		return err
	}
	for _, im := range g.Importers {
		b.projectEdges(im)
	}
	for _, key := range slices.Sorted(maps.Keys(b.nodes)) {
		b.packageEdges(b.nodes[key], g.Packages[key])
	}
	return b.selectScopes()
}

// graphQuery makes nodes of a graph.
type graphQuery struct {
	*queried
	graph     *graph.Graph
	nodes     map[graph.Key]*query.Node
	projects  map[string]*query.Node // by directory
	manifests map[*query.Node]*npm.Manifest
}

func (b *graphQuery) makeNodes() error {
	for _, im := range b.graph.Importers {
		dir := filepath.Join(b.workspace.root, filepath.FromSlash(im.Dir))
		n, err := b.node(dir, folderName(dir))
		if err != nil {
			return err
		}
		n.Own, n.Root, n.Workspace = true, im.Dir == ".", im.Dir != "."
		if b.projects[im.Dir] = n; n.Root {
			b.Root = n
		}
	}
	if b.Root == nil {
		b.Root = &query.Node{Realpath: filepath.ToSlash(b.workspace.root)}
	}
	prod := b.graph.Reachable(graph.Scope{Groups: []graph.Group{graph.Prod, graph.Optional}})
	needed := b.graph.Reachable(graph.Scope{Groups: []graph.Group{graph.Prod, graph.Dev}})
	for _, key := range slices.Sorted(maps.Keys(b.graph.Packages)) {
		p := b.graph.Packages[key]
		n, err := b.node(b.packagePath(p), string(p.Name))
		var none *project.NotFoundError
		if errors.As(err, &none) {
			continue // optional, and not for this machine
		}
		if err != nil {
			return err
		}
		_, inProd := prod[key]
		optional, isNeeded := needed[key]
		n.Dev, n.Optional = !inProd, !isNeeded || optional
		b.from[n] = b.tarballOf(p)
		b.nodes[key] = n
	}
	return nil
}

// node is the package in a directory.
func (b *graphQuery) node(dir, name string) (*query.Node, error) {
	p, err := project.Read(dir)
	if err != nil {
		return nil, err
	}
	location, err := filepath.Rel(b.workspace.root, dir)
	if err != nil || location == "." {
		location = ""
	}
	n := &query.Node{Name: name, Package: normalized(p.Manifest.Document), Location: filepath.ToSlash(location), Realpath: filepath.ToSlash(dir)}
	b.paths[n], b.manifests[n] = dir, &p.Manifest.Manifest
	b.Nodes = append(b.Nodes, n)
	return n, nil
}

func (b *graphQuery) projectEdges(im *graph.Importer) {
	n := b.projects[im.Dir]
	if im.Dir == "." {
		for _, dir := range slices.Sorted(maps.Keys(b.projects)) {
			if dir != "." {
				b.edge(n, &query.Edge{Name: string(b.manifests[b.projects[dir]].Name), Spec: "file:" + dir, Type: "workspace"}, b.projects[dir])
			}
		}
	}
	kinds := map[graph.Group]string{graph.Prod: "prod", graph.Dev: "dev", graph.Optional: "optional"}
	for _, d := range im.Deps {
		b.edge(n, &query.Edge{Name: d.Alias, Spec: d.Specifier, Type: kinds[d.Group]}, b.target(d.Target, im.Dir))
	}
	b.missingEdges(n, prodGroup, devGroup, optionalGroup)
}

func (b *graphQuery) packageEdges(n *query.Node, p *graph.Package) {
	m := b.manifests[n]
	for _, e := range p.Edges {
		to := b.target(e.Target, ".")
		edge := &query.Edge{Name: e.Alias, Type: "prod"}
		peer := false
		switch edge.Spec, peer = p.Peers.Lookup(e.Alias); {
		case peer && p.OptionalPeers[e.Alias]:
			edge.Type = "peerOptional"
		case peer:
			edge.Type = "peer"
		case e.Optional:
			edge.Type = "optional"
		}
		if peer && to != nil {
			edge.Invalid = !fits(to.Package.Field("version").Text, edge.Spec)
		}
		if !peer {
			own, _ := m.Dependencies.Lookup(e.Alias)
			optional, _ := m.OptionalDependencies.Lookup(e.Alias)
			edge.Spec = cmp.Or(optional, own)
		}
		b.edge(n, edge, to)
	}
	b.missingEdges(n, peerGroup)
}

// fits reports whether a version is in a range; what is none fits.
func fits(version, rng string) bool {
	v, err := semver.Parse(version, semver.Options{Loose: true})
	r, err2 := semver.ParseRange(rng, semver.Options{Loose: true})
	return err != nil || err2 != nil || r.Match(v)
}

// npmKinds are npm's words for the maps of package.json.
var npmKinds = map[string]string{prodGroup: "prod", devGroup: "dev", optionalGroup: "optional", peerGroup: "peer"}

// missingEdges adds what a manifest asks for and the graph does not have.
func (b *graphQuery) missingEdges(n *query.Node, groups ...string) {
	m := b.manifests[n]
	for _, group := range groups {
		for _, d := range *depsOf(m, group) {
			if slices.ContainsFunc(n.Out, func(e *query.Edge) bool { return e.Name == d.Alias }) {
				continue
			}
			kind := npmKinds[group]
			if group == peerGroup && m.OptionalPeers[d.Alias] {
				kind = "peerOptional"
			}
			b.edge(n, &query.Edge{Name: d.Alias, Spec: d.Specifier, Type: kind}, nil)
		}
	}
}

func (b *graphQuery) edge(from *query.Node, e *query.Edge, to *query.Node) {
	e.From, e.To = from, to
	from.Out = append(from.Out, e)
	if to != nil {
		to.In = append(to.In, e)
	}
}

// target is what a dependency of the project in dir, or of a package, leads to; nil
// for what is not there, or outside of the workspace.
func (b *graphQuery) target(t graph.Target, dir string) *query.Node {
	if t.Link != "" {
		return b.projects[path.Join(dir, strings.TrimPrefix(t.Link, graph.InsidePrefix))]
	}
	return b.nodes[t.Key]
}

// selectScopes notes the projects that flags name.
func (b *graphQuery) selectScopes() error {
	ws := &b.cfg.Settings.Workspace
	if len(ws.Filter)+len(ws.FilterProd) == 0 && b.workspace.here == "." {
		return nil
	}
	dirs, err := b.listedDirs()
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if n := b.projects[dir]; n != nil {
			b.scopes = append(b.scopes, n)
		}
	}
	return nil
}
