package layout

import (
	"cmp"
	"errors"
	"maps"
	"path"
	"slices"

	"godwit/internal/graph"
)

// Limits say how high packages may go in a hoisted layout (pnpm's
// hoistingLimits).
type Limits uint8

// The values of Limits.
const (
	// NoLimits lets packages go to the root.
	NoLimits Limits = iota
	// ByProject keeps what a project needs in its own node_modules, and below
	// the direct dependencies of the root.
	ByProject
	// ByDependency keeps what a direct dependency of any project needs below
	// that.
	ByDependency
)

// maxPlaces is how many directories a hoisted layout may have. The largest
// workspaces known have some ten thousand; a hostile lockfile of a few kilobytes
// can ask for any number, since each conflict doubles what is below it.
const maxPlaces = 1 << 20

// ErrTooManyPlaces is a graph whose conflicts would fill more than a million
// directories.
var ErrTooManyPlaces = errors.New("the packages conflict in so many ways that a hoisted node_modules would have more than a million directories")

// place is a directory of a package.
type place struct {
	pkg *graph.Package
	dir string
}

// hoister finds a directory for each package of a graph without directories, as
// pnpm does (nodeLinker: hoisted), which has the rules from yarn's node-modules
// linker:
//
//	tree   a node for each alias of each package, with the nodes of what it
//	       depends on; packages that differ in their peers alone count as one
//	into   for the root, then for each node that is left below another one:
//	       whatever is below it, and whose alias is free, moves up to it
//
// Of several packages with one alias the root's own goes first, then the one that
// most packages depend on. What moves, moves from below one dependent: a node that
// is below several is copied before anything below it changes.
type hoister struct {
	g      *graph.Graph
	reach  graph.Reach
	opts   *Options
	nodes  map[nodeID]*hoistNode
	limits map[string]map[string]bool // by ID of a project: aliases from below which nothing moves past it
	pass   int                        // counts the walks of preferences
	copies int
}

// nodeID tells the nodes of the tree apart.
type nodeID struct {
	alias string
	key   graph.Key
}

type hoistNode struct {
	alias string
	id    string         // of the package, whatever its alias and peers; or of the project
	plain string         // the same without the peers of a directory
	pkg   *graph.Package // nil for a project
	kids  []*hoistNode
	peers map[string]bool       // aliases that must stay what they are for it; nil with auto-install-peers
	above map[string]*hoistNode // what moved from here, by alias; nil if nothing did
	own   bool                  // it is a copy, below one node only
	met   int                   // hoister.pass of the last walk that met it
}

// rootID is that of the root, which need not be a project.
const rootID = "workspace:."

// hoist gives each package that is reached its directories.
func hoist(g *graph.Graph, reach graph.Reach, opts *Options) ([]place, error) {
	h := &hoister{g: g, reach: reach, opts: opts, nodes: map[nodeID]*hoistNode{}, limits: map[string]map[string]bool{}}
	root := h.tree()
	type pending struct {
		node *hoistNode
		up   *pending
	}
	for open := []*pending{{node: root}}; len(open) > 0; {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		if err := h.into(p.node); err != nil {
			return nil, err
		}
	kids:
		for _, kid := range p.node.kids {
			for up := p; up != nil; up = up.up {
				if up.node.id == kid.id {
					continue kids
				}
			}
			if !p.node.peers[kid.alias] {
				open = append(open, &pending{h.copyOf(p.node, kid), p})
			}
		}
	}
	return h.places(root)
}

