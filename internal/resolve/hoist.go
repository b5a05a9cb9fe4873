package resolve

import (
	"cmp"
	"maps"
	"slices"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// importerState is an importer while its peers are being hoisted.
type importerState struct {
	dir    string
	at     *place
	wanted map[string]want // what its manifest asks for, as written, by alias
	direct []direct
	names  map[string]bool            // aliases that need no hoisting any more
	locked map[string]map[string]bool // versions of its peers in the lockfile, by name

	missing   map[string][]missingPeer // peers, by name
	optional  map[string][]string      // ranges of peers that only some can do without, by name
	walked    int                      // how much of direct was looked at for missing peers
	walkedAt  int                      // the resolver's rewrites then
	settled   bool                     // no required peer is missing that can be had
	settledAt int                      // the resolver's rewrites then
}

// start resolves what the manifests of the importers ask for.
func (r *resolver) start(importers []Importer) ([]*importerState, error) {
	r.everyone = r.preferAll(importers)
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
	s := &importerState{dir: im.Dir, names: map[string]bool{}, optional: map[string][]string{}}
	s.at = &place{importer: im.Dir, dir: im.Dir, label: cmp.Or(string(m.Name), im.Dir)}
	s.at.prefer = r.preferDirect(im)
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
		w.late = w.peer && w.locked != "" && r.misfits(alias, w.locked)
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
		for _, d := range m.PeerDependencies {
			wanted[d.Alias] = want{alias: d.Alias, specifier: d.Specifier, group: graph.Prod, peer: true}
		}
	}
	add(m.DevDependencies, graph.Dev)
	add(m.Dependencies, graph.Prod)
	add(m.OptionalDependencies, graph.Optional)
	return wanted
}

// hoistPeers installs at the importers what packages below them want as peers
// and nobody provides. Required peers come first, until none is missing; then
// optional ones, if a version that everybody accepts is in the graph anyway;
// then the round begins again, for what was added may want peers itself. Every
// importer is looked at before the first one gets anything, so that none of them
// sees more than the others.
func (r *resolver) hoistPeers(states []*importerState) error {
	r.noteRoot(states)
	if !r.opts.AutoInstallPeers && !r.opts.DedupePeerDependents {
		return nil
	}
	rounds := make([]*round, len(states))
	for i, s := range states {
		var err error
		if rounds[i], err = r.discover(s); err != nil {
			return err
		}
	}
	for i, s := range states {
		r.withoutCovered(s, rounds[i].missing)
	}
	for i, s := range states {
		if err := r.hoistRequired(s, rounds[i]); err != nil {
			return err
		}
	}
	for {
		grown := false
		for _, s := range states {
			added, err := r.hoistOptional(s)
			if err != nil {
				return err
			}
			grown = grown || added
		}
		if !grown {
			return nil
		}
		for _, s := range states {
			if s.settled && s.settledAt == r.rewrites {
				continue // nothing has changed for it
			}
			s.optional = map[string][]string{}
			next, err := r.discoverScoped(s)
			if err == nil {
				err = r.hoistRequired(s, next)
			}
			if err != nil {
				return err
			}
		}
	}
}

// hoistRequired installs required peers until none is missing that can be had,
// and notes the ranges of the optional ones still missing.
func (r *resolver) hoistRequired(s *importerState, next *round) error {
	for {
		s.take(next)
		required := map[string]string{}
		for name, peers := range s.missing {
			if s.names[name] {
				continue
			}
			rng, must := mergeRanges(peers, r.opts.PeersFromHighest)
			switch {
			case must && rng != "":
				required[name] = rng
			case !must:
				s.optional[name] = distinctRanges(s.optional[name], peers)
			}
		}
		r.provide(s, next.found, required)
		s.settled, s.settledAt = len(required) == 0, r.rewrites
		wants := r.hoistWants(s, required)
		if len(wants) == 0 {
			break
		}
		err := r.hoist(s, wants)
		if err == nil {
			next, err = r.discoverScoped(s)
		}
		if err != nil {
			return err
		}
	}
	maps.DeleteFunc(s.optional, func(name string, _ []string) bool { return s.names[name] })
	return nil
}

// provide makes a peer that was found inside the tree visible at the
// importer, so that the whole project shares it.
func (r *resolver) provide(s *importerState, found map[string]*node, required map[string]string) {
	if !r.opts.AutoInstallPeers {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		n := found[name]
		if _, missing := required[name]; missing || s.names[name] || n.temp {
			continue
		}
		s.direct = append(s.direct, direct{alias: name, node: n, provided: true})
		s.names[name] = true
	}
}

func (r *resolver) hoistWants(s *importerState, required map[string]string) []want {
	var wants []want
	for _, name := range slices.Sorted(maps.Keys(required)) {
		if spec := r.undeclared(s, name, r.hoistSpec(s, name, required[name])); spec != "" {
			wants = append(wants, want{alias: name, specifier: spec})
		}
	}
	return wants
}

// undeclared is spec, if any, as the project overrides it.
func (r *resolver) undeclared(s *importerState, name, spec string) string {
	if r.opts.Shape == nil || spec == "" {
		return spec
	}
	return r.opts.Shape.Overrides.Undeclared(name, spec, s.dir)
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
