package npmtree

import (
	"slices"
	"strings"
)

// attach puts n, which may be anywhere, and all that is in it into the
// node_modules of parent. What had its place is taken out of the tree.
func (n *node) attach(parent *node) {
	if n.parent == parent {
		return
	}
	if there := parent.kids.named(n.name); there != nil {
		there.detach()
	}
	n.leave()
	n.parent = parent
	n.enter(parent.root, child(parent.dir, n.name))
	parent.kids.add(n)
	n.bringTarget()
	n.settle()
	parent.reload(n.name)
}

// attachProject puts a project into the tree of root, into what its directory is
// in there.
func (n *node) attachProject(root *node) {
	n.leave()
	for _, dir := range upwards(n.dir) {
		if at := root.find(dir); at != nil && !at.isLink {
			at.addProject(n)
			break
		}
	}
	n.enter(root, n.dir)
	if n.around != nil {
		n.adopt(n.around)
	}
	n.settle()
}

// adopt takes from outer the projects that are inside of n.
func (n *node) adopt(outer *node) {
	for _, p := range outer.projects.inside(n.dir) {
		outer.projects.remove(p)
		n.addProject(p)
	}
}

// find is what is in a directory of the tree of root, or nil.
func (root *node) find(dir string) *node {
	if root.index != nil {
		return root.index.byDir[dir]
	}
	if root.dir == dir {
		return root
	}
	if p := root.projects.in(dir); p != nil {
		return p
	}
	return root.bring(dir)
}

// bringTarget gives a link the node that is in the tree for the directory that
// it leads to, or else puts there the one it has.
func (n *node) bringTarget() {
	if !n.isLink || n.target == nil {
		return
	}
	if there := n.root.find(n.target.dir); there != nil {
		n.target = there
	} else {
		n.target.attachProject(n.root)
	}
}

// leave takes n off what it is in.
func (n *node) leave() {
	switch {
	case n.parent != nil:
		n.parent.kids.remove(n)
		n.parent = nil
	case n.around != nil:
		n.around.projects.remove(n)
		n.around = nil
	}
}

// enter makes n, and what is in it, part of the tree of root.
func (n *node) enter(root *node, dir string) {
	if n.root.index != nil {
		n.root.index.remove(n)
	}
	was := n.dir
	n.root, n.dir = root, dir
	if root.index != nil {
		root.index.add(n)
	}
	for _, kid := range n.kids.list {
		kid.enter(root, child(dir, kid.name))
	}
	for _, p := range n.projects.all() {
		p.enter(root, dir+strings.TrimPrefix(p.dir, was))
	}
	if n.projects != nil && dir != was {
		n.projects.anew()
	}
}

// settle finds anew what edges lead to that have no end, or one in another tree,
// of n and of what is in it.
func (n *node) settle() {
	for _, e := range slices.Clone(n.in) {
		if e.from.root != n.root {
			e.reload(false)
		}
	}
	for _, e := range n.out.list {
		if e.to == nil || e.to.root != n.root {
			e.reload(false)
		}
	}
	for _, kid := range n.kids.list {
		kid.settle()
	}
	for _, p := range n.projects.all() {
		p.settle()
	}
}

// detach takes n, and all that is in it, out of its tree.
func (n *node) detach() {
	n.leave()
	n.enter(n, n.dir)
	n.settle()
}

// reload looks anew at what depends on name in and below n, since something of
// that name came.
func (n *node) reload(name string) {
	key := fold(name)
	if x := n.root.index; x != nil {
		for _, e := range x.wants(key, n) {
			if e.from != nil && e.from.within(n) { // the others before it may have moved it
				e.recheck(n)
			}
		}
		return
	}
	n.reloadBelow(name, n)
	n.bringDependents(key)
}

func (n *node) reloadBelow(name string, top *node) {
	if e := n.out.named(name); e != nil {
		e.recheck(top)
	}
	for _, kid := range n.kids.list {
		kid.reloadBelow(name, top)
	}
	for _, p := range n.projects.all() {
		p.reloadBelow(name, top)
	}
}

// recheck finds the end of an edge anew after something of its name came into
// the node_modules of top.
func (e *edge) recheck(top *node) {
	if e.to != nil && e.to.parent == top || e.from.resolve(e.name) != e.to {
		e.reload(true)
	}
}

// replace gives n the place of old, and what is in old's node_modules.
func (n *node) replace(old *node) {
	parent := old.parent
	for _, kid := range slices.Clone(old.kids.list) {
		if !n.isLink {
			kid.attach(n)
		}
	}
	if old.isLink && old.target != nil && !n.isLink {
		old.target.detach()
	}
	n.attach(parent)
}
