package resolve

import (
	"slices"
	"sync"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/resolve/compat"
	"godwit/internal/resolve/override"
)

// Shape is what a project changes in manifests before anything is made of them:
// first it adds what packages forgot, then its hook has a say, then it overrides,
// then it leaves out. The nil Shape changes nothing. A Shape belongs to one
// goroutine.
type Shape struct {
	Extensions compat.Extensions // packageExtensions
	// Read begins to ask the hook about a manifest: was is what raw, its JSON,
	// says, and m what became of it so far. wait gives the hook's manifest, and is
	// called once at most. nil is no hook.
	Read            func(was, m *npm.Manifest, raw []byte) (wait func() (*npm.Manifest, error))
	Overrides       *override.Set
	IgnoredOptional func(alias string) bool // ignoredOptionalDependencies; nil ignores none
}

// Project is the manifest of an importer as it is resolved and recorded, but for
// the hook. dir is its absolute slash path.
func (s *Shape) Project(m *npm.Manifest, dir string) *npm.Manifest {
	if s == nil {
		return m
	}
	return s.Finish(s.Extend(m), dir)
}

// Extend is the part of Project that comes before the hook, and Finish the one
// that comes after it.
func (s *Shape) Extend(m *npm.Manifest) *npm.Manifest { return s.Extensions.Apply(m) }

// Finish is the rest of Project; dir is "" for a package.
func (s *Shape) Finish(m *npm.Manifest, dir string) *npm.Manifest {
	return s.withoutIgnored(s.Overrides.Apply(m, dir))
}

// hooked reports whether a hook wants to see every manifest.
func (s *Shape) hooked() bool { return s != nil && s.Read != nil }

// origin is where a manifest was read from: a version of a packument, or JSON.
type origin struct {
	doc     *npm.Packument
	version string
	json    []byte // if doc is nil
}

// published is the manifest of a package. What is known to be missing in it is
// added first.
func (r *resolver) published(m *npm.Manifest, from origin) (*npm.Manifest, error) {
	shape, mended := r.opts.Shape, r.mend.Apply(m)
	var shaped *npm.Manifest
	if shape.hooked() {
		read, err := r.ask(m, from)()
		if err != nil {
			return nil, err
		}
		shaped = shape.Finish(read, "")
	} else {
		shaped = shape.Project(mended, "")
	}
	shaped = r.withRuntimes(shaped)
	if shaped != mended {
		r.asPublished[shaped] = m
	}
	return shaped, nil
}

// withRuntimes is a manifest that depends on the runtimes that it wants to be downloaded
// (pnpm 11 and later). A dependency of that name goes before.
func (r *resolver) withRuntimes(m *npm.Manifest) *npm.Manifest {
	if len(m.Runtimes) == 0 {
		return m
	}
	if out := r.runs[m]; out != nil {
		return out
	}
	out := *m
	for _, t := range m.Runtimes {
		if _, has := out.Dependencies.Lookup(t.Name); !has && t.OnFail == "download" && (t.Name == "node" || t.Name == "deno" || t.Name == "bun") {
			out.Dependencies = append(slices.Clip(out.Dependencies), npm.Dep{Alias: t.Name, Specifier: graph.RuntimePrefix + t.Version})
		}
	}
	r.runs[m] = &out
	return &out
}

// ask begins to ask the hook about a manifest, or waits with who did so before.
func (r *resolver) ask(m *npm.Manifest, from origin) (wait func() (*npm.Manifest, error)) {
	if wait := r.asked[m]; wait != nil {
		return wait
	}
	raw, err := from.json, error(nil)
	if from.doc != nil {
		raw, err = from.doc.Raw(from.version)
	}
	if err != nil {
		return func() (*npm.Manifest, error) { return nil, err }
	}
	wait = sync.OnceValues(r.opts.Shape.Read(m, r.opts.Shape.Extend(r.mend.Apply(m)), raw))
	r.asked[m] = wait
	return wait
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
