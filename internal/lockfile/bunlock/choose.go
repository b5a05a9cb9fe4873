package bunlock

import "godwit/internal/npm/specifier"

// choose finds a version of a package; nil is none, where that may be. One that is
// there already can be as good as the best that the registry has.
func (w *walk) choose(by *item, e *edge, m *want) (*item, error) {
	best, err := w.best(by, e, m)
	if best == nil || err != nil {
		return nil, err
	}
	if w.members[string(best.name)] == best {
		return best, nil
	}
	update := w.updates(by, e)
	if m.kind == specifier.Range && !update && by.kind != project {
		if it := w.direct(m); it != nil {
			return it, nil
		}
	}
	for _, it := range w.names[m.name] {
		if it.version == best.version {
			return w.take(by, m, it), nil
		}
		if m.kind == specifier.Range && !update && m.rng.Match(*it.parsed) && w.reusable(by, it, best) {
			return w.take(by, m, it), nil
		}
	}
	if there := e.was; update && there != nil && there.name == best.name && there.parsed.Compare(*best.parsed) > 0 && m.rng.Match(*there.parsed) {
		return there, nil // what is locked is ahead of what the registry recommends
	}
	w.know(best)
	w.certain[best], w.ofProject[best] = by.kind == project, by.kind == project
	return w.take(by, m, best), nil
}

// take notes which versions projects ask for by themselves.
func (w *walk) take(by *item, m *want, it *item) *item {
	if by.kind == project && m.exact() {
		w.exact[it] = true
	}
	return it
}

// direct is the highest version that was chosen for a project, if it will do: for what a
// package depends on bun takes that even where it knows the best version by then. (Found
// out with bun 1.4.5.)
func (w *walk) direct(m *want) *item {
	for _, it := range w.names[m.name] {
		if w.ofProject[it] && m.rng.Match(*it.parsed) {
			return it
		}
	}
	return nil
}

// reusable reports whether a package may stand in for a better one: if it does not
// depend on who asked first that it is there. For a project it has to be of the same
// major, or what another asks for as that very version. Where all that is locked is to
// be newer, that does not count for who is locked, too. (Found out with bun 1.4.5.)
func (w *walk) reusable(by, it, best *item) bool {
	if w.carried.stale[it] && w.carried.loaded[by] {
		return false
	}
	alike := by.kind != project || w.exact[it] || it.parsed.Major == best.parsed.Major
	return w.carried.loaded[it] || w.certain[it] && alike || it.parsed.Compare(*best.parsed) >= 0
}

// best is the version that the registry has for a dependency.
//
// What else is waiting is asked for along with it: one round of questions for each
// level of the tree is what a walk that takes one decision after another has to wait
// for.
func (w *walk) best(by *item, e *edge, m *want) (*item, error) {
	key := m.key()
	if _, asked := w.found[key]; !asked {
		if err := w.ask(append(w.soon(), m.want(true))); err != nil {
			return nil, err
		}
	}
	if w.found[key].Manifest == nil {
		if it := w.members[string(m.name)]; it != nil && m.kind == specifier.Tag {
			return it, nil
		}
		if e.group == peer || e.group == optional {
			return nil, nil
		}
		if err := w.ask([]Want{m.want(false)}); err != nil {
			return nil, err
		}
	}
	return w.made(w.found[key])
}

func (m *want) key() wantKey { return wantKey{m.name, m.text, m.kind == specifier.Tag} }

func (m *want) want(optional bool) Want {
	return Want{Name: m.name, Range: m.text, Tag: m.kind == specifier.Tag, Optional: optional}
}

func (w *walk) ask(wants []Want) error {
	found, err := w.Choose(wants)
	for i, f := range found {
		w.found[wantKey{wants[i].Name, wants[i].Range, wants[i].Tag}] = f
	}
	return err
}

// soon are the packages that will be asked for next.
func (w *walk) soon() []Want {
	var out []Want
	known := map[wantKey]bool{}
	for _, next := range w.queue {
		m, err := w.meant(next.by, next.edge)
		if err != nil || m.kind != specifier.Range && m.kind != specifier.Tag {
			continue
		}
		if it := w.members[string(m.name)]; it != nil {
			continue
		}
		if _, asked := w.found[m.key()]; asked || known[m.key()] {
			continue
		}
		known[m.key()] = true
		out = append(out, m.want(true))
	}
	return out
}

// updates reports whether a dependency of a project is to be as new as it can be.
func (w *walk) updates(by *item, e *edge) bool {
	return by.kind == project && w.Update != nil && w.Update(dirOf(by), e.alias)
}

func dirOf(it *item) string {
	if it.dir == "" {
		return "."
	}
	return it.dir
}
