package resolve

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// want is a dependency to resolve.
type want struct {
	alias     string
	specifier string
	optional  bool
	group     graph.Group // of an importer's own dependency
	peer      bool        // an importer's own peer, which is installed along
	late      bool        // such a one that may have to follow the other importers
	follows   bool        // such a one that does
	injected  bool        // a member of the workspace is copied, not linked
	locked    graph.Key   // the package that the present lockfile has here, or ""
}

// place is where a want stands: what it may prefer, what is in scope, and the
// way from the importer, for errors and for ranking occurrences.
type place struct {
	importer string // its directory
	order    int    // of the importer among all
	dir      string // where relative paths of the dependent start
	depth    int
	label    string // of the dependent, for messages
	of       *pkg   // the dependent; nil for an importer
	above    *place
	prefer   stated
	nearby   *overlay
	scope    *scope // of the dependencies themselves, so without their own level
	optional bool
	hoisting bool // for peers that nobody asks for by name
}

// scope is the set of aliases resolved at the levels above.
type scope struct {
	above *scope
	names map[string]bool
}

func (s *scope) has(name string) bool {
	for ; s != nil; s = s.above {
		if s.names[name] {
			return true
		}
	}
	return false
}

func (p *place) chain() []string {
	var out []string
	for ; p != nil; p = p.above {
		out = append(out, p.label)
	}
	slices.Reverse(out)
	return out
}

// seed is a resolved dependency whose own dependencies may still be unknown.
type seed struct {
	want
	pkg      *pkg
	manifest *npm.Manifest // of this occurrence: one from the lockfile has no dependencies
	reused   bool          // its dependencies are those of locked
	node     *node
	place    *place // of the package itself, seen from its own dependencies
}

// wave is what one importer wants at a time.
type wave struct {
	wants []want
	at    *place
}

// extend resolves what importers want and everything below that: one importer
// after the other, and each level by level. A level is complete before the next
// begins, so that what its packages prefer does not depend on which answer came
// first.
func (r *resolver) extend(waves ...wave) ([][]direct, error) {
	for _, w := range waves {
		r.lookAhead(w.wants, w.at.importer)
	}
	levels, out := make([][]seed, len(waves)), make([][]direct, len(waves))
	if err := r.resolveWaves(waves, levels); err != nil {
		return nil, err
	}
	for i, level := range levels {
		out[i] = make([]direct, len(level))
		for k, s := range level {
			out[i][k] = direct{alias: s.alias, node: s.node}
			r.roots = append(r.roots, s.pkg)
		}
	}
	if r.opts.TimeBased && r.cutoff.IsZero() {
		if err := r.date(levels); err != nil {
			return nil, err
		}
	}
	for _, level := range levels {
		r.lookBelow(level)
	}
	for _, level := range levels {
		if err := r.walk(level); err != nil {
			return nil, err
		}
	}
	return r.withoutBroken(out, levels)
}

// walk resolves what is below the dependencies of one importer.
func (r *resolver) walk(level []seed) error {
	for frontier := r.own(level); len(frontier) > 0; {
		var next []seed
		for _, s := range frontier {
			below, err := r.expand(s)
			if err != nil {
				return err
			}
			next = append(next, below...)
		}
		frontier = r.own(next)
	}
	return nil
}

func (r *resolver) lookAhead(wants []want, importer string) {
	for _, w := range wants {
		if r.reuse.takes(w.locked, importer) {
			continue
		}
		if name, rng, ok := registrySpec(npm.Dep{Alias: w.alias, Specifier: w.specifier}); ok {
			r.docs.Ahead(name, rng)
		}
	}
}

// resolveWaves resolves what importers want, all of them before the first peer
// that follows others.
func (r *resolver) resolveWaves(waves []wave, levels [][]seed) error {
	add := func(i int, late bool) error {
		w := waves[i]
		level, err := r.resolveEach(w.wants, w.at, late)
		for _, s := range level {
			r.directVersions.add(w.at.importer, s.pkg)
		}
		levels[i] = append(levels[i], level...)
		return err
	}
	isLate := func(w want) bool { return w.late }
	for i := range waves {
		if err := add(i, false); err != nil {
			return err
		}
	}
	for i, w := range waves {
		if !slices.ContainsFunc(w.wants, isLate) {
			continue
		}
		if err := add(i, true); err != nil {
			return err
		}
		slices.SortFunc(levels[i], func(a, b seed) int { return strings.Compare(a.alias, b.alias) })
	}
	for i, w := range waves {
		r.stand(levels[i], w.at)
	}
	return nil
}

