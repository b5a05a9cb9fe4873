package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/actual"
	"godwit/internal/cli/ui"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/spawn"
)

// npmOutdated is one dependency in the list of npm's outdated.
type npmOutdated struct {
	actual.Edge
	spec    specifier.Specifier
	by      *actual.Node
	current string // "" where it is missing
	wanted  string
	latest  string
}

// npmOutdated is the command outdated in a project of npm's.
func (c *call) npmOutdated(ctx context.Context) error {
	t, err := c.npmTree()
	if err != nil {
		return err
	}
	rows := c.npmCandidates(t)
	reporter := c.reporter()
	defer reporter.Close()
	client, err := c.client(reporter)
	if err != nil {
		return err
	}
	defer client.Close()
	ask, err := c.asking(client)
	if err != nil {
		return err
	}
	if err := spawn.Each(len(rows), packumentsAtOnce, true, func(i int) error { return rows[i].look(ctx, ask) }); err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(o *npmOutdated) bool {
		return o.latest == "" || o.current == o.wanted && o.wanted == o.latest
	})
	slices.SortStableFunc(rows, func(a, b *npmOutdated) int { return npm.Collate(a.Alias, b.Alias) })
	if c.cfg.Settings.Call.JSON {
		_, err = fmt.Fprintln(c.Stdout, string(outdatedNode(t, rows).JSON()))
	} else if len(rows) > 0 {
		_, err = fmt.Fprint(c.Stdout, ui.Plain(outdatedTable(t, rows)))
	}
	if err == nil && len(rows) > 0 {
		return errSaid
	}
	return err
}

// npmCandidates are the dependencies of the projects of the workspace, then of
// the root, that registries have.
func (c *call) npmCandidates(t *actual.Tree) (rows []*npmOutdated) {
	wants := func(string) bool { return true }
	if patterns := c.args.Positional[1:]; len(patterns) > 0 {
		wants = matcher(patterns)
	}
	root := t.Node(t.Root)
	var projects []*actual.Node
	for _, e := range t.Edges(root) {
		if e.To != nil && e.To.Member {
			projects = append(projects, e.To)
		}
	}
	if t.Selected == nil || t.Selected["."] {
		projects = append(projects, root)
	}
	for _, p := range projects {
		for _, e := range t.Edges(p) {
			s, err := specifier.Parse(e.Alias, e.Spec)
			if err != nil || e.Extraneous || e.To != nil && e.To.Member || e.To == nil && e.Optional || !s.Kind.IsRegistry() || !wants(e.Alias) {
				continue
			}
			o := &npmOutdated{Edge: e, spec: s, by: p}
			if e.To != nil {
				o.current = e.To.Manifest.Version
			}
			rows = append(rows, o)
		}
	}
	return rows
}

// look asks the registry. latest stays "" if there is no such package any more.
func (o *npmOutdated) look(ctx context.Context, ask asking) error {
	doc, err := ask(ctx, o.spec.Name)
	if err != nil {
		return fmt.Errorf("look for newer versions of %s: %w", o.Alias, err)
	}
	found := matching(doc, o.spec)
	if len(found) == 0 {
		return nil
	}
	o.latest = doc.DistTags["latest"]
	if o.wanted = found[len(found)-1]; slices.Contains(found, o.latest) {
		o.wanted = o.latest // npm prefers it to what is higher
	}
	return nil
}

// dependent is who has the dependency: the root goes by the name of its
// directory.
func (o *npmOutdated) dependent(t *actual.Tree) string {
	if o.by.Real == t.Root {
		return filepath.Base(t.Root)
	}
	return string(o.by.Manifest.Name)
}

// outdatedNode is npm's JSON: an object for each name, or a list of several.
func outdatedNode(t *actual.Tree, rows []*npmOutdated) project.Node {
	out := project.Node{Kind: project.Map}
	for _, o := range rows {
		n := project.Node{Kind: project.Map}
		if o.current != "" {
			n.Set("current", project.Text(o.current))
		}
		n.Set("wanted", project.Text(o.wanted))
		n.Set("latest", project.Text(o.latest))
		n.Set("dependent", project.Text(o.dependent(t)))
		if o.To != nil {
			n.Set("location", project.Text(o.To.At))
		}
		switch old := out.Field(o.Alias); old.Kind {
		case project.Missing:
			out.Set(o.Alias, n)
		case project.List:
			old.Items = append(old.Items, n)
			out.Set(o.Alias, old)
		default:
			out.Set(o.Alias, project.Node{Kind: project.List, Items: []project.Node{old, n}})
		}
	}
	return out
}

func outdatedTable(t *actual.Tree, rows []*npmOutdated) string {
	table := [][]string{{"Package", "Current", "Wanted", "Latest", "Location", "Depended by"}}
	for _, o := range rows {
		current, location, by := "MISSING", "-", o.dependent(t)
		if o.To != nil {
			current = o.current
			if rel, err := filepath.Rel(t.Root, o.To.At); err == nil {
				location = filepath.ToSlash(rel)
			}
		}
		if o.by.Real != t.Root {
			by = npm.Label(by, o.by.Manifest.Version)
		}
		table = append(table, []string{o.Alias, current, o.wanted, o.latest, location, by})
	}
	widths := make([]int, len(table[0]))
	for _, row := range table {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	var b strings.Builder
	for _, row := range table {
		for i, cell := range row {
			switch width := widths[i]; {
			case i == len(row)-1:
				b.WriteString(cell + "\n")
			case i >= 1 && i <= 3: // the versions
				fmt.Fprintf(&b, "%*s  ", width, cell)
			default:
				fmt.Fprintf(&b, "%-*s  ", width, cell)
			}
		}
	}
	return b.String()
}
