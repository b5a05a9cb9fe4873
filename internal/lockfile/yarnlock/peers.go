package yarnlock

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"godwit/internal/graph"
)

// virtual gives packages with peers the ones that their dependents have, as yarn
// does: from the dependent itself, or from what that got as its own peers. A
// package that gets other peers elsewhere is another package of the graph, with
// another suffix.
type virtual struct {
	plain *graph.Graph // without peers
	out   *graph.Graph
	queue []instance
}

// instance is a package of which the edges are to be made.
type instance struct {
	key   graph.Key
	plain *graph.Package
	peers map[string]graph.Target
}

// maxInstances bounds the packages with their peers. The largest workspaces known
// have some ten thousand; a hostile lockfile can ask for any number.
const maxInstances = 1 << 20

// withPeers is a graph with the edges to peers.
func withPeers(g *graph.Graph) (*graph.Graph, error) {
	v := &virtual{plain: g, out: &graph.Graph{Packages: map[graph.Key]*graph.Package{}}}
	for _, im := range g.Importers {
		scope := map[string]graph.Target{}
		for _, d := range im.Deps {
			scope[d.Alias] = d.Target
		}
		made := &graph.Importer{Dir: im.Dir}
		for _, d := range im.Deps {
			d.Target = v.instance(d.Target, scope)
			made.Deps = append(made.Deps, d)
		}
		v.out.Importers = append(v.out.Importers, made)
	}
	for len(v.queue) > 0 {
		next := v.queue[0]
		v.queue = v.queue[1:]
		if v.edges(next); len(v.out.Packages) > maxInstances {
			return nil, &Error{File: FileName, Err: fmt.Errorf("its packages have more than %d sets of peers", maxInstances)}
		}
	}
	return v.out, nil
}

// maxSuffix is the longest peer suffix in bytes, pnpm's peersSuffixMaxLength.
const maxSuffix = 1000

// instance is the package that target is for a dependent who has what scope says.
// The targets in scope are without peers.
func (v *virtual) instance(target graph.Target, scope map[string]graph.Target) graph.Target {
	p := v.plain.Packages[target.Key]
	if p == nil {
		return target
	}
	var suffix []graph.Key
	peers := map[string]graph.Target{}
	for _, d := range p.Peers {
		got, ok := scope[d.Alias]
		if !ok || got.Key == target.Key {
			continue
		}
		peers[d.Alias] = got
		if got.Link != "" {
			suffix = append(suffix, graph.Key(d.Alias+"@"+graph.LinkVersion(got.Link)))
		} else {
			suffix = append(suffix, got.Key)
		}
	}
	key := graph.Key(string(p.Key) + graph.PeerSuffix(suffix, maxSuffix))
	if v.out.Packages[key] == nil {
		made := *p
		made.Key, made.Edges = key, nil
		v.out.Packages[key] = &made
		v.queue = append(v.queue, instance{key, p, peers})
	}
	return graph.Target{Key: key}
}

// edges adds what an instance depends on. What it has as a dependency of its own
// is no peer to it.
func (v *virtual) edges(i instance) {
	scope := maps.Clone(i.peers)
	optional := map[string]bool{}
	for _, e := range i.plain.Edges {
		scope[e.Alias] = e.Target
		optional[e.Alias] = e.Optional
	}
	made := v.out.Packages[i.key]
	aliases := slices.Sorted(maps.Keys(scope))
	if own := string(i.plain.Name); scope[own] == (graph.Target{}) {
		scope[own] = graph.Target{Key: i.plain.Key} // it is a peer of what it depends on
	}
	for _, alias := range aliases {
		made.Edges = append(made.Edges, graph.Edge{Alias: alias, Target: v.instance(scope[alias], scope), Optional: optional[alias]})
	}
	slices.SortFunc(made.Edges, func(x, y graph.Edge) int { return cmp.Compare(x.Alias, y.Alias) })
}
