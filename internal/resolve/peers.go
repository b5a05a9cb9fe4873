package resolve

import (
	"maps"
	"sort"

	"godwit/internal/graph"
)

// way leads from a package up to an importer's dependency.
type way struct {
	up *way
	id graph.Key
}

// missingPeer is a peer that nobody above an occurrence provides.
type missingPeer struct {
	peerDep
	above *way // the dependents that do not declare it themselves
}

// peerWalk matches the peers of every occurrence against the packages above
// it, depth first. What an occurrence and everything below it took from above
// decides its key; occurrences of one package with the same key are one
// package of the graph.
//
// The rules are pnpm's (resolve-peers in its dependency resolver, MIT), so
// that the lockfile comes out the same:
//
//   - a provider is known by its alias and, where they differ, by its name;
//   - a package's own dependencies may provide its own peers and those of its
//     dependents' subtrees; a provider further up wins if it is the same
//     package, unless that would tear apart two peers that belong together;
//   - dependency cycles are cut at one place for the whole graph (the edge
//     that leads back to a package with a smaller id), and the target of such
//     an edge is matched once, in the context of the importer;
//   - two occurrences with compatible surroundings share one result.
type peerWalk struct {
	opts      *Options
	peerNames map[string]bool // every name that is a peer of something
	providers map[*pkg][]int  // edges of a package that may provide a peer
	work      int             // see maxWork

	children  map[*node][]*node // occurrences below occurrences that do not own edges
	backEdges map[*pkg]*node    // shared target of edges that close a cycle
	pending   []*node           // back edge targets to be walked
	draining  bool

	active   map[*node]bool
	pure     map[*pkg]bool
	cache    map[*pkg][]*verdict
	contexts map[*node]map[string]providerContext
	paths    map[*node]graph.Key // provisional keys
	external map[*node]map[string]*node
	sameAs   map[*node]*node // occurrence -> the one whose verdict it reuses
	records  []*record
	recorded map[*node]*record

	missing map[string][]missingPeer
	visited map[*node]bool // since the walk of this importer began
}

// verdict is what a walk of one occurrence found out; it holds for any other
// occurrence of the package with compatible surroundings.
type verdict struct {
	node     *node
	path     graph.Key
	resolved map[string]*node
	missing  map[string]peerDep
	below    *missingBelow // may be nil
}

// record keeps the edges of a walked occurrence until final keys are known.
type record struct {
	node       *node
	edges      map[string]*node
	optional   map[string]bool
	transitive map[string]bool
	peers      map[string]bool // names resolved here or below, against above
	order      int
}

// outcome is what an occurrence reports to the one above it.
type outcome struct {
	path     graph.Key
	external map[string]*node
	found    map[string]*node // peers of occurrences of the tree pass and who provides them, anywhere below
	missing  map[string]peerDep
	below    *missingBelow
}

func newPeerWalk(opts *Options, peerNames map[string]bool) *peerWalk {
	return &peerWalk{
		opts: opts, peerNames: peerNames,
		providers: map[*pkg][]int{},
		children:  map[*node][]*node{},
		backEdges: map[*pkg]*node{},
		active:    map[*node]bool{},
		pure:      map[*pkg]bool{},
		cache:     map[*pkg][]*verdict{},
		contexts:  map[*node]map[string]providerContext{},
		paths:     map[*node]graph.Key{},
		external:  map[*node]map[string]*node{},
		sameAs:    map[*node]*node{},
		recorded:  map[*node]*record{},
		missing:   map[string][]missingPeer{},
	}
}

