package install

import (
	"path/filepath"
	"slices"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
)

// keepUnselected lets projects that are not selected ask for what the lockfile
// has for them, whatever their manifests say by now. Those that it does not know
// are resolved with the others.
func (e *engine) keepUnselected(present *lockfile.Document) {
	if present == nil || e.npm() { // npm's lockfile is for all, whatever is installed
		return
	}
	for i := range e.importers {
		im := &e.importers[i]
		locked := present.Graph.Importer(im.Dir)
		if !im.Unselected || locked == nil {
			continue
		}
		kept := *im.Manifest
		kept.Dependencies, kept.DevDependencies, kept.OptionalDependencies = nil, nil, nil
		kept.PeerDependencies, kept.OptionalPeers = nil, nil
		for _, d := range locked.Deps {
			dep := npm.Dep{Alias: d.Alias, Specifier: d.Specifier}
			switch d.Group {
			case graph.Prod:
				kept.Dependencies = append(kept.Dependencies, dep)
			case graph.Dev:
				kept.DevDependencies = append(kept.DevDependencies, dep)
			case graph.Optional:
				kept.OptionalDependencies = append(kept.OptionalDependencies, dep)
			}
		}
		im.Member, im.Manifest = im.Manifest, &kept
		if present.Pnpm != nil {
			rec := present.Pnpm.Importers[im.Dir]
			im.Meta, im.PublishDirectory, im.NoLinkDirectory = rec.DependenciesMeta, rec.PublishDirectory, rec.NoLinkDirectory
		}
	}
}

// filtered reports whether some project is not selected.
func (e *engine) filtered() bool {
	return slices.ContainsFunc(e.importers, func(im Importer) bool { return im.Unselected })
}

// scope is the part of a graph that is installed.
func (e *engine) scope(g *graph.Graph) graph.Scope {
	s := graph.Scope{Groups: e.Layout.Groups}
	if e.filtered() {
		s.From = e.laid(g)
	}
	return s
}

// laid are the projects whose node_modules are made: those that are selected,
// and those that have one of ours.
func (e *engine) laid(g *graph.Graph) []*graph.Importer {
	if e.npm() && e.Hoisted {
		return e.laidNpm(g)
	}
	held := heldByImporter(e.was.Held.Links)
	out := []*graph.Importer{}
	for _, im := range e.importers {
		if locked := g.Importer(im.Dir); locked != nil && (!im.Unselected || len(held[im.Dir]) > 0 || e.Hoisted && e.placed(locked)) {
			out = append(out, locked)
		}
	}
	return out
}

// laidNpm are the projects that are selected, or were installed before, and those
// of the workspace that they depend on. A member that is installed has a link.
func (e *engine) laidNpm(g *graph.Graph) []*graph.Importer {
	linked := map[string]bool{}
	for _, l := range g.Links {
		if e.was.Held.Links[l.At] == l.Target {
			linked[l.Target] = true
		}
	}
	in := map[string]bool{}
	var queue []*graph.Importer
	add := func(im *graph.Importer) {
		if im != nil && !in[im.Dir] {
			in[im.Dir] = true
			queue = append(queue, im)
		}
	}
	for _, im := range e.importers {
		locked := g.Importer(im.Dir)
		if !im.Unselected || linked[im.Dir] || locked != nil && im.Dir == "." && e.placed(locked) {
			add(locked)
		}
	}
	for len(queue) > 0 {
		im := queue[0]
		queue = queue[1:]
		for _, d := range im.Deps {
			if d.Target.Link != "" {
				add(g.Importer(graph.Arrive(filepath.ToSlash(e.Root), im.Dir, d.Target.Link)))
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(g.Importers), func(im *graph.Importer) bool { return !in[im.Dir] })
}

// placed reports whether a hoisted node_modules has all that a project depends on.
// Its own need not hold anything.
func (e *engine) placed(im *graph.Importer) bool {
	some := false
	for _, d := range im.Deps {
		if d.Target.Key == "" || !slices.Contains(e.Layout.Groups, d.Group) {
			continue
		}
		there := func(dir string) bool { return e.was.Held.Slots[dir].Hoisted != "" }
		if e.found(im.Dir, d.Alias, there) == "" {
			return false
		}
		some = true
	}
	return some
}
