package npmtree

import (
	"slices"

	"godwit/internal/npm"
)

// placing puts a package where it belongs, and its peers after it.
type placing struct {
	b        *builder
	dep      *node
	edge     *edge
	parent   *placing
	explicit bool
	update   bool // the user wants the newest of it

	where   *check // where it goes
	self    *check // where it could go without its peers
	target  *node
	placed  *node
	current *node // what the edge had
	peers   []*placing
	again   []*node // whose dependencies were taken away
}

func (p *placing) run() (*placing, error) {
	p.current = p.edge.to
	if p.edge.to != nil && p.edge.valid() && !p.explicit && !p.update && !p.b.vulnerable(p.edge.to) {
		return p, nil // placing something else helped
	}
	p.search()
	if p.where == nil {
		switch {
		case !p.b.opts.Force && (p.isMine() || p.b.opts.StrictPeers):
			return p, p.conflict()
		case p.self == nil:
			p.overrule(p.edge, p.dep)
			return p, nil
		}
		p.where = p.self
	}
	p.target = p.where.target
	v := p.where.all
	if v == conflict {
		v = p.where.self
	}
	if v == keep {
		if p.edge.peer() && !p.edge.valid() {
			p.overrule(p.edge, p.dep)
		}
		p.prune(p.target, true)
		return p, nil
	}
	for at := p.target; at != nil; at = at.above() {
		if at.same(p.dep) && !at.isTop() {
			p.placed = &node{b: p.b, name: p.dep.name, pkg: nothing(), isLink: true, target: at}
			p.placed.root = p.placed
			p.placed.attach(p.target)
			return p, nil
		}
	}
	return p, p.place()
}

// search goes up from where the package is wanted.
func (p *placing) search() {
	for at := p.start(); at != nil; at = at.above() {
		if e := at.out.named(p.edge.name); !at.isTop() && e != nil && e.peer() {
			continue
		}
		c := &check{dep: p.dep, edge: p.edge, target: at, prefer: p.b.opts.PreferDedupe, explicit: p.explicit}
		if p.parent != nil {
			c.parent = p.parent.where
		}
		c.run()
		if c.self != conflict {
			p.self = c
		}
		if c.all == conflict {
			return
		}
		p.where = c
		if p.dep.err != nil || p.b.opts.Strategy == Nested || p.b.opts.Strategy == Shallow && at.above() == p.b.root {
			return
		}
	}
}

// start is where the search begins.
func (p *placing) start() *node {
	from := p.edge.from
	if p.parent != nil {
		from = p.parent.start()
	}
	return deepest(from, p.edge.name)
}

// place puts a copy of the package in its place: it may go to others, too.
func (p *placing) place() error {
	b, set := p.b, p.dep.parent
	p.placed = &node{b: b, name: p.dep.name, pkg: p.dep.pkg, err: p.dep.err, rules: p.dep.rules, isLink: p.dep.isLink, target: p.dep.target}
	p.placed.root = p.placed
	if !p.placed.isLink {
		p.placed.loadEdges(false)
	}
	if old := p.target.kids.named(p.edge.name); old != nil {
		p.replaceOld(old)
	} else {
		p.placed.attach(p.target)
	}
	if p.edge.peer() && !p.placed.satisfies(p.edge) {
		p.overrule(p.edge, p.dep)
	}
	if p.edge.to != nil && p.edge.to != p.placed && p.edge.valid() {
		p.prune(p.edge.to, false)
	}
	p.pruneBelow()
	return p.placePeers(set)
}

// pruneBelow removes what is not needed any more further down, now that it can
// be had from here.
func (p *placing) pruneBelow() {
	for _, n := range p.b.root.index.named(p.edge.name, p.target) {
		if n.root != p.b.root || n.isTop() || !n.within(p.target) {
			continue
		}
		p.prune(n, false)
		if n.root == p.b.root {
			for _, kid := range slices.Clone(n.kids.list) {
				p.prune(kid, false)
			}
		}
	}
}

