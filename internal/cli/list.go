package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/cli/draw"
	"godwit/internal/cli/ui"
	"godwit/internal/graph"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// listed is one package in a list, in the shape of pnpm's JSON.
type listed struct {
	From     string             `json:"from"`
	Version  string             `json:"version"`
	Resolved string             `json:"resolved,omitempty"`
	Path     string             `json:"path"`
	Deps     map[string]*listed `json:"dependencies,omitempty"`
	Deduped  bool               `json:"deduped,omitempty"` // its dependencies are shown elsewhere
	Hidden   int                `json:"dedupedDependenciesCount,omitempty"`

	alias string
	peer  bool
}

// listedProject is one project in a list, in the shape of pnpm's JSON.
type listedProject struct {
	Name     string             `json:"name,omitempty"`
	Version  string             `json:"version,omitempty"`
	Path     string             `json:"path"`
	Private  bool               `json:"private"`
	Prod     map[string]*listed `json:"dependencies,omitempty"`
	Dev      map[string]*listed `json:"devDependencies,omitempty"`
	Optional map[string]*listed `json:"optionalDependencies,omitempty"`
}

// lister walks what is installed.
type lister struct {
	*call
	graph *graph.Graph
	depth int // of what is shown; 0 is what projects depend on themselves
	wants func(alias string) bool
	seen  map[graph.Key]bool // packages whose dependencies are shown
	count int                // of what is shown
}

// runList is the command list: the dependencies that are installed.
func runList(_ context.Context, c *call) error {
	l := lister{call: c, seen: map[graph.Key]bool{}}
	if err := l.parse(); err != nil {
		return err
	}
	if c.cfg.Settings.Call.Global {
		return l.listGlobal()
	}
	err := c.findLock()
	if err != nil {
		return err
	}
	if c.ofNpm() {
		return l.npmList()
	}
	if l.graph, err = c.installed(); err != nil {
		return err
	}
	return l.print()
}

// print shows the projects in the form that was asked for.
func (l *lister) print() error {
	projects, err := l.projects()
	if err != nil {
		return err
	}
	if l.cfg.Settings.Call.JSON {
		return writeJSON(l.Stdout, projects)
	}
	if l.cfg.Settings.Call.Parseable {
		return l.parseable(projects)
	}
	return l.tree(projects)
}

func (l *lister) parse() error {
	switch text := l.cfg.Settings.Call.Depth; strings.ToLower(text) {
	case "":
		if l.cfg.Settings.Call.All { // npm's
			l.depth = maxListDepth
		}
	case "infinity":
		l.depth = maxListDepth
	default:
		n, err := strconv.Atoi(text)
		if err != nil || n < -1 {
			return &usageError{"--depth " + text + " is no number", "give a number from -1 on, or Infinity"}
		}
		l.depth = min(n, maxListDepth)
	}
	if patterns := l.args.Positional[1:]; len(patterns) > 0 {
		l.wants = matcher(patterns)
	}
	return nil
}

// maxListDepth bounds a walk along dependencies that may go in circles; the
// deepest project of the ecosystem fixtures has 30 levels.
const maxListDepth = 200

// installed is the graph of what is in node_modules, by the record that the
// last install left there; nil if nothing is installed.
func (c *call) installed() (*graph.Graph, error) {
	file := lockfile.File{Format: lockfile.Pnpm, Path: filepath.Join(c.storeDir(), "lock.yaml")}
	doc, err := lockfile.Read(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, lockfile.ErrEmpty) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return doc.Graph, nil
}

// listedDirs are the directories of the projects that the call is to look at.
func (c *call) listedDirs() ([]string, error) {
	if c.recursive() {
		r := runner{call: c}
		c.cfg.Settings.Workspace.IncludeRoot = true
		c.cfg.Settings.Run.Sort = false
		_, levels, err := r.selection()
		return slices.Concat(levels...), err
	}
	if c.cfg.Settings.Workspace.Root {
		return []string{"."}, nil
	}
	return []string{c.workspace.here}, nil
}

// projects are those that the call is for.
func (l *lister) projects() ([]*listedProject, error) {
	if ws := &l.cfg.Settings.Workspace; l.workspace.here == "." && l.workspace.globs != nil && !ws.Root {
		ws.Recursive = true // the root lists all, as with pnpm 12
	}
	dirs, err := l.listedDirs()
	if err != nil {
		return nil, err
	}
	var out []*listedProject
	for _, dir := range dirs {
		p, err := project.Read(filepath.Join(l.workspace.root, filepath.FromSlash(dir)))
		if err != nil {
			return nil, err
		}
		out = append(out, l.project(dir, p))
	}
	return out, nil
}

