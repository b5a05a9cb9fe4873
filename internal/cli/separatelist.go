package cli

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/graph"
)

// several are the calls for each of the projects with lockfiles of their own that a
// call is about, in the order of their directories.
func (c *call) several() ([]*call, error) {
	if c.workspace.here == "." {
		c.cfg.Settings.Workspace.Recursive = true
	}
	dirs, err := c.listedDirs()
	if err != nil {
		return nil, err
	}
	out := make([]*call, len(dirs))
	for i, dir := range dirs {
		if out[i], err = c.alone(dir); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// listSeparately is list for several projects: a list for each of them that has
// something in it, but one document of JSON (pnpm 12).
func listSeparately(_ context.Context, c *call) error {
	calls, err := c.several()
	if err != nil {
		return err
	}
	all, gap := []*listedProject{}, ""
	for _, one := range calls {
		l := lister{call: one, seen: map[graph.Key]bool{}}
		if err := l.parse(); err != nil {
			return err
		}
		if l.graph, err = one.installed(); err != nil {
			return err
		}
		projects, err := l.projects()
		if err != nil {
			return err
		}
		if c.cfg.Settings.Call.JSON {
			all = append(all, projects...)
			continue
		}
		if l.count == 0 {
			continue
		}
		if _, err := fmt.Fprint(c.Stdout, gap); err != nil {
			return err
		}
		gap = "\n"
		if c.cfg.Settings.Call.Parseable {
			err = l.parseable(projects)
		} else {
			err = l.tree(projects)
		}
		if err != nil {
			return err
		}
	}
	if c.cfg.Settings.Call.JSON {
		return writeJSON(c.Stdout, all)
	}
	return nil
}

// whySeparately is why for several projects: the ways of all of them at once.
func whySeparately(_ context.Context, c *call) error {
	names := c.args.Positional[1:]
	if len(names) == 0 {
		return &usageError{"why wants the names of packages", "for example: godwit why left-pad"}
	}
	calls, err := c.several()
	if err != nil {
		return err
	}
	found := []dependent{}
	for _, one := range calls {
		if g, err := one.installed(); err != nil || g == nil {
			if err != nil {
				return err
			}
			continue
		}
		more, err := one.ways(names)
		if err != nil {
			return err
		}
		found = joinWays(found, more)
	}
	if c.cfg.Settings.Call.JSON {
		return writeJSON(c.Stdout, found)
	}
	return drawWays(c.Stdout, found)
}

// joinWays puts together what several lockfiles say of the same packages; the
// directory is that of the first.
func joinWays(a, b []dependent) []dependent {
	for _, d := range b {
		i := slices.IndexFunc(a, func(o dependent) bool {
			return o.Name == d.Name && o.Version == d.Version && o.DepField == d.DepField
		})
		if i < 0 {
			a = append(a, d)
			continue
		}
		a[i].Dependents = joinWays(a[i].Dependents, d.Dependents)
	}
	slices.SortStableFunc(a, func(a, b dependent) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
	})
	return a
}

// licensesSeparately is licenses for several projects: one list.
func licensesSeparately(_ context.Context, c *call) error {
	calls, err := c.several()
	if err != nil {
		return err
	}
	all := licenseLister{call: c, seen: map[string]struct{}{}, distinct: true}
	for _, one := range calls {
		l := licenseLister{call: one, seen: all.seen}
		if err := l.walkGraph(); err != nil {
			return err
		}
		all.found = append(all.found, l.found...)
	}
	return all.tell()
}

// peersSeparately is peers check for several projects: what is wrong in any of them.
func peersSeparately(_ context.Context, c *call) error {
	calls, err := c.several()
	if err != nil {
		return err
	}
	var checked []peerReport
	for _, one := range calls {
		at, err := filepath.Rel(c.workspace.root, one.workspace.root)
		if err != nil {
			return err
		}
		r, err := one.checkPeers(func(string) string { return filepath.ToSlash(at) })
		if err != nil {
			return err
		}
		checked = append(checked, r)
	}
	return c.tellPeers(checked)
}

// outdatedSeparately is outdated for several projects.
func outdatedSeparately(ctx context.Context, c *call) error {
	calls, err := c.several()
	if err != nil {
		return err
	}
	rows := []*outdated{}
	for _, one := range calls {
		p, err := one.projectOf()
		if err != nil {
			return err
		}
		g, err := one.installed()
		if err != nil {
			return err
		}
		for _, o := range one.candidatesOf(p, g, one.workspace.here) {
			o.Dependents = []outdatedIn{{string(p.Manifest.Name), p.Dir}}
			rows = append(rows, o)
		}
	}
	return c.tellOutdated(ctx, rows, true)
}

// outdatedIn is a project with an outdated dependency, in the shape of pnpm's JSON.
type outdatedIn struct {
	Name     string `json:"name"`
	Location string `json:"location"`
}

// joinOutdated makes one row of those of several projects that say the same.
func joinOutdated(rows []*outdated) []*outdated {
	var out []*outdated
	for _, o := range rows {
		i := slices.IndexFunc(out, func(was *outdated) bool {
			return was.name == o.name && was.Current == o.Current && was.Type == o.Type
		})
		if i < 0 {
			out = append(out, o)
			continue
		}
		out[i].Dependents = append(out[i].Dependents, o.Dependents...)
	}
	return out
}
