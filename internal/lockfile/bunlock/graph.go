package bunlock

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// modules is where a package has what it requires.
const modules = "/node_modules/"

// Graph is the tree as a graph. If it is to be hoisted, each package is in the
// directory that the tree has for it; else what differs in its place only is one
// package. name is for errors.
func (r *Record) Graph(name string, hoisted bool) (*graph.Graph, error) {
	b := &builder{
		rec: r, paths: map[string]*Package{}, keys: map[string]graph.Key{}, copies: map[graph.Key]int{},
		dirs: map[string]string{}, projects: map[string]bool{}, local: map[string]bool{},
		g: &graph.Graph{Packages: map[graph.Key]*graph.Package{}},
	}
	if err := b.build(); err != nil {
		var bad *Error
		if errors.As(err, &bad) {
			bad.File = name
			return nil, bad
		}
		return nil, &Error{File: name, Err: err}
	}
	if !hoisted {
		return graph.Merged(b.g), nil
	}
	return b.g, nil
}

type builder struct {
	rec      *Record
	paths    map[string]*Package
	keys     map[string]graph.Key // by path
	copies   map[graph.Key]int    // in how many places a package is
	dirs     map[string]string    // that paths below a path are in
	projects map[string]bool      // directories of projects
	local    map[string]bool      // what projects ask for by a path, alias by alias
	g        *graph.Graph
}

func (b *builder) build() error {
	for _, w := range b.rec.Workspaces {
		b.projects[w.Dir] = true
		if w.Dir != "" {
			b.dirs[string(w.Manifest.Name)] = w.Dir
		}
		b.notePaths(w.Manifest)
	}
	for _, p := range b.rec.Packages {
		b.paths[p.Path] = p
		if strings.HasPrefix(p.Ref, "file:") {
			b.notePaths(p.Manifest)
		}
	}
	// Of a package in several places the one nearest to the project has the
	// plain key; and what a path is in comes before it.
	order := slices.Clone(b.rec.Packages)
	slices.SortStableFunc(order, func(x, y *Package) int { return cmp.Compare(depth(x.Path), depth(y.Path)) })
	for _, p := range order {
		if err := b.node(p); err != nil {
			return &Error{Path: p.Path, Err: err}
		}
	}
	for _, p := range order {
		b.edges(p)
	}
	for _, w := range b.rec.Workspaces {
		b.importer(w)
	}
	slices.SortFunc(b.g.Importers, func(x, y *graph.Importer) int { return cmp.Compare(x.Dir, y.Dir) })
	slices.SortFunc(b.g.Links, func(x, y graph.Link) int { return cmp.Compare(x.At, y.At) })
	return nil
}

// notePaths notes what a manifest of this machine asks for by its path.
func (b *builder) notePaths(m *npm.Manifest) {
	for _, deps := range []npm.Deps{m.Dependencies, m.DevDependencies, m.OptionalDependencies} {
		for _, d := range deps {
			b.notePath(d.Alias, d.Specifier)
		}
	}
	for _, o := range b.rec.Overrides {
		b.notePath(o.Target.Name, o.Specifier)
	}
}

func (b *builder) notePath(alias, spec string) {
	if strings.HasPrefix(spec, "file:") || strings.HasPrefix(spec, "link:") || strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/") {
		b.local[alias] = true
	}
}

// node adds what is at a path: a link, or a package.
func (b *builder) node(p *Package) error {
	above, alias := splitLast(p.Path)
	base, ok := b.dirs[above]
	if !ok && above != "" {
		return errors.New("what it is in is not there")
	}
	dir := strings.TrimPrefix(base+modules, "/") + alias
	if target, ok := linkOf(p.Ref); ok {
		if project := projectDir(target); !b.projects[project] && (strings.HasPrefix(p.Ref, "workspace:") || !b.local[alias]) {
			return fmt.Errorf("it leads to %q, which is no project and which nobody asks for", target)
		}
		b.dirs[p.Path] = projectDir(target)
		b.g.Links = append(b.g.Links, graph.Link{At: dir, Target: target})
		return nil
	}
	b.dirs[p.Path] = dir
	res, ref, err := p.resolution()
	if err != nil {
		return err
	}
	if (res.Kind == graph.Directory || strings.HasPrefix(res.Tarball, "file:")) && !b.local[alias] {
		return fmt.Errorf("it is at %q, a path that nobody asks for", ref)
	}
	m := p.Manifest
	version := ref
	if res.Kind != graph.Registry {
		version = m.Version
	}
	key := b.freeKey(graph.Key(string(p.Name) + "@" + ref))
	b.keys[p.Path] = key
	b.g.Packages[key] = &graph.Package{
		Key: key, Name: p.Name, Version: version, Resolution: res, OS: m.OS, CPU: m.CPU, Libc: m.Libc,
		HasBin: p.HasBin, Peers: m.PeerDependencies, OptionalPeers: m.OptionalPeers,
		Dir: dir, Inside: p.Bundled && b.keys[above] != "", // what a project bundles is fetched
	}
	return nil
}

// freeKey tells packages apart that differ in their place only.
func (b *builder) freeKey(key graph.Key) graph.Key {
	b.copies[key]++
	if n := b.copies[key]; n > 1 {
		return graph.Key(fmt.Sprintf("%s(%d)", key, n))
	}
	return key
}

