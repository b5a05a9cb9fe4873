package npmtree

import (
	"slices"

	"godwit/internal/npm"
)

// virtualRoot stands for n: it depends on the same, and has nothing but what is
// put together in it.
func (b *builder) virtualRoot(n *node, reuse bool) *node {
	if reuse && b.virtual[n] != nil {
		return b.virtual[n]
	}
	v := &node{b: b, name: n.name, dir: n.dir, pkg: n.pkg, source: n, rules: n.rules}
	v.root = v
	v.loadEdges(n.isTop())
	if l := b.linksOf(n); len(l.to) > 0 {
		v.linked = &linked{l, map[int]bool{}}
	}
	b.virtual[n] = v
	return v
}

// nodeFor finds the package that an edge asks for, and puts it with its peers
// into a virtual root: set, or one for whom the edge is from. second, if it is
// not nil, is another edge that should be content, too, if the first is.
func (b *builder) nodeFor(e *edge, set *node, second *edge, req *nodeSet) (*node, error) {
	if set == nil {
		set = b.virtualRoot(e.from, false)
	}
	n, err := b.nodeFromSpec(e, e, set)
	if err != nil {
		return nil, err
	}
	if second != nil && !second.valid() {
		other, err := b.nodeFromSpec(e, second, set)
		if err != nil {
			return nil, err
		}
		if e.valid() {
			n = other
		}
	}
	if n.root == b.root {
		return n, nil // a member of the workspace, which is where it is
	}
	n.attach(set)
	if req.has[e.from] && e.kind != peerOptional || second != nil && req.has[second.from] && second.kind != peerOptional {
		req.add(n)
	}
	return n, b.loadPeers(n, req)
}

// nodeFromSpec makes a node of what asks wants for e's name.
func (b *builder) nodeFromSpec(e, asks *edge, set *node) (*node, error) {
	w := b.want(e.name, asks.spec())
	if w.kind == aDirectory && w.err == nil && b.linked(asks) && b.allowed(asks, w) == nil {
		return b.linkTo(e.name, b.locate(asks, w.spec.Path), set)
	}
	if b.isMemberName(e.name) {
		if n := b.root.out.named(e.name).to; n != nil && n.isMember() && n.satisfies(asks) {
			return n, nil
		}
	}
	n := &node{b: b, name: e.name, pkg: nothing()}
	n.root = n
	p, err := b.find(b.ctx, asks, w)
	switch {
	case err != nil && b.ctx.Err() != nil:
		return nil, err
	case err != nil:
		n.err = &failure{chain(asks.from), err}
	default:
		n.pkg = p
	}
	n.attach(set)
	n.loadEdges(false)
	return n, nil
}

// linkTo makes a link to a directory.
func (b *builder) linkTo(name, dir string, set *node) (*node, error) {
	l := &node{b: b, name: name, pkg: nothing(), isLink: true}
	l.root = l
	l.target = set.find(dir)
	if l.target == nil {
		t, err := b.projectNode(dir)
		if err != nil {
			return nil, err
		}
		l.target = t
		l.attach(set)
		t.loadEdges(true)
	} else {
		l.attach(set)
	}
	b.links.add(l)
	return l, nil
}

// loadPeers puts the peers of n beside it, and theirs. What the virtual root
// itself asks for goes before what a peer asks for.
func (b *builder) loadPeers(n *node, req *nodeSet) error {
	var peers []*edge
	for _, e := range n.out.list {
		if e.peer() && !(e.valid() && e.to != nil) {
			peers = append(peers, e)
		}
	}
	slices.SortStableFunc(peers, func(x, y *edge) int { return npm.Collate(x.name, y.name) })
	for _, e := range peers {
		if n.parent == nil {
			return nil // one of the peers brought another version of n
		}
		if e.valid() && e.to != nil {
			continue
		}
		var err error
		if e.to == nil {
			err = b.addPeer(n, e, req)
		} else {
			err = b.changePeer(n, e, req)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lenient reports whether a conflict in a virtual root may stand: the project's
// own may not.
func (b *builder) lenient(set *node) bool {
	return b.opts.Force || !set.source.isProject() && !b.opts.StrictPeers
}

// addPeer is for a peer of n that is not there yet.
func (b *builder) addPeer(n *node, e *edge, req *nodeSet) error {
	set := n.parent
	above := set.out.named(e.name)
	if above == nil {
		_, err := b.nodeFor(e, set, nil, req)
		return err
	}
	dep, err := b.nodeFor(above, set, e, req)
	switch {
	case err != nil || e.valid():
		return err
	case b.lenient(set) || !req.has[dep]:
		e.conflicted = true
		return nil
	case n.parent == nil:
		return nil
	}
	return b.peerConflict(e, above)
}

// changePeer is for a peer of n of which another version is there. The right one
// takes its place if all who depend on it are content with that.
func (b *builder) changePeer(n *node, e *edge, req *nodeSet) error {
	set, current := n.parent, e.to
	above := set.out.named(e.name)
	dep, err := b.nodeFor(e, nil, nil, req)
	if err != nil {
		return err
	}
	if dep.canReplace(current, nil) {
		_, err := b.nodeFor(e, set, nil, req)
		return err
	}
	if b.lenient(set) || !req.has[e.from] {
		return nil
	}
	return b.peerConflict(e, above)
}
