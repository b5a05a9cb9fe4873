package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"godwit/internal/config"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/lockfile"
)

// runDedupe is the command dedupe: versions are chosen anew, among those that the
// lockfile has, so that as few as possible are left. With --check nothing is
// changed, and that something would be is an error.
func runDedupe(ctx context.Context, c *call) error {
	err := c.install(ctx, func(req *install.Request) error {
		if c.cfg.Settings.Lockfile.Frozen == config.Yes && c.args.Has("frozen-lockfile") {
			return &usageError{"--frozen-lockfile forbids what dedupe is for: to change the lockfile", "leave the flag out, or use --check"}
		}
		if c.foreign() && !c.bunProject() {
			return &unsupportedError{"dedupe with " + string(c.lock.Format), "use the tool whose lockfile it is"}
		}
		req.Dedupe, req.Resolve, req.Frozen = true, true, install.NotFrozen
		if c.cfg.Settings.Call.Check {
			present, err := req.Choice.Present(req.Root)
			if err == nil && present != nil {
				err = lockfile.Join(c.lock.Path, present, nil, req.Lockfile, req.Hoisted) // a bun.lock needs no projects for that
			}
			if err != nil {
				return err
			}
			req.Editor = &dedupeCheck{present}
			return nil
		}
		c.lifecycle(req)
		return nil
	})
	if errors.Is(err, errNothingToDedupe) {
		return nil
	}
	return err
}

// runFindDupes is the command find-dupes, which tells what dedupe would do: in npm's
// projects as npm does, in others it fails as dedupe --check.
func runFindDupes(ctx context.Context, c *call) error {
	if err := c.findLock(); err != nil {
		return err
	}
	call := &c.cfg.Settings.Call
	call.DryRun, call.Check = c.npmProject(), !c.npmProject()
	if call.Check && call.JSON {
		return &usageError{"find-dupes --json is for npm's projects", "leave --json out"}
	}
	return runDedupe(ctx, c)
}

// errNothingToDedupe ends a dedupe --check that found nothing.
var errNothingToDedupe = errors.New("nothing to dedupe")

// dedupeCheck is an install.Editor that ends the install when it is known what
// the lockfile would become.
type dedupeCheck struct{ present *lockfile.Document }

// Chosen implements install.Editor.
func (d *dedupeCheck) Chosen(g *graph.Graph, _ []install.Importer) error {
	before := &graph.Graph{}
	if d.present != nil {
		before = d.present.Graph
	}
	changes := graphChanges(before, g)
	if len(changes) == 0 {
		return errNothingToDedupe
	}
	return &dedupeError{changes}
}

// Save implements install.Editor.
func (d *dedupeCheck) Save() error { panic("cli: dedupe --check goes on after its check") }

// graphChanges lists what is different, a line for each importer's dependency and
// for each package.
func graphChanges(before, after *graph.Graph) []string {
	var out []string
	for _, im := range after.Importers {
		old := map[string]graph.Key{}
		if was := before.Importer(im.Dir); was != nil {
			for _, d := range was.Deps {
				old[d.Alias] = d.Target.Key
			}
		}
		for _, d := range im.Deps {
			if was := old[d.Alias]; was != d.Target.Key {
				out = append(out, fmt.Sprintf("%s: %s -> %s", im.Dir, was, d.Target.Key))
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(before.Packages)) {
		if after.Packages[key] == nil {
			out = append(out, "- "+string(key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(after.Packages)) {
		was, is := before.Packages[key], after.Packages[key]
		if was == nil {
			out = append(out, "+ "+string(key))
			continue
		}
		edges := map[string]graph.Key{}
		for _, e := range was.Edges {
			edges[e.Alias] = e.Target.Key
		}
		for _, e := range is.Edges {
			if edges[e.Alias] != e.Target.Key {
				out = append(out, fmt.Sprintf("%s: %s -> %s", key, edges[e.Alias], e.Target.Key))
			}
		}
	}
	return out
}

// dedupeError is what dedupe --check found.
type dedupeError struct{ changes []string }

func (e *dedupeError) Error() string {
	return "dedupe would change the lockfile:\n  " + strings.Join(e.changes, "\n  ")
}

// Code is pnpm's code for this error.
func (e *dedupeError) Code() string { return "ERR_PNPM_DEDUPE_CHECK_ISSUES" }

// Hint is what the user can do.
func (e *dedupeError) Hint() string { return "run godwit dedupe" }
