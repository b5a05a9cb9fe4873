package yarnlock

import (
	"slices"
	"strings"
)

// maxChain is the longest chain of dependencies that yarn follows.
const maxChain = 1000

// required finds the packages that a project needs whatever the machine. Yarn
// walks depth first, and marks what it comes by on a way without optional edges;
// but it goes on from a package only when it meets it for the first time, and what
// has peers is other packages each time (Project, applyVirtualResolutionMutations).
func (b *berryRenewal) required() map[*Entry]bool {
	w := requirements{b: b, required: map[*Entry]bool{}, seen: map[visit]bool{}}
	for i := range b.Projects {
		w.visit(b.projects[b.Projects[i].Dir], false, 0)
	}
	for _, e := range b.out.Entries {
		if source := b.source(e); source != nil && source != e {
			w.required[source] = true // yarn needs it to make the patched one
		}
	}
	return w.required
}

type requirements struct {
	b        *berryRenewal
	required map[*Entry]bool
	seen     map[visit]bool
}

// visit is an entry as it was come by; optional counts for those with peers alone.
type visit struct {
	entry    *Entry
	optional bool
}

func (w *requirements) visit(e *Entry, optional bool, depth int) {
	peers := !e.workspace() && w.peers(e)
	if !optional && !peers {
		w.required[e] = true
	}
	at := visit{e, optional && peers}
	if w.seen[at] || depth > maxChain {
		return
	}
	w.seen[at] = true
	edges := slices.Clone(w.b.edges[e])
	slices.SortFunc(edges, func(x, y berryEdge) int { return strings.Compare(x.descriptor, y.descriptor) })
	for _, later := range []bool{false, true} { // those with peers come after the others
		for _, edge := range edges {
			if to := w.b.out.index[edge.descriptor]; to != nil && w.peers(to) == later {
				w.visit(to, optional || edge.optional, depth+1)
			}
		}
	}
}

// peers reports whether an entry has peers.
func (w *requirements) peers(e *Entry) bool {
	return len(e.PeerDependencies) > 0 || len(e.OptionalPeers) > 0
}
