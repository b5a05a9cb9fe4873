package yarnlock

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// berryRenewal makes a lockfile of yarn 2 or later anew. A descriptor is resolved by
// itself, whoever asks; what a package depends on is what its entry has, and what
// the package extensions add.
type berryRenewal struct {
	Renewal
	old, out *Record
	rules    []rule
	members  map[string]*Project // by name
	projects map[string]*Entry   // by directory

	before map[string]*Entry // entries of the old lockfile, by resolution
	made   map[string]*Entry // those of the new one
	found  map[*Entry]Tarball
	edges  map[*Entry][]berryEdge
	asked  map[string]bool // descriptors
	next   []wish
	// patched are descriptors of yarn's own patches, which are resolved when what
	// they patch is.
	patched []wish
}

// berryEdge is what an entry depends on.
type berryEdge struct {
	descriptor string
	optional   bool
}

// wish is a descriptor that is to be resolved.
type wish struct {
	alias, spec string
	at          from
}

func (w wish) descriptor() string { return w.alias + "@" + w.spec }

func renewBerry(r *Record, in Renewal, rules []rule) (*Record, error) {
	b := &berryRenewal{
		Renewal: in, old: r, rules: rules, members: map[string]*Project{}, projects: map[string]*Entry{},
		before: map[string]*Entry{}, made: map[string]*Entry{}, found: map[*Entry]Tarball{}, edges: map[*Entry][]berryEdge{}, asked: map[string]bool{},
		out: &Record{Dialect: r.Dialect, Meta: r.Meta, head: r.head, newline: r.newline, index: map[string]*Entry{}},
	}
	for _, e := range r.Entries {
		b.before[e.Resolution] = e
	}
	old := r.Workspaces()
	for i := range in.Projects {
		p := &in.Projects[i]
		b.members[string(p.Manifest.Name)] = p
		b.projects[p.Dir] = projectEntry(p, old[p.Dir])
	}
	for i := range in.Projects {
		p := &in.Projects[i]
		e := b.projects[p.Dir]
		b.add(e, e.Resolution)
		b.depend(e, from{dir: p.Dir, name: p.Manifest.Name, version: p.Manifest.Version, project: p, local: true})
	}
	for len(b.next) > 0 {
		level := b.next
		b.next = nil
		if err := b.level(level); err != nil {
			return nil, err
		}
	}
	if err := b.patches(); err != nil {
		return nil, err
	}
	return b.out, b.checksums()
}

// add adds a descriptor of an entry. Entries of the same package are one.
func (b *berryRenewal) add(e *Entry, descriptor string) {
	if same := b.made[e.Resolution]; same != nil {
		e = same
	} else {
		b.made[e.Resolution] = e
		b.out.Entries = append(b.out.Entries, e)
		if !e.workspace() {
			b.depend(e, from{name: e.Name, version: e.Version})
		}
	}
	if b.out.index[descriptor] != e {
		b.out.index[descriptor] = e
		e.Descriptors = append(e.Descriptors, descriptor)
	}
}

// keep adds an entry of the old lockfile.
func (b *berryRenewal) keep(e *Entry, descriptor string) {
	if b.made[e.Resolution] == nil {
		c := *e
		c.Descriptors = nil
		c.field.Fields = slices.Clone(e.field.Fields)
		e = &c
	}
	b.add(e, descriptor)
}

// depend notes what an entry depends on, and asks for it.
func (b *berryRenewal) depend(e *Entry, at from) {
	deps, optional := e.Dependencies, e.OptionalDependencies
	if b.Extend != nil && at.project == nil {
		deps = b.Extend(&npm.Manifest{Name: e.Name, Version: e.Version, Dependencies: deps}).Dependencies
	}
	for _, list := range []struct {
		deps     npm.Deps
		optional bool
	}{{deps, false}, {optional, true}} {
		for _, d := range list.deps {
			if !list.optional && declared(optional, d.Alias) {
				continue // a project's
			}
			w := wish{d.Alias, b.reduce(d, at), at}
			b.edges[e] = append(b.edges[e], berryEdge{b.ask(w), list.optional})
		}
	}
}

// reduce is what yarn makes of a specifier before it resolves it: with a protocol,
// by the resolutions of package.json, and patched where yarn has a patch.
func (b *berryRenewal) reduce(d npm.Dep, at from) string {
	spec := withProtocol(d.Specifier)
	if to, ok := resolved(b.rules, d, at); ok {
		spec = withProtocol(to)
	}
	if builtinPatches[d.Alias] {
		for _, patched := range b.old.builtins(d.Alias, spec) {
			if b.old.modern() || b.old.index[d.Alias+"@"+patched] != nil {
				return patched
			}
		}
	}
	return spec
}

// ask asks for a descriptor, once. It returns how the file writes it.
func (b *berryRenewal) ask(w wish) string {
	e, d := b.old.find(w.alias, w.spec, w.at)
	if e == nil {
		d = w.descriptor()
	}
	if !b.asked[d] {
		b.asked[d] = true
		b.next = append(b.next, w)
	}
	return d
}

