package resolve

// providerContext is what a provider had above itself when it was seen: two
// providers of one package are interchangeable only if their contexts agree.
type providerContext struct {
	pkg     *pkg
	depth   int
	shadows int
}

func (w *peerWalk) contextOf(refs parentRefs) map[string]providerContext {
	out := make(map[string]providerContext, len(refs))
	for name, ref := range refs {
		if w.peerNames[name] {
			out[name] = providerContext{ref.node.pkg, ref.depth, ref.shadows}
		}
	}
	return out
}

// lookup finds an earlier verdict for p that holds below refs: every peer it
// took from above is the same here, and nothing it missed is there now.
func (w *peerWalk) lookup(p *pkg, refs parentRefs) *verdict {
	w.work += len(w.cache[p]) / copiesPerVisit
next:
	for _, v := range w.cache[p] {
		for name, provider := range v.resolved {
			if ref, ok := refs[name]; !ok || !w.interchangeable(provider, ref.node) {
				continue next
			}
		}
		for name := range v.missing {
			if _, ok := refs[name]; ok {
				continue next
			}
		}
		return v
	}
	return nil
}

// reuse gives n the verdict of another occurrence of its package.
func (w *peerWalk) reuse(n *node, v *verdict, by *way) outcome {
	by = &way{by, n.pkg.id}
	for name, peer := range v.missing {
		above := by
		if !v.below.misses(n.pkg, name) {
			above = by.up
		}
		w.miss(peer, above)
	}
	w.paths[n] = v.path
	w.external[n] = v.resolved
	w.sameAs[n] = v.node
	return outcome{path: v.path, external: v.resolved, missing: v.missing, below: v.below}
}

func (w *peerWalk) interchangeable(a, b *node) bool {
	if a == b {
		return true
	}
	pa, oka := w.paths[a]
	pb, okb := w.paths[b]
	if oka && okb && pa == pb {
		return true
	}
	return a.pkg == b.pkg && (w.pure[a.pkg] || w.sameContext(a, b))
}

func (w *peerWalk) sameContext(cached, current *node) bool {
	a, b := w.contexts[cached], w.contexts[current]
	if a == nil || b == nil || len(a) != len(b) {
		return false
	}
	deepest, shadowed := 0, false
	for name, c := range b {
		deepest = max(deepest, c.depth)
		shadowed = shadowed || c.shadows > 0 || a[name].shadows > 0
	}
	for name, ca := range a {
		cb, ok := b[name]
		if !ok || ca.pkg != cb.pkg {
			return false
		}
		if shadowed && cb.depth != deepest && !w.pure[ca.pkg] {
			return false
		}
	}
	return true
}

// sameProvider reports whether a provider above and a child are the same
// package, so that the one above may stand for both.
func sameProvider(a, b parentRef) bool {
	return a.version == b.version && a.alias == b.alias && (a.node == b.node || a.node.pkg == b.node.pkg)
}

// tearsApart reports whether taking the provider from above instead of n's
// own child would give a descendant of n two peers that were matched against
// different versions of a third package (a "peer diamond").
func (w *peerWalk) tearsApart(refs parentRefs, above, own parentRef, n *node) bool {
	if above.node == own.node {
		return false
	}
	ctx, ok := w.contexts[above.node]
	if !ok {
		return false
	}
	conflicting := map[string]bool{}
	for _, peer := range own.node.pkg.peers {
		was, ok1 := ctx[peer.name]
		is, ok2 := refs[peer.name]
		if ok1 && ok2 && is.node.pkg != was.pkg {
			conflicting[peer.name] = true
		}
	}
	if len(conflicting) == 0 {
		return false
	}
	provider := string(own.node.pkg.name)
	seen := map[*pkg]bool{}
	todo := []*pkg{}
	for _, e := range n.pkg.edges {
		todo = append(todo, e.to)
	}
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		if bindsBoth(p, provider, conflicting) {
			return true
		}
		if p.hasEdge(provider) {
			continue // its subtree sees that copy
		}
		for _, e := range p.edges {
			todo = append(todo, e.to)
		}
	}
	return false
}

func bindsBoth(p *pkg, provider string, conflicting map[string]bool) bool {
	takesProvider, takesOther := false, false
	for _, peer := range p.peers {
		takesProvider = takesProvider || peer.name == provider
		takesOther = takesOther || conflicting[peer.name]
	}
	return takesProvider && takesOther
}
