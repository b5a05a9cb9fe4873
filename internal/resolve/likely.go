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
				needs = append(needs, ahead.Need{Name: name, Spec: rng})
			}
		}
	}
	return needs
}