// resolveLevel resolves the dependencies of one package.
func (r *resolver) resolveLevel(wants []want, at *place) ([]seed, error) {
	level, err := r.resolveEach(wants, at, false)
	r.stand(level, at)
	return level, err
}

// resolveEach resolves those of wants that are late, or those that are not.
func (r *resolver) resolveEach(wants []want, at *place, late bool) ([]seed, error) {
	var level []seed
	for _, w := range wants {
		if w.late != late {
			continue
		}
		s, err := r.resolveOne(w, at)
		switch {
		case err == nil:
			level = append(level, s)
			if r.req.Picked != nil && (at.of == nil || at.of.needed) {
				r.need(s.pkg, w.optional)
			}
		case (w.optional || at.optional) && droppable(err) && r.lockedFor(w):
			return nil, &Error{append(at.chain(), w.alias), &LockedOptionalError{err}}
		case w.optional && droppable(err):
		case at.optional && droppable(err):
			at.of.broken = &Error{append(at.chain(), w.alias), err}
			r.anyBroken = true
		default:
			return nil, &Error{append(at.chain(), w.alias), err}
		}
	}
	return level, nil
}

// stand notes where the packages of a level stand, now that all of it is known.
func (r *resolver) stand(level []seed, at *place) {
	nearby := at.nearby.with(level, r.nearby)
	names := map[string]bool{}
	for _, s := range level {
		names[s.alias] = true
	}
	below := &scope{at.scope, names}
	for i, s := range level {
		dir := at.dir
		if s.pkg.resolution.Kind == graph.Directory {
			dir = s.pkg.resolution.Directory
		}
		level[i].place = &place{
			importer: at.importer, order: at.order, prefer: at.prefer, dir: dir, depth: at.depth + 1, label: npm.Label(s.alias, s.pkg.version), of: s.pkg, above: at,
			nearby: nearby, scope: below,
			optional: at.optional || s.optional,
		}
		if s.reused {
			level[i].place.nearby, level[i].place.scope = nil, at.scope
		}
	}
}

// nodeFor makes the occurrence of p at depth; packages that look the same
// everywhere have only one.
func (r *resolver) nodeFor(p *pkg, depth int, leaf bool) *node {
	if p.leaf != nil {
		if p.leaf.depth > depth {
			p.leaf.depth = depth
		}
		return p.leaf
	}
	n := &node{pkg: p, depth: depth}
	if p.isLink() {
		n.depth = -1
	}
	if p.isLink() || leaf {
		p.leaf = n
	}
	return n
}

// own decides which of the occurrences of a level expands its package: of
// several, the one whose way from the importer sorts first. One that the
// lockfile has goes before all others, even if it comes later, so that the
// lockfile changes no more than it must. What an earlier importer expanded stays
// as it is, even where a later one has it nearer.
func (r *resolver) own(level []seed) []seed {
	best := map[*pkg]int{}
	for i, s := range level {
		r.list(s)
		if s.pkg.settled || s.pkg.isLink() {
			continue
		}
		if s.pkg.scanned && !s.stands() && !r.reclaims(s) {
			if s.place.depth < s.pkg.depth {
				r.claim(s)
			}
			continue
		}
		if j, ok := best[s.pkg]; !ok || s.before(level[j]) {
			best[s.pkg] = i
		}
	}
	var out []seed
	for i, s := range level {
		if j, ok := best[s.pkg]; ok && i == j {
			if s.pkg.scanned {
				r.rewrites++
			}
			r.claim(s)
			s.pkg.scanned, s.pkg.settled = true, s.stands()
			s.pkg.owner, s.pkg.edges = s.node, nil
			out = append(out, s)
		}
	}
	return out
}

