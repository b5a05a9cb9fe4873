package resolve

import (
	"godwit/internal/npm"
	"godwit/internal/resolve/compat"
	"godwit/internal/resolve/override"
)

// Shape is what a project changes in manifests before anything is made of them:
// first it adds what packages forgot, then it overrides, then it leaves out.
// The nil Shape changes nothing. A Shape belongs to one goroutine.
type Shape struct {
	Extensions      compat.Extensions // packageExtensions
	Overrides       *override.Set
	IgnoredOptional func(alias string) bool // ignoredOptionalDependencies; nil ignores none
}

// Project is the manifest of an importer as it is resolved and recorded. dir is
// its absolute slash path.
func (s *Shape) Project(m *npm.Manifest, dir string) *npm.Manifest {
	if s == nil {
		return m
	}
	return s.withoutIgnored(s.Overrides.Apply(s.Extensions.Apply(m), dir))
}

// published is the manifest of a package. What is known to be missing in it is
// added first.
func (r *resolver) published(m *npm.Manifest) *npm.Manifest {
	mended := r.mend.Apply(m)
	shaped := r.opts.Shape.Project(mended, "")
	if shaped != mended {
		r.asPublished[shaped] = m
	}
	return shaped
}

// chosen reports whether the project, and not the publisher of p, says what p
// asks for as alias: then a path means files that are the project's to choose.
func (r *resolver) chosen(p *pkg, alias string) bool {
	original, ok := r.asPublished[p.manifest]
	if !ok {
		return false
	}
	now, before := specifiers(p.manifest, alias), specifiers(original, alias)
	return now != before && now != [2]string{}
}

func specifiers(m *npm.Manifest, alias string) (of [2]string) {
	of[0], _ = m.Dependencies.Lookup(alias)
	of[1], _ = m.OptionalDependencies.Lookup(alias)
	return of
}

// withoutIgnored leaves out optional dependencies that are ignored, also where
// they are dependencies besides.
func (s *Shape) withoutIgnored(m *npm.Manifest) *npm.Manifest {
	if s.IgnoredOptional == nil {
		return m
	}
	ignored := map[string]bool{}
	for _, d := range m.OptionalDependencies {
		if s.IgnoredOptional(d.Alias) {
			ignored[d.Alias] = true
		}
	}
	if len(ignored) == 0 {
		return m
	}
	rest := func(deps npm.Deps) (kept npm.Deps) {
		for _, d := range deps {
			if !ignored[d.Alias] {
				kept = append(kept, d)
			}
		}
		return kept
	}
	shaped := *m
	shaped.OptionalDependencies, shaped.Dependencies = rest(m.OptionalDependencies), rest(m.Dependencies)
	return &shaped
}
