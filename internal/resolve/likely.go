package resolve

import (
	"godwit/internal/npm"
	"godwit/internal/resolve/ahead"
)

// likely is what the version depends on that spec probably means: what is
// preferred is not known ahead.
func (r *resolver) likely(doc *npm.Packument, spec string) (needs []ahead.Need) {
	version := pickVersion(doc, spec, nil, nil, picking{}, r.glance(doc))
	if version == "" {
		return nil
	}
	m, err := doc.Manifest(version)
	if err != nil {
		return nil
	}
	if r.opts.Shape.hooked() {
		r.ask(m, origin{doc: doc, version: version}) // it answers while others are on their way
	}
	for _, deps := range []npm.Deps{m.Dependencies, m.OptionalDependencies} {
		for _, dep := range deps {
			if m.Bundled.Has(dep.Alias) {
				continue
			}
			if name, rng, ok := registrySpec(dep); ok {
				needs = r.foresee(needs, ahead.Need{Name: name, Spec: rng})
			}
		}
	}
	return needs
}

// foresee adds what is likely to be asked for to needs. What the lockfile has is
// likely to stay: nothing is asked for where it tells all about that, else what it
// has. Of a few names the registry is asked late so, where it does change; of all
// others not at all.
func (r *resolver) foresee(needs []ahead.Need, n ahead.Need) []ahead.Need {
	if key := r.reuse.kept(n.Name, n.Spec); key != "" {
		if r.reuse.whole[key] {
			return needs
		}
		_, n.Spec = key.ID().Split()
	}
	return append(needs, n)
}
