package resolve

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// variant is a package of the graph in the making: the occurrences of one
// package that share a key.
type variant struct {
	key        graph.Key
	pkg        *pkg
	edges      map[string]graph.Key
	optional   map[string]bool
	transitive map[string]bool
	peers      map[string]bool // peer names matched above, its own and below
	depth      int
	order      int
}

// variants joins the walked occurrences by their final keys. The shallowest,
// among equals the first walked, decides; the others add what it lacks.
func (w *peerWalk) variants(f *finalPaths) map[graph.Key]*variant {
	depth := map[graph.Key]int{}
	for n := range w.paths {
		key := f.of(n)
		if d, ok := depth[key]; !ok || n.depth < d {
			depth[key] = n.depth
		}
	}
	transitive := map[graph.Key]map[string]bool{}
	for _, r := range w.records {
		key := f.of(r.node)
		if transitive[key] == nil {
			transitive[key] = map[string]bool{}
		}
		union(transitive[key], r.transitive)
		for name := range f.extra[r.node] {
			r.peers[name] = true
			if !r.node.pkg.declares(name) {
				transitive[key][name] = true
			}
		}
	}
	out := map[graph.Key]*variant{}
	for _, r := range w.records {
		key := f.of(r.node)
		v := &variant{
			key: key, pkg: r.node.pkg, depth: depth[key], order: r.order,
			edges: map[string]graph.Key{}, optional: r.optional, transitive: transitive[key], peers: r.peers,
		}
		for alias, child := range r.edges {
			v.edges[alias] = f.of(child)
		}
		// Records come in walk order and share the depth of their key, so
		// the first one stays.
		if first := out[key]; first != nil {
			first.absorb(v, transitive)
			continue
		}
		out[key] = v
	}
	return out
}

func union(dst, src map[string]bool) {
	for k := range src {
		dst[k] = true
	}
}

// absorb adds the edges of another occurrence with the same key. Where the
// two lead to different variants of a child, the one that fits the peers v
// has is taken.
func (v *variant) absorb(other *variant, transitive map[graph.Key]map[string]bool) {
	union(v.optional, other.optional)
	available := map[string]bool{string(v.pkg.name): true}
	for _, name := range suffixNames(v.key) {
		available[name] = true
	}
	for alias, key := range other.edges {
		have, ok := v.edges[alias]
		if !ok || have != key && fitsBetter(have, key, available, transitive) {
			v.edges[alias] = key
		}
	}
}

func fitsBetter(have, candidate graph.Key, available map[string]bool, transitive map[graph.Key]map[string]bool) bool {
	count := func(key graph.Key) (foreign, fitting int) {
		for _, name := range suffixNames(key) {
			switch {
			case available[name]:
				fitting++
			case !transitive[key][name]:
				foreign++
			}
		}
		return
	}
	hf, hn := count(have)
	cf, cn := count(candidate)
	if cf != hf {
		return cf < hf
	}
	return cf == 0 && cn > hn
}

// suffixNames lists the names in the outermost brackets of a key.
func suffixNames(key graph.Key) []string {
	var out []string
	for _, peer := range key.Peers() {
		out = append(out, string(peer.Name()))
	}
	return out
}

// build turns a variant into a package of the graph.
func (v *variant) build() *graph.Package {
	m := v.pkg.manifest
	p := &graph.Package{
		Key: v.key, Name: v.pkg.name, Version: v.pkg.version, Resolution: v.pkg.resolution,
		OS: m.OS, CPU: m.CPU, Libc: m.Libc, LibcText: m.LibcText, Deprecated: v.pkg.deprecated,
		HasBin: len(m.Bin) > 0 || m.BinDir != "", Bundled: m.Bundled, Patch: v.pkg.patch,
	}
	for _, e := range m.Engines {
		if e.Specifier != "*" {
			p.Engines = append(p.Engines, e)
		}
	}
	p.Peers, p.OptionalPeers = listedPeers(cmp.Or(v.pkg.listing, m))
	optionalPeer := map[string]bool{}
	for _, peer := range v.pkg.peers {
		optionalPeer[peer.name] = peer.optional
	}
	for alias, key := range v.edges {
		e := graph.Edge{Alias: alias, Target: target(key), Optional: v.optional[alias] || optionalPeer[alias]}
		p.Edges = append(p.Edges, e)
	}
	sort.Slice(p.Edges, func(i, j int) bool { return p.Edges[i].Alias < p.Edges[j].Alias })
	for name := range v.transitive {
		p.TransitivePeers = append(p.TransitivePeers, name)
	}
	sort.Strings(p.TransitivePeers)
	return p
}

// listedPeers are the peers that a lockfile says m has: those that
// peerDependencies or peerDependenciesMeta name, whoever supplies them, but for
// m itself and its optional dependencies.
func listedPeers(m *npm.Manifest) (peers npm.Deps, optional map[string]bool) {
	optional = map[string]bool{}
	list := func(d npm.Dep) {
		if _, own := m.OptionalDependencies.Lookup(d.Alias); own || d.Alias == string(m.Name) {
			return
		}
		peers = append(peers, d)
		if m.OptionalPeers[d.Alias] {
			optional[d.Alias] = true
		}
	}
	for _, d := range m.PeerDependencies {
		list(d)
	}
	for _, alias := range slices.Sorted(maps.Keys(m.OptionalPeers)) {
		if _, declared := m.PeerDependencies.Lookup(alias); !declared && m.OptionalPeers[alias] {
			list(npm.Dep{Alias: alias, Specifier: "*"})
		}
	}
	return peers, optional
}

func target(key graph.Key) graph.Target {
	if path, ok := strings.CutPrefix(string(key), linkPrefix); ok {
		return graph.Target{Link: path}
	}
	return graph.Target{Key: key}
}
