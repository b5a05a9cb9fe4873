package npmlock

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// graph reads the graph off the entries.
func (r *Record) graph(file string) (*graph.Graph, error) {
	b := &builder{rec: r, file: file, keys: map[string]graph.Key{}, copies: map[graph.Key]int{}, importers: map[string]*graph.Importer{}, g: &graph.Graph{Packages: map[graph.Key]*graph.Package{}}}
	dirs := r.Directories()
	// Of a package in several places the one nearest to the project has the
	// plain key.
	slices.SortStableFunc(dirs, func(a, b string) int { return cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")) })
	for _, dir := range dirs {
		if err := b.node(dir, r.Entries[dir]); err != nil {
			return nil, err
		}
	}
	for _, dir := range dirs {
		b.edges(dir, r.Entries[dir])
	}
	slices.SortFunc(b.g.Importers, func(x, y *graph.Importer) int { return cmp.Compare(x.Dir, y.Dir) })
	slices.SortFunc(b.g.Links, func(x, y graph.Link) int { return cmp.Compare(x.At, y.At) })
	return b.g, nil
}

type builder struct {
	rec    *Record
	file   string
	keys   map[string]graph.Key // by directory
	copies map[graph.Key]int    // how many directories have the package
	g      *graph.Graph

	importers map[string]*graph.Importer // by their Dir; a workspace has thousands
}

// node adds what is in a directory: a link, a project or a package.
func (b *builder) node(dir string, e *Entry) error {
	switch _, alias := npm.SplitPlace(dir); {
	case e.Link:
		target := path.Clean(e.Resolved)
		if problem := checkDir(target); problem != "" || b.rec.Entries[projectDir(target)] == nil || alias == "" {
			return &EntryError{b.file, dir, fmt.Sprintf("is a link to %q, which the file does not have", e.Resolved)}
		}
		b.g.Links = append(b.g.Links, graph.Link{At: dir, Target: target})
	case alias == "":
		im := &graph.Importer{Dir: importerDir(dir)}
		b.g.Importers = append(b.g.Importers, im)
		if b.importers[im.Dir] == nil {
			b.importers[im.Dir] = im
		}
	default:
		p := b.packageOf(dir, e)
		b.keys[dir], b.g.Packages[p.Key] = p.Key, p
	}
	return nil
}

// importerDir is the directory of a project as graphs write it, projectDir as
// lockfiles do.
func importerDir(dir string) string { return path.Clean(dir) }

func projectDir(dir string) string {
	if dir == "." {
		return ""
	}
	return dir
}

func (b *builder) packageOf(dir string, e *Entry) *graph.Package {
	m := e.Manifest
	name := e.PackageName(dir)
	res, ref := resolution(e)
	return &graph.Package{
		Key: b.freeKey(graph.Key(string(name) + "@" + ref)), Name: name, Version: m.Version, Resolution: res,
		Engines: m.Engines, OS: m.OS, CPU: m.CPU, Libc: m.Libc, Deprecated: m.Deprecated,
		// Version 1 does not tell which packages have commands.
		HasBin:  len(m.Bin) > 0 || b.rec.Version < 2,
		Bundled: m.Bundled, Peers: m.PeerDependencies, OptionalPeers: m.OptionalPeers,
		Optional: e.Optional, Dir: dir, Inside: b.inside(dir, e),
	}
}

// inside reports whether a package comes with the tarball of the one around it.
// What the project itself bundles is fetched like anything else.
func (b *builder) inside(dir string, e *Entry) bool {
	if !e.InBundle {
		return false
	}
	for {
		above, _ := npm.SplitPlace(dir)
		if _, alias := npm.SplitPlace(above); alias == "" {
			return false
		}
		if outer := b.rec.Entries[above]; outer != nil && (b.rec.Version < 2 || outer.Manifest.Bundled.All || len(outer.Manifest.Bundled.Names) > 0) {
			return true
		}
		dir = above
	}
}

// freeKey tells packages apart that differ in their place only.
func (b *builder) freeKey(key graph.Key) graph.Key {
	b.copies[key]++
	if n := b.copies[key]; n > 1 {
		return graph.Key(fmt.Sprintf("%s(%d)", key, n))
	}
	return key
}

// resolution is where the files of a package are, and how its key calls that.
func resolution(e *Entry) (res graph.Resolution, ref string) {
	res = graph.Resolution{Kind: graph.Tarball, Integrity: e.Integrity, Tarball: e.Resolved}
	version := e.Manifest.Version
	switch repo, commit, _ := strings.Cut(e.Resolved, "#"); {
	case e.Resolved == "":
		res.Kind = graph.Registry
		return res, version
	case strings.HasPrefix(e.Resolved, "git+") || strings.HasPrefix(e.Resolved, "git:"):
		return graph.Resolution{Kind: graph.Git, Repo: strings.TrimPrefix(repo, "git+"), Commit: commit}, e.Resolved
	case strings.HasPrefix(e.Resolved, "file:") && !isArchive(e.Resolved): // a copy (install-links)
		return graph.Resolution{Kind: graph.Directory, Directory: path.Clean(strings.TrimPrefix(e.Resolved, "file:"))}, e.Resolved
	case strings.HasPrefix(e.Resolved, "file:"):
		return res, e.Resolved
	// A registry keeps its tarballs where it likes to; "/-/" is the usual place.
	case strings.Contains(e.Resolved, "/-/") && semver.Valid(version, semver.Options{Loose: true}):
		res.Kind = graph.Registry
		return res, version
	}
	return res, e.Resolved
}

// edges adds what the project or package in a directory depends on.
func (b *builder) edges(dir string, e *Entry) {
	if key := b.keys[dir]; key != "" {
		p := b.g.Packages[key]
		eachEdge(e.Manifest, func(d npm.Dep, _ graph.Group, optional bool) {
			if target, ok := b.target(dir, "", d.Alias); ok {
				p.Edges = append(p.Edges, graph.Edge{Alias: d.Alias, Target: target, Optional: optional})
			}
		})
		slices.SortFunc(p.Edges, func(x, y graph.Edge) int { return cmp.Compare(x.Alias, y.Alias) })
		return
	}
	im := b.importers[importerDir(dir)]
	if e.Link || im == nil {
		return
	}
	add := func(d npm.Dep, group graph.Group, _ bool) {
		if target, ok := b.target(dir, dir, d.Alias); ok {
			im.Deps = append(im.Deps, graph.Direct{Alias: d.Alias, Group: group, Specifier: d.Specifier, Target: target})
		}
	}
	eachProjectEdge(e.Manifest, add)
	slices.SortFunc(im.Deps, func(x, y graph.Direct) int {
		return cmp.Or(cmp.Compare(x.Group, y.Group), cmp.Compare(x.Alias, y.Alias))
	})
}

// eachEdge calls do for all that a manifest asks for. A peer that is optional
// makes nobody install it, but what the lockfile has for it stays.
func eachEdge(m *npm.Manifest, do func(d npm.Dep, group graph.Group, optional bool)) {
	for _, d := range m.Dependencies {
		do(d, graph.Prod, false)
	}
	for _, d := range m.OptionalDependencies {
		do(d, graph.Optional, true)
	}
	for _, d := range m.PeerDependencies {
		if !declared(m, d.Alias) {
			do(d, graph.Prod, m.OptionalPeers[d.Alias])
		}
	}
}

// eachProjectEdge is eachEdge for a project. What it has for development as well
// it has for nothing else.
func eachProjectEdge(m *npm.Manifest, do func(d npm.Dep, group graph.Group, optional bool)) {
	eachEdge(m, func(d npm.Dep, group graph.Group, optional bool) {
		if _, dev := m.DevDependencies.Lookup(d.Alias); !dev {
			do(d, group, optional)
		}
	})
	for _, d := range m.DevDependencies {
		do(d, graph.Dev, false)
	}
}

// declared reports whether alias is a dependency, optional or not.
func declared(m *npm.Manifest, alias string) bool {
	_, prod := m.Dependencies.Lookup(alias)
	_, optional := m.OptionalDependencies.Lookup(alias)
	return prod || optional
}

// target is what alias leads to from dir. Links are relative to base.
func (b *builder) target(dir, base, alias string) (graph.Target, bool) {
	if _, err := npm.ParseName(alias); err != nil {
		return graph.Target{}, false // nothing can have that name
	}
	found, ok := b.rec.Find(dir, alias)
	if !ok {
		return graph.Target{}, false
	}
	if e := b.rec.Entries[found]; e.Link {
		return graph.Target{Link: graph.Relative(base, path.Clean(e.Resolved))}, true
	}
	return graph.Target{Key: b.keys[found]}, true
}
