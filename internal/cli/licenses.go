package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/actual"
	"godwit/internal/cli/draw"
	"godwit/internal/cli/license"
	"godwit/internal/cli/pages"
	"godwit/internal/config"
	"godwit/internal/graph"
	"godwit/internal/project"
)

// licensed is a package, in all its versions under one license, in the shape of
// pnpm's JSON.
type licensed struct {
	Name        string   `json:"name"`
	Versions    []string `json:"versions"`
	Paths       []string `json:"paths"`
	License     string   `json:"license"`
	Author      string   `json:"author,omitempty"`
	Homepage    string   `json:"homepage,omitempty"`
	Description string   `json:"description,omitempty"`

	dev bool // no version of it is reached but through devDependencies
}

// licenseLister finds the packages of a tree.
type licenseLister struct {
	*call
	found []*licensed         // one for each directory
	seen  map[string]struct{} // directories

	distinct bool // a version is listed once, however many trees have it
}

// runLicenses is the command licenses.
func runLicenses(_ context.Context, c *call) error {
	l := licenseLister{call: c, seen: map[string]struct{}{}}
	if err := c.findLock(); err != nil {
		return err
	}
	walk := l.walkGraph
	if c.ofNpm() {
		walk = l.walkNpm
	}
	if err := walk(); err != nil {
		return err
	}
	return l.tell()
}

// tell prints what was found.
func (l *licenseLister) tell() error {
	c := l.call
	packages := l.merge()
	switch {
	case c.cfg.Settings.Call.JSON:
		return writeLicensesJSON(c.Stdout, packages)
	case len(packages) == 0:
		_, err := fmt.Fprintln(c.Stdout, "No licenses in packages found")
		return err
	}
	return writeLicenses(c.Stdout, packages, c.cfg.Settings.Call.Long)
}

