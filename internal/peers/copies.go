package peers

import (
	"maps"
	"slices"

	"godwit/internal/graph"
)

// Copy is one version of a package that exists several times, since its
// dependents see different peers.
type Copy struct {
	ID       graph.Key
	Variants []Variant
}

// Variant is one of several copies.
type Variant struct {
	Key   graph.Key
	Peers []Seen // the peers that are not the same in all copies, by name
	Where []Way  // the shortest way to it from each importer that has it
}

// Seen is what a copy sees as a peer.
type Seen struct {
	Peer string
	Key  graph.Key // "" is none
}

// Way is a chain of an importer.
type Way struct {
	Importer string
	Chain    Chain
}

// Copies lists the packages of a graph with several copies, by key.
func Copies(g *graph.Graph) []Copy {
	variants := map[graph.Key][]graph.Key{}
	for key := range g.Reachable(graph.Scope{}) {
		variants[key.ID()] = append(variants[key.ID()], key)
	}
	maps.DeleteFunc(variants, func(_ graph.Key, keys []graph.Key) bool { return len(keys) < 2 })
	if len(variants) == 0 {
		return nil
	}
	views := make([]*view, len(g.Importers))
	for i, im := range g.Importers {
		views[i] = newView(g, im)
	}
	var out []Copy
	for _, id := range slices.Sorted(maps.Keys(variants)) {
		c := Copy{ID: id}
		keys := slices.Sorted(slices.Values(variants[id]))
		differ := differing(g, keys)
		for _, key := range keys {
			c.Variants = append(c.Variants, variantOf(g, views, key, differ))
		}
		out = append(out, c)
	}
	return out
}

func variantOf(g *graph.Graph, views []*view, key graph.Key, differ []string) Variant {
	v := Variant{Key: key}
	sees := seen(g.Packages[key])
	for _, name := range differ {
		v.Peers = append(v.Peers, Seen{name, sees[name]})
	}
	for _, view := range views {
		if chain := view.chain(key); chain != nil {
			v.Where = append(v.Where, Way{view.importer.Dir, chain})
		}
	}
	return v
}

// differing names the peers in which the copies differ.
func differing(g *graph.Graph, keys []graph.Key) []string {
	names := map[string]bool{}
	first := seen(g.Packages[keys[0]])
	for _, key := range keys[1:] {
		sees := seen(g.Packages[key])
		all := maps.Clone(first)
		maps.Copy(all, sees)
		for name := range all {
			if first[name] != sees[name] {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// seen is what a package got as peers: those that it declares, from its edges;
// those of what is below it, from its suffix, unless that was too long and is
// a hash.
func seen(p *graph.Package) map[string]graph.Key {
	out := map[string]graph.Key{}
	for _, peer := range p.Key.Peers() {
		if name, version := peer.Split(); version != "" {
			out[string(name)] = peer
		}
	}
	for _, peer := range p.Peers {
		if target, ok := edge(p, peer.Alias); ok {
			out[peer.Alias] = target.Key
			if target.Link != "" {
				out[peer.Alias] = graph.Key("link:" + target.Link)
			}
		}
	}
	return out
}
