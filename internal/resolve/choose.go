package resolve

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// hoistSpec prefers, for a peer wanted in rng, versions that the project has
// already; if they are in the lockfile only, those that it has as peers of the
// importer. Without auto-install-peers there is nothing else to choose from.
// What the root of the workspace depends on goes before all.
func (r *resolver) hoistSpec(s *importerState, name, rng string) string {
	if root := r.rootSpecFor(name); root != nil {
		return root.specifier
	}
	unlessPresent := ""
	if r.opts.AutoInstallPeers {
		unlessPresent = rng
	}
	prefer := r.preferencesFor(s, npm.Name(name))
	if len(prefer) == 0 {
		return unlessPresent
	}
	var versions, others []string
	for key, sel := range prefer {
		if sel.kind == byVersion {
			versions = append(versions, key)
		} else {
			others = append(others, key)
		}
	}
	sort.Strings(others)
	parsed, err := semver.ParseRange(peerRange(rng), semver.Options{Loose: true, IncludePrerelease: true})
	fits := func(v semver.Version) bool { return err == nil && parsed.Match(v) }
	best := ""
	if highest(r.present(npm.Name(name)), fits) == "" {
		best = highest(slices.Collect(maps.Keys(s.locked[name])), fits)
	}
	if best == "" {
		best = highest(versions, fits)
	}
	switch {
	case best != "":
		others = append([]string{best}, others...)
	case err == nil && len(versions) > 0:
		return unlessPresent
	default:
		if best = highest(versions, func(semver.Version) bool { return true }); best != "" {
			others = append([]string{best}, others...)
		}
	}
	return strings.Join(others, " || ")
}

func (r *resolver) hoistOptional(s *importerState) (bool, error) {
	var wants []want
	for _, name := range slices.Sorted(maps.Keys(s.optional)) {
		if version := r.undeclared(s, name, r.acceptedByAll(s, npm.Name(name), s.optional[name])); version != "" {
			wants = append(wants, want{alias: name, specifier: version})
		}
	}
	if len(wants) == 0 {
		return false, nil
	}
	s.settled = false
	return true, r.hoist(s, wants)
}

// acceptedByAll is the highest preferred version inside every range whose own
// peers agree with what the importer provides. Versions in the tree go before
// those that only the lockfile has, among either the importer's locked ones.
func (r *resolver) acceptedByAll(s *importerState, name npm.Name, ranges []string) string {
	parsed := make([]semver.Range, len(ranges))
	for i, rng := range ranges {
		var err error
		if parsed[i], err = semver.ParseRange(rng, loose); err != nil {
			return ""
		}
	}
	var versions, locked, there []string
	present := r.present(name)
	within := r.candidates(s, name)
	for key, sel := range r.preferencesFor(s, name) {
		if sel.kind != byVersion || within != nil && !within[key] || !r.accepts(string(name), key, s) {
			continue
		}
		versions = append(versions, key)
		if slices.Contains(present, key) {
			there = append(there, key)
		}
		if s.locked[string(name)][key] {
			locked = append(locked, key)
		}
	}
	if root := r.rootSpecFor(string(name)); root != nil {
		if rng, err := semver.ParseRange(peerRange(root.specifier), loose); err == nil && intersectsAll(rng, parsed) {
			parsed = append(parsed, rng)
		}
	}
	fits := func(v semver.Version) bool {
		for _, rng := range parsed {
			if !rng.Match(v) {
				return false
			}
		}
		return true
	}
	if highest(there, fits) != "" {
		versions = there
		locked = slices.DeleteFunc(locked, func(v string) bool { return !slices.Contains(there, v) })
	}
	if best := highest(locked, fits); best != "" {
		return best
	}
	return highest(versions, fits)
}

// candidates are the versions of name that an optional peer may be, or nil for
// all. Without dedupe-peer-dependents they are those in the importer's own tree,
// whatever the lockfile has besides (as seen with pnpm 12.21).
func (r *resolver) candidates(s *importerState, name npm.Name) map[string]bool {
	if r.opts.DedupePeerDependents || len(r.req.Importers) == 1 {
		return nil
	}
	out, seen := map[string]bool{}, map[*pkg]bool{}
	var todo []*pkg
	for _, d := range s.direct {
		todo = append(todo, d.node.pkg)
	}
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		if p.name == name {
			out[p.version] = true
		}
		for _, e := range p.edges {
			todo = append(todo, e.to)
		}
	}
	return out
}

// accepts reports whether the peers of a candidate agree with what the
// importer provides, and lacks none that was tried and cannot be had. A
// candidate that is only in the lockfile is known from there.
func (r *resolver) accepts(name, version string, s *importerState) bool {
	id := graph.Key(name + "@" + version)
	var peers []peerDep
	if p := r.pkgs[id]; p != nil {
		peers = p.peers
	} else if r.reuse != nil && r.reuse.byID[id] != nil {
		peers = peersOf(r.reuse.manifest(r.reuse.byID[id].Key), nil)
	}
	provided := r.rootVersions()
	for _, d := range s.direct {
		provided[d.alias] = d.node.pkg.version
	}
	for _, peer := range peers {
		v, ok := provided[peer.name]
		if ok && !PeerSatisfied(v, peer.wanted) || !ok && s.names[peer.name] && !peer.optional && r.opts.AutoInstallPeers {
			return false
		}
	}
	return true
}

// preferencesFor joins the preferences stated for name with every version of
// it in the tree so far.
func (r *resolver) preferencesFor(s *importerState, name npm.Name) preferences {
	out := preferences{}
	stated, _ := r.preferencesAt(s.at, name)
	maps.Copy(out, stated)
	for _, v := range r.present(name) {
		if _, ok := out[v]; !ok {
			out[v] = selector{kind: byVersion, weight: weightNearby}
		}
	}
	return out
}

// reached is the part of the tree that hangs on importers.
type reached struct {
	at       int // the resolver's rewrites
	roots    int // so many of the resolver's roots are in
	seen     map[*pkg]bool
	versions map[npm.Name][]string
}

// present lists the versions of name in the tree.
func (r *resolver) present(name npm.Name) []string {
	t := &r.tree
	if t.seen == nil || t.at != r.rewrites {
		*t = reached{at: r.rewrites, seen: map[*pkg]bool{}, versions: map[npm.Name][]string{}}
	}
	todo := slices.Clone(r.roots[min(t.roots, len(r.roots)):])
	t.roots = len(r.roots)
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if t.seen[p] {
			continue
		}
		t.seen[p] = true
		if p.version != "" && !p.isLink() && p.member == nil {
			t.versions[p.name] = append(t.versions[p.name], p.version)
		}
		for _, e := range p.edges {
			todo = append(todo, e.to)
		}
	}
	return t.versions[name]
}
