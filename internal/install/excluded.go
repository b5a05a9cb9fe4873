package install

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// addLinks gives the importers of a lockfile's graph what such a lockfile leaves
// out: the directories that their manifests link.
func (e *engine) addLinks(g *graph.Graph) {
	for _, im := range e.importers {
		locked := g.Importer(im.Dir)
		if locked == nil || im.Unselected {
			continue
		}
		for _, group := range []struct {
			group graph.Group
			deps  npm.Deps
		}{{graph.Prod, im.Manifest.Dependencies}, {graph.Dev, im.Manifest.DevDependencies}, {graph.Optional, im.Manifest.OptionalDependencies}} {
			for _, d := range group.deps {
				to, linked := strings.CutPrefix(d.Specifier, "link:")
				if !linked || slices.ContainsFunc(locked.Deps, func(l graph.Direct) bool { return l.Alias == d.Alias }) {
					continue
				}
				locked.Deps = append(locked.Deps, graph.Direct{
					Alias: d.Alias, Group: group.group, Specifier: d.Specifier, Target: graph.Target{Link: e.linked(im.Dir, to)},
				})
			}
		}
	}
}

// linked is the slash path of a directory from that of a project.
func (e *engine) linked(dir, to string) string {
	if filepath.IsAbs(to) {
		if rel, err := filepath.Rel(e.tasks.abs(dir), to); err == nil {
			to = rel
		}
	}
	return path.Clean(filepath.ToSlash(to))
}
