package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/spawn"
)

// npmOutdated is one dependency in the list of npm's outdated.
type npmOutdated struct {
	npmEdge
	spec    specifier.Specifier
	by      *npmNode
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
	slices.SortStableFunc(rows, func(a, b *npmOutdated) int { return npm.Collate(a.alias, b.alias) })
	if c.cfg.Settings.Call.JSON {
		_, err = fmt.Fprintln(c.Stdout, string(outdatedNode(t, rows).JSON()))
	} else if len(rows) > 0 {
		_, err = fmt.Fprint(c.Stdout, ui.Plain(outdatedTable(t, rows)))
	}
	if err == nil && len(rows) > 0 {
		return outdatedError{}
	}
	return err
}

// npmCandidates are the dependencies of the projects of the workspace, then of
// the root, that registries have.
func (c *call) npmCandidates(t *npmTree) (rows []*npmOutdated) {
	wants := func(string) bool { return true }
	if patterns := c.args.Positional[1:]; len(patterns) > 0 {
		wants = matcher(patterns)
	}
	root := t.node(t.root)
	var projects []*npmNode
	for _, e := range t.edges(root) {
		if e.to != nil && e.to.member {
			projects = append(projects, e.to)
		}
	}
	if t.selected == nil || t.selected["."] {
		projects = append(projects, root)
	}
	for _, p := range projects {
		for _, e := range t.edges(p) {
			s, err := specifier.Parse(e.alias, e.spec)
			if err != nil || e.extraneous || e.to != nil && e.to.member || e.to == nil && e.optional || !s.Kind.IsRegistry() || !wants(e.alias) {
				continue
			}
			o := &npmOutdated{npmEdge: e, spec: s, by: p}
			if e.to != nil {
				o.current = e.to.manifest.Version
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
		return fmt.Errorf("look for newer versions of %s: %w", o.alias, err)
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
func (o *npmOutdated) dependent(t *npmTree) string {
	if o.by.real == t.root {
		return filepath.Base(t.root)
	}
	return string(o.by.manifest.Name)
}

// outdatedNode is npm's JSON: an object for each name, or a list of several.
func outdatedNode(t *npmTree, rows []*npmOutdated) project.Node {
	out := project.Node{Kind: project.Map}
	for _, o := range rows {
		n := project.Node{Kind: project.Map}
		if o.current != "" {
			n.Set("current", project.Text(o.current))
		}
		n.Set("wanted", project.Text(o.wanted))
		n.Set("latest", project.Text(o.latest))
		n.Set("dependent", project.Text(o.dependent(t)))
		if o.to != nil {
			n.Set("location", project.Text(o.to.at))
		}
		switch old := out.Field(o.alias); old.Kind {
		case project.Missing:
			out.Set(o.alias, n)
		case project.List:
			old.Items = append(old.Items, n)
			out.Set(o.alias, old)
		default:
			out.Set(o.alias, project.Node{Kind: project.List, Items: []project.Node{old, n}})
		}
	}
	return out
}

func outdatedTable(t *npmTree, rows []*npmOutdated) string {
	table := [][]string{{"Package", "Current", "Wanted", "Latest", "Location", "Depended by"}}
	for _, o := range rows {
		current, location, by := "MISSING", "-", o.dependent(t)
		if o.to != nil {
			current = o.current
			if rel, err := filepath.Rel(t.root, o.to.at); err == nil {
				location = filepath.ToSlash(rel)
			}
		}
		if o.by.real != t.root {
			by = label(by, o.by.manifest.Version)
		}
		table = append(table, []string{o.alias, current, o.wanted, o.latest, location, by})
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
