package npmtree

import (
	"slices"
	"strings"
)

// index finds the nodes of the project's tree, which is the large one.
type index struct {
	byDir   map[string]*node
	byName  map[string][]*node // in the order in which they came
	wanting map[string][]*edge // by the key of their name; some may have left
}

func newIndex() *index {
	return &index{byDir: map[string]*node{}, byName: map[string][]*node{}, wanting: map[string][]*edge{}}
}

func (x *index) add(n *node) {
	x.byDir[n.dir] = n
	x.byName[n.name] = append(x.byName[n.name], n)
	for _, e := range n.out.list {
		x.want(e)
	}
}

func (x *index) want(e *edge) {
	if !e.indexed {
		e.indexed = true
		x.wanting[e.key] = append(x.wanting[e.key], e)
	}
}

func (x *index) remove(n *node) {
	if x.byDir[n.dir] == n {
		delete(x.byDir, n.dir)
	}
	x.byName[n.name] = without(x.byName[n.name], n)
}

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
			n.around = at
			at.projects = append(at.projects, n)
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
	for _, p := range slices.Clone(outer.projects) {
		if p != n && strings.HasPrefix(p.dir, n.dir+"/") {
			outer.projects = without(outer.projects, p)
			p.around = n
			n.projects = append(n.projects, p)
		}
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
	for _, p := range root.projects {
		if p.dir == dir {
			return p
		}
	}
	return nil
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
		n.around.projects = without(n.around.projects, n)
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
	for _, p := range n.projects {
		p.enter(root, dir+strings.TrimPrefix(p.dir, was))
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
	for _, p := range n.projects {
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
		list := x.wanting[key]
		kept := list[:0]
		for _, e := range list {
			if e.from == nil || e.from.root.index != x {
				e.indexed = false // it left, and is listed again if it comes back
			} else {
				kept = append(kept, e)
			}
		}
		clear(list[len(kept):])
		x.wanting[key] = kept
		for _, e := range slices.Clone(kept) {
			if e.from != nil && e.from.within(n) {
				e.recheck(n)
			}
		}
		return
	}
	n.reloadBelow(name, n)
}

func (n *node) reloadBelow(name string, top *node) {
	if e := n.out.named(name); e != nil {
		e.recheck(top)
	}
	for _, kid := range n.kids.list {
		kid.reloadBelow(name, top)
	}
	for _, p := range n.projects {
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