// placePeers places the peers of the package that set has for it.
func (p *placing) placePeers(set *node) error {
	if set == nil {
		return nil
	}
	for _, e := range slices.Clone(p.placed.out.list) {
		if !e.peer() || e.conflicted || e.valid() {
			continue
		}
		peer := set.kids.named(e.name)
		if peer == nil || !peer.satisfies(e) {
			continue
		}
		child, err := (&placing{b: p.b, dep: peer, edge: e, parent: p, explicit: p.explicit}).run()
		if err != nil {
			return err
		}
		p.peers = append(p.peers, child)
	}
	return nil
}

// replaceOld gives the place of old to the package. Peer sets that relied on old
// move further down if they can.
func (p *placing) replaceOld(old *node) {
	target := old.parent
	var orphans []*node
	for _, e := range old.out.list {
		if e.to != nil && p.placed.out.named(e.name) == nil {
			end := e.to
			orphans = append(orphans, depSet([]*node{end}, func(e *edge) bool { return e.to != end }).list...)
		}
	}
	pushed := p.pushed(old, target)
	p.placed.replace(old)
	p.pruneOrphans(orphans)
	for _, n := range pushed {
		for _, e := range n.in {
			p.again = append(p.again, e.from)
		}
		n.detach()
	}
}

// pushed are the peer sets that cannot stay once old is gone from target.
func (p *placing) pushed(old, target *node) (out []*node) {
	for _, e := range slices.Clone(old.in) {
		if p.placed.satisfies(e) || !e.peer() || e.from.parent != target || e.conflicted {
			continue
		}
		entries, _ := entrySets(e.from)
		for _, entry := range entries {
			n := entry.to
			if deepest(n, n.name) != target && !entry.from.isProject() {
				out = append(out, depSet([]*node{n}, func(e *edge) bool { return e.to != n && !e.conflicted }).list...)
			} else {
				p.overrule(e, p.dep)
			}
		}
	}
	return out
}

// pruneOrphans removes what only the replaced package needed.
func (p *placing) pruneOrphans(orphans []*node) {
	n := p.placed
	doomed := setOf()
	for _, e := range n.out.list {
		if e.to != nil && !e.valid() {
			doomed.add(e.to)
		}
	}
	for _, o := range orphans {
		for _, d := range depSet([]*node{o}, func(e *edge) bool { return e.to != o && e.valid() }).list {
			doomed.add(d)
		}
	}
	for _, d := range depSet(doomed.list, func(e *edge) bool { return e.from != n && e.to != n && e.valid() }).list {
		d.detach()
	}
}

// prune removes n if what is further up will do, else looks at what is in it.
func (p *placing) prune(n *node, descend bool) {
	if n.canDedupe(p.b.opts.PreferDedupe, p.explicit) {
		for _, d := range depSet([]*node{n}, func(e *edge) bool { return e.to != n && e.valid() }).list {
			d.detach()
		}
		return
	}
	if !descend {
		return
	}
	for _, kid := range byDir(n.kids.list) {
		p.prune(kid, true)
	}
	for _, project := range byDir(n.projects.all()) {
		for _, kid := range byDir(project.kids.list) {
			p.prune(kid, true)
		}
	}
}

func byDir(nodes []*node) []*node {
	return slices.SortedFunc(slices.Values(nodes), func(a, b *node) int { return npm.Collate(a.dir, b.dir) })
}

// isMine reports whether the conflict would be the project's own: it asks for
// the package, or for one of the peer set.
func (p *placing) isMine() bool {
	for p.parent != nil {
		p = p.parent
	}
	from := p.edge.from
	if from.isProject() {
		return true
	}
	if !p.edge.peer() {
		return false
	}
	peers := false
	for _, e := range from.in {
		if e.peer() {
			peers = true
		} else if e.from.isProject() {
			return true
		}
	}
	if peers {
		entries, _ := entrySets(from)
		return slices.ContainsFunc(entries, func(e *edge) bool { return e.from.isProject() })
	}
	return false
}
