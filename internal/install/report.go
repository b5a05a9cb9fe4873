package install

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/install/sched"
	"godwit/internal/layout"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// count puts the scheduler's and the linker's figures into the summary.
func (e *engine) count(c sched.Counts, l link.Stats) {
	s := &e.summary
	s.Downloaded = c.Groups[string(event.Fetch)].Finished
	s.Reused = int(c.Tally["reused"])
	s.Bytes = c.Tally["bytes"]
	s.Linked = l.Slots + int(c.Tally["adopted"])
	s.MaxLinks = l.MaxConcurrent
	for _, stage := range []event.Stage{event.Fetch, event.Extract, event.LinkWarm, event.LinkCold} {
		s.StageMillis[stage] = millis(c.Groups[string(stage)].Busy)
	}
}

var groupNames = [...]string{graph.Prod: "dependencies", graph.Dev: "devDependencies", graph.Optional: "optionalDependencies"}

// changes tells what becomes of direct dependencies: the difference between
// where their links lead and where they will.
func (e *engine) changes(l *layout.Layout, g *graph.Graph) {
	if e.Hoisted {
		e.hoistedChanges(l, g)
		return
	}
	leads := map[string]string{} // every link that will be: where to
	for _, link := range l.Links() {
		leads[link.At] = link.Target
	}
	held := heldByImporter(e.was.Held.Links)
	for _, im := range g.Importers {
		declared := map[string]bool{}
		for _, d := range im.Deps {
			at := path.Join(e.Layout.ModulesOf(im.Dir), d.Alias)
			declared[at] = true
			old, is := e.was.Held.Target(at), ""
			if leads[at] == old {
				continue
			}
			if leads[at] != "" {
				is = version(g, d.Target)
			}
			if was := heldVersion(old); was != is {
				e.Sink.Emit(event.Changed{Importer: im.Dir, Alias: d.Alias, Group: groupNames[d.Group], Old: was, New: is})
			}
		}
		for at, alias := range held[im.Dir] {
			if old := e.was.Held.Target(at); !declared[at] && leads[at] == "" && old != "" {
				e.Sink.Emit(event.Changed{Importer: im.Dir, Alias: alias, Group: groupNames[graph.Prod], Old: heldVersion(old)})
			}
		}
	}
}

// heldByImporter is the aliases of the links in every node_modules of a project,
// by its directory and their path.
func heldByImporter(links map[string]string) map[string]map[string]string {
	out := map[string]map[string]string{}
	for at := range links {
		dir, alias, ok := directAlias(at)
		if !ok {
			continue
		}
		if out[dir] == nil {
			out[dir] = map[string]string{}
		}
		out[dir][at] = alias
	}
	return out
}

func version(g *graph.Graph, t graph.Target) string {
	if p := g.Packages[t.Key]; p != nil {
		return p.Version
	}
	return "link:" + t.Link
}

// heldVersion reads the version off the name of a slot.
func heldVersion(target string) string {
	if target == "" {
		return ""
	}
	root := plan.SlotRoot(target)
	switch {
	case root == ".":
		return "link:" + target
	case filepath.IsAbs(filepath.FromSlash(target)): // a shared slot
		return path.Base(path.Dir(root))
	}
	name := filepath.Base(root)
	at := 1
	for i := 1; i < len(name); i++ {
		if name[i] == '@' {
			at = i + 1
			break
		}
	}
	end := at
	for end < len(name) && name[end] != '_' {
		end++
	}
	return strings.TrimPrefix(name[at:end], "runtime+")
}

// directAlias splits the path of a link in the node_modules of an importer.
func directAlias(at string) (dir, alias string, ok bool) {
	dir, alias, ok = strings.Cut("./"+at, "/"+layout.ModulesDir+"/")
	if _, err := npm.ParseName(alias); !ok || err != nil {
		return "", "", false
	}
	return path.Clean(dir), alias, true
}

// forget takes back what leads to optional packages that could not be fetched.
func (e *engine) forget(linker *link.Linker, p *plan.Plan) error {
	var gone []string
	for _, place := range e.tasks.dropped {
		gone = append(gone, p.After.Slots[place.Dir].Root(place.Dir))
		delete(p.After.Slots, place.Dir)
		for _, dir := range place.Nested {
			maps.DeleteFunc(p.After.Slots, func(at string, _ plan.Slot) bool { return at == dir || strings.HasPrefix(at, dir+"/") })
		}
		for at, target := range p.After.Links {
			if target == place.Dir {
				gone = append(gone, at)
				delete(p.After.Links, at)
			}
		}
		for _, other := range slices.Concat(p.Warm, p.Cold) {
			for _, l := range other.Links {
				if l.Target == place.Dir {
					gone = append(gone, l.At)
				}
			}
		}
	}
	return linker.Remove(e.ctx, e.abs(gone))
}

