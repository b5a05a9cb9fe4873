package install

import (
	"slices"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
)

// keepUnselected lets projects that are not selected ask for what the lockfile
// has for them, whatever their manifests say by now. Those that it does not know
// are resolved with the others.
func (e *engine) keepUnselected(present *lockfile.Document) {
	if present == nil {
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
	held := heldByImporter(e.was.Held.Links)
	out := []*graph.Importer{}
	for _, im := range e.importers {
		if locked := g.Importer(im.Dir); locked != nil && (!im.Unselected || len(held[im.Dir]) > 0 || e.Hoisted && e.placed(locked)) {
			out = append(out, locked)
		}
	}
	return out
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
		if found(im.Dir, d.Alias, there) == "" {
			return false
		}
		some = true
	}
	return some
}
