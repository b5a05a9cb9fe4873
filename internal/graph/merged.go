package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxRounds bounds what Merged does: a round tells apart what differs one edge
// farther away. Without places the packages stay as many as they are.
const maxRounds = 1000

// Merged is the graph of a hoisted lockfile with packages that differ in their place
// only as one, and without places: what an isolated layout is made of.
// Two are the same if they have one ID, and their edges lead to the same; at first
// all of one ID are taken for the same, and told apart until none differ.
func Merged(g *Graph) *Graph {
	keys := slices.SortedFunc(maps.Keys(g.Packages), byCopy)
	class := make(map[Key]Key, len(keys)) // what stands for a package
	for _, key := range keys {
		class[key] = key.ID()
	}
	for count, round := 0, 0; ; round++ {
		if round == maxRounds {
			return g
		}
		next, known := make(map[Key]Key, len(keys)), map[string]Key{}
		for _, key := range keys {
			looks := shape(g.Packages[key], class)
			if known[looks] == "" {
				known[looks] = key
			}
			next[key] = known[looks]
		}
		class = next
		if len(known) == count {
			break
		}
		count = len(known)
	}
	return replaced(g, class)
}

// byCopy puts the first copies of packages before others.
func byCopy(x, y Key) int {
	if d := len(x.Suffix()) - len(y.Suffix()); d != 0 {
		return d
	}
	return strings.Compare(string(x), string(y))
}

// shape tells a package from those that are not the same by what is known.
func shape(p *Package, class map[Key]Key) string {
	var b strings.Builder
	fmt.Fprint(&b, p.Key.ID(), p.Inside)
	for _, e := range p.Edges {
		fmt.Fprintf(&b, "\n%s %s %s", e.Alias, class[e.Target.Key], e.Target.Link)
	}
	return b.String()
}

// replaced has in place of each package the one that stands for it, without its
// place. What comes with the tarball of another package is left to that.
func replaced(g *Graph, class map[Key]Key) *Graph {
	out := &Graph{Packages: map[Key]*Package{}}
	for key, p := range g.Packages {
		if class[key] != key || p.Inside {
			continue
		}
		made := *p
		made.Dir, made.Edges = "", nil
		for _, e := range p.Edges {
			if to := g.Packages[e.Target.Key]; to != nil && to.Inside {
				continue
			}
			if e.Target.Key != "" {
				e.Target.Key = class[e.Target.Key]
			}
			made.Edges = append(made.Edges, e)
		}
		out.Packages[key] = &made
	}
	for _, im := range g.Importers {
		made := &Importer{Dir: im.Dir}
		for _, d := range im.Deps {
			if d.Target.Key != "" {
				d.Target.Key = class[d.Target.Key]
			}
			made.Deps = append(made.Deps, d)
		}
		out.Importers = append(out.Importers, made)
	}
	return out
}
