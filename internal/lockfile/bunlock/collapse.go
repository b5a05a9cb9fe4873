package bunlock

import (
	"maps"
	"slices"

	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
)

// collapse keeps as few versions of each package as all who ask for it accept, so
// that it does not matter which of them asked first: of several the highest, and of
// equals those that most accept (dedupe.rs of bun).
//
// What was locked stays as it is, and so does what projects lead to themselves. If
// carried is nil, nothing was: then all that is there may change.
func (w *walk) collapse(root *item, carried *carrying) {
	c := &collapsing{walk: w, carried: carried, patched: map[string]bool{}}
	for _, d := range w.Settings.Patched {
		c.patched[d.Alias] = true
	}
	live := c.reachable(root)
	for {
		c.settle(root, live)
		after := c.reachable(root)
		if maps.Equal(after, live) {
			return
		}
		live = after
	}
}

type collapsing struct {
	*walk
	carried *carrying
	patched map[string]bool // ids
	group   []*item         // the versions of one name that are in use, the highest first
	asks    []vote
}

// vote is what one dependency says of the versions in a group.
type vote struct {
	by      *item
	edge    *edge
	direct  bool // of a project
	movable bool
	accepts []bool // by version
	now     int    // the version that it has
}

// settle finds who leads where. Packages that go because of the outcome have no say
// in it, so that it is found again without them.
func (c *collapsing) settle(root *item, live map[*item]bool) {
	voters := maps.Clone(live)
	before := targets(live)
	var best map[*edge]*item
	for {
		restore(before)
		voted := c.vote(voters, live)
		after := c.reachable(root)
		for it := range after {
			if !voters[it] {
				if best != nil {
					restore(before)
					restore(best)
				}
				return
			}
		}
		gone := false
		for it := range voted {
			if !after[it] {
				delete(voters, it)
				gone = true
			}
		}
		if !gone {
			return
		}
		best = targets(live)
	}
}

// targets are what the edges of packages lead to.
func targets(items map[*item]bool) map[*edge]*item {
	out := map[*edge]*item{}
	for it := range items {
		for _, e := range it.edges {
			out[e] = e.to
		}
	}
	return out
}

func restore(to map[*edge]*item) {
	for e, it := range to {
		e.to = it
	}
}

// vote lets some packages say which versions of what they depend on stay, and
// changes what their dependencies lead to. It gives those that said anything.
func (c *collapsing) vote(voters, live map[*item]bool) (voted map[*item]bool) {
	asks, voted := map[npm.Name][]vote{}, map[*item]bool{}
	for it := range voters {
		for _, e := range it.edges {
			if c.apart(e) {
				continue
			}
			if e.to != nil && e.to.kind == registry && len(c.names[e.to.name]) > 1 {
				asks[e.to.name] = append(asks[e.to.name], vote{by: it, edge: e, direct: it.kind == project})
				voted[it] = true
			}
		}
	}
	for name, list := range asks {
		c.group = slices.DeleteFunc(slices.Clone(c.names[name]), func(it *item) bool { return !live[it] })
		if len(c.group) < 2 || c.carried != nil && !slices.ContainsFunc(c.names[name], func(it *item) bool { return !c.carried.loaded[it] }) {
			continue
		}
		c.asks = list
		c.one()
	}
	return voted
}

// one settles the versions of one name.
func (c *collapsing) one() {
	required := make([]bool, len(c.group))
	for i := range c.asks {
		v := &c.asks[i]
		v.accepts, v.now = make([]bool, len(c.group)), slices.Index(c.group, v.edge.to)
		m, movable := c.mayMove(v)
		if !movable {
			v.accepts[v.now], required[v.now] = true, true
			continue
		}
		v.movable = true
		for k, it := range c.group {
			v.accepts[k] = m.rng.Match(*it.parsed)
		}
	}
	chosen, size := c.cover(required)
	chosen = c.protect(required, chosen, size)
	for _, v := range c.asks {
		if !v.movable || chosen[v.now] {
			continue
		}
		if k := v.first(chosen); k >= 0 {
			v.edge.to = c.group[k]
		}
	}
}

// mayMove reports whether a dependency may get another version.
func (c *collapsing) mayMove(v *vote) (want, bool) {
	frozen := c.carried != nil && (v.direct || c.carried.loaded[v.edge.to])
	if frozen || v.edge.bundled || c.patched[v.edge.to.id()] {
		return want{}, false
	}
	m, err := c.meant(v.by, v.edge)
	return m, err == nil && m.kind == specifier.Range
}

// first is the highest of the chosen versions that will do, or -1.
func (v *vote) first(chosen []bool) int {
	for k, ok := range v.accepts {
		if ok && chosen[k] {
			return k
		}
	}
	return -1
}

// cover chooses versions until all have one: greedily, and the required ones anyway.
func (c *collapsing) cover(required []bool) (chosen []bool, size int) {
	chosen = slices.Clone(required)
	for _, on := range chosen {
		if on {
			size++
		}
	}
	for {
		count, left := make([]int, len(c.group)), false
		for i := range c.asks {
			if v := &c.asks[i]; v.first(chosen) < 0 {
				for k, ok := range v.accepts {
					if ok {
						count[k]++
						left = true
					}
				}
			}
		}
		if !left {
			return chosen, size
		}
		best := 0
		for k, n := range count {
			if n > count[best] {
				best = k
			}
		}
		chosen[best] = true
		size++
	}
}

// protect keeps projects from getting a lower version than they have, where that
// costs no further one.
func (c *collapsing) protect(required, chosen []bool, size int) []bool {
	var kept []int
	for i := range c.asks {
		if v := &c.asks[i]; v.direct && v.movable && !chosen[v.now] && v.first(chosen) > v.now {
			kept = append(kept, v.now)
		}
	}
	slices.Sort(kept)
	for _, k := range slices.Compact(kept) {
		if chosen[k] {
			continue
		}
		required[k] = true
		if again, n := c.cover(required); n == size {
			chosen = again
		} else {
			required[k] = false
		}
	}
	return chosen
}

// apart reports whether a dependency is none of those that are settled: what a package
// brings along stays as it was found, and all that it leads to does, unless versions
// are chosen again among all that are there. (Found out with bun 1.4.5.)
func (c *collapsing) apart(e *edge) bool { return e.bundled && c.carried != nil }

// reachable are the packages that something leads to.
func (c *collapsing) reachable(root *item) map[*item]bool {
	seen := map[*item]bool{root: true}
	for queue := []*item{root}; len(queue) > 0; queue = queue[1:] {
		for _, e := range queue[0].edges {
			if e.to != nil && !seen[e.to] && !c.apart(e) {
				seen[e.to] = true
				queue = append(queue, e.to)
			}
		}
	}
	return seen
}
