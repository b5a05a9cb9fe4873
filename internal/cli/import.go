package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// runImport is the command import: a lockfile for another tool, with the versions
// of the one that the project has. What that tool decides otherwise, where peers
// lead for example, is resolved anew.
func runImport(ctx context.Context, c *call) error {
	to := lockfile.FormatOf(c.cfg.Settings.Call.To)
	from, err := c.importFrom(to)
	if err != nil {
		return err
	}
	if to == lockfile.Yarn && c.managedBy("yarn") && !c.makesYarn() {
		return &unsupportedError{"import --to yarn in a project of yarn 2 or 3", "name yarn 4 under packageManager; or make a pnpm-lock.yaml without the flag, a package-lock.json with --to=npm, or a bun.lock with --to=bun"}
	}
	if to != lockfile.Pnpm && c.workspace.globs != nil && len(c.inputs.Project.Manifest.Workspaces) == 0 {
		return &unseenError{c.workspace.globs, to}
	}
	c.lock = lockfile.File{Format: to, Path: filepath.Join(c.workspace.root, string(to))}
	c.prefer = map[npm.Name][]string{}
	return c.install(ctx, func(req *install.Request) error {
		req.LockfileOnly, req.Frozen, req.Resolve = true, install.NotFrozen, true
		req.PreferHoisted = from.Format != lockfile.Pnpm
		projects := req.Projects
		req.Projects = func() ([]install.Importer, error) {
			importers, err := projects()
			if err == nil {
				req.Prefer, err = c.imported(from, importers)
			}
			if err == nil {
				c.preferVersions(req.Prefer)
			}
			return importers, err
		}
		return nil
	})
}

// preferVersions notes the versions of a graph, the highest of each name first.
func (c *call) preferVersions(g *graph.Graph) {
	loose := semver.Options{Loose: true}
	for _, p := range g.Packages {
		if p.Resolution.Kind == graph.Registry && !slices.Contains(c.prefer[p.Name], p.Version) {
			c.prefer[p.Name] = append(c.prefer[p.Name], p.Version)
		}
	}
	for _, versions := range c.prefer {
		slices.SortFunc(versions, func(x, y string) int {
			a, err := semver.Parse(x, loose)
			b, err2 := semver.Parse(y, loose)
			if err != nil || err2 != nil {
				return strings.Compare(y, x)
			}
			return b.Compare(a)
		})
	}
}

// importFrom is the lockfile to take versions from: the one of another format that
// counts most.
func (c *call) importFrom(to lockfile.Format) (lockfile.File, error) {
	if err := c.findLock(); err != nil {
		return lockfile.File{}, err
	}
	for _, f := range slices.Concat([]lockfile.File{c.lock}, c.otherLocks) {
		if f.Format != to && f.Path != "" {
			c.otherLocks = nil // which counts has been said by the command
			return f, nil
		}
	}
	return lockfile.File{}, &noImportError{c.workspace.root, to}
}

// imported is the graph of a lockfile, with what the projects ask for today.
func (c *call) imported(f lockfile.File, importers []install.Importer) (*graph.Graph, error) {
	doc, err := lockfile.Read(f)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, lockfile.ErrEmpty) {
		return nil, &noImportError{c.workspace.root, c.lock.Format}
	}
	if err != nil {
		return nil, err
	}
	projects := make([]lockfile.Project, len(importers))
	for i, im := range importers {
		projects[i] = lockfile.Project{Dir: im.Dir, Manifest: im.Manifest}
	}
	settings := lockfile.Settings{Resolutions: c.inputs.Project.Manifest.Resolutions}
	if err := lockfile.Join(f.Path, doc, projects, settings, true); err != nil {
		return nil, err
	}
	return doc.Graph, nil
}

// noImportError is a project without a lockfile to import.
type noImportError struct {
	dir string
	to  lockfile.Format
}

func (e *noImportError) Error() string {
	return fmt.Sprintf("%s has no lockfile to make a %s of", e.dir, e.to)
}

// Code is pnpm's code for this error.
func (e *noImportError) Code() string { return "ERR_PNPM_LOCKFILE_NOT_FOUND" }

// Hint is what the user can do.
func (e *noImportError) Hint() string {
	return "run the command where a package-lock.json, npm-shrinkwrap.json, yarn.lock, bun.lock or pnpm-lock.yaml is"
}

// unseenError is a workspace that the tool of a lockfile would take for one project.
type unseenError struct {
	globs []string
	to    lockfile.Format
}

func (e *unseenError) Error() string {
	return fmt.Sprintf("the projects of this workspace are named in pnpm-workspace.yaml, which the tool of a %s does not read", e.to)
}

// Code is the code of this error.
func (e *unseenError) Code() string { return "ERR_GODWIT_UNSEEN_WORKSPACE" }

// Hint is what the user can do.
func (e *unseenError) Hint() string {
	return fmt.Sprintf("write \"workspaces\": [\"%s\"] to package.json", strings.Join(e.globs, `", "`))
}
