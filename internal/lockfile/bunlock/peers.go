package bunlock

import (
	"cmp"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
)

// round finds what peers are, of all packages that came since the last round: the
// highest version that was there before, or else one that is new, and that is the
// same for all in this round, even for those that want another. It is what the
// first of them gets alone, by the name of the package that asks, unless what another
// gets would do for all. (Found out with bun 1.4.5.)
func (w *walk) round(peers []asking) error {
	slices.SortStableFunc(peers, func(x, y asking) int {
		if d := strings.Compare(string(x.by.name), string(y.by.name)); d != 0 {
			return d
		}
		if x.by.parsed == nil || y.by.parsed == nil {
			return cmp.Compare(x.by.ref, y.by.ref)
		}
		return x.by.parsed.Compare(*y.by.parsed)
	})
	var names []npm.Name
	wanting := map[npm.Name][]wanting{}
	for _, p := range peers {
		m, err := w.meant(p.by, p.edge)
		if err != nil {
			return err
		}
		if m.kind != specifier.Range {
			if err := w.decide(p.by, p.edge); err != nil {
				return err
			}
			continue
		}
		w.bound = append(w.bound, p)
		if p.edge.to = w.present(&m); p.edge.to == nil {
			p.edge.to = w.unfit(&m)
		}
		if p.edge.to != nil {
			w.visit(p.edge.to)
			continue
		}
		if wanting[m.name] == nil {
			names = append(names, m.name)
		}
		wanting[m.name] = append(wanting[m.name], newWanting(p, m))
	}
	for _, name := range names {
		if err := w.shared(wanting[name]); err != nil {
			return err
		}
	}
	return nil
}

// wanting is a peer that nothing that is there will do for.
type wanting struct {
	asking
	want
	best *item // the version that it would get alone
}

func newWanting(a asking, m want) wanting { return wanting{asking: a, want: m} }

// present is what is there and will do: the highest version, or a project.
func (w *walk) present(m *want) *item {
	if it := w.members[string(m.name)]; it != nil {
		if ok, _ := m.accepts(it); ok {
			return it
		}
	}
	for _, it := range w.names[m.name] {
		if m.rng.Match(*it.parsed) {
			return it
		}
	}
	return nil
}

// unfit is what there is of another version than a peer wants, and what is better than
// a second one: what a project has itself, or what the lockfile has for peers alone. It
// may be nil.
func (w *walk) unfit(m *want) *item {
	for _, it := range w.names[m.name] {
		if w.carried.idle[it] {
			return it
		}
	}
	for _, it := range w.projects {
		for _, e := range it.edges {
			if e.alias == m.alias && e.group != peer && e.to != nil && e.to.kind == registry {
				return e.to
			}
		}
	}
	return nil
}

// shared finds one version for several peers.
func (w *walk) shared(all []wanting) error {
	var one *item
	for i := range all {
		p := &all[i]
		var err error
		if p.best, err = w.best(p.by, p.edge, &p.want); err != nil {
			return err
		}
		if one == nil {
			one = p.best
		}
	}
	for _, p := range all {
		if p.best != nil && !slices.ContainsFunc(all, func(o wanting) bool { return !o.rng.Match(*p.best.parsed) }) {
			one = p.best
			break
		}
	}
	if one == nil {
		for _, p := range all {
			p.edge.settled = true
		}
		return nil
	}
	if there := w.ids[one.id()]; there != nil {
		one = there
	} else {
		w.know(one)
	}
	for _, p := range all {
		p.edge.to = one
	}
	w.visit(one)
	return nil
}

// raise gives peers what came after they were found, where that is higher.
func (w *walk) raise() {
	for _, p := range w.bound {
		m, err := w.meant(p.by, p.edge)
		if err != nil || p.edge.to == nil || p.edge.to.kind != registry || w.carried.loaded[p.edge.to] {
			continue
		}
		if it := w.present(&m); it != nil && it.kind == registry {
			p.edge.to = it
		}
	}
}
