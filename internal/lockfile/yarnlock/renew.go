package yarnlock

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// Renewal is what a lockfile is made anew for.
type Renewal struct {
	Projects    []Project
	Resolutions npm.Deps // of the package.json at the root
	// Update says what is chosen anew, by the name that it is asked for by, and by
	// whether a project asks; nil is nothing. What is from no registry stays.
	Update func(alias string, direct bool) bool
	Source Source
	// Extend adds to a manifest what packageExtensions, yarn's and the project's, have
	// for it; nil adds nothing. Yarn 1 has none.
	Extend func(*npm.Manifest) *npm.Manifest
}

// Source is where a lockfile is told what it lacks.
type Source interface {
	// Choose finds the versions that yarn would take. One that is optional and that
	// there is none of has no manifest.
	Choose([]Want) ([]Found, error)
	// Patch is the text of the patch that yarn has for a package in itself.
	Patch(name string) (string, error)
	// Open gets tarballs, and calls each with each of them, several at once.
	Open(tarballs []Tarball, each func(i int, tgz []byte) error) error
}

// Want is a package that the lockfile does not have.
type Want struct {
	Alias    string
	Name     npm.Name
	Range    string // a range of versions, or a tag
	Optional bool
	Direct   bool // a project asks for it
}

// Renew is the lockfile for the projects as they are now: what it has stays, what
// nobody asks for goes, what it lacks is chosen, level by level.
func (r *Record) Renew(in Renewal) (*Record, error) {
	rules, err := parseResolutions(in.Resolutions)
	if err != nil {
		return nil, err
	}
	if r.Dialect == syml.Berry {
		return renewBerry(r, in, rules)
	}
	n := &renewal{
		Renewal: in, old: r, rules: rules, made: map[string]*Entry{}, kept: map[*Entry]*Entry{}, members: map[string]*Project{},
		out: &Record{Dialect: r.Dialect, Meta: r.Meta, head: r.head, newline: r.newline, index: map[string]*Entry{}},
	}
	for i := range in.Projects {
		n.members[string(in.Projects[i].Manifest.Name)] = &in.Projects[i]
	}
	level := n.projects()
	for len(level) > 0 {
		if level, err = n.level(level); err != nil {
			return nil, err
		}
	}
	return n.out, nil
}

// renewal makes a lockfile of yarn 1 anew.
type renewal struct {
	Renewal
	old, out *Record
	rules    []rule
	members  map[string]*Project // by name
	made     map[string]*Entry   // by what tells packages apart
	kept     map[*Entry]*Entry   // what became of old entries
	hosts    *hosts

	byVersion map[string]*Entry // see versions
	next      []ask
}

// ask is one dependency of somebody.
type ask struct {
	dep      npm.Dep
	at       from
	optional bool
}

// projects lists what projects depend on.
func (n *renewal) projects() []ask {
	for i := range n.Projects {
		p := &n.Projects[i]
		m := p.Manifest
		at := from{dir: p.Dir, name: m.Name, version: m.Version, project: p, local: true}
		n.ask(at, m.Dependencies, false)
		n.ask(at, m.DevDependencies, false)
		n.ask(at, m.OptionalDependencies, true)
	}
	return n.next
}

func (n *renewal) ask(at from, deps npm.Deps, optional bool) {
	for _, d := range deps {
		n.next = append(n.next, ask{d, at, optional})
	}
}

// level answers what was asked and gives what that asks for.
func (n *renewal) level(asks []ask) ([]ask, error) {
	n.next = nil
	var wants []Want
	var descriptors []string
	asked := map[string]bool{}
	meant := map[string][]string{} // by what is asked for: the specifiers in whose place that is
	for _, a := range asks {
		spec, rule := a.dep.Specifier, ruleFor(n.rules, a.dep, a.at)
		if rule != nil {
			spec = rule.to
		}
		if _, ok := linked(spec); ok {
			continue
		}
		if n.has(a, spec, rule) || n.isMember(a.dep.Alias, spec) {
			continue
		}
		w, err := wantOf(a.dep.Alias, spec)
		if err != nil {
			return nil, err
		}
		w.Optional, w.Direct = a.optional, a.at.project != nil
		d := a.dep.Alias + "@" + spec
		if !asked[d] {
			asked[d] = true
			wants, descriptors = append(wants, w), append(descriptors, d)
		}
		if n.lists(rule) {
			meant[d] = append(meant[d], a.dep.Alias+"@"+a.dep.Specifier)
		}
	}
	if len(wants) == 0 {
		return n.next, nil
	}
	found, err := n.Source.Choose(wants)
	if err != nil {
		return nil, err
	}
	for i, f := range found {
		m := f.Manifest
		if m == nil {
			continue
		}
		all := append([]string{descriptors[i]}, meant[descriptors[i]]...)
		if same := n.versions()[wants[i].Alias+"@"+m.Version]; same != nil {
			for _, d := range all {
				n.keep(same, d)
			}
			continue
		}
		e := n.entryOf(m)
		for _, d := range all {
			n.add(e, d)
		}
	}
	return n.next, nil
}

