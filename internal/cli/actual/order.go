package actual

import (
	"slices"
	"strings"

	"godwit/internal/npm"
)

// kindOrder is the order in which arborist reads the maps of a manifest
// (Node._loadDeps).
var kindOrder = strings.Fields("workspace peer peerOptional prod optional dev")

// Ordered are the dependencies of a package that are there, as arborist has them:
// peers come first and projects of the workspace before all, in the order of
// package.json at the root, and elsewhere sorted, if npm's record of the tree is
// what it reads. Where it reads each package.json anew (written) their order is kept
// everywhere.
func (t *Tree) Ordered(n *Node, written bool) []Edge {
	edges := slices.DeleteFunc(t.Edges(n), func(e Edge) bool { return e.To == nil || e.Extraneous })
	m := &n.Manifest.Manifest
	place := map[string]int{} // in package.json
	for _, deps := range []npm.Deps{m.DevDependencies, m.Dependencies, m.OptionalDependencies, m.PeerDependencies} {
		for i, d := range deps {
			place[d.Alias] = i
		}
	}
	slices.SortStableFunc(edges, func(a, b Edge) int {
		if byKind := slices.Index(kindOrder, a.Kind) - slices.Index(kindOrder, b.Kind); byKind != 0 {
			return byKind
		}
		if (n.Real == t.Root || written || t.Recorded && n.Member) && a.Kind != "workspace" {
			return place[a.Alias] - place[b.Alias]
		}
		return npm.Collate(a.Alias, b.Alias)
	})
	return edges
}