func (l *lister) project(dir string, p *project.Project) *listedProject {
	out := &listedProject{Name: string(p.Manifest.Name), Version: p.Manifest.Version, Path: p.Dir, Private: p.Manifest.Private}
	if l.graph == nil || l.depth < 0 {
		return out
	}
	im := l.graph.Importer(dir)
	if im == nil {
		return out
	}
	in := l.cfg.Settings.Include
	for _, group := range []struct {
		on   bool
		of   graph.Group
		into *map[string]*listed
	}{{in.Prod, graph.Prod, &out.Prod}, {in.Dev, graph.Dev, &out.Dev}, {in.Optional, graph.Optional, &out.Optional}} {
		for _, d := range im.Deps {
			if d.Group != group.of || !group.on {
				continue
			}
			if n := l.node(p.Dir, d.Alias, d.Target, 0); n != nil {
				if *group.into == nil {
					*group.into = map[string]*listed{}
				}
				(*group.into)[d.Alias] = n
			}
		}
	}
	return out
}

// node is what the package in dir, the real path of its own, has as alias, level
// steps below a project; nil if it is not to be shown.
func (l *lister) node(dir, alias string, to graph.Target, level int) *listed {
	n := &listed{From: alias, alias: alias, Path: l.resolved(dir, alias)}
	if to.Link != "" {
		n.Version = "link:" + to.Link
		return l.shown(n)
	}
	p := l.graph.Packages[to.Key]
	if p == nil {
		return nil
	}
	if n.Path == "" {
		n.Path = l.slotPath(to.Key)
	}
	n.From, n.Version, n.Resolved = string(p.Name), p.Version, l.tarballOf(p)
	if p.Resolution.Kind != graph.Registry && !to.Key.Runtime() || to.Key.Registry() != "" {
		_, n.Version = to.Key.ID().Split()
	}
	switch {
	case level == l.depth || len(p.Edges) == 0:
	case l.seen[to.Key]:
		n.Deduped, n.Hidden = true, l.below(to.Key)
	default:
		l.seen[to.Key] = true
		l.children(n, p, level+1)
	}
	return l.shown(n)
}

// children adds what a package depends on.
func (l *lister) children(n *listed, p *graph.Package, level int) {
	for _, e := range p.Edges {
		child := l.node(n.Path, e.Alias, e.Target, level)
		if child == nil {
			continue
		}
		_, child.peer = p.Peers.Lookup(e.Alias)
		if n.Deps == nil {
			n.Deps = map[string]*listed{}
		}
		n.Deps[e.Alias] = child
	}
}

