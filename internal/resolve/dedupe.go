package resolve

import (
	"sort"

	"godwit/internal/graph"
)

// dedupeVariants lets a variant that another one subsumes disappear: same
// package, every dependency compatible, every matched peer matched there too
// (pnpm's dedupe-peer-dependents). It returns what became of which key. The
// order is total, so machines agree on the survivor.
func dedupeVariants(vs map[graph.Key]*variant) map[graph.Key]graph.Key {
	groups := map[*pkg][]graph.Key{}
	for key, v := range vs {
		groups[v.pkg] = append(groups[v.pkg], key)
	}
	var todo [][]graph.Key
	for _, keys := range groups {
		if len(keys) > 1 {
			todo = append(todo, keys)
		}
	}
	all := map[graph.Key]graph.Key{}
	for len(todo) > 0 {
		moved, rest := dedupeRound(vs, todo)
		for from, to := range moved {
			all[from] = to
		}
		if len(rest) == len(todo) {
			break
		}
		for _, v := range vs {
			for alias, key := range v.edges {
				if to, ok := moved[key]; ok {
					v.edges[alias] = to
				}
			}
		}
		if len(moved) == 0 {
			break
		}
		todo = rest
	}
	return all
}

// dedupeRound tries every group once, largest variant first; rest holds the
// groups with members that neither took part in a merge nor lost.
func dedupeRound(vs map[graph.Key]*variant, groups [][]graph.Key) (moved map[graph.Key]graph.Key, rest [][]graph.Key) {
	moved = map[graph.Key]graph.Key{}
	for _, keys := range groups {
		untouched := map[graph.Key]bool{}
		for _, k := range keys {
			untouched[k] = true
		}
		left := append([]graph.Key(nil), keys...)
		for len(left) > 0 {
			sort.Slice(left, func(i, j int) bool {
				a, b := vs[left[i]].size(), vs[left[j]].size()
				return a < b || a == b && left[i] < left[j]
			})
			largest := left[len(left)-1]
			left = left[:len(left)-1]
			keep := left[:0]
			for _, k := range left {
				if subsumes(vs, largest, k, map[[2]graph.Key]bool{}) {
					moved[k] = largest
					delete(untouched, k)
					delete(untouched, largest)
				} else {
					keep = append(keep, k)
				}
			}
			left = keep
		}
		if len(untouched) > 0 {
			var group []graph.Key
			for k := range untouched {
				group = append(group, k)
			}
			rest = append(rest, group)
		}
	}
	return moved, rest
}

func (v *variant) size() int { return len(v.edges) + len(v.peers) }

func subsumes(vs map[graph.Key]*variant, large, small graph.Key, seen map[[2]graph.Key]bool) bool {
	pair := [2]graph.Key{large, small}
	if large == small || seen[pair] {
		return true
	}
	seen[pair] = true
	l, s := vs[large], vs[small]
	if l == nil || s == nil || l.pkg != s.pkg || l.size() < s.size() {
		return false
	}
	for name := range s.peers {
		if !l.peers[name] {
			return false
		}
	}
	for alias, key := range s.edges {
		other, ok := l.edges[alias]
		if !ok || other != key && !subsumes(vs, other, key, seen) {
			return false
		}
	}
	return true
}
