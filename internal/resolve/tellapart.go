package resolve

import (
	"maps"
	"slices"

	"godwit/internal/graph"
)

// tellApart adds to the suffix of an occurrence what tells its peers apart,
// where they are written short although they exist more than once: on a cycle
// of peer names, "a(b@1)" alone does not say which b is meant, so it becomes
// "a(b@1)(c@2)" for the b that sees c@2 where another sees c@3.
func (f *finalPaths) tellApart() {
	nodes := f.walked()
	for grown := slices.ContainsFunc(nodes, f.hasShort); grown; {
		grown = false
		telling := f.telling(nodes)
		for _, n := range nodes {
			for _, name := range slices.Sorted(maps.Keys(f.peersOf(n))) {
				peer := f.canonical(f.peersOf(n)[name])
				if f.short(n, name, peer) && f.adopt(n, peer, telling[peer.pkg]) {
					grown = true
				}
			}
		}
		clear(f.done)
	}
}

// walked lists the occurrences that were not reused, in walk order.
func (f *finalPaths) walked() []*node {
	nodes := make([]*node, len(f.w.records))
	for i, r := range f.w.records {
		nodes[i] = r.node
	}
	return nodes
}

// telling finds, for each package, the peers that are not the same in all
// occurrences.
func (f *finalPaths) telling(nodes []*node) map[*pkg]map[string]bool {
	first, telling := map[*pkg]map[string]graph.Key{}, map[*pkg]map[string]bool{}
	for _, n := range nodes {
		ids := map[string]graph.Key{}
		for name, peer := range f.peersOf(n) {
			ids[name] = f.of(peer)
		}
		if first[n.pkg] == nil {
			first[n.pkg], telling[n.pkg] = ids, map[string]bool{}
			continue
		}
		for name := range first[n.pkg] {
			ids[name] += "" // one that lacks it differs
		}
		for name, id := range ids {
			if id != first[n.pkg][name] {
				telling[n.pkg][name] = true
			}
		}
	}
	return telling
}

// hasShort spares projects without cycles of peers the search.
func (f *finalPaths) hasShort(n *node) bool {
	for name, peer := range f.w.external[n] {
		if f.short(n, name, f.canonical(peer)) {
			return true
		}
	}
	return false
}

// short reports whether n has a peer without the peer's own suffix.
func (f *finalPaths) short(n *node, name string, peer *node) bool {
	if _, plain := f.w.plainPeer(name, peer); plain {
		return false
	}
	return f.looped[name] || f.sameCycle(n, peer)
}

// adopt gives n those peers of one of its peers that tell the latter apart,
// and reports whether any was new.
func (f *finalPaths) adopt(n, peer *node, telling map[string]bool) (grown bool) {
	for name, p := range f.peersOf(peer) {
		if _, has := f.peersOf(n)[name]; has || !telling[name] || p.pkg == n.pkg {
			continue
		}
		if f.extra[n] == nil {
			f.extra[n] = maps.Clone(f.w.external[n])
		}
		f.extra[n][name] = p
		grown = true
	}
	return grown
}

// peersOf lists what the suffix of n names.
func (f *finalPaths) peersOf(n *node) map[string]*node {
	if peers, ok := f.extra[n]; ok {
		return peers
	}
	return f.w.external[n]
}
