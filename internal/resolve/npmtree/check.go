package npmtree

import "slices"

// verdict is whether a package can go to a place.
type verdict uint8

const (
	conflict verdict = iota
	ok               // nothing is there
	replace          // what is there may go
	keep             // what is there will do
)

// check is the question whether a package, and its peers with it, can go into
// the node_modules of a place. To ask changes nothing.
type check struct {
	dep    *node
	target *node
	edge   *edge
	parent *check // of what dep is a peer of
	path   []*node

	explicit bool // the user asked for it by name
	prefer   bool // to dedupe rather than to have the newest

	current *node // what is there
	forced  bool  // dep is not even what the edge asks for
	peers   []*check
	all     verdict // with the peers
	self    verdict // without them
	asked   bool    // peers were looked at
	among   verdict // what came of that
}

func (c *check) run() *check {
	c.prefer = c.prefer || c.edge.peer()
	c.current = c.target.kids.named(c.edge.name)
	c.forced = !c.dep.satisfies(c.edge)
	c.all = c.decide()
	if c.self == conflict {
		c.self = c.all
	}
	return c
}

func (c *check) decide() verdict {
	wants := c.target.out.named(c.edge.name)
	switch {
	case c.dep.err != nil && c.current != nil:
		return replace
	case c.dep.err != nil:
		return ok
	case wants != nil && wants.peer() && !c.target.isTop():
		return conflict // a peer goes beside, not inside
	case c.current == nil && wants != nil && wants != c.edge && !c.dep.satisfies(wants):
		return conflict // the place is taken by something yet to come
	case c.current != nil:
		return c.besides()
	}
	return c.empty()
}

// empty is where nothing is. What is below and finds a package further up must
// not find dep instead if it cannot use that.
func (c *check) empty() verdict {
	if c.target != c.entry().from {
		if above := c.target.resolve(c.edge.name); above != nil {
			for _, e := range above.dependents(c.target) {
				if e.valid() && !c.dep.satisfies(e) {
					return conflict
				}
			}
		}
	}
	return c.withPeers(ok)
}

// besides is where something of the name is.
func (c *check) besides() verdict {
	if c.dep.same(c.current) && (c.current.satisfies(c.edge) || c.forced) {
		if c.explicit {
			return replace
		}
		return keep
	}
	newer := c.newer()
	if newer && c.dep.canReplace(c.current, nil) {
		if v := c.withPeers(replace); v != conflict {
			return v
		}
	}
	if c.current.satisfies(c.edge) && (!c.explicit || c.prefer) {
		return keep
	}
	if c.prefer && !newer && c.dep.canReplace(c.current, nil) {
		if v := c.withPeers(replace); v != conflict {
			return v
		}
	}
	if c.target != c.deepest() {
		return conflict // further down there is room
	}
	if !c.edge.peer() && c.target == c.edge.from {
		return c.withPeers(replace) // who depends on both has to have the one it asks for
	}
	if c.parent == nil && !c.edge.peer() || !c.mayPush() {
		return conflict
	}
	return c.withPeers(replace)
}

// newer reports whether dep is at least the version of what is there, or less
// vulnerable.
func (c *check) newer() bool {
	p, q := c.dep.files().pkg, c.current.files().pkg
	return p.versioned && q.versioned && (p.version.Compare(q.version) >= 0 || c.dep.b.vulnerable(c.current) && !c.dep.b.vulnerable(c.dep))
}

// mayPush reports whether the peer set that what is there belongs to can go
// elsewhere: each way by which it came in leads to what is replaced as well, or
// can have a set of its own further down.
func (c *check) mayPush() bool {
	entries, sets := entrySets(c.current)
	for i, entry := range entries {
		if entry == c.edge || entry == c.entry() {
			continue
		}
		replacement := c.peer(entry.to.name)
		if replacement != nil && replacement.canReplace(entry.to, c.peerNames()) {
			continue
		}
		if replacement == nil && c.acceptable(entry.to) {
			continue
		}
		for _, p := range sets[i].list {
			if deep := deepest(entry.from, p.name); deep == c.target || c.target.within(deep) {
				return false
			}
		}
	}
	return true
}

// peer is what the set of dep has of a name, or nil.
func (c *check) peer(name string) *node {
	if c.dep.parent == nil {
		return nil
	}
	return c.dep.parent.kids.named(name)
}

func (c *check) peerNames() map[string]bool {
	names := map[string]bool{}
	if c.dep.parent != nil {
		for _, kid := range c.dep.parent.kids.list {
			names[kid.name] = true
		}
	}
	return names
}

// acceptable reports whether n, and the peers it brought, accept what dep's set
// has.
func (c *check) acceptable(n *node) bool {
	walk := setOf(n)
	for i := 0; i < len(walk.list); i++ {
		for _, e := range walk.list[i].out.list {
			if !e.peer() || !e.valid() {
				continue
			}
			switch p := c.peer(e.name); {
			case p != nil && !p.satisfies(e):
				return false
			case p == nil && e.to != nil:
				walk.add(e.to)
			}
		}
	}
	return true
}

// withPeers is v if the peers of dep can go along.
func (c *check) withPeers(v verdict) verdict {
	c.self = v
	if c.asked {
		return c.among
	}
	c.asked, c.among = true, v
	path := append(c.path[:len(c.path):len(c.path)], c.dep)
	for _, e := range c.dep.out.list {
		if !e.peer() || e.to == nil || slices.Contains(path, e.to) {
			continue
		}
		p := &check{dep: e.to, target: deepest(c.target, e.to.name), parent: c, edge: e, path: path, prefer: true}
		c.peers = append(c.peers, p.run())
		if p.all == conflict {
			c.among = conflict
		}
	}
	return c.among
}

func (c *check) top() *check {
	for c.parent != nil {
		c = c.parent
	}
	return c
}

// entry is the edge that the peer set came in by.
func (c *check) entry() *edge { return c.top().edge }

// deepest is the place furthest down where dep could go.
func (c *check) deepest() *node {
	start := c.edge.from
	if c.parent != nil {
		start = c.parent.deepest()
	}
	return deepest(start, c.edge.name)
}

// clashes are the peers that cannot go along, those of peers included.
func (c *check) clashes() []*check {
	var out []*check
	for _, p := range c.peers {
		if p.all == conflict {
			out = append(out, p)
		}
		out = append(out, p.clashes()...)
	}
	return out
}