// tree makes the nodes.
func (h *hoister) tree() *hoistNode {
	root := &hoistNode{alias: ".", id: rootID, plain: rootID, own: true}
	importers := slices.Clone(h.opts.Importers)
	slices.SortFunc(importers, func(x, y *graph.Importer) int {
		switch {
		case x.Dir == ".": // the root comes first
			return -1
		case y.Dir == ".":
			return 1
		}
		return cmp.Compare(x.Dir, y.Dir)
	})
	fences := map[string]bool{}
	for _, im := range importers {
		deps := h.direct(im)
		switch {
		case im.Dir == ".":
			h.grow(root, deps)
			h.limits[rootID] = fences
			fence(fences, deps)
		default:
			node := &hoistNode{alias: im.Dir, id: "workspace:" + im.Dir, plain: "workspace:" + im.Dir}
			h.grow(node, deps)
			root.kids = append(root.kids, node)
			fences[node.alias] = true
			h.limits[node.id] = map[string]bool{}
			if h.opts.Limits == ByDependency {
				fence(h.limits[node.id], deps)
			}
		}
	}
	if h.opts.Limits == NoLimits {
		clear(h.limits)
	}
	return root
}

func fence(aliases map[string]bool, deps []graph.Edge) {
	for _, d := range deps {
		aliases[d.Alias] = true
	}
}

// direct lists the packages that a project depends on, by alias. Of one alias in
// two groups the later group counts.
func (h *hoister) direct(im *graph.Importer) []graph.Edge {
	byAlias := map[string]graph.Edge{}
	for _, d := range im.Deps {
		if slices.Contains(h.opts.Groups, d.Group) {
			byAlias[d.Alias] = graph.Edge{Alias: d.Alias, Target: d.Target}
		}
	}
	edges := slices.Collect(maps.Values(byAlias))
	slices.SortFunc(edges, func(x, y graph.Edge) int { return cmp.Compare(x.Alias, y.Alias) })
	return edges
}

// grow gives a node those of what it depends on, and so on. It has its own
// stack: graphs of hostile lockfiles are deeper than goroutine stacks should
// grow.
func (h *hoister) grow(from *hoistNode, edges []graph.Edge) {
	type frame struct {
		node  *hoistNode
		edges []graph.Edge
	}
	for open := []frame{{from, edges}}; len(open) > 0; {
		f := &open[len(open)-1]
		if len(f.edges) == 0 {
			open = open[:len(open)-1]
			continue
		}
		e := f.edges[0]
		f.edges = f.edges[1:]
		p := h.g.Packages[e.Target.Key]
		if _, installed := h.reach[e.Target.Key]; p == nil || !installed {
			continue
		}
		kid, old := h.node(e.Alias, p)
		f.node.kids = append(f.node.kids, kid)
		if !old {
			open = append(open, frame{kid, p.Edges})
		}
	}
}

// node is the node of a package under an alias, and whether it was there.
func (h *hoister) node(alias string, p *graph.Package) (n *hoistNode, old bool) {
	id := nodeID{alias, p.Key}
	if n := h.nodes[id]; n != nil {
		return n, true
	}
	n = &hoistNode{alias: alias, id: string(p.Key.ID()), plain: string(p.Key.ID()), pkg: p}
	if p.Resolution.Kind == graph.Directory {
		// What stands below a copy of a project is for its peers: there is one for
		// each set of them.
		n.id = string(p.Key)
	}
	if h.opts.ManualPeers {
		n.peers = map[string]bool{}
		for _, peer := range p.Peers {
			n.peers[peer.Alias] = true
		}
		for _, name := range p.TransitivePeers {
			n.peers[name] = true
		}
	}
	h.nodes[id] = n
	return n, false
}

// copyOf puts a copy of kid, whose kids may change, in its place below parent,
// which is a copy itself.
func (h *hoister) copyOf(parent, kid *hoistNode) *hoistNode {
	if kid.own {
		return kid
	}
	h.copies++
	c := *kid
	c.kids, c.above, c.own = slices.Clone(kid.kids), maps.Clone(kid.above), true
	i := len(parent.kids) - 1 // what moved is the last
	for parent.kids[i] != kid {
		i--
	}
	parent.kids[i] = &c
	return &c
}

// hoisting is what moves into one node.
type hoisting struct {
	*hoister
	root   *hoistNode
	at     map[string]*hoistNode // the root's, by alias
	prefer map[string][]string   // IDs for each alias; the first may move, if any
	fences map[string]bool       // aliases from below which nothing moves
	used   map[string]*hoistNode // what those below the root find above it, by alias
}

