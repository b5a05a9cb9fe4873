package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"godwit/internal/fsys"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/project"
)

// runPrune is the command prune: what package.json and flags do not ask for goes
// from node_modules.
func runPrune(ctx context.Context, c *call) error {
	return c.install(ctx, func(req *install.Request) error {
		req.Prune = true
		if req.Frozen == install.NotFrozen {
			req.Frozen = install.FrozenIfAny
		}
		return nil
	})
}

// runFetch is the command fetch: into the store comes what the lockfile has, so
// that an install can do without the network. There need not be a package.json
// yet, which is for layers of container images.
func runFetch(ctx context.Context, c *call) error {
	return c.fetch(ctx, func(*install.Request) {})
}

// fetch reads the lockfile of the project, and does with what it has for this
// machine what change says.
func (c *call) fetch(ctx context.Context, change func(*install.Request)) error {
	c.withoutProject()
	return c.install(ctx, func(req *install.Request) error {
		req.FetchOnly = true
		change(req)
		return nil
	})
}

// withoutProject makes do with a lockfile without package.json.
func (c *call) withoutProject() {
	if c.inputs.Project == nil {
		dir := c.args.Dir(c.Dir, c.Home)
		c.inputs.Project = &project.Project{Dir: dir}
		c.workspace = projectSet{root: dir, here: "."}
	}
}

// runInstallTest is the command install-test.
func runInstallTest(ctx context.Context, c *call) error {
	return c.thenTest(ctx, &command{names: []string{"install"}, run: runInstall})
}

// runInstallCITest is the command install-ci-test.
func runInstallCITest(ctx context.Context, c *call) error {
	return c.thenTest(ctx, &command{names: []string{"ci"}, run: runCI})
}

// thenTest runs the script test after an install.
func (c *call) thenTest(ctx context.Context, installs *command) error {
	install := installs.run
	if c.separate() {
		install = func(ctx context.Context, c *call) error { return c.separately(ctx, installs) }
	}
	if err := install(ctx, c); err != nil {
		return err
	}
	c.cfg.Settings.Run.Verify = "false" // it was installed just now
	return c.runScript(ctx, "test", "test", c.arguments())
}

// runClean is the command clean: node_modules of all projects becomes empty, and
// with --lockfile the lockfile goes, too. A script of that name comes first, as
// with pnpm.
func runClean(ctx context.Context, c *call) error {
	if p, err := c.project(); err == nil && p.Manifest.Scripts["clean"] != "" {
		return c.runScript(ctx, "clean", "clean", c.arguments())
	}
	if len(c.arguments()) > 0 {
		return &usageError{"clean takes no arguments", "name another directory with -C"}
	}
	if err := c.workspace.list(); err != nil {
		return err
	}
	for _, dir := range c.workspace.dirs {
		if err := c.empty(c.modulesOf(dir)); err != nil {
			return err
		}
	}
	if !c.args.Has("lockfile") || !c.cfg.Settings.Lockfile.Enabled {
		return nil
	}
	if err := c.findLock(); err != nil {
		return err
	}
	return removeIfThere(filepath.Join(c.workspace.root, lockfileName(c)))
}

func lockfileName(c *call) string {
	if c.lock.Path != "" {
		return filepath.Base(c.lock.Path)
	}
	return string(lockfile.Pnpm)
}

// empty removes what is in a directory of packages. The directory stays: it may
// be a volume of a container. A link goes, and what it leads to is not the project's:
// whoever wrote that may have brought it along.
func (c *call) empty(dir string) error {
	if info, err := os.Lstat(dir); err == nil && info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0 {
		fmt.Fprintf(c.Stderr, "WARN %s is a link, and it is removed; what it leads to stays as it is\n", dir)
		return os.Remove(dir)
	}
	if occupied := new(install.OccupiedError); errors.As(c.tree().Claim(dir, c.Now), &occupied) {
		return &refusedError{fmt.Sprintf("%s is not emptied: nothing says that it was made for this project", dir), occupied.Code(),
			"remove what is in it yourself if nothing of it is needed"}
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("empty %s: %w", dir, err)
	}
	if c.cfg.Settings.Terminal.Reporter != "silent" {
		fmt.Fprintln(c.Stderr, "Removing", dir)
	}
	for _, e := range entries {
		if err := fsys.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("empty %s: %w", dir, err)
		}
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
