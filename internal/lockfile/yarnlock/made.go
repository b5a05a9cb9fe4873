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
