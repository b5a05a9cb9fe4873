package resolve

import (
	"godwit/internal/graph"
)

// suffix writes the peers an occurrence took from above.
func (w *peerWalk) suffix(peers map[string]*node, id func(name string, n *node) graph.Key) graph.Key {
	ids := make([]graph.Key, 0, len(peers))
	for name, n := range peers {
		ids = append(ids, id(name, n))
	}
	return graph.Key(graph.PeerSuffix(ids, w.opts.PeersSuffixMaxLength))
}

// provisionalPeer is how a peer is written during the walk, when the key of
// the provider may not be known yet. Only the comparison of occurrences sees
// it.
func (w *peerWalk) provisionalPeer(name string, n *node) graph.Key {
	if id, plain := w.plainPeer(name, n); plain {
		return id
	}
	if path, ok := w.paths[n]; ok {
		return path
	}
	return nameVersion(n.pkg)
}

// plainPeer is the form of peers that never carry peers of their own.
func (w *peerWalk) plainPeer(name string, n *node) (id graph.Key, plain bool) {
	if n.pkg.isLink() {
		return graph.Key(name + "@" + graph.LinkVersion(string(n.pkg.id[len(linkPrefix):]))), true
	}
	return nameVersion(n.pkg), w.opts.DedupePeers
}

func nameVersion(p *pkg) graph.Key {
	if p.version == "" {
		return p.id
	}
	return graph.Key(p.name) + "@" + graph.Key(p.version)
}

// finalPaths gives every walked occurrence its key, with the full suffix of
// each peer. Peers that depend on each other are written without a suffix of
// their own, or the key would never end; who is on such a cycle is a property
// of the whole graph, so the keys do not depend on where the walk began.
type finalPaths struct {
	w      *peerWalk
	cycle  map[*node]int
	looped map[string]bool            // names that are on a cycle of peers
	extra  map[*node]map[string]*node // external peers where tellApart added some
	done   map[*node]graph.Key
	active map[*node]bool
}

func newFinalPaths(w *peerWalk) *finalPaths {
	f := &finalPaths{w: w, extra: map[*node]map[string]*node{}, done: map[*node]graph.Key{}, active: map[*node]bool{}}
	f.findNodeCycles()
	f.findNameCycles()
	f.tellApart()
	return f
}

func (f *finalPaths) canonical(n *node) *node {
	if same, ok := f.w.sameAs[n]; ok {
		return same
	}
	return n
}

func (f *finalPaths) findNodeCycles() {
	var nodes []*node
	number := map[*node]int{}
	for n, peers := range f.w.external {
		if n = f.canonical(n); len(peers) > 0 && number[n] == 0 {
			nodes = append(nodes, n)
			number[n] = len(nodes)
		}
	}
	comp := components(len(nodes), func(i int) []int {
		var out []int
		for _, peer := range f.w.external[nodes[i]] {
			if k := number[f.canonical(peer)]; k > 0 {
				out = append(out, k-1)
			}
		}
		return out
	})
	f.cycle = map[*node]int{}
	for i, n := range nodes {
		f.cycle[n] = comp[i]
	}
}

func (f *finalPaths) findNameCycles() {
	var names []string
	number := map[string]int{}
	intern := func(name string) int {
		if number[name] == 0 {
			names = append(names, name)
			number[name] = len(names)
		}
		return number[name] - 1
	}
	next := map[int]map[int]bool{}
	for n, peers := range f.w.external {
		for name := range peers {
			from, to := intern(string(n.pkg.name)), intern(name)
			if next[from] == nil {
				next[from] = map[int]bool{}
			}
			next[from][to] = true
		}
	}
	comp := components(len(names), func(i int) []int {
		out := make([]int, 0, len(next[i]))
		for to := range next[i] {
			out = append(out, to)
		}
		return out
	})
	f.looped = map[string]bool{}
	for i, name := range names {
		f.looped[name] = comp[i] != 0
	}
}

// of is the final key of n.
func (f *finalPaths) of(n *node) graph.Key {
	n = f.canonical(n)
	if key, ok := f.done[n]; ok {
		return key
	}
	peers := f.peersOf(n)
	if len(peers) == 0 || f.active[n] {
		if key, ok := f.w.paths[n]; ok {
			return key
		}
		return n.pkg.key()
	}
	f.active[n] = true
	key := n.pkg.key() + f.w.suffix(peers, func(name string, peer *node) graph.Key { return f.peer(n, name, peer) })
	delete(f.active, n)
	f.done[n] = key
	return key
}

func (f *finalPaths) peer(n *node, name string, peer *node) graph.Key {
	peer = f.canonical(peer)
	id, plain := f.w.plainPeer(name, peer)
	if plain || f.sameCycle(n, peer) || f.looped[name] {
		return id
	}
	return f.of(peer)
}

// sameCycle reports whether two occurrences are peers of each other.
func (f *finalPaths) sameCycle(n, peer *node) bool {
	return f.cycle[n] != 0 && f.cycle[n] == f.cycle[peer]
}