// into moves to root what can be there. Each round may free what the next one
// moves; it ends since nothing ever moves down.
func (h *hoister) into(root *hoistNode) error {
	if !slices.ContainsFunc(root.kids, func(n *hoistNode) bool { return len(n.kids) > 0 }) {
		return nil
	}
	m := &hoisting{
		hoister: h, root: root, at: map[string]*hoistNode{},
		prefer: h.preferences(root), fences: h.limits[root.id], used: h.used(root),
	}
	for _, kid := range root.kids {
		m.at[kid.alias] = kid
	}
	for again := true; again; {
		moved := m.round()
		if h.copies > maxPlaces {
			return ErrTooManyPlaces
		}
		again = m.relent() || moved
	}
	return nil
}

// used is what those below root find above it.
func (h *hoister) used(root *hoistNode) map[string]*hoistNode {
	out := map[string]*hoistNode{}
	if root.id == rootID {
		return out
	}
	h.pass++
	for open := []*hoistNode{root}; len(open) > 0; {
		n := open[len(open)-1]
		open = open[:len(open)-1]
		if n.met == h.pass {
			continue
		}
		n.met = h.pass
		maps.Copy(out, n.above)
		for _, kid := range n.kids {
			if !n.peers[kid.alias] {
				open = append(open, kid)
			}
		}
	}
	return out
}

// relent lets the next best package have an alias that the best one did not get
// to.
func (m *hoisting) relent() (changed bool) {
	for alias, ids := range m.prefer {
		if len(ids) > 1 && m.at[alias] == nil {
			m.prefer[alias] = ids[1:]
			changed = true
		}
	}
	return changed
}

// visit is a node on the way from the root.
type visit struct {
	node   *hoistNode
	up     *visit // nil for the root
	left   []*hoistNode
	fenced bool // nothing below it moves
}

// round walks all that is below the root once, along each path, and moves what
// can move on the way. A node that moved is walked on from the root.
func (m *hoisting) round() (changed bool) {
	first := &visit{node: m.root, left: slices.Clone(m.root.kids)}
	for open := []*visit{first}; len(open) > 0 && m.copies <= maxPlaces; {
		v := open[len(open)-1]
		if len(v.left) == 0 {
			open = open[:len(open)-1]
			continue
		}
		kid := v.left[0]
		v.left = v.left[1:]
		if v.within(kid) { // Node finds the one above
			v.node.drop(kid)
			changed = true
			continue
		}
		up := v
		if v != first && m.fits(v, kid) {
			changed = true
			if !m.move(v, kid) {
				continue
			}
			up = first
		}
		kid = m.copyOf(up.node, kid)
		if up == first {
			m.at[kid.alias] = kid
		}
		open = append(open, &visit{kid, up, slices.Clone(kid.kids), v.fenced || m.fences[kid.alias]})
	}
	return changed
}

// within reports whether v is of that package under that alias, or below it.
func (v *visit) within(kid *hoistNode) bool {
	for ; v != nil; v = v.up {
		if v.node.alias == kid.alias && v.node.id == kid.id {
			return true
		}
	}
	return false
}

// fits reports whether a node below v's can be at the root.
func (m *hoisting) fits(v *visit, kid *hoistNode) bool {
	there := m.at[kid.alias]
	switch ids := m.prefer[kid.alias]; {
	case v.fenced || there != nil && there.id != kid.id:
		return false
	case there == nil && len(ids) > 0 && ids[0] != kid.id:
		return false
	case m.used[kid.alias] != nil && m.used[kid.alias].plain != kid.plain || v.hides(kid):
		return false
	}
	return there != nil || !m.shadows(v, kid)
}

// move moves a node from below v's to the root, and reports whether there was
// none.
func (m *hoisting) move(v *visit, kid *hoistNode) bool {
	v.node.drop(kid)
	if v.node.above == nil {
		v.node.above = map[string]*hoistNode{}
	}
	v.node.above[kid.alias] = kid
	if m.at[kid.alias] != nil {
		return false
	}
	m.root.kids = append(m.root.kids, kid)
	return true
}

