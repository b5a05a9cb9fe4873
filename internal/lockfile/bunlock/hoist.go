package bunlock

import (
	"slices"
	"strings"

	"godwit/internal/npm/specifier"
)

// place is a directory that has packages in it: node_modules of the project, or of
// a package.
//
// Where packages go bun finds out with a walk of its own after all versions are
// known (process_subtree and hoist_dependency of bun's lockfile/Tree.rs): breadth
// first, each as high as it can go.
type place struct {
	path   string // "" is the root, "a/b" the node_modules of b, which is in a's
	owner  *item
	parent *place
	holds  []*edge
	index  map[string]int // of holds, by alias
}

// hoisting is the walk.
type hoisting struct {
	places  []*place
	queue   []filling
	pending map[string][]*edge // optional peers that nobody had an answer for, by alias
	mine    map[*edge]bool     // those of the project at the root
	visits  int
}

// filling is a package whose dependencies are to be placed.
type filling struct {
	at    *place // that has it
	edge  *edge
	limit *place // they go no higher; nil is as high as they can
}

// maxPlaced bounds how many places packages may have: each of them can be a whole
// tree, and hostile ones name each other. The largest real lockfiles have some ten
// thousand.
const maxPlaced = 1_000_000

// outcome is what becomes of a dependency at a place.
type outcome uint8

const (
	stay    outcome = iota // where it is asked for, since what is above is something else
	shared                 // what is there is the same
	answer                 // an optional peer gets what is there
	replace                // it takes the place that an optional peer kept free
	later                  // of two optional peers neither has an answer
	put                    // here
)

func hoist(root *item) ([]*place, error) {
	h := &hoisting{pending: map[string][]*edge{}, mine: map[*edge]bool{}}
	for _, e := range root.edges {
		h.mine[e] = true
	}
	if err := h.fill(filling{}, root); err != nil {
		return nil, err
	}
	for len(h.queue) > 0 {
		next := h.queue[0]
		h.queue = h.queue[1:]
		if err := h.fill(next, next.edge.to); err != nil {
			return nil, err
		}
	}
	return h.places, nil
}

// fill places what a package depends on.
func (h *hoisting) fill(f filling, it *item) error {
	if it == nil || len(it.edges) == 0 {
		return nil
	}
	in := &place{owner: it, parent: f.at, index: map[string]int{}}
	if f.edge != nil {
		in.path = strings.TrimPrefix(f.at.path+"/"+f.edge.alias, "/")
	}
	h.places = append(h.places, in)
	edges := slices.Clone(it.edges)
	sortEdges(edges)
	for _, e := range edges {
		if h.visits++; h.visits > maxPlaced {
			return &EndlessError{string(it.name)}
		}
		h.one(in, f.limit, e)
	}
	return nil
}

// one places one dependency of the package that in belongs to.
func (h *hoisting) one(in, limit *place, e *edge) {
	result, at, other := put, in, (*edge)(nil)
	switch {
	case e.bundled:
		limit = in // what it brings stays with it
	case e.to == nil && !e.mayMiss:
		return
	case e.to != nil && e.to.kind == folder:
	default:
		result, at, other = h.look(in, limit, e)
		if result == stay {
			return
		}
	}
	switch result {
	case answer:
		e.to = other.to
		h.answer(e.alias, other.to)
	case replace:
		other.to = e.to
		h.answer(e.alias, e.to)
		at.holds[at.index[e.alias]] = e
		h.queue = append(h.queue, filling{at, e, limit})
	case later:
		h.pending[e.alias] = append(h.pending[e.alias], e)
	case put:
		if _, taken := at.index[e.alias]; !taken {
			at.index[e.alias] = len(at.holds)
		}
		at.holds = append(at.holds, e)
		if e.to != nil && !at.inside(e.to) {
			h.queue = append(h.queue, filling{at, e, limit})
		}
	}
}

// answer gives the optional peers that waited for something of a name what came.
func (h *hoisting) answer(alias string, it *item) {
	for _, e := range h.pending[alias] {
		e.to = it
	}
	delete(h.pending, alias)
}

// inside reports whether a package is around a place: two versions that depend on
// each other would be in each other for ever.
func (p *place) inside(it *item) bool {
	for ; p != nil; p = p.parent {
		if p.owner == it {
			return true
		}
	}
	return false
}

// look asks a place what becomes of a dependency, and then what is above it.
func (h *hoisting) look(in, limit *place, e *edge) (outcome, *place, *edge) {
	for at := in; ; at = at.parent {
		if i, taken := at.index[e.alias]; taken {
			held := at.holds[i]
			result := h.meet(held, e, at == in)
			if result == stay && at != in {
				return put, in, nil
			}
			return result, at, held
		}
		switch {
		case at.parent == nil || at == limit:
			return put, at, nil
		case e.to != nil && e.group != peer && at.parent.misleads(e.to, in):
			return put, in, nil
		}
	}
}

// misleads reports whether a package that is put here, or higher, finds a peer here
// that it does not accept, while it would find a right one if it stayed closer to in,
// whose package asks for it.
func (p *place) misleads(it *item, in *place) bool {
	for _, e := range it.edges {
		if e.group != peer || e.mayMiss {
			continue
		}
		i, there := p.index[e.alias]
		if !there || p.holds[i].to == nil || p.holds[i].to.kind != registry || fits(e, p.holds[i].to) {
			continue
		}
		for _, own := range in.owner.edges {
			if own.alias == e.alias && own.group != peer && own.to != nil && fits(e, own.to) {
				return true
			}
		}
		for at := in; at != p; at = at.parent {
			if i, there := at.index[e.alias]; there && at.holds[i].to != nil && fits(e, at.holds[i].to) {
				return true
			}
		}
	}
	return false
}

// meet is what becomes of e where held has its name. own says that both are in the
// package that asks.
func (h *hoisting) meet(held, e *edge, own bool) outcome {
	switch {
	case held.to == nil && e.to == nil:
		return later
	case held.to == nil:
		return replace
	case e.to == nil:
		return answer
	case held.to == e.to, own && (held.group == dev) != (e.group == dev):
		return shared
	case e.group == peer && (h.mine[held] || fits(e, held.to)):
		return shared
	}
	return stay
}

// fits reports whether a package is what an edge asks a registry for, whatever
// overrides say.
func fits(e *edge, it *item) bool {
	w, err := wantOf(e.alias, e.spec)
	return err == nil && w.kind == specifier.Range && it.kind == registry && w.rng.Match(*it.parsed)
}
