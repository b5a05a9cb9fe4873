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

// importerState is an importer while its peers are being hoisted.
type importerState struct {
	dir    string
	at     *place
	wanted map[string]want // what its manifest asks for, as written, by alias
	direct []direct
	names  map[string]bool            // aliases that need no hoisting any more
	locked map[string]map[string]bool // versions of its peers in the lockfile, by name
}

// start resolves what the manifests of the importers ask for.
func (r *resolver) start(importers []Importer) ([]*importerState, error) {
	states, waves := make([]*importerState, len(importers)), make([]wave, len(importers))
	for i, im := range importers {
		s, wants, err := r.state(im)
		if err != nil {
			return nil, err
		}
		s.at.order = i
		states[i], waves[i] = s, wave{wants, s.at}
	}
	directs, err := r.extend(waves...)
	for i, direct := range directs {
		states[i].direct = direct
	}
	return states, err
}

// state is an importer before anything is resolved, and what it wants.
func (r *resolver) state(im Importer) (*importerState, []want, error) {
	m := im.Manifest
	if err := checkPeers(im); err != nil {
		return nil, nil, err
	}
	s := &importerState{dir: im.Dir, names: map[string]bool{}}
	name := string(m.Name)
	if name == "" {
		name = im.Dir
	}
	s.at = &place{importer: im.Dir, dir: im.Dir, label: name}
	s.at.prefer = r.preferDirect(m)
	s.locked = r.reuse.peers(im.Dir)
	s.wanted = wantedOf(m, r.opts.AutoInstallPeers)
	order := slices.Sorted(maps.Keys(s.wanted))
	wants := make([]want, len(order))
	declared := map[string]bool{}
	for i, alias := range order {
		w := s.wanted[alias]
		var err error
		if w.specifier, err = r.dereference(alias, w.specifier); err != nil {
			return nil, nil, &Error{append(s.at.chain(), alias), err}
		}
		w.injected = im.Injected[alias]
		w.locked = r.reuse.direct(im.Dir, alias, w.specifier)
		wants[i] = w
		declared[alias] = true
		s.names[alias] = true // also if it is optional and cannot be had
	}
	s.at.scope = &scope{names: declared}
	return s, wants, nil
}

// wantedOf lists what a manifest asks for, by alias. A name that stands in
// several maps counts once: optional before prod before dev before peer.
func wantedOf(m *npm.Manifest, peers bool) map[string]want {
	wanted := map[string]want{}
	add := func(deps npm.Deps, g graph.Group) {
		for _, d := range deps {
			wanted[d.Alias] = want{alias: d.Alias, specifier: d.Specifier, group: g, optional: g == graph.Optional}
		}
	}
	if peers {
		add(m.PeerDependencies, graph.Prod)
	}
	add(m.DevDependencies, graph.Dev)
	add(m.Dependencies, graph.Prod)
	add(m.OptionalDependencies, graph.Optional)
	return wanted
}

// hoistPeers installs at the importers what packages below them want as peers
// and nobody provides. Required peers come first, until none is missing; then
// optional ones, if a version that everybody accepts is in the graph anyway;
// then the round begins again, for what was added may want peers itself.
func (r *resolver) hoistPeers(states []*importerState) error {
	if !r.opts.AutoInstallPeers && !r.opts.DedupePeerDependents {
		return nil
	}
	for {
		var optional []map[string][]string
		for _, s := range states {
			missing, err := r.hoistRequired(s)
			if err != nil {
				return err
			}
			optional = append(optional, missing)
		}
		grown := false
		for i, s := range states {
			added, err := r.hoistOptional(s, optional[i])
			if err != nil {
				return err
			}
			grown = grown || added
		}
		if !grown {
			return nil
		}
	}
}

// hoistRequired returns the ranges of the optional peers still missing.
func (r *resolver) hoistRequired(s *importerState) (map[string][]string, error) {
	optional := map[string][]string{}
	for {
		r.markCycles()
		w := newPeerWalk(r.opts, r.peerNames, r.seq)
		found := w.importer(s.direct, nil)
		if err := w.tooMany(); err != nil {
			return nil, err
		}
		required := map[string]string{}
		for name, peers := range w.missing {
			if s.names[name] {
				continue
			}
			rng, must := mergeRanges(peers, r.opts.PeersFromHighest)
			switch {
			case must && rng != "":
				required[name] = rng
			case !must:
				optional[name] = distinctRanges(optional[name], peers)
			}
		}
		r.provide(s, found, required)
		wants := r.hoistWants(s, required)
		if len(wants) == 0 {
			break
		}
		if err := r.hoist(s, wants); err != nil {
			return nil, err
		}
	}
	for name := range optional {
		if s.names[name] {
			delete(optional, name)
		}
	}
	return optional, nil
}