// checkEngines tells of packages that ask for another version of Node, the
// project itself included.
func (e *engine) checkEngines(g *graph.Graph) error {
	e.node = e.Node()
	for _, im := range e.importers {
		want, fits := npm.EngineFits(im.Manifest.Engines, "node", e.node)
		if e.node == (semver.Version{}) || fits {
			continue
		}
		if e.EngineStrict {
			return &PackageError{Action: "install", ID: graph.Key(im.label()), Err: &EngineError{Want: want, Have: e.node.String()}}
		}
		e.warn("EBADENGINE", "unsupported engine: %s wants node %s, and this is %s", im.label(), want, e.node)
	}
	reach := g.Reachable(e.scope(g))
	told := map[graph.Key]bool{}
	for _, key := range slices.Sorted(maps.Keys(g.Packages)) {
		p, id := g.Packages[key], key.ID()
		if _, installed := reach[key]; !installed || p.Optional || told[id] || e.fitsNode(p) {
			continue
		}
		told[id] = true
		want, _ := p.Engines.Lookup("node")
		if e.EngineStrict {
			return e.explain(g, &PackageError{Action: "install", ID: id, Err: &EngineError{Want: want, Have: e.node.String()}})
		}
		e.warn("EBADENGINE", "unsupported engine: %s wants node %s, and this is %s", id, want, e.node)
	}
	return nil
}

func (e *engine) fitsNode(p *graph.Package) bool {
	if e.node == (semver.Version{}) {
		return true
	}
	_, fits := npm.EngineFits(p.Engines, "node", e.node)
	return fits
}

// EngineError is a package that asks for another version of Node, where
// engine-strict forbids that.
type EngineError struct{ Want, Have string }

func (e *EngineError) Error() string {
	return fmt.Sprintf("it wants node %s, and this is %s", e.Want, e.Have)
}

// Code is pnpm's code for this error.
func (e *EngineError) Code() string { return "ERR_PNPM_UNSUPPORTED_ENGINE" }

// Hint is what the user can do.
func (e *EngineError) Hint() string {
	return "use such a version of Node, or set engine-strict=false to be warned only"
}

// PlatformError is a required package for other machines, where engine-strict
// forbids that.
type PlatformError struct{ Wants string }

func (e *PlatformError) Error() string { return "it is for another machine: " + e.Wants }

// Code is pnpm's code for this error.
func (e *PlatformError) Code() string { return "ERR_PNPM_UNSUPPORTED_PLATFORM" }

// Hint is what the user can do.
func (e *PlatformError) Hint() string {
	return "make it an optional dependency, or set engine-strict=false to be warned only"
}

// explain tells in an error about a package who wanted that: the shortest way
// from the project.
func (e *engine) explain(g *graph.Graph, err error) error {
	var pkg *PackageError
	if !errors.As(err, &pkg) || len(pkg.Chain) > 0 {
		return err
	}
	told := *pkg
	told.Chain = e.chain(g, pkg.ID)
	return &told
}

// chain is the shortest way from an importer to a package.
func (e *engine) chain(g *graph.Graph, id graph.Key) []string {
	from := map[graph.Key]graph.Key{} // package -> dependent, "" for an importer
	first := map[graph.Key]string{}   // dependency of an importer -> directory of that
	var level []graph.Key
	visit := func(key, dependent graph.Key) {
		if _, seen := from[key]; !seen && g.Packages[key] != nil {
			from[key] = dependent
			level = append(level, key)
		}
	}
	for _, im := range g.Importers {
		for _, d := range im.Deps {
			if _, seen := from[d.Target.Key]; !seen {
				first[d.Target.Key] = im.Dir
			}
			visit(d.Target.Key, "")
		}
	}
	for len(level) > 0 {
		here := level
		level = nil
		for _, key := range here {
			if key.ID() == id {
				return e.way(from, first, key)
			}
			for _, edge := range g.Packages[key].Edges {
				visit(edge.Target.Key, key)
			}
		}
	}
	return []string{string(id)}
}

func (e *engine) way(from map[graph.Key]graph.Key, first map[graph.Key]string, key graph.Key) []string {
	var out []string
	dir := "."
	for ; key != ""; key = from[key] {
		out = append(out, string(key.ID()))
		if from[key] == "" {
			dir = first[key]
		}
	}
	for _, im := range e.importers {
		if im.Dir == dir {
			dir = im.label()
		}
	}
	out = append(out, dir)
	slices.Reverse(out)
	return out
}

// label is what messages call the project.
func (im *Importer) label() string {
	if name := string(im.Manifest.Name); name != "" {
		return name
	}
	return im.Dir
}
