package npmtree

// nodeSet keeps the order in which nodes came, so that it can be walked while it
// grows.
type nodeSet struct {
	list []*node
	has  map[*node]bool
}

func setOf(nodes ...*node) *nodeSet {
	s := &nodeSet{has: map[*node]bool{}}
	for _, n := range nodes {
		s.add(n)
	}
	return s
}

func (s *nodeSet) add(n *node) {
	if !s.has[n] {
		s.has[n] = true
		s.list = append(s.list, n)
	}
}

// depSet is nodes with all that nobody else depends on, by the edges that
// follow says.
func depSet(nodes []*node, follow func(*edge) bool) *nodeSet {
	all := setOf(nodes...)
	for i := 0; i < len(all.list); i++ {
		for _, e := range all.list[i].out.list {
			if e.to != nil && follow(e) {
				all.add(e.to)
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, n := range all.list {
			if !all.has[n] {
				continue
			}
			for _, e := range n.in {
				if !all.has[e.from] && follow(e) {
					delete(all.has, n)
					changed = true
					break
				}
			}
		}
	}
	left := setOf()
	for _, n := range all.list {
		if all.has[n] {
			left.add(n)
		}
	}
	return left
}

// entrySets are the edges by which the peers that n is one of were brought in,
// and which peers each of them brought.
func entrySets(n *node) (entries []*edge, sets []*nodeSet) {
	union := setOf(n)
	for i := 0; i < len(union.list); i++ {
		for _, e := range union.list[i].out.list {
			if e.peer() && e.to != nil && e.valid() {
				union.add(e.to)
			}
		}
		for _, e := range union.list[i].in {
			if e.peer() && e.valid() {
				union.add(e.from)
			}
		}
	}
	for _, p := range union.list {
		var below *nodeSet
		for _, e := range p.in {
			if !e.valid() || e.peer() && !e.from.isTop() {
				continue
			}
			if below == nil {
				below = peersOf(p)
			}
			if below.has[n] {
				entries, sets = append(entries, e), append(sets, below)
			}
		}
	}
	return entries, sets
}

// peersOf is n with the peers that it brings.
func peersOf(n *node) *nodeSet {
	set := setOf(n)
	for i := 0; i < len(set.list); i++ {
		for _, e := range set.list[i].out.list {
			if e.peer() && e.to != nil && e.valid() {
				set.add(e.to)
			}
		}
	}
	return set
}

// deepest is the place nearest to n where something of a name may go: not where
// it is wanted as a peer.
func deepest(n *node, name string) *node {
	for at := n; ; at = at.above() {
		if at.isRoot() || at.above() == nil {
			return at
		}
		if e := at.out.named(name); e == nil || !e.peer() {
			return at
		}
	}
}

// canReplace reports whether n may take the place of old: whoever depends on
// that accepts n. ignore are names in the same node_modules whose peers do not
// count, since they are replaced, too.
func (n *node) canReplace(old *node, ignore map[string]bool) bool {
	if old.name != n.name || old.packageName() != n.packageName() {
		return false
	}
	if len(old.out.list) > 0 && !n.rules.equal(old.rules) {
		return false
	}
	var mine *nodeSet
	objects := func(e *edge) bool {
		if e.accepts(n) || !old.isTop() && e.from.parent == old.parent && e.peer() && ignore[e.from.name] {
			return false
		}
		if mine == nil {
			mine = depSet([]*node{old}, func(e *edge) bool { return e.to != old && e.valid() })
		}
		return !mine.has[e.from]
	}
	if e := old.objector; e != nil && e.to == old && objects(e) {
		return false
	}
	for _, e := range old.in {
		if objects(e) {
			old.objector = e
			return false
		}
	}
	return true
}

// canDedupe reports whether n is not needed: nobody depends on it, or what is
// further up will do for all who do.
func (n *node) canDedupe(prefer, explicit bool) bool {
	if n.bundledByOther() || n.shrinkwrapped() || n.above() == nil || n.above().above() == nil {
		return false
	}
	if len(n.in) == 0 {
		return true
	}
	other := n.above().above().resolve(n.name)
	switch {
	case other == nil:
		return false
	case other.same(n):
		return true
	case !other.canReplace(n, nil):
		return false
	case prefer, compare(other, n) == 0:
		return true
	case compare(other, n) > 0 && !n.overridden():
		return true
	}
	return explicit
}

// compare orders nodes by their versions; what has none comes first.
func compare(a, b *node) int {
	p, q := a.files().pkg, b.files().pkg
	switch {
	case p.versioned && q.versioned:
		return p.version.Compare(q.version)
	case p.versioned:
		return 1
	case q.versioned:
		return -1
	}
	return 0
}

// overridden reports whether n is what it is because of an override.
func (n *node) overridden() bool {
	if n.rules == nil || n.rules.value == "" || n.rules.name != n.name {
		return false
	}
	for _, e := range n.in {
		if e.rules != nil && e.rules.name == n.name && e.rules.value == n.version() && !e.rules.equal(e.from.rules) {
			return true
		}
	}
	return false
}
