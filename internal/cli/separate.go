package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"godwit/internal/install"
	"godwit/internal/project"
	"godwit/internal/resolve"
)

// With shared-workspace-lockfile=false each project of a workspace has a lockfile and a
// node_modules of its own. A command is then about one project after the other: each
// as if it were alone, but for the settings and catalogs of the workspace, and for its
// projects, which it can depend on.

// separateWays is what commands do in such a workspace; others do not care, or refuse.
var separateWays = map[string]struct {
	each bool // for all projects, unless some are selected
	root bool // with -r the root is one of them, whatever include-workspace-root says
	here bool // for the project that the call is made in, and not with -r
	not  bool // refused: they would write for all what is about one
	// several is the command for several projects; nil refuses them.
	several func(context.Context, *call) error
}{
	"install": {each: true, root: true}, "ci": {each: true, root: true}, "fetch": {each: true, root: true},
	"dedupe": {each: true, root: true}, "prune": {each: true, root: true}, "rebuild": {each: true, root: true},
	"add": {}, "remove": {}, "update": {root: true},
	"list": {here: true, several: listSeparately}, "why": {here: true, several: whySeparately},
	"outdated": {here: true, several: outdatedSeparately}, "licenses": {here: true, several: licensesSeparately}, "audit": {here: true},
	"peers": {here: true, several: peersSeparately}, "ignored-builds": {here: true}, "approve-builds": {here: true},
	"link": {not: true}, "unlink": {not: true}, "import": {not: true},
}

// separate reports whether the projects have lockfiles of their own.
func (c *call) separate() bool {
	return !c.cfg.Settings.Workspace.SharedLockfile && c.workspace.globs != nil && !c.workspace.npm
}

// separately runs a command for the projects that it is about.
func (c *call) separately(ctx context.Context, cmd *command) error {
	way, known := separateWays[cmd.names[0]]
	if name := commandOf(c.args.Positional); name == "add" {
		way, known = separateWays[name]
		if err := c.checkRoot(); err != nil {
			return err
		}
	}
	if !known {
		return cmd.run(ctx, c)
	}
	if way.not {
		return &unsupportedError{cmd.names[0] + " with shared-workspace-lockfile=false", "leave the setting out for one lockfile at the root of the workspace"}
	}
	s := &c.cfg.Settings.Workspace
	all := cmd.names[0] == "list" && c.workspace.here == "." // as in pnpm 12
	if way.here && !s.Root && (s.Recursive || all || len(s.Filter)+len(s.FilterProd) > 0) {
		if way.several != nil {
			return way.several(ctx, c)
		}
		return &unsupportedError{cmd.names[0] + " of several projects with shared-workspace-lockfile=false", "go to the directory of one of them"}
	}
	var dirs []string
	var err error
	if dirs = []string{c.workspace.here}; !way.here {
		if dirs, err = c.selected(way.each, way.root); err != nil {
			return err
		}
	}
	if err := c.workspace.list(); err != nil {
		return err
	}
	for _, dir := range dirs {
		one, err := c.alone(dir)
		if err != nil {
			return err
		}
		if len(dirs) > 1 && c.cfg.Settings.Terminal.Reporter == "default" {
			fmt.Fprintf(c.Stderr, "\n%s:\n", dir)
		}
		switch err := cmd.run(ctx, one); {
		case err != nil && len(dirs) > 1:
			return fmt.Errorf("%s: %w", dir, err)
		case err != nil:
			return err
		}
	}
	return nil
}

// selected are the projects that a command is about, each after those that it
// depends on. Without a selection that is all of them, or the one that the call is
// made in.
func (c *call) selected(all, root bool) ([]string, error) {
	if err := c.workspace.list(); err != nil {
		return nil, err
	}
	importers, err := c.readProjects(c.workspace.dirs)
	if err != nil {
		return nil, err
	}
	s := &c.cfg.Settings.Workspace
	s.Recursive = s.Recursive || all && s.InstallAll
	dirs, err := c.targets(importers, root || s.IncludeRoot)
	if err != nil {
		return nil, err
	}
	return slices.Concat(c.projectGraph(importers, false).Levels(dirs)...), nil
}

// alone is the call for one project of the workspace.
func (c *call) alone(dir string) (*call, error) {
	root := filepath.Join(c.workspace.root, filepath.FromSlash(dir))
	p, err := project.Read(root)
	if err != nil {
		return nil, err
	}
	cfg, one := *c.cfg, *c
	ws := &cfg.Settings.Workspace
	ws.Filter, ws.FilterProd, ws.Recursive, ws.Root = nil, nil, false, false
	one.cfg, one.inputs.Project, one.inputs.Location.Dir = &cfg, p, root
	one.workspace = projectSet{root: root, here: ".", base: c.workspace.root, files: c.workspace.files}
	for _, other := range c.workspace.dirs {
		if other != dir {
			rel, err := filepath.Rel(root, filepath.Join(c.workspace.root, filepath.FromSlash(other)))
			if err != nil {
				return nil, err
			}
			one.workspace.others = append(one.workspace.others, filepath.ToSlash(rel))
		}
	}
	return &one, nil
}

// readProjects reads projects of the workspace, whatever is selected.
func (c *call) readProjects(dirs []string) ([]install.Importer, error) {
	out := make([]install.Importer, 0, len(dirs))
	for _, dir := range dirs {
		p, err := project.Read(filepath.Join(c.workspace.root, filepath.FromSlash(dir)))
		if err != nil {
			return nil, err
		}
		out = append(out, c.importer(dir, &p.Manifest))
	}
	return out, nil
}

// otherImporters are the projects of the workspace that have lockfiles of their own.
func (c *call) otherImporters() ([]install.Importer, error) {
	return c.readProjects(c.workspace.others)
}

// tellOthers lets an install know the other projects when it compares the lockfile.
func (c *call) tellOthers(req *install.Request) {
	projects := req.Projects
	req.Projects = func() ([]install.Importer, error) {
		importers, err := projects()
		if err != nil {
			return nil, err
		}
		others, err := c.otherImporters()
		req.Lockfile.Others = append(req.Lockfile.Others, install.Recorded(others)...)
		return importers, err
	}
}

// otherMembers are the same as a resolver wants them, in the shape that they have.
func (c *call) otherMembers(shaping *shaping) ([]resolve.Member, error) {
	others, err := c.otherImporters()
	if err != nil {
		return nil, err
	}
	out := make([]resolve.Member, len(others))
	for i, im := range others {
		im.Manifest = shaping.shape.Project(im.Manifest, filepath.ToSlash(filepath.Join(c.workspace.root, im.Dir)))
		out[i] = member(&im)
	}
	return out, nil
}
