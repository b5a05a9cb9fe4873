package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"godwit/internal/install"
)

// runRemove is the command remove.
func runRemove(ctx context.Context, c *call) error {
	names := c.args.Positional[1:]
	if len(names) == 0 {
		return &refusedError{what: "remove wants the names of dependencies", code: "ERR_PNPM_MUST_REMOVE_SOMETHING", next: "for example: godwit remove left-pad"}
	}
	if c.cfg.Settings.Call.Global {
		return c.removeGlobal(ctx)
	}
	only := ""
	switch save := &c.cfg.Settings.Save; {
	case save.Dev:
		only = devGroup
	case save.Optional:
		only = optionalGroup
	case save.Prod:
		only = prodGroup
	}
	r := &removal{call: c, names: names, only: only, missing: slices.Clone(names), has: map[string]bool{}}
	e := &editing{changes: r.changes, demand: r.demand}
	e.targets = func(importers []install.Importer) (map[string]bool, error) { return c.targets(importers, true) }
	return c.change(ctx, e, nil)
}

// removal is what one call takes out of projects.
type removal struct {
	*call
	names   []string
	only    string          // the group that they go from; "" is all
	missing []string        // names that no project has had so far
	has     map[string]bool // what projects have
}

func (r *removal) changes(im *install.Importer) (out []change, _ error) {
	for _, group := range groupsOfManifest {
		if r.only != "" && r.only != group {
			continue
		}
		for _, d := range *depsOf(im.Manifest, group) {
			r.has[d.Alias] = true
		}
	}
	r.missing = slices.DeleteFunc(r.missing, func(name string) bool { return r.has[name] })
	for _, name := range r.names {
		out = append(out, change{alias: name, only: r.only})
	}
	return out, nil
}

// demand refuses names that no project has.
func (r *removal) demand() error {
	if len(r.missing) == 0 {
		return nil
	}
	where := cmp.Or(r.only, "any group of dependencies")
	next := "look at package.json: it has none"
	if len(r.has) > 0 {
		next = "there are: " + strings.Join(slices.Sorted(maps.Keys(r.has)), ", ")
	}
	return &refusedError{
		what: fmt.Sprintf("remove %s: it is not in %s of %s", strings.Join(r.missing, ", "), where, r.inputs.Location.Dir),
		code: "ERR_PNPM_CANNOT_REMOVE_MISSING_DEPS", next: next,
	}
}