func (n *hoistNode) drop(kid *hoistNode) {
	n.kids = slices.DeleteFunc(n.kids, func(k *hoistNode) bool { return k == kid })
}

func (n *hoistNode) kid(alias string) *hoistNode {
	for _, k := range n.kids {
		if k.alias == alias {
			return k
		}
	}
	return nil
}

// hides reports whether v's node, or one above it and below the root, has another
// package under kid's alias: that is what would be found.
func (v *visit) hides(kid *hoistNode) bool {
	for ; v.up != nil; v = v.up {
		if other := v.node.kid(kid.alias); other != nil && other.plain != kid.plain {
			return true
		}
	}
	return false
}

// shadows reports whether a node below v's would find another package for one of
// its peers if it were at the root.
func (m *hoisting) shadows(v *visit, kid *hoistNode) bool {
	if m.root.peers[kid.alias] {
		return true
	}
	for peer := range kid.peers {
		for up := v; up != nil; up = up.up {
			provider := up.node.kid(peer)
			if provider == nil {
				continue
			}
			if at := m.at[peer]; at == nil || at.id != provider.id {
				return true
			}
			break
		}
	}
	return false
}

// use is a package under an alias, for preferences.
type use struct{ alias, id string }

// preferences lists for each alias below root the packages that it may stand
// for: the root's own first, then by how many packages depend on them, then in
// the order in which a walk meets them.
func (h *hoister) preferences(root *hoistNode) map[string][]string {
	var met []use
	users := map[use]map[string]bool{}
	h.pass++
	root.met = h.pass
	for open := []*visit{{node: root, left: root.kids}}; len(open) > 0; {
		v := open[len(open)-1]
		if len(v.left) == 0 {
			open = open[:len(open)-1]
			continue
		}
		kid := v.left[0]
		v.left = v.left[1:]
		peer := v.node.peers[kid.alias]
		if peer && v.node == root {
			continue
		}
		u := use{kid.alias, kid.id}
		if users[u] == nil {
			users[u] = map[string]bool{}
			met = append(met, u)
		}
		users[u][v.node.id] = true
		if kid.met != h.pass && !peer {
			kid.met = h.pass
			open = append(open, &visit{node: kid, left: kid.kids})
		}
	}
	slices.SortStableFunc(met, func(x, y use) int { return cmp.Compare(len(users[y]), len(users[x])) })
	return ranked(root, met)
}

func ranked(root *hoistNode, met []use) map[string][]string {
	out := map[string][]string{root.alias: {root.id}}
	for _, kid := range root.kids {
		if !root.peers[kid.alias] {
			out[kid.alias] = []string{kid.id}
		}
	}
	for _, u := range met {
		if !root.peers[u.alias] && !slices.Contains(out[u.alias], u.id) {
			out[u.alias] = append(out[u.alias], u.id)
		}
	}
	return out
}

// spot is a node in a directory.
type spot struct {
	node    *hoistNode
	modules string // the node_modules below its directory
	up      *spot
}

// places walks what is left of the tree. A node below itself is left out: from
// there Node finds the one above.
func (h *hoister) places(root *hoistNode) ([]place, error) {
	var out []place
	for open := []*spot{{root, ModulesDir, nil}}; len(open) > 0; {
		s := open[len(open)-1]
		open = open[:len(open)-1]
		for _, kid := range s.node.kids {
			if kid.pkg == nil {
				open = append(open, &spot{kid, path.Join(kid.alias, ModulesDir), nil})
				continue
			}
			if s.has(kid) {
				continue
			}
			if len(out) == maxPlaces {
				return nil, ErrTooManyPlaces
			}
			dir := s.modules + "/" + kid.alias
			out = append(out, place{kid.pkg, dir})
			if len(kid.kids) > 0 {
				open = append(open, &spot{kid, dir + "/" + ModulesDir, s})
			}
		}
	}
	return out, nil
}

// has reports whether s, or what is above it, is of that package.
func (s *spot) has(n *hoistNode) bool {
	for ; s != nil; s = s.up {
		if s.node.alias == n.alias && s.node.id == n.id {
			return true
		}
	}
	return false
}
