package npmlock

import (
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
)

// legacyTree is the section "dependencies" of version 2, for npm 6: the same
// directories as a tree.
func (r *Record) legacyTree() nicejson.Value {
	children := map[string][]string{} // directory -> aliases in its node_modules
	for dir := range r.Entries {
		if above, alias := npm.SplitPlace(dir); alias != "" {
			children[above] = append(children[above], alias)
		}
	}
	return r.legacyChildren("", children, nil)
}

// legacyChildren is what is in the node_modules of dir. within are the projects
// that links led through: links in a circle end there.
func (r *Record) legacyChildren(dir string, children map[string][]string, within []string) nicejson.Value {
	out := nicejson.Object()
	within = append(within, dir)
	for _, alias := range children[dir] {
		at := child(dir, alias)
		real := at
		if e := r.Entries[at]; e.Link {
			if real = projectDir(path.Clean(e.Resolved)); slices.Contains(within, real) {
				continue
			}
		}
		entry := r.legacyEntry(at, real)
		if below := r.legacyChildren(real, children, within); len(below.Fields) > 0 {
			entry.Set("dependencies", below)
		}
		out.Fields = append(out.Fields, nicejson.Field{Name: alias, Value: entry})
	}
	return out
}

// legacyEntry is one package. real is where its files are.
func (r *Record) legacyEntry(dir, real string) nicejson.Value {
	e, files := r.Entries[dir], r.Entries[real]
	out := nicejson.Object()
	set := func(name, text string) {
		if text != "" {
			out.Set(name, nicejson.String(text))
		}
	}
	_, alias := npm.SplitPlace(dir)
	name := string(e.PackageName(dir))
	switch {
	case e.Link:
		set("version", "file:"+real)
	case strings.HasPrefix(e.Resolved, "git"):
		set("version", e.Resolved)
		set("from", r.from(dir))
	case strings.HasPrefix(e.Resolved, "file:"):
		set("version", e.Resolved)
	case name != alias:
		set("version", "npm:"+name+"@"+e.Manifest.Version)
	default:
		set("version", e.Manifest.Version)
	}
	if e.InBundle {
		out.Set("bundled", nicejson.True())
	}
	if !e.Link && !strings.HasPrefix(e.Resolved, "git") && !strings.HasPrefix(e.Resolved, "file:") {
		set("resolved", e.Resolved)
	}
	set("integrity", e.Integrity)
	for _, flag := range []struct {
		name string
		on   bool
	}{{"extraneous", e.Extraneous}, {"peer", e.Peer}, {"devOptional", e.DevOptional}, {"dev", e.Dev}, {"optional", e.Optional}} {
		if flag.on {
			out.Set(flag.name, nicejson.True())
		}
	}
	if requires, some := r.requires(real, files); some {
		out.Set("requires", requires)
	}
	return out
}

// requires is what a package depends on. Peers are not listed, but count.
func (r *Record) requires(dir string, e *Entry) (out nicejson.Value, some bool) {
	out = nicejson.Object()
	add := func(d npm.Dep) {
		some = true
		out.Set(d.Alias, nicejson.String(d.Specifier))
	}
	eachEdge(e.Manifest, func(d npm.Dep, _ graph.Group, _ bool) {
		if declared(e.Manifest, d.Alias) {
			add(d)
		} else {
			some = true
		}
	})
	if _, alias := npm.SplitPlace(dir); alias == "" {
		for _, d := range e.Manifest.DevDependencies {
			if !declared(e.Manifest, d.Alias) {
				add(d)
			}
		}
	}
	return out, some
}

// from is what somebody asked for to get a repository: the dependent with the
// fewest directories above it, the first by name.
func (r *Record) from(dir string) string {
	_, alias := npm.SplitPlace(dir)
	best, found := "", ""
	for _, at := range r.Directories() {
		e := r.Entries[at]
		if to, ok := r.Find(at, alias); !ok || to != dir || e.Link {
			continue
		}
		for _, deps := range []npm.Deps{e.Manifest.Dependencies, e.Manifest.OptionalDependencies, e.Manifest.DevDependencies} {
			spec, asks := deps.Lookup(alias)
			if asks && (found == "" || strings.Count(at, modules) < strings.Count(best, modules)) {
				best, found = at, alias+"@"+spec
			}
		}
	}
	return found
}
