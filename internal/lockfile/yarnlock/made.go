package yarnlock

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/npm"
)

// entryOf is the entry of yarn 1 for a version that was chosen.
func (n *renewal) entryOf(m *npm.Manifest) *Entry {
	if n.hosts == nil {
		n.hosts = hostsOf(n.old)
	}
	at := n.hosts.rewrite(m)
	if m.Dist.Shasum != "" {
		at += "#" + m.Dist.Shasum
	}
	e := &Entry{
		Name: m.Name, Version: m.Version, Resolution: at, Integrity: m.Dist.Integrity,
		Dependencies: m.Dependencies, OptionalDependencies: m.OptionalDependencies, HasBin: true,
	}
	e.field = syml.Field{Map: true, Fields: []syml.Field{syml.Text("version", m.Version), syml.Text("resolved", at)}}
	if m.Dist.Integrity != "" {
		e.field.Set(syml.Text("integrity", m.Dist.Integrity))
	}
	setDeps(&e.field, "dependencies", m.Dependencies)
	setDeps(&e.field, "optionalDependencies", m.OptionalDependencies)
	return e
}

// setDeps writes a map of dependencies, or removes it.
func setDeps(f *syml.Field, key string, deps npm.Deps) {
	if f.Delete(key); len(deps) == 0 {
		return
	}
	list := make([]syml.Field, len(deps))
	for i, d := range deps {
		list[i] = syml.Text(d.Alias, d.Specifier)
	}
	f.Set(syml.Map(key, list...))
}

// hosts is where the file has the tarballs of the registry: yarn writes another
// address than the registry's own, and the rest of the file says which.
type hosts struct{ prefix string }

// hostsOf finds the address that most entries have.
func hostsOf(r *Record) *hosts {
	count := map[string]int{}
	for _, e := range r.Entries {
		at, _, _ := strings.Cut(e.Resolution, "#")
		if prefix, ok := registryOf(at, e.Name, e.Version); ok {
			count[prefix]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(x, y string) int {
		return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(x, y))
	})
	if len(all) == 0 {
		return &hosts{}
	}
	return &hosts{all[0]}
}

// registryOf is what stands before the part of a tarball's address that follows
// from the name and version.
func registryOf(at string, name npm.Name, version string) (prefix string, ok bool) {
	return strings.CutSuffix(at, "/"+string(name)+"/-/"+name.Base()+"-"+version+".tgz")
}

// rewrite is the address of a tarball as the file writes it.
func (h *hosts) rewrite(m *npm.Manifest) string {
	if prefix, ok := registryOf(m.Dist.Tarball, m.Name, m.Version); ok && h.prefix != "" {
		return h.prefix + strings.TrimPrefix(m.Dist.Tarball, prefix)
	}
	return m.Dist.Tarball
}

// project is the entry of berry for a project as it is now.
func (n *renewal) project(p *Project) *Entry {
	if e := n.entries[p.Dir]; e != nil {
		return e
	}
	e := &Entry{Version: "0.0.0-use.local", Name: p.Manifest.Name, Resolution: string(p.Manifest.Name) + "@workspace:" + p.Dir}
	if old := n.workspaces[p.Dir]; old != nil {
		e.field = old.field
		e.field.Fields = slices.Clone(old.field.Fields)
	} else {
		e.field = syml.Field{Map: true, Fields: []syml.Field{
			syml.Text("version", e.Version), syml.Text("resolution", e.Resolution), syml.Text("languageName", "unknown"), syml.Text("linkType", "soft"),
		}}
	}
	m := p.Manifest
	e.Dependencies, e.OptionalDependencies = npm.Deps{}, m.OptionalDependencies
	all := map[string]string{}
	for _, deps := range []npm.Deps{m.DevDependencies, m.Dependencies, m.OptionalDependencies} {
		for _, d := range deps {
			all[d.Alias] = withProtocol(d.Specifier)
		}
	}
	for _, alias := range slices.Sorted(maps.Keys(all)) {
		e.Dependencies = append(e.Dependencies, npm.Dep{Alias: alias, Specifier: all[alias]})
	}
	setDeps(&e.field, "dependencies", e.Dependencies)
	setDeps(&e.field, "peerDependencies", m.PeerDependencies)
	e.PeerDependencies = m.PeerDependencies
	e.setOptional(m.OptionalDependencies, all)
	n.entries[p.Dir] = e
	return e
}

// setOptional says which dependencies are optional. What else dependenciesMeta says
// stays, of what is still depended on.
func (e *Entry) setOptional(optional npm.Deps, all map[string]string) {
	const key = "dependenciesMeta"
	meta := syml.Map(key)
	if old := e.field.Lookup(key); old != nil {
		for _, f := range old.Fields {
			if _, still := all[f.Keys[0]]; still {
				f.Fields = slices.Clone(f.Fields)
				f.Delete("optional")
				meta.Fields = append(meta.Fields, f)
			}
		}
	}
	for _, d := range optional {
		of := meta.Lookup(d.Alias)
		if of == nil {
			meta.Set(syml.Map(d.Alias))
			of = meta.Lookup(d.Alias)
		}
		of.Set(syml.Field{Keys: []string{"optional"}, Text: "true", Bare: true})
	}
	e.field.Delete(key)
	e.field.Set(meta) // berry leaves out what is empty
}
