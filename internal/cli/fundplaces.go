package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/actual"
	"godwit/internal/graph"
	"godwit/internal/npm"
)

// fundPlace is where a package is.
type fundPlace struct {
	dir string    // real
	key graph.Key // of the graph's packages
}

// graphPlaces are the packages of the record that an install left.
type graphPlaces struct {
	*call
	graph *graph.Graph // nil where nothing is installed
	dirs  []string     // of the projects that are asked about
}

func (c *call) graphPlaces() (*graphPlaces, error) {
	g, err := c.installed()
	if err != nil {
		return nil, err
	}
	dirs, err := c.listedDirs()
	return &graphPlaces{c, g, dirs}, err
}

func (p *graphPlaces) roots() []fundPlace {
	var out []fundPlace
	for _, dir := range p.dirs {
		out = append(out, fundPlace{dir: filepath.Join(p.workspace.root, filepath.FromSlash(dir))})
	}
	return out
}

// below follows pnpm, for which all dependencies are one list, sorted.
func (p *graphPlaces) below(of fundPlace) []fundPlace {
	if p.graph == nil {
		return nil
	}
	targets := map[string]graph.Target{}
	var aliases []string
	add := func(alias string, to graph.Target) {
		targets[alias] = to
		aliases = append(aliases, alias)
	}
	if pkg := p.graph.Packages[of.key]; pkg != nil {
		for _, e := range pkg.Edges {
			add(e.Alias, e.Target)
		}
	} else if rel, err := filepath.Rel(p.workspace.root, of.dir); err == nil {
		if im := p.graph.Importer(filepath.ToSlash(rel)); im != nil {
			for _, d := range im.Deps {
				add(d.Alias, d.Target)
			}
		}
	}
	slices.Sort(aliases)
	var out []fundPlace
	for _, alias := range aliases {
		if dir := p.resolved(of.dir, alias); dir != "" { // an optional one need not be there
			out = append(out, fundPlace{dir, targets[alias].Key})
		}
	}
	return out
}

// treePlaces are the packages that Node finds in a project of npm's.
type treePlaces struct {
	*actual.Tree
	within    map[string]bool // directories that count; nil is all
	fileOrder bool            // every package.json is read anew
}

func (c *call) npmPlaces() (*treePlaces, error) {
	t, err := c.npmTree()
	if err != nil {
		return nil, err
	}
	p := &treePlaces{Tree: t}
	selected := t.Selected
	t.Selected = nil                              // the tree is that of the root whatever is selected
	if delete(selected, "."); len(selected) > 0 { // npm takes no notice of the root
		p.within = p.needed(selected)
	}
	return p, nil
}

// needed are the directories of projects and of what they depend on.
func (p *treePlaces) needed(projects map[string]bool) map[string]bool {
	out := map[string]bool{}
	var todo []fundPlace
	for dir := range projects {
		todo = append(todo, fundPlace{dir: filepath.Join(p.Root, filepath.FromSlash(dir))})
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !out[at.dir] {
			out[at.dir] = true
			todo = append(todo, p.below(at)...)
		}
	}
	return out
}

// npmKindOrder is the order in which arborist reads the maps of a manifest
// (Node._loadDeps).
var npmKindOrder = strings.Fields("workspace peer peerOptional prod optional dev")

func (p *treePlaces) roots() []fundPlace { return []fundPlace{{dir: p.Root}} }

func (p *treePlaces) below(of fundPlace) []fundPlace {
	n := p.Node(of.dir)
	if n == nil {
		return nil
	}
	var out []fundPlace
	for _, e := range p.ordered(n) {
		if p.within == nil || p.within[e.To.Real] {
			out = append(out, fundPlace{dir: e.To.Real})
		}
	}
	return out
}

// ordered are the dependencies of a package that are there, as arborist has them:
// peers come first and projects of the workspace before all, in the order of
// package.json at the root, and elsewhere sorted, if npm's record of the tree is
// what it reads.
func (p *treePlaces) ordered(n *actual.Node) []actual.Edge {
	edges := slices.DeleteFunc(p.Edges(n), func(e actual.Edge) bool { return e.To == nil || e.Extraneous })
	place := map[string]int{} // in package.json
	for _, group := range groupsOfManifest {
		for i, d := range *depsOf(&n.Manifest.Manifest, group) {
			place[d.Alias] = i
		}
	}
	slices.SortStableFunc(edges, func(a, b actual.Edge) int {
		if byKind := slices.Index(npmKindOrder, a.Kind) - slices.Index(npmKindOrder, b.Kind); byKind != 0 {
			return byKind
		}
		if (n.Real == p.Root || p.fileOrder || p.Recorded && n.Member) && a.Kind != "workspace" {
			return place[a.Alias] - place[b.Alias]
		}
		return npm.Collate(a.Alias, b.Alias)
	})
	return edges
}