// linkOf is the directory that a reference links to.
func linkOf(ref string) (dir string, ok bool) {
	for _, protocol := range []string{"workspace:", "link:"} {
		if dir, ok := strings.CutPrefix(ref, protocol); ok {
			return path.Clean(dir), true
		}
	}
	return ".", ref == "root:"
}

// projectDir is a directory as lockfiles write that of a project.
func projectDir(dir string) string {
	if dir == "." {
		return ""
	}
	return dir
}

// resolution is where the files of a package are, and how its key calls that.
func (p *Package) resolution() (res graph.Resolution, ref string, err error) {
	switch ref = p.Ref; {
	case semver.Valid(ref, semver.Options{}):
		res = graph.Resolution{Kind: graph.Registry, Integrity: p.Integrity}
		if strings.HasSuffix(p.URL, ".tgz") { // else it names the registry only
			res.Tarball = p.URL
		}
		return res, ref, nil
	case strings.HasPrefix(ref, "file:"):
		dir := path.Clean(strings.TrimPrefix(ref, "file:"))
		return graph.Resolution{Kind: graph.Directory, Directory: dir}, "file:" + dir, nil
	case strings.HasPrefix(ref, "github:"):
		repo, commit, ok := strings.Cut(strings.TrimPrefix(ref, "github:"), "#")
		if !ok || strings.Count(repo, "/") != 1 {
			return res, "", fmt.Errorf("%q is no commit of a repository", ref)
		}
		// Bun has seven digits of the commit, which git cannot fetch by.
		url := "https://codeload.github.com/" + repo + "/tar.gz/" + commit
		return graph.Resolution{Kind: graph.Tarball, Tarball: url, GitHosted: true, Integrity: p.Integrity}, url, nil
	case strings.HasPrefix(ref, "git+"):
		repo, commit, ok := strings.Cut(strings.TrimPrefix(ref, "git+"), "#")
		if !ok || commit == "" {
			return res, "", fmt.Errorf("%q is no commit of a repository", ref)
		}
		return graph.Resolution{Kind: graph.Git, Repo: repo, Commit: commit}, ref, nil
	case strings.HasPrefix(ref, "https://"), strings.HasPrefix(ref, "http://"):
		return graph.Resolution{Kind: graph.Tarball, Tarball: ref, Integrity: p.Integrity}, ref, nil
	case strings.HasSuffix(ref, ".tgz"), strings.HasSuffix(ref, ".tar.gz"):
		at := "file:" + path.Clean(ref)
		return graph.Resolution{Kind: graph.Tarball, Tarball: at, Integrity: p.Integrity}, at, nil
	}
	return res, "", fmt.Errorf("%q is nothing that this version of godwit can install", ref)
}

// edges adds what the package at a path depends on.
func (b *builder) edges(p *Package) {
	pkg := b.g.Packages[b.keys[p.Path]]
	if pkg == nil {
		return
	}
	m := p.Manifest
	for _, list := range []struct {
		deps     npm.Deps
		optional bool
	}{{m.OptionalDependencies, true}, {m.Dependencies, false}, {m.PeerDependencies, false}} {
		for _, d := range list.deps {
			target, ok := b.target(p.Path, "", d.Alias)
			if ok && !slices.ContainsFunc(pkg.Edges, func(e graph.Edge) bool { return e.Alias == d.Alias }) {
				pkg.Edges = append(pkg.Edges, graph.Edge{Alias: d.Alias, Target: target, Optional: list.optional || m.OptionalPeers[d.Alias]})
			}
		}
	}
	slices.SortFunc(pkg.Edges, func(x, y graph.Edge) int { return cmp.Compare(x.Alias, y.Alias) })
}

// importer adds a project. A peer of it that is not optional is installed.
func (b *builder) importer(w Workspace) {
	im := &graph.Importer{Dir: path.Clean(w.Dir)}
	m := w.Manifest
	at := ""
	if w.Dir != "" {
		at = string(m.Name)
	}
	taken := map[string]bool{}
	for _, list := range []struct {
		group graph.Group
		deps  npm.Deps
	}{{graph.Optional, m.OptionalDependencies}, {graph.Prod, m.Dependencies}, {graph.Dev, m.DevDependencies}, {graph.Prod, m.PeerDependencies}} {
		for _, d := range list.deps {
			target, ok := b.target(at, w.Dir, d.Alias)
			if !ok || taken[d.Alias] {
				continue
			}
			taken[d.Alias] = true
			im.Deps = append(im.Deps, graph.Direct{Alias: d.Alias, Group: list.group, Specifier: d.Specifier, Target: target})
		}
	}
	slices.SortFunc(im.Deps, func(x, y graph.Direct) int {
		return cmp.Or(cmp.Compare(x.Group, y.Group), cmp.Compare(x.Alias, y.Alias))
	})
	b.g.Importers = append(b.g.Importers, im)
}

// find is what alias leads to from a path: the nearest one.
func find[T any](paths map[string]*T, at, alias string) *T {
	for {
		if p := paths[strings.TrimPrefix(at+"/"+alias, "/")]; p != nil {
			return p
		}
		if at == "" {
			return nil
		}
		at, _ = splitLast(at)
	}
}

// target is what alias leads to from a path. Links are relative to base.
func (b *builder) target(at, base, alias string) (graph.Target, bool) {
	p := find(b.paths, at, alias)
	if p == nil {
		return graph.Target{}, false
	}
	if dir, ok := linkOf(p.Ref); ok {
		return graph.Target{Link: graph.Relative(base, dir)}, true
	}
	return graph.Target{Key: b.keys[p.Path]}, true
}
