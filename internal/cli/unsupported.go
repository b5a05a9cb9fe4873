package cli

import (
	"slices"

	"godwit/internal/config"
	"godwit/internal/lockfile"
	"godwit/internal/project"
)

// unsupported refuses what other versions may know how to obey. To go on
// without would make another tree than was asked for.
func (c *call) unsupported() error {
	for _, r := range append(c.unsupportedSettings(), c.unsupportedLayout()...) {
		if r.asked {
			return &unsupportedError{r.what, r.next}
		}
	}
	return nil
}

// refusal is something that cannot be done, and what to do instead.
type refusal struct {
	asked      bool
	what, next string
}

// shapes is what package.json and pnpm-workspace.yaml say about the graph.
func (c *call) shapes() ([]project.Shape, error) {
	shape, _, err := c.inputs.Project.Pnpm()
	if err != nil {
		return nil, err
	}
	shapes := []project.Shape{shape}
	if ws := c.inputs.Workspace; ws != nil {
		shapes = append(shapes, ws.Shape)
	}
	return shapes, nil
}

func (c *call) unsupportedSettings() []refusal {
	s, root := &c.cfg.Settings, c.workspace.root
	return []refusal{
		{s.Dirs.Lockfile != "" && s.Dirs.Lockfile != root, "lockfile-dir=" + s.Dirs.Lockfile, "leave it out"},
		{s.Network.LocalAddress != "", "local-address", "leave it out"},
		{c.separate(), commandOf(c.args.Positional) + " with shared-workspace-lockfile=false", "leave the setting out for one lockfile at the root of the workspace"},
		{s.Call.JSON && !c.npmProject(), commandOf(c.args.Positional) + " --json in a project that is not npm's", "use --reporter=ndjson"},
		{c.workspace.base != "" && s.Save.PruneCatalogs, "catalog-prune with shared-workspace-lockfile=false", "leave one of them out"},
	}
}

// unsupportedLayout is what the lockfile's kind keeps from being done.
func (c *call) unsupportedLayout() []refusal {
	s := &c.cfg.Settings
	return []refusal{
		{c.otherModules() != "" && c.lock.Format != lockfile.Pnpm, "modules-dir in a project of another tool than pnpm", "leave it out"},
		{c.mixed() != "", "modules-dir=" + s.Dirs.Modules + ", which would mix packages with the project in " + c.mixed() + ",", "name a directory that each project has for itself"},
		{c.otherModules() != "" && c.flagged("virtual-store", "enable-global-virtual-store"), "virtual-store=global with modules-dir", "leave out one of them"},
		{s.Install.Linker == "pnp", "node-linker=pnp", "use isolated or hoisted"},
		{s.Install.SharedSlots && !s.Install.Symlink, "virtual-store=global with symlink=false", "leave out one of them"},
		{s.Install.FrozenStore && s.Call.Force, "frozen-store with --force", "leave out one of them"},
		{s.Install.FrozenStore && s.Install.SharedSlots && !c.hoisted(), "virtual-store=global with frozen-store", "leave out one of them"},
		// In a file of the user's it is about the projects that can have it.
		{c.hoisted() && s.Install.SharedSlots && c.flagged("virtual-store", "enable-global-virtual-store"), "virtual-store=global with a hoisted node_modules", "leave out one of them"},
	}
}

// flagged reports whether one of the settings was given on the command line.
func (c *call) flagged(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		v, _ := c.cfg.Lookup(key)
		return v.Source.Level == config.FromFlag
	})
}

// unsupportedError is something that this version cannot do.
type unsupportedError struct{ what, next string }

func (e *unsupportedError) Error() string {
	return e.what + " is not supported by this version of godwit"
}
func (e *unsupportedError) Code() string { return "ERR_GODWIT_UNSUPPORTED" }
func (e *unsupportedError) Hint() string { return e.next }