// below counts the packages that a package needs.
func (l *lister) below(key graph.Key) int {
	found := map[graph.Key]bool{key: true}
	for todo := []graph.Key{key}; len(todo) > 0; {
		p := l.graph.Packages[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		for _, e := range p.Edges {
			if to := e.Target.Key; l.graph.Packages[to] != nil && !found[to] {
				found[to] = true
				todo = append(todo, to)
			}
		}
	}
	return len(found) - 1
}

// shown is n if it, or something below it, is asked for.
func (l *lister) shown(n *listed) *listed {
	if l.wants != nil && len(n.Deps) == 0 && !l.wants(n.alias) {
		return nil
	}
	l.count++
	return n
}

// tarballOf is where a package comes from, as pnpm shows it.
func (c *call) tarballOf(p *graph.Package) string {
	switch {
	case p.Resolution.Tarball != "":
		return p.Resolution.Tarball
	case p.Resolution.Kind == graph.Registry:
		if at := c.cfg.Registries.Prefixes()[p.Key.Registry()]; at != "" {
			return npm.TarballURL(at, p.Name, p.Version)
		}
		if base, err := c.cfg.Registries.For(p.Name); err == nil {
			return npm.TarballURL(base, p.Name, p.Version)
		}
	}
	return ""
}

// resolved is the real path of what node finds as alias from dir, or "". Packages of
// projects may be elsewhere than node looks.
func (c *call) resolved(dir, alias string) string {
	commands := c.commandsOf()
	for above := dir; ; above = filepath.Dir(above) {
		var in []string
		if filepath.Base(above) != layout.ModulesDir {
			in = append(in, filepath.Join(above, layout.ModulesDir))
		}
		if commands != nil {
			in = append(in, filepath.Dir(commands(above)))
		}
		for _, modules := range in {
			path := filepath.Join(modules, filepath.FromSlash(alias))
			if _, err := os.Lstat(path); err == nil {
				if real, err := filepath.EvalSymlinks(path); err == nil {
					return real
				}
			}
		}
		if above == filepath.Dir(above) {
			return ""
		}
	}
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// writeNode writes a value whose members keep their order.
func writeNode(w io.Writer, n project.Node) error { return writeJSON(w, json.RawMessage(n.JSON())) }

// writeMembers writes an object with its members in this order.
func writeMembers(w io.Writer, names []string, values []any) error {
	var doc, out bytes.Buffer
	doc.WriteByte('{')
	for i, value := range values {
		if i > 0 {
			doc.WriteByte(',')
		}
		if err := writeJSON(&doc, names[i]); err != nil {
			return err
		}
		doc.WriteByte(':')
		if err := writeJSON(&doc, value); err != nil {
			return err
		}
	}
	doc.WriteString("}\n")
	if err := json.Indent(&out, doc.Bytes(), "", "  "); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

// parseable writes paths, a line each.
func (l *lister) parseable(projects []*listedProject) error {
	var b strings.Builder
	for _, p := range projects {
		seen := map[string]bool{}
		for _, deps := range p.groups() {
			collect(deps, seen)
		}
		if l.wants == nil {
			fmt.Fprintln(&b, p.Path)
		}
		for _, path := range slices.Sorted(maps.Keys(seen)) {
			fmt.Fprintln(&b, path)
		}
	}
	_, err := io.WriteString(l.Stdout, b.String())
	return err
}

func collect(deps map[string]*listed, into map[string]bool) {
	for _, n := range deps {
		if n.Path != "" {
			into[n.Path] = true
		}
		collect(n.Deps, into)
	}
}

func (p *listedProject) groups() []map[string]*listed {
	return []map[string]*listed{p.Prod, p.Dev, p.Optional}
}

const legend = "Legend: production dependency, optional only, dev only\n"

// tree draws projects with their dependencies.
func (l *lister) tree(projects []*listedProject) error {
	if l.wants != nil && l.count == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString(legend)
	for _, p := range projects {
		name := ""
		if p.Name != "" {
			name = npm.Label(p.Name, p.Version) + " "
		}
		fmt.Fprintf(&b, "\n%s%s%s\n", name, p.Path, private(p.Private))
		var titles []string
		var groups []map[string]*listed
		for i, deps := range p.groups() {
			if len(deps) > 0 {
				titles = append(titles, groupTitles[i])
				groups = append(groups, deps)
			}
		}
		for i, deps := range groups {
			fmt.Fprintf(&b, "│\n│   %s:\n", titles[i])
			l.branch(&b, "", deps, i == len(groups)-1)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", ui.Count(l.count, "package"))
	_, err := io.WriteString(l.Stdout, b.String())
	return err
}

var groupTitles = []string{prodGroup, devGroup, optionalGroup}

func private(is bool) string {
	if is {
		return " (PRIVATE)"
	}
	return ""
}

// branch draws one level; last says that nothing follows it at its depth.
func (l *lister) branch(b *strings.Builder, indent string, deps map[string]*listed, last bool) {
	names := sortedNames(deps)
	for i, name := range names {
		n := deps[name]
		corner, below := draw.Corners(last && i == len(names)-1, len(n.Deps) > 0)
		text := npm.Label(name, n.Version)
		if name != n.From {
			text = name + "@npm:" + npm.Label(n.From, n.Version)
		}
		if n.peer {
			text += " peer"
		}
		if n.Deduped {
			text += " [deduped]"
		}
		fmt.Fprintf(b, "%s%s%s\n", indent, corner, ui.Plain(text))
		if l.cfg.Settings.Call.Long {
			fmt.Fprintf(b, "%s%s  %s\n", indent, below, n.Path)
		}
		l.branch(b, indent+below, n.Deps, true)
	}
}

// sortedNames are aliases in the order of what they stand for.
func sortedNames(deps map[string]*listed) []string {
	names := slices.Collect(maps.Keys(deps))
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(strings.Compare(deps[a].From, deps[b].From), strings.Compare(a, b))
	})
	return names
}
