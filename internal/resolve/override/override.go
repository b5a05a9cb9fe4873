// Package override is pnpm's overrides: what manifests shall depend on instead
// of what they say.
//
//	foo: 1.0.0          every dependency on foo
//	foo@^2: 2.1.0       those whose range has something in common with ^2
//	bar>foo: 1.0.0      those of bar (bar@1>foo: of its versions 1)
//	foo@: 1.2.3         those whose range admits 1.2.3
//	foo: "-"            there shall be no dependency on foo
//	foo: $foo           what the project itself depends on
//
// The rules are those of pnpm 12 (config-parse-overrides and overrides in its
// package manager, MIT).
package override

import (
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// Options are what entries may refer to.
type Options struct {
	// Root is the absolute slash path from which link: and file: targets start.
	Root string
	// Direct is what the project's manifest says of a name, for "$name".
	Direct func(name string) (specifier string, ok bool)
	// Catalog is what stands behind a specifier "catalog:" of name; nil where
	// there are no catalogs.
	Catalog func(name, specifier string) (string, error)
}

// Set is the overrides of a project. It notes which of them were used, so it
// belongs to one goroutine. The nil Set overrides nothing.
type Set struct {
	root     string // absolute slash path
	entries  npm.Deps
	rules    []*rule
	scoped   map[string][]*rule // by the name of the parent
	generic  map[string][]*rule // by the name of the target
	converge map[string]*rule   // by the name of the target
	catalog  func(name, specifier string) (string, error)
}

// rule is one override.
type rule struct {
	selector string
	parent   selector // of a scoped rule
	target   selector
	value    string
	exact    semver.Version // value, of a rule that converges
	local    *local
	used     bool
}

// removed is the value that removes a dependency.
const removed = "-"

// selector names packages.
type selector struct {
	name   string
	text   string // the range as written
	ranged bool   // there is an "@"
	rng    semver.Range
	valid  bool // rng is one
}

func (s *selector) parse() {
	var err error
	s.rng, err = semver.ParseRange(s.text, semver.Options{})
	s.valid = err == nil
}

// covers reports whether the range has anything in common with another one.
// The empty text is none, as in pnpm.
func (s *selector) covers(spec string) bool {
	if !s.ranged || s.text == "" || s.text == spec {
		return true
	}
	if !s.valid || spec == "" {
		return false
	}
	other, err := semver.ParseRange(spec, semver.Options{})
	return err == nil && semver.Intersects(s.rng, other)
}

// contains reports whether version is in the range.
func (s *selector) contains(version string) bool {
	if !s.ranged {
		return true
	}
	v, err := semver.Parse(version, semver.Options{})
	return err == nil && s.valid && s.rng.Match(v)
}

// Entries are the overrides in the order of the configuration, with what "$"
// and "catalog:" stand for, as a lockfile records them.
func (s *Set) Entries() npm.Deps {
	if s == nil {
		return nil
	}
	return s.entries
}

// Unused lists the selectors that no manifest seen so far has anything for.
func (s *Set) Unused() (selectors []string) {
	if s == nil {
		return nil
	}
	for _, r := range s.rules {
		if !r.used {
			selectors = append(selectors, r.selector)
		}
	}
	return selectors
}

// Parse reads the overrides of a configuration; without any it returns nil.
// The error is an [*Error].
func Parse(entries npm.Deps, o Options) (*Set, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	s := &Set{root: o.Root, catalog: o.Catalog, scoped: map[string][]*rule{}, generic: map[string][]*rule{}, converge: map[string]*rule{}}
	for _, e := range entries {
		r, err := parseRule(e, o)
		if err != nil {
			return nil, err
		}
		s.entries = append(s.entries, npm.Dep{Alias: e.Alias, Specifier: r.value})
		s.rules = append(s.rules, r)
		switch {
		case r.parent.name != "":
			s.scoped[r.parent.name] = append(s.scoped[r.parent.name], r)
		case r.target.ranged && r.target.text == "":
			s.converge[r.target.name] = r
		default:
			s.generic[r.target.name] = append(s.generic[r.target.name], r)
		}
	}
	return s, nil
}

func parseRule(e npm.Dep, o Options) (*rule, error) {
	r := &rule{selector: e.Alias}
	target := e.Alias
	if i := delimiter(e.Alias); i > 0 {
		var err error
		if r.parent, err = parseSelector(e.Alias[:i]); err != nil {
			return nil, err
		}
		target = e.Alias[i+1:]
	}
	var err error
	if r.target, err = parseSelector(target); err != nil {
		return nil, err
	}
	if r.value, err = resolveValue(r.target.name, e, o); err != nil {
		return nil, err
	}
	r.local = parseLocal(r.value, o.Root)
	return r, r.checkConvergence()
}

// checkConvergence refuses an empty range that does not stand alone, or whose
// value no range could admit.
func (r *rule) checkConvergence() error {
	empty := func(s *selector) bool { return s.ranged && s.text == "" }
	if r.parent.name != "" {
		if empty(&r.parent) || empty(&r.target) {
			return errConvergenceScoped(r.selector)
		}
		return nil
	}
	if !empty(&r.target) {
		return nil
	}
	var err error
	if r.exact, err = semver.Parse(r.value, semver.Options{}); err != nil {
		return errConvergenceValue(r.selector, r.value)
	}
	return nil
}

// delimiter finds the ">" between parent and child: one that does not belong
// to a range ("foo@>1", "foo@1 || >3"). It is -1 where there is none.
func delimiter(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] == '>' && s[i-1] != ' ' && s[i-1] != '|' && s[i-1] != '@' {
			return i
		}
	}
	return -1
}

func parseSelector(s string) (selector, error) {
	sel := selector{name: s}
	if len(s) > 1 {
		if i := strings.IndexByte(s[1:], '@'); i >= 0 {
			sel = selector{name: s[:i+1], text: s[i+2:], ranged: true}
			sel.parse()
		}
	}
	if _, err := npm.ParseName(sel.name); err != nil {
		return selector{}, errSelector(s)
	}
	return sel, nil
}

func resolveValue(name string, e npm.Dep, o Options) (string, error) {
	if ref, ok := strings.CutPrefix(e.Specifier, "$"); ok {
		spec, ok := "", false
		if o.Direct != nil {
			spec, ok = o.Direct(ref)
		}
		if !ok {
			return "", errReference(e.Specifier, ref)
		}
		return spec, nil
	}
	if !strings.HasPrefix(e.Specifier, "catalog:") {
		return e.Specifier, nil
	}
	if o.Catalog == nil {
		return "", errCatalog(e, "the project has no catalogs")
	}
	value, err := o.Catalog(name, e.Specifier)
	if err != nil {
		return "", errCatalog(e, err.Error())
	}
	return value, nil
}
