// Package peers explains the peers of a resolved graph: what is missing or has
// a version that its dependents do not want, and which peers make one version
// of a package exist in several copies.
package peers

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/resolve"
)

// Issue is one peer of one package, as one importer has it.
type Issue struct {
	Importer string // its directory
	Peer     string
	Wanted   string // the range
	Found    string // the version that is there; "" where none is
	Optional bool
	By       graph.Key // who wants it, without suffix
	Chains   []Chain   // ways from the importer to By, the shortest first
	More     bool      // there are more
	From     Chain     // the way to what was found; nil if that is a link, or nothing
}

// Missing reports whether the peer is not there at all.
func (i *Issue) Missing() bool { return i.Found == "" }

// Chain leads from a dependency of an importer down to a package.
type Chain []graph.Key

// maxChains keeps the ways to one package readable; a package may have as many
// as the graph has edges.
const maxChains = 10

// Check lists the issues of a graph that the rules let through, by importer,
// then those that miss a peer, then by peer and by who wants it.
func Check(g *graph.Graph, rules *Rules) []Issue {
	var out []Issue
	for _, im := range g.Importers {
		v := newView(g, im)
		for _, key := range v.order {
			out = append(out, v.check(g.Packages[key], rules)...)
		}
	}
	return merged(out)
}

// check compares the declared peers of a package with its edges.
func (v *view) check(p *graph.Package, rules *Rules) []Issue {
	var out []Issue
	for _, want := range p.Peers {
		issue := Issue{
			Importer: v.importer.Dir, Peer: want.Alias, Wanted: want.Specifier,
			Optional: p.OptionalPeers[want.Alias], By: p.Key.ID(),
		}
		target, there := edge(p, want.Alias)
		switch {
		case !there && (issue.Optional || rules.ignores(want.Alias)):
			continue
		case there && (target.Link != "" || v.graph.Packages[target.Key] == nil):
			continue // what a link leads to has its own say about its version
		case there:
			found := v.graph.Packages[target.Key].Version
			if resolve.PeerSatisfied(found, want.Specifier) || rules.allows(p, want.Alias, found) {
				continue
			}
			issue.Found, issue.From = found, v.chain(target.Key)
		}
		issue.Chains, issue.More = v.chains(p.Key)
		out = append(out, issue)
	}
	return out
}

func edge(p *graph.Package, alias string) (graph.Target, bool) {
	i, ok := slices.BinarySearchFunc(p.Edges, alias, func(e graph.Edge, alias string) int { return strings.Compare(e.Alias, alias) })
	if !ok {
		return graph.Target{}, false
	}
	return p.Edges[i].Target, true
}

// merged joins what several copies of one package have alike.
func merged(issues []Issue) []Issue {
	type id struct {
		importer, peer, wanted, found string
		by                            graph.Key
	}
	first := map[id]int{}
	var out []Issue
	for _, i := range issues {
		k := id{i.Importer, i.Peer, i.Wanted, i.Found, i.By}
		at, seen := first[k]
		if !seen {
			first[k] = len(out)
			out = append(out, i)
			continue
		}
		o := &out[at]
		fit := min(len(i.Chains), maxChains-len(o.Chains))
		o.Chains = append(o.Chains, i.Chains[:fit]...)
		o.More = o.More || i.More || fit < len(i.Chains)
	}
	place := func(i Issue) int { // missing ones first
		if i.Missing() {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b Issue) int {
		return cmp.Or(
			strings.Compare(a.Importer, b.Importer), cmp.Compare(place(a), place(b)),
			strings.Compare(a.Peer, b.Peer), cmp.Compare(a.By, b.By),
		)
	})
	return out
}

// view is what one importer sees of a graph: for every package, who leads to
// it.
type view struct {
	graph    *graph.Graph
	importer *graph.Importer
	order    []graph.Key               // breadth first
	above    map[graph.Key][]graph.Key // dependents in that order; "" is the importer
}

func newView(g *graph.Graph, im *graph.Importer) *view {
	v := &view{graph: g, importer: im, above: map[graph.Key][]graph.Key{}}
	visit := func(key, dependent graph.Key) {
		if g.Packages[key] == nil {
			return
		}
		if _, seen := v.above[key]; !seen {
			v.order = append(v.order, key)
		}
		if !slices.Contains(v.above[key], dependent) && len(v.above[key]) <= maxChains {
			v.above[key] = append(v.above[key], dependent)
		}
	}
	for _, d := range im.Deps {
		visit(d.Target.Key, "")
	}
	for i := 0; i < len(v.order); i++ {
		key := v.order[i]
		for _, e := range g.Packages[key].Edges {
			visit(e.Target.Key, key)
		}
	}
	return v
}

// chain is the shortest way to key.
func (v *view) chain(key graph.Key) Chain {
	var out Chain
	for key != "" && len(v.above[key]) > 0 {
		out = append(out, key)
		key = v.above[key][0]
	}
	slices.Reverse(out)
	return out
}

// chains are the shortest ways to key through each of its dependents.
func (v *view) chains(key graph.Key) (out []Chain, more bool) {
	for _, dependent := range v.above[key] {
		if len(out) == maxChains {
			return out, true
		}
		out = append(out, append(v.chain(dependent), key))
	}
	return out, false
}

// Rules are the exceptions of peerDependencyRules. The zero value has none.
type Rules struct {
	IgnoreMissing func(peer string) bool
	AllowAny      func(peer string) bool
	Allowed       []Allowed
}

// Allowed is a range of versions of a peer that is right whatever is wanted.
type Allowed struct {
	Parent npm.Name // only for the peers of this package; "" is any
	Of     string   // only of versions of it in this range; "" is any
	Peer   string
	Range  string
}

func (r *Rules) ignores(peer string) bool { return r.IgnoreMissing != nil && r.IgnoreMissing(peer) }

func (r *Rules) allows(p *graph.Package, peer, found string) bool {
	if r.AllowAny != nil && r.AllowAny(peer) {
		return true
	}
	return slices.ContainsFunc(r.Allowed, func(a Allowed) bool {
		return a.Peer == peer && (a.Parent == "" || a.Parent == p.Name) &&
			(a.Of == "" || resolve.PeerSatisfied(p.Version, a.Of)) && resolve.PeerSatisfied(found, a.Range)
	})
}

// Intersections merges, for one importer, the ranges that are wanted of each
// missing peer; conflicts are the peers that no version suits.
func Intersections(issues []Issue) (ranges map[string]string, conflicts []string) {
	wanted := map[string][]string{}
	for _, i := range issues {
		if i.Missing() && !slices.Contains(wanted[i.Peer], i.Wanted) {
			wanted[i.Peer] = append(wanted[i.Peer], i.Wanted)
		}
	}
	ranges = map[string]string{}
	for _, peer := range slices.Sorted(maps.Keys(wanted)) {
		if both := resolve.Intersection(wanted[peer]); both != "" {
			ranges[peer] = both
		} else {
			conflicts = append(conflicts, peer)
		}
	}
	return ranges, conflicts
}