// provide makes a peer that was found inside the tree visible at the
// importer, so that the whole project shares it.
func (r *resolver) provide(s *importerState, found map[string]*node, required map[string]string) {
	if !r.opts.AutoInstallPeers {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		n := found[name]
		if _, missing := required[name]; missing || s.names[name] || !r.standing(n) {
			continue
		}
		s.direct = append(s.direct, direct{alias: name, node: n, provided: true})
		s.names[name] = true
	}
}

// standing reports whether n is an occurrence of the tree pass; the others
// exist only during one walk.
func (r *resolver) standing(n *node) bool { return n.seq <= r.seq }

func (r *resolver) hoistWants(s *importerState, required map[string]string) []want {
	var wants []want
	for _, name := range slices.Sorted(maps.Keys(required)) {
		if spec := r.hoistSpec(s, name, required[name]); spec != "" {
			wants = append(wants, want{alias: name, specifier: spec})
		}
	}
	return wants
}

// hoistSpec prefers, for a peer wanted in rng, versions that the project has
// already; if they are in the lockfile only, those that it has as peers of the
// importer. Without auto-install-peers there is nothing else to choose from.
func (r *resolver) hoistSpec(s *importerState, name, rng string) string {
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

func (r *resolver) hoistOptional(s *importerState, missing map[string][]string) (bool, error) {
	var wants []want
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		if version := r.acceptedByAll(s, npm.Name(name), missing[name]); version != "" {
			wants = append(wants, want{alias: name, specifier: version})
		}
	}
	if len(wants) == 0 {
		return false, nil
	}
	return true, r.hoist(s, wants)
}

// acceptedByAll is the highest preferred version inside every range whose own
// peers agree with what the importer provides. One that the lockfile has for
// the importer goes before.
func (r *resolver) acceptedByAll(s *importerState, name npm.Name, ranges []string) string {
	parsed := make([]semver.Range, len(ranges))
	for i, rng := range ranges {
		var err error
		if parsed[i], err = semver.ParseRange(rng, loose); err != nil {
			return ""
		}
	}
	var versions, locked []string
	for key, sel := range r.preferencesFor(s, name) {
		if sel.kind != byVersion || !r.accepts(string(name), key, s) {
			continue
		}
		versions = append(versions, key)
		if s.locked[string(name)][key] {
			locked = append(locked, key)
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
	if best := highest(locked, fits); best != "" {
		return best
	}
	return highest(versions, fits)
}

// accepts reports whether the peers of a candidate agree with what the
// importer provides. One that is only in the lockfile is known from there.
func (r *resolver) accepts(name, version string, s *importerState) bool {
	id := graph.Key(name + "@" + version)
	var peers []peerDep
	if p := r.pkgs[id]; p != nil {
		peers = p.peers
	} else if r.reuse != nil && r.reuse.byID[id] != nil {
		peers = peersOf(r.reuse.manifest(r.reuse.byID[id].Key), nil)
	}
	provided := map[string]string{}
	for _, d := range s.direct {
		provided[d.alias] = d.node.pkg.version
	}
	for _, peer := range peers {
		if v, ok := provided[peer.name]; ok && !peerSatisfied(v, peer.wanted) {
			return false
		}
	}
	return true
}

func (r *resolver) hoist(s *importerState, wants []want) error {
	for _, w := range wants {
		s.names[w.alias] = true
	}
	at := *s.at
	at.hoisting = true
	at.scope = &scope{names: s.names}
	more, err := r.extend(wave{wants, &at})
	if err != nil {
		return err
	}
	s.direct = append(s.direct, more[0]...)
	return nil
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

// present lists the versions of name in the tree.
func (r *resolver) present(name npm.Name) []string {
	if r.inTree == nil {
		r.inTree = map[npm.Name][]string{}
		for _, p := range r.reachable() {
			if p.version != "" && !p.isLink() {
				r.inTree[p.name] = append(r.inTree[p.name], p.version)
			}
		}
	}
	return r.inTree[name]
}

// reachable lists the packages that hang on an importer.
func (r *resolver) reachable() []*pkg {
	seen := map[*pkg]bool{}
	var out []*pkg
	todo := slices.Clone(r.roots)
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		out = append(out, p)
		for _, e := range p.edges {
			todo = append(todo, e.to)
		}
	}
	return out
}
