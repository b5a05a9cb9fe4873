package yarnlock

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// Project is a project that a lockfile is for.
type Project struct {
	Dir      string // slash path from the lockfile's directory; "." is the root
	Manifest *npm.Manifest
	JSON     []byte // its package.json
}

// Missing is something that is asked for and that the lockfile does not have.
type Missing struct {
	Importer   string // directory of the project that asks, or ""
	Dependent  npm.Name
	Descriptor string
}

// Graph is what the lockfile has for the projects, by the resolutions of the
// package.json at the root. What none of them needs is left out. extend is that of
// [Renewal].
func (r *Record) Graph(projects []Project, resolutions npm.Deps, extend func(*npm.Manifest) *npm.Manifest) (*graph.Graph, []Missing, error) {
	rules, err := parseResolutions(resolutions)
	if err != nil {
		return nil, nil, err
	}
	b := &builder{rec: r, rules: rules, extend: extend, members: map[string]*Project{}, dirs: map[string]bool{}, keys: map[*Entry]graph.Key{}, g: &graph.Graph{Packages: map[graph.Key]*graph.Package{}}}
	for i := range projects {
		b.members[string(projects[i].Manifest.Name)], b.dirs[projects[i].Dir] = &projects[i], true
	}
	for i := range projects {
		if err := b.importer(&projects[i]); err != nil {
			return nil, nil, err
		}
	}
	for len(b.queue) > 0 {
		next := b.queue[0]
		b.queue = b.queue[1:]
		if err := b.edges(next); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(b.g.Importers, func(x, y *graph.Importer) int { return cmp.Compare(x.Dir, y.Dir) })
	slices.SortFunc(b.missing, func(x, y Missing) int {
		return cmp.Or(cmp.Compare(x.Importer, y.Importer), cmp.Compare(x.Descriptor, y.Descriptor))
	})
	g, err := withPeers(b.g)
	return g, b.missing, err
}

type builder struct {
	rec     *Record
	rules   []rule
	extend  func(*npm.Manifest) *npm.Manifest
	members map[string]*Project // by name
	dirs    map[string]bool     // of all projects
	keys    map[*Entry]graph.Key
	g       *graph.Graph
	missing []Missing
	queue   []*Entry // whose packages have no edges yet
}

// from is who asks for something.
type from struct {
	dir     string // that paths are relative to
	name    npm.Name
	version string
	project *Project // nil for a package
	local   bool     // a project, or a copy of a directory: it may name paths
	mayLack bool     // nothing is missing where the lockfile does not have it
}

func (b *builder) importer(p *Project) error {
	im := &graph.Importer{Dir: p.Dir}
	at := from{dir: p.Dir, name: p.Manifest.Name, version: p.Manifest.Version, project: p, local: true}
	m := p.Manifest
	for _, list := range []struct {
		group graph.Group
		deps  npm.Deps
		takes func(alias string) bool
	}{
		{graph.Prod, m.Dependencies, func(alias string) bool { return !declared(m.OptionalDependencies, alias) }},
		{graph.Optional, m.OptionalDependencies, func(string) bool { return true }},
		{graph.Dev, m.DevDependencies, func(alias string) bool {
			return !declared(m.Dependencies, alias) && !declared(m.OptionalDependencies, alias)
		}},
	} {
		for _, d := range list.deps {
			if !list.takes(d.Alias) {
				continue
			}
			target, err := b.target(d, at)
			if err != nil {
				return err
			}
			if target == (graph.Target{}) {
				continue
			}
			if target.Link != "" {
				target.Link = graph.Relative(p.Dir, target.Link)
			}
			im.Deps = append(im.Deps, graph.Direct{Alias: d.Alias, Group: list.group, Specifier: d.Specifier, Target: target})
		}
	}
	slices.SortFunc(im.Deps, func(x, y graph.Direct) int {
		return cmp.Or(cmp.Compare(x.Group, y.Group), cmp.Compare(x.Alias, y.Alias))
	})
	b.g.Importers = append(b.g.Importers, im)
	return nil
}

func declared(deps npm.Deps, alias string) bool {
	_, ok := deps.Lookup(alias)
	return ok
}

// target is what a dependency leads to. A link is relative to the lockfile's
// directory. It is zero for what the lockfile lacks.
func (b *builder) target(d npm.Dep, at from) (graph.Target, error) {
	spec, rule := d.Specifier, ruleFor(b.rules, d, at)
	if rule != nil {
		spec = rule.to
	}
	if dir, ok := linked(spec); ok {
		if !at.local {
			return graph.Target{}, &PathError{at.name, d}
		}
		return graph.Target{Link: path.Join(at.dir, dir)}, nil
	}
	e, _ := b.rec.find(d.Alias, spec, at)
	if e == nil {
		if e, _ = b.rec.find(d.Alias, d.Specifier, at); e != nil && overruled(rule, e) {
			e = nil
		}
	}
	switch {
	case e == nil && b.rec.Dialect == syml.Classic && b.isMember(d.Alias, spec):
		return graph.Target{Link: b.members[d.Alias].Dir}, nil
	case e == nil && at.mayLack:
		return graph.Target{}, nil
	case e == nil:
		missing := Missing{Descriptor: d.Alias + "@" + spec, Dependent: at.name}
		if at.project != nil {
			missing.Importer = at.project.Dir
		}
		b.missing = append(b.missing, missing)
		return graph.Target{}, nil
	}
	return b.found(e, d, spec, at)
}

// found is what an entry stands for. Paths of this machine are only for those who
// wrote them down, whatever the lockfile says.
func (b *builder) found(e *Entry, d npm.Dep, spec string, at from) (graph.Target, error) {
	if dir, ok := e.link(); ok {
		if !b.dirs[dir] {
			return graph.Target{}, &Error{File: FileName, Key: e.Descriptors[0], Err: fmt.Errorf("it stands for %q, which is no project of the workspace", dir)}
		}
		return graph.Target{Link: dir}, nil
	}
	res, ref, err := b.rec.resolution(e, spec, at.dir)
	if err != nil {
		return graph.Target{}, &Error{File: FileName, Key: e.Descriptors[0], Err: err}
	}
	if isPath := res.Kind == graph.Directory || strings.HasPrefix(res.Tarball, "file:"); isPath && (!at.local || !strings.HasPrefix(spec, "file:") && !strings.HasPrefix(spec, ".")) {
		return graph.Target{}, &PathError{at.name, d}
	}
	return graph.Target{Key: b.add(e, res, ref)}, nil
}

// PathError is a package that depends on a path of this machine.
type PathError struct {
	Dependent npm.Name
	Dep       npm.Dep
}

func (e *PathError) Error() string {
	return fmt.Sprintf("%s depends on %s@%s, a path of this machine, and only projects may do that", e.Dependent, e.Dep.Alias, e.Dep.Specifier)
}

// Code is the code of this error.
func (e *PathError) Code() string { return "ERR_GODWIT_BROKEN_LOCKFILE" }

// Hint is what the user can do.
func (e *PathError) Hint() string {
	return "find out how that came into yarn.lock; nothing of the path was read"
}

// linked is the directory of a specifier that is a link, whatever the lockfile
// says.
func linked(spec string) (dir string, ok bool) {
	for _, protocol := range []string{"link:", "portal:"} {
		if dir, ok := strings.CutPrefix(spec, protocol); ok {
			dir, _, _ = strings.Cut(dir, "::")
			return dir, true
		}
	}
	return "", false
}

// descriptors are the ways in which the file may write what is asked for: what has
// no protocol is for the registry, and what depends on who asks says so at its end.
func (r *Record) descriptors(alias, spec string, at from) []string {
	out := []string{alias + "@" + spec, alias + "@npm:" + spec}
	if at.project != nil && r.Dialect == syml.Berry {
		out = append(out, alias+"@"+spec+"::locator="+escapeLocator(string(at.name)+"@workspace:"+at.dir))
	}
	return out
}

// find is the entry for what is asked for, or nil, and how it is written there.
func (r *Record) find(alias, spec string, at from) (e *Entry, descriptor string) {
	for _, d := range r.descriptors(alias, spec, at) {
		if e := r.index[d]; e != nil {
			return e, d
		}
	}
	return nil, ""
}

// escapeLocator is encodeURIComponent of what names and paths have in them.
func escapeLocator(s string) string {
	return strings.NewReplacer("%", "%25", "@", "%40", "/", "%2F", ":", "%3A", " ", "%20", "#", "%23", "+", "%2B").Replace(s)
}

// isMember reports whether a classic specifier means a project of the workspace,
// which the file does not list.
func (b *builder) isMember(alias, spec string) bool {
	p := b.members[alias]
	if p == nil {
		return false
	}
	spec = strings.TrimPrefix(spec, "workspace:")
	r, err := semver.ParseRange(spec, semver.Options{Loose: true})
	if err != nil {
		return false
	}
	v, err := semver.Parse(p.Manifest.Version, semver.Options{Loose: true})
	return err == nil && r.Match(v) || spec == "*" || spec == ""
}

// add adds the package of an entry; its edges follow.
func (b *builder) add(e *Entry, res graph.Resolution, ref string) graph.Key {
	key := graph.Key(string(e.Name) + "@" + ref)
	if b.g.Packages[key] != nil {
		return key
	}
	b.keys[e] = key
	b.queue = append(b.queue, e)
	m := b.extended(e)
	b.g.Packages[key] = &graph.Package{
		Key: key, Name: e.Name, Version: e.Version, Resolution: res, OS: e.OS, CPU: e.CPU, Libc: e.Libc,
		HasBin: e.HasBin, Peers: m.PeerDependencies, OptionalPeers: m.OptionalPeers,
	}
	return key
}

// extended is what an entry says of dependencies and peers, with what the package
// extensions add.
func (b *builder) extended(e *Entry) *npm.Manifest {
	m := &npm.Manifest{
		Name: e.Name, Version: e.Version, Dependencies: e.Dependencies, OptionalDependencies: e.OptionalDependencies,
		PeerDependencies: e.PeerDependencies, OptionalPeers: e.OptionalPeers,
	}
	if b.extend == nil || b.rec.Dialect == syml.Classic {
		return m
	}
	return b.extend(m)
}

// edges adds what the package of an entry depends on.
func (b *builder) edges(e *Entry) error {
	p := b.g.Packages[b.keys[e]]
	at := from{dir: p.Resolution.Directory, name: e.Name, version: e.Version, local: p.Resolution.Kind == graph.Directory}
	m := b.extended(e)
	for _, list := range []struct {
		deps     npm.Deps
		optional bool
	}{{m.Dependencies, false}, {e.OptionalDependencies, true}} {
		for i, d := range list.deps {
			added := !list.optional && i >= len(e.Dependencies)
			if added && declared(e.OptionalDependencies, d.Alias) {
				continue // it says so itself
			}
			// No registry had what is optional, or the extension is younger than the lockfile.
			at.mayLack = list.optional || added
			target, err := b.target(d, at)
			if err != nil {
				return err
			}
			if target != (graph.Target{}) {
				p.Edges = append(p.Edges, graph.Edge{Alias: d.Alias, Target: target, Optional: list.optional})
			}
		}
	}
	slices.SortFunc(p.Edges, func(x, y graph.Edge) int { return cmp.Compare(x.Alias, y.Alias) })
	return nil
}

// Workspaces are the entries of the projects, by their directories. The classic
// format has none.
func (r *Record) Workspaces() map[string]*Entry {
	out := map[string]*Entry{}
	for _, e := range r.Entries {
		if _, ref, _ := splitDescriptor(e.Resolution); strings.HasPrefix(ref, "workspace:") {
			dir, _ := e.link()
			out[dir] = e
		}
	}
	return out
}
