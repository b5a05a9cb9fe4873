package cli

import (
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
	missing, has := slices.Clone(names), map[string]bool{}
	e := &editing{targets: func(importers []install.Importer) (map[string]bool, error) { return c.targets(importers, true) }}
	e.changes = func(im *install.Importer) (out []change, _ error) {
		for _, group := range groupsOfManifest {
			if only != "" && only != group {
				continue
			}
			for _, d := range *depsOf(im.Manifest, group) {
				has[d.Alias] = true
			}
		}
		missing = slices.DeleteFunc(missing, func(name string) bool { return has[name] })
		for _, name := range names {
			out = append(out, change{alias: name, only: only})
		}
		return out, nil
	}
	e.demand = func() error {
		if len(missing) == 0 {
			return nil
		}
		where := "any group of dependencies"
		if only != "" {
			where = only
		}
		next := "there are none"
		if len(has) > 0 {
			next = "there are: " + strings.Join(slices.Sorted(maps.Keys(has)), ", ")
		}
		return &refusedError{
			what: fmt.Sprintf("remove %s: it is not in %s of %s", strings.Join(missing, ", "), where, c.inputs.Location.Dir),
			code: "ERR_PNPM_CANNOT_REMOVE_MISSING_DEPS", next: next,
		}
	}
	return c.change(ctx, e, nil)
}
