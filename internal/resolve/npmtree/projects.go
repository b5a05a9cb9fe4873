package npmtree

import "strings"

// projects are those that are inside of a package or project, and in no other one
// further down. A workspace has 10,000, so that none of the methods but all looks
// at each of them. The nil projects are none.
type projects struct {
	list  []*node       // as they came; nil for one that left
	at    map[*node]int // where they are in list
	byDir map[string][]*node
	below map[string][]*node // by each directory above theirs; some may have left
}

// all lists them as they came.
func (ps *projects) all() (out []*node) {
	if ps == nil {
		return nil
	}
	for _, p := range ps.list {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

// in is the first one in a directory, or nil.
func (ps *projects) in(dir string) *node {
	if ps == nil || len(ps.byDir[dir]) == 0 {
		return nil
	}
	return ps.byDir[dir][0]
}

// inside lists those that are below a directory, as they came.
func (ps *projects) inside(dir string) (out []*node) {
	if ps == nil {
		return nil
	}
	seen := map[*node]bool{}
	for _, p := range ps.below[dir] {
		if _, here := ps.at[p]; here && !seen[p] && strings.HasPrefix(p.dir, dir+"/") {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

func (ps *projects) add(p *node) {
	if ps.at == nil {
		ps.at, ps.byDir, ps.below = map[*node]int{}, map[string][]*node{}, map[string][]*node{}
	}
	ps.at[p] = len(ps.list)
	ps.list = append(ps.list, p)
	ps.byDir[p.dir] = append(ps.byDir[p.dir], p)
	for _, dir := range upwards(p.dir) {
		ps.below[dir] = append(ps.below[dir], p)
	}
}

func (ps *projects) remove(p *node) {
	i, here := ps.at[p]
	if !here {
		return
	}
	delete(ps.at, p)
	ps.list[i] = nil
	ps.byDir[p.dir] = without(ps.byDir[p.dir], p)
	if len(ps.list) > 2*len(ps.at)+fewEdges { // it doubled since the last time
		ps.anew()
	}
}

// anew lists them again: some left, or their directories are others now.
func (ps *projects) anew() {
	again := projects{}
	for _, p := range ps.all() {
		again.add(p)
	}
	*ps = again
}

// addProject puts p, which is in nothing, into n.
func (n *node) addProject(p *node) {
	if n.projects == nil {
		n.projects = &projects{}
	}
	p.around = n
	n.projects.add(p)
}