// lists reports whether an entry has the specifiers in whose place a rule puts another,
// as yarn 1 has them where the rule is about all dependents.
func (n *renewal) lists(r *rule) bool {
	return r != nil && r.dependent == "" && n.old.Dialect == syml.Classic
}

// versions are the entries of the old lockfile for versions of a registry, by
// "alias@version". A version that is chosen again is the entry that is there.
func (n *renewal) versions() map[string]*Entry {
	if n.byVersion == nil {
		n.byVersion = map[string]*Entry{}
		for _, e := range n.old.Entries {
			for _, d := range e.Descriptors {
				alias, rng, _ := splitDescriptor(d)
				if _, err := wantOf(alias, rng); err == nil {
					n.byVersion[alias+"@"+e.Version] = e
				}
			}
		}
	}
	return n.byVersion
}

// has takes over what the lockfile has for a dependency.
func (n *renewal) has(a ask, spec string, by *rule) bool {
	if _, err := wantOf(a.dep.Alias, spec); err == nil && n.Update != nil && n.Update(a.dep.Alias, a.at.project != nil) {
		return false
	}
	for _, s := range []string{spec, a.dep.Specifier} {
		if e, d := n.old.find(a.dep.Alias, s, a.at); e != nil && (s == spec || !overruled(by, e)) {
			n.keep(e, d)
			if n.lists(by) {
				n.keep(e, a.dep.Alias+"@"+spec)
				n.keep(e, a.dep.Alias+"@"+a.dep.Specifier)
			}
			return true
		}
	}
	return false
}

// isMember reports whether a specifier means a project of the workspace.
func (n *renewal) isMember(alias, spec string) bool {
	b := builder{members: n.members}
	if !b.isMember(alias, strings.TrimPrefix(spec, "npm:")) && !strings.HasPrefix(spec, "workspace:") {
		return false
	}
	return n.members[alias] != nil
}

// keep adds an entry of the old lockfile.
func (n *renewal) keep(e *Entry, descriptor string) {
	if n.kept[e] == nil {
		c := *e
		c.Descriptors = nil
		n.kept[e] = &c
	}
	n.add(n.kept[e], descriptor)
}

// add adds a descriptor of an entry, and with the first one what that depends on.
// Entries of the same package are one.
func (n *renewal) add(e *Entry, descriptor string) {
	id := n.old.identity(e, descriptor)
	if same := n.made[id]; same != nil {
		e = same
	} else {
		n.made[id] = e
		n.out.Entries = append(n.out.Entries, e)
		at := from{name: e.Name, version: e.Version}
		n.ask(at, e.Dependencies, false)
		n.ask(at, e.OptionalDependencies, true)
	}
	if !slices.Contains(e.Descriptors, descriptor) {
		e.Descriptors = append(e.Descriptors, descriptor)
		n.out.index[descriptor] = e
	}
}

// withProtocol is a specifier as berry writes it: what names no source is for the
// registry.
func withProtocol(spec string) string {
	if strings.ContainsAny(spec, ":/") {
		return spec
	}
	return "npm:" + spec
}

// wantOf is what a specifier asks of a registry.
func wantOf(alias, spec string) (Want, error) {
	w := Want{Alias: alias, Name: npm.Name(alias), Range: spec}
	if rest, ok := strings.CutPrefix(spec, "npm:"); ok {
		w.Range = rest
		if name, rng, found := splitDescriptor(rest); found {
			w.Name, w.Range = npm.Name(name), rng
		} else if _, err := semver.ParseRange(rest, semver.Options{Loose: true}); err != nil {
			w.Name, w.Range = npm.Name(rest), "latest"
		}
	}
	if _, err := npm.ParseName(string(w.Name)); err != nil {
		return w, err
	}
	if strings.ContainsAny(w.Range, ":/") {
		return w, &UnaddableError{alias + "@" + spec}
	}
	return w, nil
}

// UnaddableError is something that cannot be written to a yarn.lock.
type UnaddableError struct{ Descriptor string }

func (e *UnaddableError) Error() string {
	return fmt.Sprintf("yarn.lock has no %s, and this version of godwit cannot write what yarn would write for it", e.Descriptor)
}

// Code is the code of this error.
func (e *UnaddableError) Code() string { return "ERR_GODWIT_UNSUPPORTED" }

// Hint is what the user can do.
func (e *UnaddableError) Hint() string {
	return "run yarn install (--mode=update-lockfile with yarn 2 and later), then install again"
}
