package resolve

import (
	"sort"
	"strings"

	"godwit/internal/graph"
)

// Issue is a peer that is missing or has a version its dependents did not ask
// for.
type Issue struct {
	Peer     string
	Wanted   string
	Found    string // "" when the peer is missing
	Optional bool
	Chain    []graph.Key // who wants it; the last one declares it
}

// issues lists what a walk found wrong: peers missing that are not optional,
// and peers in a wrong version; sorted, each once.
func (w *peerWalk) issues() []Issue {
	var out []Issue
	for _, peers := range w.missing {
		for _, p := range peers {
			if !p.optional {
				out = append(out, Issue{Peer: p.name, Wanted: p.wanted, Chain: p.by.chain()})
			}
		}
	}
	for _, p := range w.bad {
		out = append(out, Issue{p.name, p.wanted, p.found, p.optional, p.by.chain()})
	}
	key := func(i Issue) string {
		var b strings.Builder
		for _, k := range i.Chain {
			b.WriteString(string(k) + ">")
		}
		return b.String() + i.Peer + " " + i.Wanted + " " + i.Found
	}
	sort.Slice(out, func(i, j int) bool { return key(out[i]) < key(out[j]) })
	uniq := out[:0]
	for i, issue := range out {
		if i == 0 || key(issue) != key(uniq[len(uniq)-1]) {
			uniq = append(uniq, issue)
		}
	}
	return uniq
}
