package resolve

import "maps"

// parentRef is a package visible from an occurrence as a possible peer.
type parentRef struct {
	node    *node
	version string
	alias   string // "" when it has the name it is looked up by
	depth   int
	// shadows counts how many providers of the same name further up differ
	// from this one.
	shadows int
}

// parentRefs maps a name to the provider nearest above. It is copied before
// it is changed: most occurrences add nothing and share their parent's.
type parentRefs map[string]parentRef

func (w *peerWalk) importerRefs(deps []direct, above parentRefs) parentRefs {
	refs := maps.Clone(above)
	if refs == nil {
		refs = parentRefs{}
	}
	own := parentRefs{}
	for _, d := range deps {
		if w.relevant(d.alias, d.node.pkg) {
			own.add(d.alias, d.node)
		}
	}
	maps.Copy(refs, own)
	return refs
}

// relevant reports whether p under alias can be somebody's peer.
func (w *peerWalk) relevant(alias string, p *pkg) bool {
	return w.peerNames[alias] || w.peerNames[string(p.name)]
}

// add makes n known by its alias and by its name. Where two providers claim
// a name, one that really has the name wins over an alias, then the higher
// version.
func (r parentRefs) add(alias string, n *node) {
	ref := parentRef{node: n, version: n.pkg.version, depth: n.depth}
	if alias != string(n.pkg.name) {
		ref.alias = alias
	}
	r.claim(alias, ref)
	if ref.alias != "" {
		r.claim(string(n.pkg.name), ref)
	}
}

func (r parentRefs) claim(name string, ref parentRef) {
	if old, taken := r[name]; taken {
		if old.alias == "" || old.alias == name {
			return
		}
		if ref.alias != "" && ref.alias != name && versionAtLeast(old.version, ref.version) {
			return
		}
	}
	r[name] = ref
}

// refsBelow is what the children of n see: what n sees, and n's own children.
func (w *peerWalk) refsBelow(n *node, refs parentRefs, ctx map[string]providerContext) (parentRefs, map[string]providerContext) {
	idx := w.providerEdges(n.pkg)
	if len(idx) == 0 {
		return refs, ctx
	}
	own := parentRefs{}
	kids := w.childrenOf(n)
	for _, i := range idx {
		own.add(n.pkg.edges[i].alias, kids[i])
	}
	w.work += len(refs) / copiesPerVisit
	below := maps.Clone(refs)
	both := func() parentRefs {
		m := maps.Clone(refs)
		maps.Copy(m, own)
		return m
	}
	for name, ref := range own {
		if old, ok := refs[name]; ok {
			if sameProvider(old, ref) && !w.tearsApart(both(), old, ref, n) {
				continue
			}
			ref.shadows = old.shadows + 1
		}
		below[name] = ref
	}
	belowCtx := w.contextOf(below)
	for _, ref := range own {
		w.contexts[ref.node] = belowCtx
	}
	return below, belowCtx
}

func (w *peerWalk) providerEdges(p *pkg) []int {
	if idx, ok := w.providers[p]; ok {
		return idx
	}
	var idx []int
	for i, e := range p.edges {
		if w.relevant(e.alias, e.to) && !closesCycle(p, e.to) {
			idx = append(idx, i)
		}
	}
	w.providers[p] = idx
	return idx
}