// importer walks the direct dependencies of one importer, those from the first
// on, and reports which occurrences provide peers below it, by name, and what is
// missing there.
func (w *peerWalk) importer(deps []direct, first int, above parentRefs) (found map[string]*node, below *missingBelow) {
	refs := w.importerRefs(deps, above)
	ctx := w.contextOf(refs)
	found, below = map[string]*node{}, &missingBelow{}
	w.visited = map[*node]bool{}
	visit := func(d direct) {
		if w.relevant(d.alias, d.node.pkg) {
			w.contexts[d.node] = ctx
		}
		out := w.walk(d.node, refs, ctx, nil)
		maps.Copy(found, out.found)
		below.add(out.below)
	}
	for _, d := range deps[first:] {
		if !d.provided && w.relevant(d.alias, d.node.pkg) {
			w.contexts[d.node] = ctx
		}
	}
	for _, d := range deps[first:] {
		if !d.provided {
			visit(d)
		}
	}
	w.drain(refs, ctx)
	for _, d := range deps[first:] {
		if d.provided && !w.visited[d.node] {
			visit(d) // its place in the tree was not walked
		}
	}
	w.drain(refs, ctx)
	return found, below
}

// drain walks the targets of edges that close a cycle.
func (w *peerWalk) drain(refs parentRefs, ctx map[string]providerContext) {
	w.draining = true
	for len(w.pending) > 0 {
		n := w.pending[len(w.pending)-1]
		w.pending = w.pending[:len(w.pending)-1]
		if _, done := w.paths[n]; !done {
			w.walk(n, refs, ctx, nil)
		}
	}
	w.draining = false
}

// walk matches the peers of n and of everything below it.
func (w *peerWalk) walk(n *node, refs parentRefs, ctx map[string]providerContext, by *way) outcome {
	p := n.pkg
	w.visited[n] = true
	w.work++
	if w.work > w.opts.maxWork {
		return outcome{path: p.key()} // tooMany reports it
	}
	if n.depth < 0 || w.pure[p] && len(p.peers) == 0 {
		w.paths[n] = p.key()
		return outcome{path: p.key()}
	}
	if w.active[n] {
		return outcome{path: p.key()}
	}
	w.active[n] = true
	defer delete(w.active, n)

	below, belowCtx := w.refsBelow(n, refs, ctx)
	if v := w.lookup(p, below); v != nil {
		return w.reuse(n, v, by)
	}
	by = &way{by, p.id}
	return w.settle(n, below, w.walkChildren(n, below, belowCtx, by), by)
}

// walkChildren visits the children of n: those first whose name somebody
// above provides too.
func (w *peerWalk) walkChildren(n *node, refs parentRefs, ctx map[string]providerContext, by *way) outcome {
	out := outcome{external: map[string]*node{}, found: map[string]*node{}, missing: map[string]peerDep{}, below: &missingBelow{pkg: n.pkg}}
	kids := w.childrenOf(n)
	for _, repeated := range []bool{true, false} {
		for i, e := range n.pkg.edges {
			if _, above := refs[e.alias]; above != repeated || closesCycle(n.pkg, e.to) {
				continue
			}
			child := w.walk(kids[i], refs, ctx, by)
			maps.Copy(out.found, child.found)
			out.below.add(child.below)
			maps.Copy(out.missing, child.missing)
			for name, provider := range child.external {
				if !n.pkg.walks(name) {
					out.external[name] = provider
				}
			}
		}
	}
	return out
}

// settle matches n's own peers and combines them with what its children
// took from above n.
func (w *peerWalk) settle(n *node, refs parentRefs, kids outcome, by *way) outcome {
	p := n.pkg
	own := map[string]*node{}
	resolved, missing := kids.external, kids.missing
	below := kids.below.close(missing)
	for _, peer := range p.peers {
		ref, ok := refs[peer.name]
		if !ok {
			missing[peer.name] = peer
			w.miss(peer, by.up)
			continue
		}
		own[peer.name] = ref.node
		if !n.temp {
			kids.found[peer.name] = ref.node
		}
		resolved[peer.name] = ref.node
	}
	if self := resolved[string(p.name)]; self != nil && self.pkg == p {
		delete(resolved, string(p.name))
	}

	path := p.key()
	if len(resolved) > 0 {
		path += w.suffix(resolved, w.provisionalPeer)
	}
	w.paths[n] = path
	w.external[n] = resolved
	if len(resolved) == 0 && len(missing) == 0 {
		w.pure[p] = true
	} else {
		w.cache[p] = append(w.cache[p], &verdict{n, path, resolved, missing, below})
	}
	w.record(n, own, resolved, missing)

	up := make(map[string]*node, len(resolved))
	for name, provider := range resolved {
		if !p.walks(name) && (w.draining || !p.hasEdge(name)) {
			up[name] = provider
		}
	}
	return outcome{path: path, external: up, found: kids.found, missing: missing, below: below}
}