// level resolves descriptors. What they depend on is the next one.
func (b *berryRenewal) level(level []wish) error {
	var wants []Want
	var missing []wish
	for _, w := range level {
		switch want, there, err := b.has(w); {
		case err != nil:
			return err
		case !there:
			wants, missing = append(wants, want), append(missing, w)
		}
	}
	if len(wants) == 0 {
		return nil
	}
	if !b.old.modern() {
		return &UnaddableError{missing[0].descriptor()}
	}
	found, err := b.Source.Choose(wants)
	if err != nil {
		return err
	}
	for i, f := range found {
		if err := b.chosen(missing[i], f); err != nil {
			return err
		}
	}
	return nil
}

// chosen adds what was found for a wish.
func (b *berryRenewal) chosen(w wish, f Found) error {
	locator := f.locator()
	if e := b.made[locator]; e != nil {
		b.add(e, w.descriptor())
		return nil
	}
	if e := b.before[locator]; e != nil {
		b.keep(e, w.descriptor())
		return nil
	}
	e, err := b.old.published(f)
	if err != nil {
		return fmt.Errorf("%s: %w", locator, err)
	}
	b.found[e] = Tarball{Name: f.Name, Version: f.Version, URL: f.Dist.Tarball, Integrity: f.Dist.Integrity}
	b.add(e, w.descriptor())
	return nil
}

// has adds what is known for a wish already; if nothing is it says what to choose.
func (b *berryRenewal) has(w wish) (want Want, there bool, err error) {
	if alias, spec, ok := patchSource(w.spec); ok {
		b.patched = append(b.patched, w)
		b.ask(wish{alias, withProtocol(spec), w.at})
		return want, true, nil
	}
	want, err = berryWant(w.alias, w.spec)
	want.Direct = w.at.project != nil
	renewed := err == nil && b.Update != nil && b.Update(w.alias, want.Direct)
	for _, d := range b.old.descriptors(w.alias, w.spec, w.at) {
		e := b.old.index[d]
		if e == nil || renewed {
			continue
		}
		if !e.workspace() { // which project is meant is looked up anew
			b.keep(e, d)
			return want, true, nil
		}
	}
	if p := b.member(w.alias, w.spec); p != nil {
		b.add(b.projects[p.Dir], w.descriptor())
		return want, true, nil
	}
	if err != nil {
		return want, false, err
	}
	if renewed {
		return want, false, nil
	}
	if e := b.same(want); e != nil {
		b.keep(e, w.descriptor())
		return want, true, nil
	}
	return want, false, nil
}

// isTag reports whether yarn takes a text for a dist-tag (Configuration, TAG_REGEXP).
func isTag(s string) bool {
	const known = "abcdefghijklmnopqrstuvwxyz0123456789._-"
	s = strings.ToLower(s)
	return s != "" && s[0] != 'v' && strings.Trim(s, known) == ""
}

// berryWant is what a specifier with its protocol asks of a registry: a range, a
// tag, or one of these behind the name of another package.
func berryWant(alias, spec string) (Want, error) {
	rest, ok := strings.CutPrefix(spec, "npm:")
	w := Want{Alias: alias, Name: npm.Name(alias), Range: rest}
	if _, err := semver.ParseRange(rest, semver.Options{}); ok && (err == nil || isTag(rest)) {
		return w, nil
	}
	name, rng, found := splitDescriptor(rest)
	if !ok || !found || strings.ContainsAny(rng, ":/") {
		return w, &UnaddableError{alias + "@" + spec}
	}
	w.Name, w.Range = npm.Name(name), rng
	_, err := npm.ParseName(name)
	return w, err
}

// same is an entry for what an alias stands for, or for the very version that is
// asked for.
func (b *berryRenewal) same(w Want) *Entry {
	descriptor := string(w.Name) + "@npm:" + w.Range
	if e := b.old.index[descriptor]; e != nil {
		return e
	}
	return b.before[descriptor]
}

// member is the project that a descriptor stands for, or nil: yarn takes one that
// has a version in the range.
func (b *berryRenewal) member(alias, spec string) *Project {
	if rest, ok := strings.CutPrefix(spec, "workspace:"); ok {
		for i := range b.Projects {
			if b.Projects[i].Dir == rest {
				return &b.Projects[i]
			}
		}
		return b.members[alias]
	}
	p := b.members[alias]
	rng, ok := strings.CutPrefix(spec, "npm:")
	if p == nil || !ok {
		return nil
	}
	r, err := semver.ParseRange(rng, semver.Options{})
	if err != nil {
		return nil
	}
	version := p.Manifest.Version
	if version == "" {
		version = "0.0.0"
	}
	if v, err := semver.Parse(version, semver.Options{}); err != nil || !r.Match(v) {
		return nil
	}
	return p
}

// modernVersion is that of the lockfiles of yarn 4.
const modernVersion = 8

// modern reports whether yarn 4 made the file.
func (r *Record) modern() bool {
	var n int
	_, err := fmt.Sscanf(r.Meta.Of("version"), "%d", &n)
	return err == nil && n >= modernVersion
}
