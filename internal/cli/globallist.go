package cli

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/graph"
)

// globalList is what list --global prints as JSON.
type globalList struct {
	Path    string             `json:"path"`
	Private bool               `json:"private"`
	Prod    map[string]*listed `json:"dependencies"`
}

// listGlobal is the command list with --global: all groups as if they were one
// project. Each has its own dependencies, so deeper than that only one is shown.
func (l *lister) listGlobal() error {
	g := l.globals()
	groups, err := g.groups()
	if err != nil {
		return err
	}
	if l.depth > 0 {
		return l.listGroup(g, groups)
	}
	deps := map[string]*listed{}
	for _, gr := range groups {
		for _, d := range gr.deps {
			p := gr.installed(d.Alias)
			if p != nil && (l.wants == nil || l.wants(d.Alias)) {
				deps[d.Alias] = &listed{From: string(p.Manifest.Name), Version: p.Manifest.Version, Path: p.Dir}
			}
		}
	}
	var b strings.Builder
	switch s := &l.cfg.Settings.Call; {
	case s.JSON:
		return writeJSON(l.Stdout, []globalList{{g.dir, true, deps}})
	case s.Parseable:
		fmt.Fprintln(&b, g.dir)
		for _, name := range sortedNames(deps) {
			fmt.Fprintln(&b, deps[name].Path)
		}
	case len(deps) == 0 && l.wants != nil && len(groups) > 0:
		b.WriteString("No matching global packages found\n")
	case len(deps) == 0:
		b.WriteString("No global packages found\n")
	default:
		fmt.Fprintf(&b, "%s\n%s%s\n│\n│   %s:\n", legend, g.dir, private(true), prodGroup)
		l.branch(&b, "", deps, true)
	}
	_, err = fmt.Fprint(l.Stdout, b.String())
	return err
}

// listGroup shows the one group that is meant, with what its packages depend on.
func (l *lister) listGroup(g *globals, groups []*globalGroup) error {
	groups = slices.DeleteFunc(groups, func(gr *globalGroup) bool {
		return l.wants != nil && !slices.ContainsFunc(gr.names(), l.wants)
	})
	switch len(groups) {
	case 0:
		l.depth = 0
		return l.listGlobal()
	case 1:
	default:
		return &refusedError{"list --depth is for one global package: each has its own dependencies, in a directory of its own", "ERR_PNPM_GLOBAL_LS_DEPTH_NOT_SUPPORTED", "name one, or leave --depth out"}
	}
	at, err := g.open(groups[0].dir, nil, "list")
	if err != nil {
		return err
	}
	at.cfg.Settings.Call = l.cfg.Settings.Call
	at.cfg.Settings.Call.Global = false
	one := lister{call: at, depth: l.depth, seen: map[graph.Key]bool{}}
	if one.graph, err = at.installed(); err != nil {
		return err
	}
	return one.print()
}

// waysGlobal is every way from global packages to packages of these names.
func (c *call) waysGlobal(names []string) ([]dependent, error) {
	g := c.globals()
	groups, err := g.groups()
	if err != nil {
		return nil, err
	}
	found := []dependent{}
	for _, gr := range groups {
		at, err := g.open(gr.dir, nil, "why")
		if err != nil {
			return nil, err
		}
		ways, err := at.ways(names)
		if err != nil {
			return nil, err
		}
		found = append(found, ways...)
	}
	return found, nil
}

// outdatedGlobal is which global packages may have newer versions.
func (c *call) outdatedGlobal() ([]*outdated, error) {
	g := c.globals()
	groups, err := g.groups()
	if err != nil {
		return nil, err
	}
	var rows []*outdated
	for _, gr := range groups {
		at, err := g.open(gr.dir, nil, c.args.Positional...)
		if err != nil {
			return nil, err
		}
		have, err := at.installed()
		if err != nil {
			return nil, err
		}
		rows = append(rows, at.candidatesOf(at.inputs.Project, have, ".")...)
	}
	if patterns := c.args.Positional[1:]; len(patterns) > 0 && len(rows) == 0 {
		return nil, &refusedError{"none of " + strings.Join(patterns, ", ") + " is a global package", "ERR_PNPM_NO_PACKAGE_IN_DEPENDENCIES", "godwit list -g shows those there are"}
	}
	return rows, nil
}

// tellGlobal prints a directory of global packages.
func (c *call) tellGlobal(bin bool) error {
	g := c.globals()
	dir := g.dir
	if bin {
		dir = g.bin
		if !c.onPath(dir) {
			fmt.Fprintf(c.Stderr, "WARN %s is not in PATH; godwit setup adds it\n", dir)
		}
	}
	_, err := fmt.Fprintln(c.Stdout, dir)
	return err
}
