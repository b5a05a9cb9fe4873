// Package detach takes one project out of the graph of its workspace: other projects
// that it needs become packages whose files are copied, and what the lockfile has for
// their peers is what the project itself has. Pure.
package detach

import (
	"cmp"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// Options say what becomes of the paths in the graph.
type Options struct {
	Root    string // absolute directory of the workspace
	To      string // absolute directory that the new graph is for
	Groups  []graph.Group
	Members map[string]*project.Project // by slash paths from Root
	// Named is how a directory or tarball at an absolute path is called; nil is as
	// its URL. With Peers that says which ones another project has, too.
	Named func(abs string) string
	Peers bool
}

// Project makes the graph for the project at dir of from. Its specifiers are exact.
func Project(from *graph.Graph, dir string, o Options) (*graph.Graph, error) {
	d := &detached{Options: o, from: from, dir: dir, top: &graph.Importer{Dir: "."}}
	if d.Named == nil {
		d.Named = FileURL
	}
	d.out = &graph.Graph{Importers: []*graph.Importer{d.top}, Packages: map[graph.Key]*graph.Package{}}
	for _, dep := range d.from.Importer(dir).Deps {
		if !slices.Contains(d.Groups, dep.Group) {
			continue
		}
		target, err := d.target(dep.Target, dir)
		if err != nil {
			return nil, err
		}
		d.top.Deps = append(d.top.Deps, graph.Direct{Alias: dep.Alias, Group: dep.Group, Specifier: exact(dep.Alias, target), Target: target})
	}
	for len(d.queue) > 0 { // a lockfile may be deeper than a stack should grow
		next := d.queue[len(d.queue)-1]
		d.queue = d.queue[:len(d.queue)-1]
		next()
	}
	optional := d.out.OptionalOnly()
	for key, p := range d.out.Packages {
		p.Optional = optional[key]
	}
	return d.out, nil
}

// detached is one call of Project.
type detached struct {
	Options
	from  *graph.Graph
	dir   string // of the project in the workspace
	top   *graph.Importer
	out   *graph.Graph
	queue []func()
}

// exact is the specifier of a target.
func exact(alias string, t graph.Target) string {
	if t.Key == "" {
		return "link:" + t.Link
	}
	name, ref := t.Key.ID().Split()
	switch {
	case strings.HasPrefix(ref, "file:///"):
		return string(t.Key)
	case strings.Contains(ref, ":") || string(name) == alias:
		return ref
	}
	return "npm:" + string(t.Key.ID())
}

// target is what a target of the importer at dir becomes.
func (d *detached) target(t graph.Target, dir string) (graph.Target, error) {
	if t.Key != "" {
		return graph.Target{Key: d.pack(t.Key)}, nil
	}
	at := path.Join(dir, t.Link)
	if d.from.Importer(at) != nil && d.Members[at] != nil {
		return graph.Target{Key: d.member(at)}, nil
	}
	rel, err := d.relative(at)
	return graph.Target{Link: rel}, err
}

// relative is a path of the workspace as seen from where the graph is for.
func (d *detached) relative(at string) (string, error) {
	rel, err := filepath.Rel(d.To, d.abs(at))
	return filepath.ToSlash(rel), err
}

func (d *detached) abs(at string) string { return filepath.Join(d.Root, filepath.FromSlash(at)) }

// pack takes a package over, and says what its key is now: that of a directory or
// tarball of this machine has its path.
func (d *detached) pack(key graph.Key) graph.Key {
	p := *d.from.Packages[key]
	name, ref := key.ID().Split()
	if at, ok := strings.CutPrefix(ref, "file:"); ok && p.Resolution.Kind != graph.Registry {
		key = graph.Key(string(name) + "@" + d.Named(d.abs(at)) + key.Suffix())
		if rel, err := d.relative(at); err == nil && p.Resolution.Kind == graph.Directory {
			p.Resolution.Directory = rel
		} else if err == nil {
			p.Resolution.Tarball = "file:" + rel
		}
	}
	if d.out.Packages[key] != nil {
		return key
	}
	p.Key = key
	d.out.Packages[key] = &p
	d.queue = append(d.queue, func() {
		edges := p.Edges
		p.Edges = nil
		for _, e := range edges {
			if target, err := d.target(e.Target, "."); err == nil {
				p.Edges = append(p.Edges, graph.Edge{Alias: e.Alias, Target: target, Optional: e.Optional})
			}
		}
	})
	return key
}

// member makes a package of another project.
func (d *detached) member(dir string) graph.Key {
	m := &d.Members[dir].Manifest
	key := graph.Key(string(m.Name) + "@" + d.Named(d.abs(dir)) + d.suffix(m.PeerDependencies))
	if d.out.Packages[key] != nil {
		return key
	}
	rel, err := d.relative(dir)
	if err != nil {
		rel = d.abs(dir) // on another drive
	}
	p := &graph.Package{
		Key: key, Name: m.Name, Version: cmp.Or(m.Version, "0.0.0"), Resolution: graph.Resolution{Kind: graph.Directory, Directory: rel},
		Engines: m.Engines, OS: m.OS, CPU: m.CPU, Libc: m.Libc, HasBin: len(m.Bin) > 0 || m.BinDir != "",
		Peers: m.PeerDependencies, OptionalPeers: m.OptionalPeers,
	}
	d.out.Packages[key] = p
	d.queue = append(d.queue, func() { p.Edges = d.memberEdges(dir, m.PeerDependencies) })
	return key
}

// suffix is the peer suffix of another project.
func (d *detached) suffix(peers npm.Deps) string {
	var keys []graph.Key
	for _, dep := range d.from.Importer(d.dir).Deps {
		if _, peer := peers.Lookup(dep.Alias); peer && d.Peers && dep.Target.Key != "" && slices.Contains(d.Groups, dep.Group) {
			keys = append(keys, dep.Target.Key)
		}
	}
	if len(keys) == 0 {
		return ""
	}
	return graph.PeerSuffix(keys, maxPeersSuffix)
}

// maxPeersSuffix is pnpm's default: a longer one is hashed.
const maxPeersSuffix = 1000

// memberEdges are what another project needs when it is installed: not what it is
// developed with, and of its peers what the project at the top has.
func (d *detached) memberEdges(dir string, peers npm.Deps) []graph.Edge {
	var out []graph.Edge
	add := func(dep graph.Direct, target graph.Target) {
		if !slices.ContainsFunc(out, func(e graph.Edge) bool { return e.Alias == dep.Alias }) {
			out = append(out, graph.Edge{Alias: dep.Alias, Target: target, Optional: dep.Group == graph.Optional})
		}
	}
	for _, dep := range d.top.Deps {
		if _, peer := peers.Lookup(dep.Alias); peer {
			dep.Group = graph.Prod
			add(dep, dep.Target)
		}
	}
	for _, dep := range d.from.Importer(dir).Deps {
		if dep.Group == graph.Dev || dep.Group == graph.Optional && !slices.Contains(d.Groups, graph.Optional) {
			continue
		}
		if target, err := d.target(dep.Target, dir); err == nil {
			add(dep, target)
		}
	}
	slices.SortFunc(out, func(a, b graph.Edge) int { return strings.Compare(a.Alias, b.Alias) })
	return out
}

// FileURL is a path as pnpm 12 calls what it deploys.
func FileURL(abs string) string {
	at := filepath.ToSlash(abs)
	if !strings.HasPrefix(at, "/") { // it begins with a drive
		at = "/" + at
	}
	return (&url.URL{Scheme: "file", Path: at}).String()
}
