package resolve

import (
	"maps"
	"slices"

	"godwit/internal/graph"
)

// directKeys are the keys of what each importer depends on, hoisted peers
// included, by its directory and alias.
func directKeys(states []*importerState, f *finalPaths) map[string]map[string]graph.Key {
	out := make(map[string]map[string]graph.Key, len(states))
	for _, s := range states {
		keys := make(map[string]graph.Key, len(s.direct))
		for _, d := range s.direct {
			keys[d.alias] = f.of(d.node)
		}
		out[s.dir] = keys
	}
	return out
}

// dedupeInjected turns copies of members back into links where the member
// itself has everything that the copy depends on, or a compatible variant of it
// with more peers (pnpm's dedupe_injected_deps). What is a copy is looked at
// before any of them is turned.
func dedupeInjected(root string, states []*importerState, keys map[string]map[string]graph.Key, vs map[graph.Key]*variant) {
	links := map[string]map[string]graph.Key{}
	for _, s := range states {
		for _, d := range s.direct {
			m := d.node.pkg.member
			if m == nil || d.node.pkg.isLink() || keys[m.Dir] == nil {
				continue
			}
			if v := vs[keys[s.dir][d.alias]]; v != nil && providesAll(root, vs, m.Dir, keys[m.Dir], v) {
				if links[s.dir] == nil {
					links[s.dir] = map[string]graph.Key{}
				}
				links[s.dir][d.alias] = graph.Key(linkPrefix + m.Dir)
			}
		}
	}
	for dir, aliases := range links {
		maps.Copy(keys[dir], aliases)
	}
}

// providesAll reports whether the member at dir has all that its copy depends on.
// Links are compared as they are written: seen from the member, and from the
// lockfile. Only at the root that is the same, so that elsewhere a copy that
// links stays a copy, as with pnpm.
func providesAll(root string, vs map[graph.Key]*variant, dir string, own map[string]graph.Key, copied *variant) bool {
	for alias, key := range copied.edges {
		have, ok := own[alias]
		if link := target(have).Link; link != "" {
			have = graph.Key(linkPrefix + relativeLink(root, dir, link))
		}
		if !ok || have != key && !subsumes(vs, have, key, map[[2]graph.Key]bool{}) {
			return false
		}
	}
	return true
}

// dropUnreachable removes the variants that no importer needs any more.
func dropUnreachable(keys map[string]map[string]graph.Key, vs map[graph.Key]*variant) {
	reached := map[graph.Key]bool{}
	var todo []graph.Key
	for _, direct := range keys {
		todo = slices.AppendSeq(todo, maps.Values(direct))
	}
	for len(todo) > 0 {
		key := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if v := vs[key]; v != nil && !reached[key] {
			reached[key] = true
			todo = slices.AppendSeq(todo, maps.Values(v.edges))
		}
	}
	maps.DeleteFunc(vs, func(key graph.Key, _ *variant) bool { return !reached[key] })
}
