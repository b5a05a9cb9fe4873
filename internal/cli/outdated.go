package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/spawn"
)

// outdated is one dependency with a newer version, in the shape of pnpm's JSON.
type outdated struct {
	Current    string `json:"current"`
	Latest     string `json:"latest"`
	Wanted     string `json:"wanted"`
	Deprecated bool   `json:"isDeprecated"`
	Type       string `json:"dependencyType"`

	Dependents []outdatedIn `json:"dependentPackages,omitempty"` // where several projects are looked at

	name    string
	within  string // range to stay in; "" is any version
	details string // for --long
	change  int    // 0 for a patch, 1 for a minor version, 2 for a major one
}

// packumentsAtOnce bounds what outdated asks the registry for at one time: what
// browsers ask of one host over HTTP/2, and what registries serve without
// complaint.
const packumentsAtOnce = 32

// runOutdated is the command outdated: which direct dependencies have a newer
// version than the one that is locked. It fails if there are any.
func runOutdated(ctx context.Context, c *call) error {
	if c.cfg.Settings.Call.Global {
		rows, err := c.outdatedGlobal()
		if err != nil {
			return err
		}
		return c.tellOutdated(ctx, rows, false)
	}
	if err := c.findLock(); err != nil {
		return err
	}
	if c.ofNpm() {
		return c.npmOutdated(ctx)
	}
	g, err := c.installed()
	if err != nil {
		return err
	}
	dirs, err := c.listedDirs()
	if err != nil {
		return c.noneIsFine(err)
	}
	several := c.recursive() || c.cfg.Settings.Workspace.Recursive
	rows, err := c.candidates(g, dirs, several)
	if err != nil {
		return err
	}
	return c.tellOutdated(ctx, rows, several)
}

// tellOutdated shows which of the rows have a newer version; of several projects
// it says which ones.
func (c *call) tellOutdated(ctx context.Context, rows []*outdated, several bool) error {
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
	err = spawn.Each(len(rows), packumentsAtOnce, true, func(i int) error { return rows[i].look(ctx, ask) })
	if err != nil {
		return err
	}
	rows = joinOutdated(slices.DeleteFunc(rows, func(o *outdated) bool { return o.Latest == "" }))
	slices.SortStableFunc(rows, func(a, b *outdated) int {
		if c.cfg.Settings.Call.SortBy != "" {
			return strings.Compare(a.name, b.name)
		}
		return cmp.Or(cmp.Compare(a.change, b.change), strings.Compare(a.name, b.name))
	})
	if call := &c.cfg.Settings.Call; call.JSON || call.Format == "json" {
		err = writeOutdatedJSON(c.Stdout, rows)
	} else if len(rows) > 0 {
		err = c.writeOutdated(ctx, rows, several)
	}
	if err == nil && len(rows) > 0 {
		return errSaid
	}
	return err
}

// candidates are the direct dependencies from registries, of projects at these
// directories, that the call is about. A root that is no project has none. Of several
// projects each row says whose it is.
func (c *call) candidates(g *graph.Graph, dirs []string, several bool) (rows []*outdated, err error) {
	for _, dir := range dirs {
		p, err := project.Read(filepath.Join(c.workspace.root, filepath.FromSlash(dir)))
		if dir == "." && c.workspace.globs != nil && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, o := range c.candidatesOf(p, g, dir) {
			if several {
				o.Dependents = []outdatedIn{{string(p.Manifest.Name), p.Dir}}
			}
			rows = append(rows, o)
		}
	}
	return rows, nil
}

func (c *call) candidatesOf(p *project.Project, g *graph.Graph, dir string) (rows []*outdated) {
	in := c.cfg.Settings.Include
	wants := func(string) bool { return true }
	if patterns := c.args.Positional[1:]; len(patterns) > 0 {
		wants = matcher(patterns)
	}
	for group, on := range map[string]bool{prodGroup: in.Prod, devGroup: in.Dev, optionalGroup: in.Optional} {
		for _, d := range *depsOf(&p.Manifest.Manifest, group) {
			s, err := specifier.Parse(d.Alias, d.Specifier)
			if !on || !wants(d.Alias) || err != nil || !s.Kind.IsRegistry() {
				continue
			}
			o := &outdated{name: string(s.Name), Type: group}
			if g != nil {
				if direct := directDep(g.Importer(dir), d.Alias); direct != nil && g.Packages[direct.Target.Key] != nil {
					o.Current = g.Packages[direct.Target.Key].Version
				}
			}
			o.Wanted = o.Current
			if c.cfg.Settings.Call.Compatible {
				o.within = s.Range
			}
			rows = append(rows, o)
		}
	}
	slices.SortFunc(rows, func(a, b *outdated) int { return strings.Compare(a.name, b.name) })
	return rows
}

// look asks the registry; Latest stays "" if the current version is as new.
func (o *outdated) look(ctx context.Context, ask asking) error {
	doc, err := ask(ctx, npm.Name(o.name))
	if err != nil {
		return fmt.Errorf("look for newer versions of %s: %w", o.name, err)
	}
	latest := doc.DistTags["latest"]
	if within, err := semver.ParseRange(o.within, semver.Options{Loose: true}); o.within != "" && err == nil {
		latest = ""
		if i := semver.MaxIndex(doc.Versions(), within); i >= 0 {
			latest = doc.Versions()[i].String()
		}
	}
	if latest == "" {
		return nil
	}
	now, err1 := semver.Parse(o.Current, semver.Options{})
	newest, err2 := semver.Parse(latest, semver.Options{})
	if err2 != nil || err1 == nil && newest.Compare(now) <= 0 {
		return nil
	}
	o.Latest, o.change = latest, rank(now, newest)
	if m, err := doc.Manifest(latest); err == nil {
		o.Deprecated = m.Deprecated != ""
	}
	return nil
}

// rank is how much two versions differ: in the major number, the minor one, or
// less.
func rank(a, b semver.Version) int {
	switch {
	case a.Major != b.Major:
		return 2
	case a.Minor != b.Minor:
		return 1
	}
	return 0
}
