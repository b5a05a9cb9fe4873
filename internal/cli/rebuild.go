package cli

import (
	"context"
	"slices"

	"godwit/internal/graph"
)

// runRebuild is the command rebuild: it runs install scripts that may run once
// more, of the packages named or of all, in files as they were published.
// --pending leaves out what is built already.
func runRebuild(ctx context.Context, c *call) error {
	names := c.args.Positional[1:]
	c.rebuild = func(p *graph.Package) bool {
		return !c.cfg.Settings.Call.Pending &&
			(len(names) == 0 || slices.Contains(names, string(p.Name)) || slices.Contains(names, string(p.Key.ID())))
	}
	return runInstall(ctx, c)
}
