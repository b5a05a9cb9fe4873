package resolve

import (
	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
)

// foresight is what pnpm knows of a workspace before it walks the trees of its
// importers. It asks for all that is below the dependencies of one importer first,
// so that packuments are on their way, then for what is below those of the next. It
// remembers each answer by what was asked, whoever asks again, and packages that it
// has been to by their versions (warm_children.rs of pnpm 12).
//
// So where an importer's dependencies lead to something that another asked for
// before, and nothing nearby has a say, that one's preferences count.
type foresight struct {
	first map[question]stated
	picks map[pickKey]origin // chosen already
	seen  map[graph.Key]bool
}

// question is what a package asks of a registry for one of its dependencies.
type question struct {
	alias, specifier string
	optional         bool
}

// newForesight is nil where there is one importer, whose preferences count anyway,
// where hooks may be asked about no package that is not picked, and in updates,
// where pnpm keeps answers apart by importer.
func newForesight(req *Request) *foresight {
	if len(req.Importers) < 2 || req.Update != nil || req.Options.Shape.hooked() || req.Options.LinkWorkspace == LinkDeep {
		return nil
	}
	return &foresight{first: map[question]stated{}, picks: map[pickKey]origin{}, seen: map[graph.Key]bool{}}
}

// lookBelow notes what the dependencies of an importer lead to.
func (r *resolver) lookBelow(level []seed) {
	f := r.foresight
	if f == nil {
		return
	}
	for _, s := range level {
		if s.reused || s.pkg.isLink() || s.pkg.member != nil || f.seen[s.pkg.id] {
			continue
		}
		f.seen[s.pkg.id] = true
		todo := [][]want{childWants(s.manifest, r.shadowed(s))}
		at := &place{importer: s.place.importer, prefer: s.place.prefer, depth: 1, of: s.pkg}
		for len(todo) > 0 {
			wants := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, w := range wants {
				if m := r.foreseen(w, at); m != nil {
					todo = append(todo, childWants(m, shadowedByPeers(m, r.opts.AutoInstallPeers, nothing)))
				}
			}
		}
	}
}

// nothing is the scope of what is foreseen.
func nothing(string) bool { return false }

// foreseen is the package that w will most likely be, unless it was seen before.
// What is wrong with it whoever comes there will say.
func (r *resolver) foreseen(w want, at *place) *npm.Manifest {
	s, err := specifier.Parse(w.alias, w.specifier)
	if err != nil {
		return nil
	}
	name, what, ok := registryPart(w.alias, s)
	if !ok || s.Registry != "" {
		return nil
	}
	prefer, by := r.preferencesAt(r.foreseenAt(w, name, at), name)
	key := pickKey{name: name, what: what, prefer: by, how: r.howAt(at)}
	from, err := r.choose(key, prefer, nil)
	if err != nil {
		return nil
	}
	r.foresight.picks[key] = from
	id := graph.Key(name) + "@" + graph.Key(from.version)
	if from.version == "" || r.foresight.seen[id] {
		return nil
	}
	r.foresight.seen[id] = true
	m, err := r.manifestOf(from)
	if err != nil {
		return nil
	}
	return m
}

// foreseenAt is the place with the preferences that count there for what w asks of
// a registry.
func (r *resolver) foreseenAt(w want, name npm.Name, at *place) *place {
	f := r.foresight
	if f == nil || at.of == nil || w.locked != "" || r.everyone.names[name] == nil || len(at.nearby.of(name)) > 0 {
		return at
	}
	q := question{w.alias, w.specifier, w.optional}
	st, ok := f.first[q]
	if !ok {
		f.first[q] = at.prefer
	}
	if !ok || at.prefer.names[name] != nil {
		return at // what the importer has itself is nearby, even of peers that come along
	}
	here := *at
	here.prefer = st
	return &here
}
