package graph

import "slices"

// Reach is a set of packages. The value says that a package is reached through
// optional edges only, so that its failure may be tolerated.
type Reach map[Key]bool

// Scope is a part of a graph.
type Scope struct {
	// From are the importers to begin at; all of them if nil.
	From []*Importer
	// Groups are the dependencies of importers to follow; all of them if nil.
	// Without [Optional] among them the optional dependencies of packages are
	// not followed either, as with --no-optional.
	Groups []Group
	// Skip names packages to leave out, together with what only they lead to.
	Skip func(*Package) bool
}

// AllGroups are the groups of dependencies that lead to a package.
var AllGroups = []Group{Prod, Dev, Optional}

// Reachable walks the dependencies in a scope. Edges to keys that are not in
// the graph lead nowhere.
func (g *Graph) Reachable(s Scope) Reach {
	if s.From == nil {
		s.From = g.Importers
	}
	if s.Groups == nil {
		s.Groups = AllGroups
	}
	w := walk{g: g, seen: Reach{}, skip: s.Skip, optional: slices.Contains(s.Groups, Optional)}
	// What is reached without optional edges comes first: a package keeps the
	// value of the pass that met it first.
	for _, pass := range []bool{false, true} {
		for _, im := range s.From {
			for _, d := range im.Deps {
				if slices.Contains(s.Groups, d.Group) && (d.Group == Optional) == pass {
					w.push(d.Target.Key, pass)
				}
			}
		}
		w.drain(pass)
	}
	return w.seen
}

// walk is a depth-first search with its own stack: graphs of hostile lockfiles
// are deeper than goroutine stacks should grow.
type walk struct {
	g        *Graph
	seen     Reach
	skip     func(*Package) bool
	optional bool // follow optional edges of packages
	stack    []*Package
	later    []Key // ends of optional edges met in the first pass
}

func (w *walk) push(k Key, optional bool) {
	if _, ok := w.seen[k]; ok || k == "" {
		return
	}
	if p := w.g.Packages[k]; p != nil && (w.skip == nil || !w.skip(p)) {
		w.seen[k] = optional
		w.stack = append(w.stack, p)
	}
}

// drain walks all that is on the stack. The first pass leaves optional edges
// for the second.
func (w *walk) drain(pass bool) {
	if pass {
		for _, k := range w.later {
			w.push(k, true)
		}
	}
	for len(w.stack) > 0 {
		p := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		for _, e := range p.Edges {
			switch {
			case !e.Optional:
				w.push(e.Target.Key, pass)
			case !w.optional:
			case pass:
				w.push(e.Target.Key, true)
			default:
				w.later = append(w.later, e.Target.Key)
			}
		}
	}
}

// OptionalOnly is the packages that no importer needs: every way to them has an
// optional edge. It is what a resolver sets [Package.Optional] from.
func (g *Graph) OptionalOnly() Reach {
	all := g.Reachable(Scope{})
	for k, optional := range all {
		if !optional {
			delete(all, k)
		}
	}
	return all
}
