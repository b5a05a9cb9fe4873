package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/graph"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/spawn"
)

// raise is a dependency that update --interactive offers, in however many
// projects it is.
type raise struct {
	alias string
	want  specifier.Specifier
	now   string // the version that is locked; "" is none
	to    string // the newer one; "" if there is none
}

// pick asks the user which dependencies are meant, of those that have a newer
// version where update would look for one. It reports whether there are any.
func (u *updating) pick(ctx context.Context) (bool, error) {
	if !u.Terminal {
		return false, &usageError{"update --interactive asks which dependencies are meant, and this is no terminal", "name them behind the command: godwit update left-pad"}
	}
	if err := u.findLock(); err != nil {
		return false, err
	}
	if u.npmProject() {
		return false, &unsupportedError{"update --interactive in a project of npm's", "godwit outdated shows what there is; name those that are meant behind update"}
	}
	rows, err := u.raises(ctx)
	if err != nil {
		return false, err
	}
	if len(rows) == 0 {
		next := "; --latest looks beyond the ranges of package.json"
		if u.cfg.Settings.Update.Latest {
			next = ""
		}
		_, err := fmt.Fprintln(u.Stdout, "There is nothing newer"+next)
		return false, err
	}
	picked, err := u.choices("These dependencies can be raised:", "Which of them? Numbers, \"all\" or \"none\": ", raiseLines(rows))
	if err != nil {
		return false, err
	}
	u.patterns = nil
	for i, r := range rows {
		if picked[i] && !slices.Contains(u.patterns, r.alias) {
			u.patterns = append(u.patterns, r.alias)
		}
	}
	return len(u.patterns) > 0, nil
}

// raises are the rows to offer, by alias.
func (u *updating) raises(ctx context.Context) ([]*raise, error) {
	if err := u.workspace.list(); err != nil {
		return nil, err
	}
	rows, err := u.offers()
	if err != nil {
		return nil, err
	}
	reporter := u.reporter()
	defer reporter.Close()
	client, err := u.client(reporter)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ask, err := u.asking(client)
	if err != nil {
		return nil, err
	}
	err = spawn.Each(len(rows), packumentsAtOnce, true, func(i int) error { return rows[i].look(ctx, ask) })
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r *raise) bool { return r.to == "" })
	slices.SortFunc(rows, func(a, b *raise) int {
		return cmp.Or(strings.Compare(a.alias, b.alias), strings.Compare(a.now, b.now), strings.Compare(a.to, b.to))
	})
	return slices.CompactFunc(rows, func(a, b *raise) bool { return a.alias == b.alias && a.now == b.now && a.to == b.to }), nil
}

// offers are the dependencies from registries that the call is about, in
// all its projects.
func (u *updating) offers() ([]*raise, error) {
	importers, err := u.projects()
	if err != nil {
		return nil, err
	}
	targets, err := u.targets(importers, true)
	if err != nil {
		return nil, err
	}
	doc, err := u.choice(u.workspace.root).Present(u.workspace.root)
	if err != nil {
		return nil, err
	}
	var locked *graph.Graph
	if doc != nil {
		locked = doc.Graph
	}
	var rows []*raise
	for _, im := range importers {
		if !targets[im.Dir] {
			continue
		}
		changes, err := u.changes(&im)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			r, ask := &raise{alias: c.alias}, c.ask
			if c.raises != nil {
				ask = c.raises.ask
			}
			if r.want, err = specifier.Parse(c.alias, ask); err != nil {
				return nil, err
			}
			if locked != nil {
				if d := directDep(locked.Importer(im.Dir), c.alias); d != nil && locked.Packages[d.Target.Key] != nil {
					r.now = locked.Packages[d.Target.Key].Version
				}
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// look asks the registry; to stays "" if the current version is as new.
func (r *raise) look(ctx context.Context, ask asking) error {
	doc, err := ask(ctx, r.want.Name)
	var none interface{ NotFound() bool }
	if errors.As(err, &none) {
		return nil // a project of the workspace, which registries need not know
	}
	if err != nil {
		return fmt.Errorf("look for newer versions of %s: %w", r.alias, err)
	}
	found := matching(doc, r.want)
	if len(found) == 0 {
		return nil
	}
	to := found[len(found)-1]
	if latest := doc.DistTags["latest"]; slices.Contains(found, latest) {
		to = latest // which comes before what is higher
	}
	now, err1 := semver.Parse(r.now, semver.Options{})
	newest, err2 := semver.Parse(to, semver.Options{})
	if err2 == nil && (err1 != nil || newest.Compare(now) > 0) {
		r.to = to
	}
	return nil
}

// raiseLines shows what may be raised, in columns.
func raiseLines(rows []*raise) []string {
	names, nows := 0, 0
	for _, r := range rows {
		names, nows = max(names, len(ui.Plain(r.alias))), max(nows, len(cmp.Or(r.now, "missing")))
	}
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprintf("%-*s  %-*s -> %s", names, ui.Plain(r.alias), nows, cmp.Or(r.now, "missing"), r.to)
	}
	return out
}
