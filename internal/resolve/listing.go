package resolve

import (
	"cmp"
	"slices"

	"godwit/internal/npm"
)

// learn takes the registry's word for a package that only the lockfile has told
// of so far. Its peers stay those that the lockfile lists; see list.
func (p *pkg) learn(m *npm.Manifest) {
	if !p.remembered {
		return
	}
	p.listing = cmp.Or(p.listing, p.manifest)
	p.manifest, p.remembered = m, false
	p.deprecated = cmp.Or(p.deprecated, m.Deprecated)
}

// list notes which manifest lists the peers of the package of s: that of the
// occurrence nearest to an importer, while the edges may be those that the
// lockfile has for another one. They differ where the registry, or what is known
// to be missing in manifests, says something else since the lockfile was written.
func (r *resolver) list(s seed) {
	p := s.pkg
	if r.reuse == nil || p.isLink() || p.listedBy != nil && !s.place.nearer(p.listedBy) {
		return
	}
	p.listedBy, p.listing = s.place, s.manifest
	if p.scanned && p.owner != s.node && p.kept && !s.reused {
		r.rewrites++
		r.peersBeside(p, func(alias string) bool {
			return slices.ContainsFunc(p.edges, func(e edge) bool { return e.alias == alias })
		})
	}
}

// peersBeside gives p the peers that are listed for it, but for those that its
// own dependencies supply.
func (r *resolver) peersBeside(p *pkg, supplied func(alias string) bool) {
	p.peers = slices.DeleteFunc(peersOf(p.listing, nil), func(peer peerDep) bool { return supplied(peer.name) })
	for _, peer := range p.peers {
		r.peerNames[peer.name] = true
	}
}

// nearer orders places by depth, and those of one depth as before does.
func (p *place) nearer(q *place) bool {
	return p.depth < q.depth || p.depth == q.depth && p.above.before(q.above)
}
