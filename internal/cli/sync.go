package cli

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"godwit/internal/config"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/project"
)

// sync brings the copies of a project up to date that others have of it, after a
// script that sync-injected-deps-after-scripts names. To install what is installed
// already does that: directories are looked at each time, and nothing else has
// changed.
func (r *runner) sync(ctx context.Context, p *project.Project, script string) error {
	if !slices.Contains(r.cfg.Settings.Run.SyncAfter, script) || r.workspace.globs == nil {
		return nil
	}
	r.syncing.Lock()
	defer r.syncing.Unlock()
	c := *r.call // which other scripts use meanwhile
	if injected, err := c.isInjected(p); !injected || err != nil {
		return err
	}
	cfg := *c.cfg
	cfg.Settings.Terminal.LogLevel = "silent"
	cfg.Settings.Lockfile.Frozen, cfg.Settings.Network.Offline = config.Yes, true
	cfg.Settings.Workspace = cfg.Settings.Workspace.Lasting()
	c.cfg = &cfg
	return c.install(ctx, func(*install.Request) error { return nil })
}

// isInjected reports whether a tree of ours has copies of a project.
func (c *call) isInjected(p *project.Project) (bool, error) {
	if err := c.findLock(); err != nil || c.lock.Format != lockfile.Pnpm {
		return false, err
	}
	if _, _, err := c.compareTree(); err != nil { // another tool's, or none
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return false, err
	}
	dir, err := filepath.Rel(c.workspace.root, p.Dir)
	if err != nil {
		return false, err
	}
	present, err := c.choice(c.workspace.root).Present(c.workspace.root)
	if err != nil || present == nil {
		return false, err
	}
	for _, pkg := range present.Graph.Packages {
		if pkg.Resolution.Kind == graph.Directory && pkg.Resolution.Directory == filepath.ToSlash(dir) {
			return true, nil
		}
	}
	return false, nil
}