// miss notes a peer that is not there. An occurrence walked for the sake of a
// cycle reports nothing: its real places do.
func (w *peerWalk) miss(peer peerDep, above *way) {
	if !w.draining {
		w.missing[peer.name] = append(w.missing[peer.name], missingPeer{peer, above})
	}
}

// record keeps what the graph needs of n: its dependencies and the peers it
// declares itself; a peer that only a descendant declares is linked there.
func (w *peerWalk) record(n *node, own, resolved map[string]*node, missing map[string]peerDep) {
	r := &record{
		node: n, order: len(w.records),
		edges: map[string]*node{}, optional: map[string]bool{}, transitive: map[string]bool{}, peers: map[string]bool{},
	}
	kids := w.childrenOf(n)
	for i, e := range n.pkg.edges {
		if e.to == n.pkg {
			continue
		}
		r.edges[e.alias] = kids[i]
		if e.optional {
			r.optional[e.alias] = true
		}
	}
	maps.Copy(r.edges, own)
	declared := map[string]bool{}
	for _, peer := range n.pkg.peers {
		declared[peer.name] = true
	}
	for name := range resolved {
		r.peers[name] = true
		if !declared[name] {
			r.transitive[name] = true
		}
	}
	for name := range missing {
		if !declared[name] {
			r.transitive[name] = true
		}
	}
	w.records = append(w.records, r)
	w.recorded[n] = r
}

// childrenOf lists the occurrences below n, one for each edge of its package.
func (w *peerWalk) childrenOf(n *node) []*node {
	if kids, ok := w.children[n]; ok {
		return kids
	}
	kids := make([]*node, len(n.pkg.edges))
	for i, e := range n.pkg.edges {
		switch {
		case closesCycle(n.pkg, e.to):
			kids[i] = w.backEdge(e.to, n.depth+1)
		case e.to.leaf != nil:
			kids[i] = e.to.leaf
		case n == n.pkg.owner && e.node != nil:
			kids[i] = e.node
		default:
			kids[i] = w.occurrence(e.to, n.depth+1)
		}
	}
	w.children[n] = kids
	return kids
}

func (w *peerWalk) occurrence(p *pkg, depth int) *node {
	return &node{pkg: p, depth: depth, temp: true}
}

func (w *peerWalk) backEdge(p *pkg, depth int) *node {
	if p.leaf != nil {
		return p.leaf
	}
	n := w.backEdges[p]
	if n == nil {
		n = w.occurrence(p, depth)
		w.backEdges[p] = n
		w.pending = append(w.pending, n)
	}
	return n
}

// closesCycle reports whether the walk stops at the edge: it leads back into
// a dependency cycle at the place where cycles are cut.
func closesCycle(from, to *pkg) bool {
	return from == to || from.cycle != 0 && from.cycle == to.cycle && to.id <= from.id
}

func (p *pkg) hasEdge(alias string) bool {
	i := sort.Search(len(p.edges), func(i int) bool { return p.edges[i].alias >= alias })
	return i < len(p.edges) && p.edges[i].alias == alias
}

// walks reports whether p has a dependency under alias that is walked below it.
func (p *pkg) walks(alias string) bool {
	i := sort.Search(len(p.edges), func(i int) bool { return p.edges[i].alias >= alias })
	return i < len(p.edges) && p.edges[i].alias == alias && !closesCycle(p, p.edges[i].to)
}