// before orders places of one depth by their importers, then by the packages on
// the way from there, the uppermost first.
func (p *place) before(q *place) bool {
	if p.order != q.order {
		return p.order < q.order
	}
	less := false
	for ; p != q && p.of != nil && q.of != nil; p, q = p.above, q.above {
		if p.of != q.of {
			less = p.of.id < q.of.id
		}
	}
	return less
}

// reclaims reports whether s, resolved after its package was expanded, stands
// nearer to the importer and sees other dependencies give way to peers.
func (r *resolver) reclaims(s seed) bool {
	if s.reused || s.place.depth >= s.pkg.depth || len(s.manifest.PeerDependencies) == 0 {
		return false
	}
	return !maps.Equal(s.pkg.shadowed, r.shadowed(s))
}

func (r *resolver) shadowed(s seed) map[string]bool {
	return shadowedByPeers(s.manifest, r.opts.AutoInstallPeers, s.place.above.scope.has)
}

// stands reports whether s is the package that the lockfile has here.
func (s seed) stands() bool { return s.locked != "" && s.locked.ID() == s.pkg.id }

func (s seed) before(other seed) bool {
	if s.stands() != other.stands() {
		return s.stands()
	}
	return s.place.above.before(other.place.above)
}

// expand resolves the dependencies of the package of s and sets its edges.
func (r *resolver) expand(s seed) ([]seed, error) {
	p := s.pkg
	var wants []want
	if p.kept = s.reused; s.reused {
		wants = r.reuse.wants(s.locked)
		r.peersBeside(p, func(alias string) bool {
			return slices.ContainsFunc(wants, func(w want) bool { return w.alias == alias })
		})
	} else {
		p.shadowed = r.shadowed(s)
		p.peers, p.listing = peersOf(s.manifest, p.shadowed), s.manifest
		wants = r.lockedWants(childWants(s.manifest, p.shadowed), s)
	}
	if p.member != nil {
		var err error
		if wants, err = r.memberWants(p, wants, s.place); err != nil {
			return nil, err
		}
	}
	for _, peer := range p.peers {
		r.peerNames[peer.name] = true
	}
	if r.reuse != nil {
		r.lookAhead(wants, s.place.importer)
	}
	below, err := r.resolveLevel(wants, s.place)
	if err != nil {
		return nil, err
	}
	for _, c := range below {
		p.edges = append(p.edges, edge{c.alias, c.pkg, c.optional, c.node})
	}
	return below, nil
}

// lockedWants notes what the lockfile has for the dependencies of s, if s is
// the package that stood there before. An edge that could follow the importer
// to a higher version does so.
func (r *resolver) lockedWants(wants []want, s seed) []want {
	if !s.stands() {
		return wants
	}
	for i, w := range wants {
		key := r.reuse.child(s.place.importer, s.locked, w.alias, w.specifier)
		if key == "" {
			continue
		}
		if higher := r.directVersions.above(s.place.importer, w.alias, key, w.specifier); higher != "" {
			wants[i].specifier = higher
			continue
		}
		wants[i].locked = key
		if !r.reuse.takes(key, s.place.importer) {
			_, wants[i].specifier = key.ID().Split()
		}
	}
	return wants
}

// childWants lists what a package depends on, sorted by alias: dependencies
// without those that come as peers or inside the tarball, and optional
// dependencies, which win over dependencies of the same name.
func childWants(m *npm.Manifest, shadowed map[string]bool) []want {
	var out []want
	at := map[string]int{}
	for _, d := range m.Dependencies {
		if _, optional := m.OptionalDependencies.Lookup(d.Alias); m.Bundled.Has(d.Alias) || shadowed[d.Alias] && !optional {
			continue
		}
		at[d.Alias] = len(out)
		out = append(out, want{alias: d.Alias, specifier: d.Specifier})
	}
	for _, d := range m.OptionalDependencies {
		if i, ok := at[d.Alias]; ok {
			out[i].optional = true
		} else if !m.Bundled.Has(d.Alias) {
			out = append(out, want{alias: d.Alias, specifier: d.Specifier, optional: true})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].alias < out[j].alias })
	return out
}
