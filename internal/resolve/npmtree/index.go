package npmtree

import (
	"cmp"
	"slices"
)

// index finds the nodes of the project's tree, which is the large one. Of a
// package that each of 10,000 projects has for itself it lists 10,000: who asks for
// those in one place gets them without a look at the others.
type index struct {
	byDir   map[string]*node
	byName  map[string][]entry // in the order in which they came; some may have left
	wanting map[string][]*edge // by the key of their name; some may have left
	orders  int                // that were given to nodes and edges
}

// entry is a node as it came.
type entry struct {
	*node
	order int
}

func newIndex() *index {
	return &index{byDir: map[string]*node{}, byName: map[string][]entry{}, wanting: map[string][]*edge{}}
}

func (x *index) add(n *node) {
	x.byDir[n.dir] = n
	x.orders++
	n.order = x.orders
	x.byName[n.name] = append(x.byName[n.name], entry{n, n.order})
	for _, e := range n.out.list {
		x.want(e)
	}
}

func (x *index) want(e *edge) {
	if !e.indexed {
		x.orders++
		e.indexed, e.order = true, x.orders
		x.wanting[e.key] = append(x.wanting[e.key], e)
	}
}

func (x *index) remove(n *node) {
	if x.byDir[n.dir] == n {
		delete(x.byDir, n.dir)
	}
	n.order = 0
}

// named lists the nodes of a name that are in top, and top itself, as they came.
func (x *index) named(name string, top *node) (out []*node) {
	list := x.byName[name]
	if in, all := top.contents(len(list)); all {
		for _, n := range in {
			if n.name == name {
				out = append(out, n)
			}
		}
		slices.SortFunc(out, func(a, b *node) int { return cmp.Compare(a.order, b.order) })
		return out
	}
	list = slices.DeleteFunc(list, func(e entry) bool { return e.order != e.node.order })
	x.byName[name] = list
	for _, e := range list {
		if e.within(top) {
			out = append(out, e.node)
		}
	}
	return out
}

// wants lists the edges whose name has a key from top and from what is in it, as
// they came.
func (x *index) wants(key string, top *node) (out []*edge) {
	list := x.wanting[key]
	if in, all := top.contents(len(list)); all {
		for _, n := range in {
			if e := n.out.named(key); e != nil {
				out = append(out, e)
			}
		}
		slices.SortFunc(out, func(a, b *edge) int { return cmp.Compare(a.order, b.order) })
		return out
	}
	kept := list[:0]
	for _, e := range list {
		if e.from == nil || e.from.root.index != x {
			e.indexed = false // it left, and is listed again if it comes back
			continue
		}
		kept = append(kept, e)
		if e.from.within(top) {
			out = append(out, e)
		}
	}
	clear(list[len(kept):])
	x.wanting[key] = kept
	return out
}

// contents lists n and what is in it, unless it is the root or they are more than
// most: then a list of all is the shorter way.
func (n *node) contents(most int) (out []*node, all bool) {
	if n.isRoot() {
		return nil, false
	}
	out = append(out, n)
	for i := 0; i < len(out) && len(out) <= most; i++ {
		out = append(out, out[i].kids.list...)
		out = append(out, out[i].projects.all()...)
	}
	return out, len(out) <= most
}

// dependents lists the edges to n from top and from what is in it.
func (n *node) dependents(top *node) (out []*edge) {
	if in, all := top.contents(len(n.in)); all {
		for _, from := range in {
			if e := from.out.named(n.name); e != nil && e.to == n {
				out = append(out, e)
			}
		}
		return out
	}
	for _, e := range n.in {
		if e.from.within(top) {
			out = append(out, e)
		}
	}
	return out
}
