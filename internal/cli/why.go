package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/draw"
	"godwit/internal/cli/ui"
	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// dependent is one that depends on a package, in the shape of pnpm's JSON: a
// package with its own dependents, or a project with the map that says so.
type dependent struct {
	Name       string      `json:"name"`
	Version    string      `json:"version"`
	Path       string      `json:"path,omitempty"`
	Dependents []dependent `json:"dependents,omitempty"`
	DepField   string      `json:"depField,omitempty"`
	Circular   bool        `json:"circular,omitempty"`
	Deduped    bool        `json:"deduped,omitempty"` // its dependents are shown elsewhere
}

// inquiry answers who depends on what.
type inquiry struct {
	*call
	graph      *graph.Graph
	dependents map[graph.Key][]graph.Key
	direct     map[graph.Key][]dependent
	needed     graph.Reach // by the projects that count
}

// runWhy is the command why: every way from the projects to a package.
func runWhy(_ context.Context, c *call) error {
	names := c.args.Positional[1:]
	if len(names) == 0 {
		return &usageError{"why wants the names of packages", "for example: godwit why left-pad"}
	}
	ways := c.ways
	if c.cfg.Settings.Call.Global {
		ways = c.waysGlobal
	} else if err := c.findLock(); err != nil {
		return err
	} else if c.npmProject() {
		return c.npmExplain(names)
	}
	found, err := ways(names)
	if err != nil {
		return err
	}
	if c.cfg.Settings.Call.JSON {
		return writeJSON(c.Stdout, found)
	}
	return drawWays(c.Stdout, found)
}

// ways is every way from the projects to packages of these names.
func (c *call) ways(names []string) ([]dependent, error) {
	if err := c.findLock(); err != nil {
		return nil, err
	}
	g, err := c.installed()
	if err != nil {
		return nil, err
	}
	q := inquiry{call: c, graph: g, dependents: map[graph.Key][]graph.Key{}, direct: map[graph.Key][]dependent{}}
	if g == nil {
		return nil, &usageError{"nothing is installed", "run godwit install first"}
	}
	from, err := q.from()
	if err != nil {
		return nil, err
	}
	if err := q.index(from); err != nil {
		return nil, err
	}
	wants := matcher(names)
	found := []dependent{}
	for _, key := range slices.Sorted(maps.Keys(q.needed)) {
		if p := g.Packages[key]; wants(string(p.Name)) {
			d := q.ways(key, map[graph.Key]bool{})
			d.Path = c.packagePath(p)
			found = append(found, d)
		}
	}
	return found, nil
}

// packagePath is the directory of a package.
func (c *call) packagePath(p *graph.Package) string {
	if p.Dir != "" {
		return filepath.Join(c.workspace.root, filepath.FromSlash(p.Dir))
	}
	return c.slotPath(p.Key)
}

// from are the projects that ways may end in: all but those that a filter leaves
// out, wherever the call is made (as with pnpm).
func (q *inquiry) from() ([]*graph.Importer, error) {
	ws := &q.cfg.Settings.Workspace
	if q.workspace.globs == nil || len(ws.Filter)+len(ws.FilterProd) == 0 && !ws.Root {
		return q.graph.Importers, nil
	}
	dirs, err := q.listedDirs()
	if err != nil {
		return nil, err
	}
	from := []*graph.Importer{}
	for _, im := range q.graph.Importers {
		if slices.Contains(dirs, im.Dir) {
			from = append(from, im)
		}
	}
	return from, nil
}

// index notes who depends on each package, on the ways from some projects.
func (q *inquiry) index(from []*graph.Importer) error {
	q.needed = q.graph.Reachable(graph.Scope{From: from})
	for _, key := range slices.Sorted(maps.Keys(q.needed)) {
		for _, e := range q.graph.Packages[key].Edges {
			q.dependents[e.Target.Key] = append(q.dependents[e.Target.Key], key)
		}
	}
	for _, im := range from {
		p, err := project.Read(filepath.Join(q.workspace.root, filepath.FromSlash(im.Dir)))
		if err != nil {
			continue // a project that is gone since depends on nothing
		}
		name := string(p.Manifest.Name)
		if name == "" {
			name = im.Dir
		}
		for _, d := range im.Deps {
			field := [...]string{graph.Prod: prodGroup, graph.Dev: devGroup, graph.Optional: optionalGroup}[d.Group]
			q.direct[d.Target.Key] = append(q.direct[d.Target.Key], dependent{Name: name, Version: p.Manifest.Version, DepField: field})
		}
	}
	return nil
}

// ways is a package with all that depend on it. A circle ends where it closes,
// and what was shown before is not shown again: the ways of a large project are
// more than anybody reads. shown is true for what is finished, false for what is
// above.
func (q *inquiry) ways(key graph.Key, shown map[graph.Key]bool) dependent {
	p := q.graph.Packages[key]
	d := dependent{Name: string(p.Name), Version: p.Version}
	if p.Key.Registry() != "" {
		_, d.Version = p.Key.ID().Split()
	}
	if finished, before := shown[key]; before {
		d.Circular, d.Deduped = !finished, finished && len(q.dependents[key]) > 0
		if finished && len(q.dependents[key]) == 0 {
			d.Dependents = q.direct[key]
		}
		return d
	}
	shown[key] = false
	for _, by := range q.dependents[key] {
		d.Dependents = append(d.Dependents, q.ways(by, shown))
	}
	shown[key] = true
	d.Dependents = append(d.Dependents, q.direct[key]...)
	slices.SortStableFunc(d.Dependents, func(a, b dependent) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
	})
	return d
}

// drawWays writes trees that grow from a package to the projects.
func drawWays(w io.Writer, found []dependent) error {
	if len(found) == 0 {
		return nil
	}
	var b strings.Builder
	versions := map[string]map[string]bool{}
	var names []string
	for _, d := range found {
		fmt.Fprintln(&b, npm.Label(d.Name, d.Version))
		drawDependents(&b, "", d.Dependents)
		b.WriteByte('\n')
		if versions[d.Name] == nil {
			versions[d.Name] = map[string]bool{}
			names = append(names, d.Name)
		}
		versions[d.Name][d.Version] = true
	}
	for _, name := range names {
		fmt.Fprintf(&b, "Found %s of %s\n", ui.Count(len(versions[name]), "version"), name)
	}
	_, err := io.WriteString(w, ui.Plain(b.String()))
	return err
}

func drawDependents(b *strings.Builder, indent string, dependents []dependent) {
	for i, d := range dependents {
		corner, below := draw.Corners(i == len(dependents)-1, len(d.Dependents) > 0)
		text := npm.Label(d.Name, d.Version)
		if d.DepField != "" {
			text += " (" + d.DepField + ")"
		}
		if d.Circular {
			text += " [circular]"
		}
		if d.Deduped {
			text += " [deduped]"
		}
		fmt.Fprintf(b, "%s%s%s\n", indent, corner, text)
		drawDependents(b, indent+below, d.Dependents)
	}
}
