package fund

import (
	"path/filepath"
	"slices"

	"godwit/internal/cli/actual"
	"godwit/internal/graph"
)

// Place is where a package is.
type Place struct {
	Dir string    // real
	key graph.Key // of a Graph's packages
}

// Tree is what is installed, as funding is looked for in it.
type Tree interface {
	// Roots are the projects that are asked about.
	Roots() []Place
	// Below is what a package depends on, in its tool's order.
	Below(Place) []Place
}

// Graph is the packages of the record that an install left.
type Graph struct {
	Installed *graph.Graph // nil where nothing is
	Root      string       // directory of the workspace, absolute
	Dirs      []string     // of the projects that are asked about, as slash paths from Root
	// Find is the real path of what a directory has under an alias, or "".
	Find func(dir, alias string) string
}

// Roots are the projects that are asked about.
func (g *Graph) Roots() []Place {
	var out []Place
	for _, dir := range g.Dirs {
		out = append(out, Place{Dir: filepath.Join(g.Root, filepath.FromSlash(dir))})
	}
	return out
}

// Below follows pnpm, for which all dependencies are one list, sorted.
func (g *Graph) Below(of Place) []Place {
	if g.Installed == nil {
		return nil
	}
	targets := map[string]graph.Target{}
	var aliases []string
	add := func(alias string, to graph.Target) {
		targets[alias] = to
		aliases = append(aliases, alias)
	}
	if pkg := g.Installed.Packages[of.key]; pkg != nil {
		for _, e := range pkg.Edges {
			add(e.Alias, e.Target)
		}
	} else if rel, err := filepath.Rel(g.Root, of.Dir); err == nil {
		if im := g.Installed.Importer(filepath.ToSlash(rel)); im != nil {
			for _, d := range im.Deps {
				add(d.Alias, d.Target)
			}
		}
	}
	slices.Sort(aliases)
	var out []Place
	for _, alias := range aliases {
		if dir := g.Find(of.Dir, alias); dir != "" { // an optional one need not be there
			out = append(out, Place{dir, targets[alias].Key})
		}
	}
	return out
}

// Modules is the packages that Node finds in a project of npm's.
type Modules struct {
	*actual.Tree
	within map[string]bool // directories that count; nil is all
}

// InModules asks the whole tree, or what its selected projects depend on.
func InModules(t *actual.Tree) *Modules {
	m := &Modules{Tree: t}
	selected := t.Selected
	t.Selected = nil                              // the tree is that of the root whatever is selected
	if delete(selected, "."); len(selected) > 0 { // npm takes no notice of the root
		m.within = m.needed(selected)
	}
	return m
}

// needed are the directories of projects and of what they depend on.
func (m *Modules) needed(projects map[string]bool) map[string]bool {
	out := map[string]bool{}
	var todo []Place
	for dir := range projects {
		todo = append(todo, Place{Dir: filepath.Join(m.Root, filepath.FromSlash(dir))})
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !out[at.Dir] {
			out[at.Dir] = true
			todo = append(todo, m.Below(at)...)
		}
	}
	return out
}

// Roots is the project at the root.
func (m *Modules) Roots() []Place { return []Place{{Dir: m.Root}} }

// Below follows arborist.
func (m *Modules) Below(of Place) []Place {
	n := m.Node(of.Dir)
	if n == nil {
		return nil
	}
	var out []Place
	for _, e := range m.Ordered(n, false) {
		if m.within == nil || m.within[e.To.Real] {
			out = append(out, Place{Dir: e.To.Real})
		}
	}
	return out
}
