package override

import (
	"path"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// Apply returns m with the overrides; m itself is not changed. dir is the
// absolute slash path of a project's manifest, and "" for a package's.
func (s *Set) Apply(m *npm.Manifest, dir string) *npm.Manifest {
	if s == nil {
		return m
	}
	a := application{set: s, dir: dir, m: m}
	for _, r := range s.scoped[string(m.Name)] {
		if r.parent.contains(m.Version) {
			a.scoped = append(a.scoped, r)
		}
	}
	for _, group := range []func(*npm.Manifest) *npm.Deps{
		func(m *npm.Manifest) *npm.Deps { return &m.Dependencies },
		func(m *npm.Manifest) *npm.Deps { return &m.OptionalDependencies },
		func(m *npm.Manifest) *npm.Deps { return &m.DevDependencies },
	} {
		a.group(group)
	}
	a.peers()
	return a.m
}

// application is the overrides at work on one manifest.
type application struct {
	set    *Set
	dir    string
	scoped []*rule // those of which the manifest is the parent
	m      *npm.Manifest
	own    bool // m is a copy
}

// change is the manifest to write to.
func (a *application) change() *npm.Manifest {
	if !a.own {
		m := *a.m
		a.m, a.own = &m, true
	}
	return a.m
}

// ruleFor is the rule for a dependency, or nil: one for this parent before one
// for all, the narrowest first.
func (a *application) ruleFor(d npm.Dep) *rule {
	meant := d
	if a.dir != "" {
		meant.Specifier = a.set.meant(d)
	}
	r := narrowest(a.scoped, meant)
	if r == nil {
		r = narrowest(a.set.generic[d.Alias], meant)
	}
	if r == nil {
		r = a.set.convergent(d)
	}
	if r != nil {
		r.used = true
	}
	return r
}

// meant is the specifier of a project's dependency, or what a catalog has for it: that
// is what ranges of selectors are about (pnpm 12), but for overrides that converge.
func (s *Set) meant(d npm.Dep) string {
	if s.catalog == nil || !strings.HasPrefix(d.Specifier, "catalog:") {
		return d.Specifier
	}
	if meant, err := s.catalog(d.Alias, d.Specifier); err == nil {
		return meant
	}
	return d.Specifier // the resolver says what is missing
}

func narrowest(rules []*rule, d npm.Dep) (best *rule) {
	for _, r := range rules {
		if r.target.name == d.Alias && r.target.covers(d.Specifier) && (best == nil || r.target.within(&best.target)) {
			best = r
		}
	}
	return best
}

// within reports whether s is narrower than t, as far as pnpm can tell: what t
// covers and what does not cover t.
func (s *selector) within(t *selector) bool { return t.covers(s.text) && !s.covers(t.text) }

// convergent is the rule for dependencies whose range admits its version.
func (s *Set) convergent(d npm.Dep) *rule {
	r := s.converge[d.Alias]
	if r == nil {
		return nil
	}
	spec := d.Specifier
	if spec == "" {
		spec = "*"
	}
	if rng, err := semver.ParseRange(spec, semver.Options{}); err != nil || !rng.Match(r.exact) {
		return nil
	}
	return r
}

// Undeclared is the specifier of a dependency that no manifest declares, a peer
// that is installed for an importer in dir, a slash path from the root; "" if
// there shall be none.
func (s *Set) Undeclared(name, specifier, dir string) string {
	if s == nil {
		return specifier
	}
	a := application{set: s}
	r := a.ruleFor(npm.Dep{Alias: name, Specifier: specifier})
	switch {
	case r == nil:
		return specifier
	case r.value == removed:
		return ""
	}
	return r.specifier(path.Join(s.root, dir))
}

func (a *application) group(of func(*npm.Manifest) *npm.Deps) {
	deps := *of(a.m)
	var out npm.Deps
	changed := false
	for i, d := range deps {
		r := a.ruleFor(d)
		if r != nil && !changed {
			changed = true
			out = append(make(npm.Deps, 0, len(deps)), deps[:i]...)
		}
		switch {
		case r != nil && r.value != removed:
			out = append(out, npm.Dep{Alias: d.Alias, Specifier: r.specifier(a.dir)})
		case r == nil && changed:
			out = append(out, d)
		}
	}
	if changed {
		*of(a.change()) = out
	}
}

// peers overrides peer dependencies. A value that is no range, which no peer
// could satisfy, becomes a dependency beside the peer of a package. A project's
// peer stays as it is, for the project's own dependency has the value already.
func (a *application) peers() {
	changed := false
	var out, more npm.Deps
	gone := map[string]bool{}
	for _, d := range a.m.PeerDependencies {
		r := a.ruleFor(d)
		changed = changed || r != nil
		switch {
		case r == nil:
			out = append(out, d)
		case r.value == removed:
			gone[d.Alias] = true
		default:
			spec := r.specifier(a.dir)
			if !isPeerRange(spec) {
				if a.dir == "" {
					more = append(more, npm.Dep{Alias: d.Alias, Specifier: spec})
				}
				spec = d.Specifier
			}
			out = append(out, npm.Dep{Alias: d.Alias, Specifier: spec})
		}
	}
	a.metaOnly(gone)
	if changed {
		a.change().PeerDependencies = out
	}
	if len(gone) > 0 {
		optional := map[string]bool{}
		for name, is := range a.m.OptionalPeers {
			if !gone[name] {
				optional[name] = is
			}
		}
		a.change().OptionalPeers = optional
	}
	for _, d := range more {
		a.depend(d)
	}
}

// metaOnly adds to gone the peers that only peerDependenciesMeta names, which
// stand for any version, and that are removed.
func (a *application) metaOnly(gone map[string]bool) {
	for name := range a.m.OptionalPeers {
		if _, declared := a.m.PeerDependencies.Lookup(name); declared {
			continue
		}
		if r := a.ruleFor(npm.Dep{Alias: name, Specifier: "*"}); r != nil && r.value == removed {
			gone[name] = true
		}
	}
}

// depend adds a dependency, or replaces it.
func (a *application) depend(d npm.Dep) {
	m := a.change()
	out := make(npm.Deps, 0, len(m.Dependencies)+1)
	for _, old := range m.Dependencies {
		if old.Alias != d.Alias {
			out = append(out, old)
		}
	}
	m.Dependencies = append(out, d)
}

func isPeerRange(spec string) bool {
	return semver.ValidRange(spec, semver.Options{}) || strings.Contains(spec, "workspace:") || strings.Contains(spec, "catalog:")
}

// specifier is what the rule puts into a manifest in dir.
func (r *rule) specifier(dir string) string {
	if r.local == nil {
		return r.value
	}
	return r.local.from(dir)
}

// local is a directory or file that a rule points to.
type local struct {
	protocol string
	abs      string // slash path
	relative bool   // as it was written
}

func parseLocal(value, root string) *local {
	for _, protocol := range []string{"link:", "file:"} {
		if target, ok := strings.CutPrefix(value, protocol); ok {
			l := &local{protocol: protocol, abs: target, relative: !path.IsAbs(target) && !isDrive(target)}
			if l.relative {
				l.abs = path.Join(root, target)
			}
			return l
		}
	}
	return nil
}

// isDrive reports whether p begins as paths of Windows do.
func isDrive(p string) bool { return len(p) > 1 && p[1] == ':' }

// from is the specifier as a manifest in dir writes it; a package's manifest
// gets the absolute path.
func (l *local) from(dir string) string {
	if dir == "" || !l.relative {
		return l.protocol + l.abs
	}
	return l.protocol + relative(dir, l.abs)
}

// relative is the way from one absolute slash path to another.
func relative(from, to string) string {
	a, b := strings.Split(strings.Trim(from, "/"), "/"), strings.Split(strings.Trim(to, "/"), "/")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	if from == "/" {
		a = nil
	}
	return strings.Join(append(strings.Split(strings.Repeat("../", len(a)), "/")[:len(a)], b...), "/")
}
