package resolve

import (
	"maps"
	"slices"
	"strings"

	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
)

// discovery is the walk that finds missing peers. All importers share it, so
// that a subtree that looks the same for many is walked once; it begins anew
// when a package that was walked gets other dependencies.
type discovery struct {
	walk  *peerWalk
	at    int // the resolver's rewrites
	names int // how many peer names there were
}

// round is what one look at an importer's dependencies found.
type round struct {
	found   map[string]*node // occurrences that provide peers, by name
	missing map[string][]missingPeer
	full    bool // all dependencies were looked at, not only new ones
}

// take joins what is missing with what earlier looks found.
func (s *importerState) take(r *round) {
	if r.full || s.missing == nil {
		s.missing = r.missing
		return
	}
	for name, peers := range r.missing {
		s.missing[name] = append(s.missing[name], peers...)
	}
}

// discover looks for missing peers below those dependencies of an importer that
// are new, or all of them if the tree was changed.
func (r *resolver) discover(s *importerState) (*round, error) {
	r.markCycles()
	d := r.shared
	switch {
	case d == nil || d.at != r.rewrites:
		d = &discovery{walk: newPeerWalk(r.opts, r.peerNames), at: r.rewrites}
		r.shared = d
	case d.names != len(r.peerNames):
		clear(d.walk.providers) // edges that could provide no peer may now
	}
	d.names = len(r.peerNames)
	out := &round{full: s.walked == 0 || s.walkedAt != r.rewrites}
	first := s.walked
	if out.full {
		first = 0
	}
	s.walked, s.walkedAt = len(s.direct), r.rewrites
	w := d.walk
	w.missing, w.records = map[string][]missingPeer{}, nil
	var below *missingBelow
	out.found, below = w.importer(s.direct, first, nil)
	if err := w.tooMany(); err != nil {
		return nil, err
	}
	out.missing = w.missing
	r.noteMissing(s.dir, below)
	return out, nil
}

// discoverScoped is discover without what other importers take care of.
func (r *resolver) discoverScoped(s *importerState) (*round, error) {
	next, err := r.discover(s)
	if err == nil {
		r.withoutCovered(s, next.missing)
	}
	return next, err
}

// missingBelow says which peers are missing below an occurrence of a package,
// its own left out. It shares the parts of its children.
type missingBelow struct {
	pkg   *pkg
	names map[string]bool
	parts []*missingBelow
}

func (m *missingBelow) add(part *missingBelow) {
	if part != nil && !slices.Contains(m.parts, part) {
		m.parts = append(m.parts, part)
	}
}

// close notes what the children of the package miss. It is nil if nothing is
// missing below.
func (m *missingBelow) close(missing map[string]peerDep) *missingBelow {
	if len(missing) == 0 {
		switch len(m.parts) {
		case 0:
			return nil
		case 1:
			return m.parts[0]
		}
		return m
	}
	m.names = make(map[string]bool, len(missing))
	for name := range missing {
		m.names[name] = true
	}
	return m
}

// misses reports whether name is missing below an occurrence of p.
func (m *missingBelow) misses(p *pkg, name string) bool {
	return m != nil && m.pkg == p && m.names[name]
}

// byPackage joins the names by package.
func (m *missingBelow) byPackage() map[*pkg]map[string]bool {
	out, seen := map[*pkg]map[string]bool{}, map[*missingBelow]bool{}
	for todo := []*missingBelow{m}; len(todo) > 0; {
		part := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[part] {
			continue
		}
		seen[part] = true
		todo = append(todo, part.parts...)
		if part.pkg != nil && len(part.names) > 0 {
			if out[part.pkg] == nil {
				out[part.pkg] = map[string]bool{}
			}
			maps.Copy(out[part.pkg], part.names)
		}
	}
	return out
}

// firstMissing is what was missing below a package when the importer that
// has it nearest first looked; what that importer gets later is its own affair.
type firstMissing struct {
	names map[string]bool
	by    *place // of the occurrence that claimed the package; nil while only others have looked
}

// claim notes that the importer of s has its package nearest.
func (r *resolver) claim(s seed) {
	s.pkg.claimed, s.pkg.depth = s.place, s.place.depth
	r.owned[s.place.importer] = append(r.owned[s.place.importer], s.pkg)
}

// noteMissing records the first look of the importer that expanded a package;
// until it has looked, that of whoever else came first.
func (r *resolver) noteMissing(dir string, below *missingBelow) {
	missing := below.byPackage()
	for _, p := range r.owned[dir] {
		if p.claimed.importer == dir && (p.first == nil || p.first.by != p.claimed) {
			p.first = &firstMissing{missing[p], p.claimed}
		}
	}
	delete(r.owned, dir) // all of it is recorded now
	for p, names := range missing {
		if p.first == nil && (p.claimed == nil || p.claimed.importer != dir) {
			p.first = &firstMissing{names: names}
		}
	}
}

// withoutCovered leaves out the peers that are missing below packages which
// another importer expanded without missing them: that one's dependencies are
// theirs, too (pnpm's hoist_missing_scope).
func (r *resolver) withoutCovered(s *importerState, missing map[string][]missingPeer) {
	for name, peers := range missing {
		if len(s.locked[name]) > 0 {
			continue
		}
		kept := slices.DeleteFunc(peers, func(p missingPeer) bool { return r.covered(s.dir, p) })
		if missing[name] = kept; len(kept) == 0 {
			delete(missing, name)
		}
	}
}

func (r *resolver) covered(dir string, m missingPeer) bool {
	for w := m.above; w != nil; w = w.up {
		p := r.pkgs[w.id]
		if p != nil && p.claimed != nil && p.claimed.importer != dir && p.first != nil && !p.first.names[m.name] {
			return true
		}
	}
	return false
}

// rootSpec is a dependency of the root of the workspace, from which others take
// their peers.
type rootSpec struct {
	alias, name, specifier, version string
}

// noteRoot notes what the root depends on, before anything is hoisted to it.
func (r *resolver) noteRoot(states []*importerState) {
	for _, s := range states {
		if s.dir != "." || !r.opts.PeersFromRoot || len(states) == 1 {
			continue
		}
		for _, d := range s.direct {
			spec, err := r.dereference(d.alias, s.wanted[d.alias].specifier)
			if err == nil && !isLocal(d.alias, spec) {
				r.rootSpecs = append(r.rootSpecs, rootSpec{d.alias, string(d.node.pkg.name), spec, d.node.pkg.version})
			}
		}
	}
}

// isLocal reports whether a specifier is a path, which means something else in
// another directory.
func isLocal(alias, spec string) bool {
	s, err := specifier.Parse(alias, spec)
	return err != nil || s.Path != ""
}

// rootSpecFor is the root's dependency of that name: by its alias, else by the
// name of the package, the first alias of several. It is nil if there is none.
func (r *resolver) rootSpecFor(name string) *rootSpec {
	var best *rootSpec
	for i := range r.rootSpecs {
		d := &r.rootSpecs[i]
		if d.alias == name {
			return d
		}
		if d.name == name && (best == nil || strings.Compare(d.alias, best.alias) < 0) {
			best = d
		}
	}
	return best
}

// rootVersions are the versions of the root's dependencies, by alias.
func (r *resolver) rootVersions() map[string]string {
	out := make(map[string]string, len(r.rootSpecs))
	for _, d := range r.rootSpecs {
		out[d.alias] = d.version
	}
	return out
}

func intersectsAll(rng semver.Range, others []semver.Range) bool {
	return !slices.ContainsFunc(others, func(o semver.Range) bool { return !semver.Intersects(rng, o) })
}