// walkGraph finds what the record of the last install leads to.
func (l *licenseLister) walkGraph() error {
	g, err := l.installed()
	if err != nil {
		return err
	}
	if g == nil {
		return l.bare()
	}
	dirs, err := l.listedDirs()
	if err != nil {
		return err
	}
	scope := graph.Scope{From: []*graph.Importer{}}
	for _, dir := range dirs {
		if im := g.Importer(dir); im != nil {
			scope.From = append(scope.From, im)
		}
	}
	in := l.cfg.Settings.Include
	scope.Groups = groups(config.Include{Prod: in.Prod, Optional: in.Optional})
	prod := g.Reachable(scope)
	scope.Groups = groups(in)
	w := graphWalk{l, g, g.Reachable(scope), prod}
	for _, im := range scope.From {
		for _, d := range im.Deps {
			if !slices.Contains(scope.Groups, d.Group) {
				continue
			}
			if err := w.visit(filepath.Join(l.workspace.root, filepath.FromSlash(im.Dir)), d.Alias, d.Target.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// bare answers where there is no record of an install: without any dependency
// there need not be one.
func (l *licenseLister) bare() error {
	a, err := l.newAuditor()
	if err != nil {
		return &refusedError{what: "nothing is installed in " + l.workspace.root, code: "ERR_PNPM_LICENSES_NO_LOCKFILE", next: "run godwit install"}
	}
	if len(a.graph.Packages) > 0 {
		return &refusedError{what: "nothing is installed in " + l.workspace.root, code: "ERR_GODWIT_NOT_INSTALLED", next: "run godwit install"}
	}
	return nil
}

// graphWalk goes from package to package as Node does, with its own stack: a
// hostile lockfile is deeper than goroutine stacks should grow.
type graphWalk struct {
	*licenseLister
	graph     *graph.Graph
	all, prod graph.Reach
}

func (w *graphWalk) visit(from, alias string, key graph.Key) error {
	type step struct {
		from, alias string
		key         graph.Key
	}
	for todo := []step{{from, alias, key}}; len(todo) > 0; {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		p := w.graph.Packages[s.key]
		if _, ok := w.all[s.key]; p == nil || !ok {
			continue
		}
		dir := w.resolved(s.from, s.alias)
		if _, ok := w.seen[dir]; ok || dir == "" { // an optional one need not be there
			continue
		}
		w.seen[dir] = struct{}{}
		_, prod := w.prod[s.key]
		if err := w.add(dir, !prod); err != nil {
			return err
		}
		for _, e := range p.Edges {
			todo = append(todo, step{dir, e.Alias, e.Target.Key})
		}
	}
	return nil
}

// walkNpm finds what Node finds in a project of npm's: first without
// devDependencies, to know what is reached through them alone.
func (l *licenseLister) walkNpm() error {
	in := &l.cfg.Settings.Include
	dev, prod, optional := in.Dev, in.Prod, in.Optional
	defer func() { in.Dev = dev }()
	if prod || optional {
		in.Dev = false
		if err := l.walkPlaces(false); err != nil {
			return err
		}
	}
	if in.Dev = dev; dev {
		return l.walkPlaces(true)
	}
	return nil
}

// walkPlaces finds what is new in the groups that are included.
func (l *licenseLister) walkPlaces(dev bool) error {
	t, err := l.npmTree()
	if err != nil {
		return err
	}
	met := map[*actual.Node]bool{}
	for todo := []*actual.Node{t.Node(t.Root)}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if n == nil {
			continue
		}
		for _, e := range t.Edges(n) {
			if e.To == nil || e.Extraneous || met[e.To] {
				continue
			}
			met[e.To] = true
			todo = append(todo, e.To)
			if _, ok := l.seen[e.To.Real]; ok || e.To.Member {
				continue
			}
			l.seen[e.To.Real] = struct{}{}
			if err := l.add(e.To.Real, dev); err != nil {
				return err
			}
		}
	}
	return nil
}

// add reads the package in a directory.
func (l *licenseLister) add(dir string, dev bool) error {
	m, err := project.ReadValue(filepath.Join(dir, project.ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a license: %w", err)
	}
	name, err := license.Of(dir, m)
	if err != nil {
		return fmt.Errorf("look for the license of %s: %w", dir, err)
	}
	l.found = append(l.found, &licensed{
		Name: m.Field("name").Text, Versions: []string{m.Field("version").Text}, Paths: []string{dir},
		License: name, Author: license.Author(m.Field("author")), Homepage: pages.Homepage(m), Description: m.Field("description").Text,
		dev: dev,
	})
	return nil
}

// merge puts versions of one package under one license together, sorted.
func (l *licenseLister) merge() []*licensed {
	slices.SortFunc(l.found, func(a, b *licensed) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Paths[0], b.Paths[0]))
	})
	type group struct{ name, license string }
	var out []*licensed
	by := map[group]*licensed{}
	for _, p := range l.found {
		o := by[group{p.Name, p.License}]
		if o == nil {
			by[group{p.Name, p.License}] = p
			out = append(out, p)
			continue
		}
		if o.Paths = append(o.Paths, p.Paths...); !l.distinct || !slices.Contains(o.Versions, p.Versions[0]) {
			o.Versions = append(o.Versions, p.Versions...)
		}
		o.Author, o.Homepage, o.Description = p.Author, p.Homepage, p.Description // pnpm's are the last one's
		o.dev = o.dev && p.dev
	}
	return out
}

// writeLicensesJSON writes lists by license, in the order in which licenses come
// up.
func writeLicensesJSON(w io.Writer, packages []*licensed) error {
	var order []string
	by := map[string][]*licensed{}
	for _, p := range packages {
		if by[p.License] == nil {
			order = append(order, p.License)
		}
		by[p.License] = append(by[p.License], p)
	}
	values := make([]any, len(order))
	for i, license := range order {
		values[i] = by[license]
	}
	return writeMembers(w, order, values)
}

// writeLicenses draws pnpm's table.
func writeLicenses(w io.Writer, packages []*licensed, long bool) error {
	rows := [][]string{{"Package", "License"}}
	if long {
		rows[0] = append(rows[0], "Details")
	}
	flat := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	for _, p := range packages {
		name := p.Name
		if p.dev {
			name += " (dev)"
		}
		row := []string{flat(name), flat(p.License)}
		if long {
			details := slices.DeleteFunc([]string{flat(p.Author), flat(p.Description), flat(p.Homepage)}, func(s string) bool { return s == "" })
			row = append(row, strings.Join(details, "\n"))
		}
		rows = append(rows, row)
	}
	_, err := io.WriteString(w, draw.Table(rows))
	return err
}
