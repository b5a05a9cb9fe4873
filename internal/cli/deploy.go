package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/config"
	"godwit/internal/fsys"
	"godwit/internal/install"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
	"godwit/internal/project"
)

const deployHelp = `The directory gets the files that the project would be published with, its
dependencies as the workspace's lockfile has them, and a lockfile of its own. Other
projects of the workspace that it needs are copied into node_modules. With --prod
what it is developed with is left out.`

// runDeploy is the command deploy, in pnpm 12's shape.
func runDeploy(ctx context.Context, c *call) error {
	d, err := c.deployment()
	if err != nil {
		return err
	}
	if err := d.clear(); err != nil {
		return err
	}
	if err := d.copy(); err != nil {
		return err
	}
	doc, manifest, err := d.documents()
	if err != nil {
		return err
	}
	if err := d.write(doc, manifest); err != nil {
		return err
	}
	if err := d.install(ctx); err != nil {
		return err
	}
	if d.cfg.Settings.Call.Legacy {
		return d.asLegacy()
	}
	return nil
}

// deployment is one call of deploy.
type deployment struct {
	*call
	project *project.Project
	dir     string                      // of the project, a slash path from the root
	members map[string]*project.Project // by such paths
	to      string                      // absolute
	doc     *lockfile.Document          // of the workspace
	rules   []project.BuildRule
	shape   project.Shape
}

// deployment finds out what is meant.
func (c *call) deployment() (*deployment, error) {
	if c.workspace.globs == nil {
		c.cfg.Settings.Workspace.IncludeRoot = true // a pnpm-workspace.yaml with settings only makes a workspace of one
	}
	if c.workspace.globs == nil && c.inputs.Workspace == nil {
		return nil, &refusedError{"a deploy is only possible from inside a workspace", "ERR_PNPM_CANNOT_DEPLOY", "go to the workspace that has the project"}
	}
	words := c.arguments()
	if len(words) != 1 {
		return nil, &refusedError{"deploy wants one directory to write to", "ERR_PNPM_INVALID_DEPLOY_TARGET", "for example: godwit deploy --filter app --prod ../out"}
	}
	r, stop := c.newRunner("deploy")
	defer stop()
	projects, levels, err := r.selection()
	dirs := slices.Concat(levels...)
	switch {
	case err != nil && !errors.As(err, new(*NoMatchError)):
		return nil, err
	case len(dirs) == 0:
		return nil, &refusedError{"no project was selected for deployment", "ERR_PNPM_NOTHING_TO_DEPLOY", "name it: --filter app"}
	case len(dirs) > 1:
		return nil, &refusedError{fmt.Sprintf("cannot deploy more than one project, and %d are selected", len(dirs)), "ERR_PNPM_CANNOT_DEPLOY_MANY", "name the one that is meant: --filter app"}
	}
	to := c.fromHere(words[0])
	if !c.cfg.Settings.Workspace.SharedLockfile {
		return nil, &unsupportedError{"deploy with shared-workspace-lockfile=false", "copy the project, and install there: it has its own lockfile"}
	}
	d := &deployment{call: c, project: projects[dirs[0]], dir: dirs[0], members: projects, to: filepath.Clean(to)}
	if err := c.findLock(); err != nil {
		return nil, err
	}
	if c.lock.Format != lockfile.Pnpm {
		return nil, &unsupportedError{"deploy with " + string(c.lock.Format), "use pnpm's lockfile: godwit import"}
	}
	if d.doc, err = c.choice(c.workspace.root).Present(c.workspace.root); err != nil {
		return nil, err
	}
	if d.doc == nil || d.doc.Graph.Importer(d.dir) == nil {
		return nil, &refusedError{"the lockfile of the workspace does not have " + d.dir, "ERR_PNPM_NO_LOCKFILE", "run godwit install first"}
	}
	return d, nil
}

// clear makes the directory, which has to be empty unless --force says that what
// is in it may go.
func (d *deployment) clear() error {
	inside, err := filepath.Rel(d.to, d.project.Dir)
	if err == nil && filepath.IsLocal(inside) {
		return &refusedError{"the project is in " + d.to, "ERR_PNPM_INVALID_DEPLOY_TARGET", "name a directory that is not around it"}
	}
	entries, err := os.ReadDir(d.to)
	if err == nil && len(entries) > 0 {
		if !d.cfg.Settings.Call.Force {
			return &refusedError{d.to + " is not empty", "ERR_PNPM_DEPLOY_DIR_NOT_EMPTY", "name another directory, or let --force empty it"}
		}
		fmt.Fprintf(d.Stderr, "WARN --force empties %s\n", d.to)
		if err := fsys.RemoveAll(d.to); err != nil {
			return err
		}
	}
	return os.MkdirAll(d.to, 0o755)
}

// write writes what says how the directory is to be installed.
func (d *deployment) write(doc *lockfile.Document, manifest []byte) error {
	for _, f := range []struct {
		name string
		data []byte
	}{{project.ManifestFile, manifest}, {project.WorkspaceFile, d.workspaceFile()}} {
		if err := fsys.WriteFile(filepath.Join(d.to, f.name), f.data, fsys.WriteOptions{}); err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	_, err := lockfile.Write(filepath.Join(d.to, string(lockfile.Pnpm)), doc, doc.Text(lockfile.WriteOptions{}))
	return err
}

// install installs there, with the settings of this call. The project's own
// scripts run as after an install, but those that prepare it for its developers.
func (d *deployment) install(ctx context.Context) error {
	at, err := d.apart(d.to, d.rules, "install")
	if err != nil {
		return err
	}
	s, mine := &at.cfg.Settings, &d.cfg.Settings
	s.Include, s.Install.Linker, s.Lockfile.Frozen = mine.Include, mine.Install.Linker, config.Yes
	s.Install.SharedSlots, s.Call.Force = false, false
	at.inputs.Workspace.Shape.PatchedDependencies = d.shape.PatchedDependencies
	return at.install(ctx, func(req *install.Request) error {
		if !s.Install.IgnoreScripts {
			req.Before = func(ims []install.Importer) error { return at.stage(ims, beforeInstall, req.Sink) }
			req.After = func(ims []install.Importer) error { return at.stage(ims, afterInstall, req.Sink) }
		}
		return nil
	})
}

// asLegacy leaves what pnpm's older way leaves: a package.json as the workspace
// has it, and no lockfile.
func (d *deployment) asLegacy() error {
	out, err := d.legacyManifest()
	if err != nil {
		return err
	}
	if err := fsys.WriteFile(filepath.Join(d.to, project.ManifestFile), out, fsys.WriteOptions{}); err != nil {
		return err
	}
	for _, name := range []string{string(lockfile.Pnpm), project.WorkspaceFile} {
		if err := os.Remove(filepath.Join(d.to, name)); err != nil {
			return err
		}
	}
	return nil
}

// leftOut reports whether a path of the project is never deployed: what is
// installed is installed there anew.
func (d *deployment) leftOut(path string) bool {
	return slices.Contains(strings.Split(path, "/"), layout.ModulesDir) || strings.HasPrefix(path+"/", d.modules()+"/")
}
