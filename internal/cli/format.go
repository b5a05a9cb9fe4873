package cli

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/install"
	"godwit/internal/lockfile"
)

// findLock finds the lockfile that the project keeps, which also decides how
// node_modules is laid out: what is there stays, and of several the one that the
// packageManager field or devEngines means. A project without any gets pnpm's, unless
// one of these, or else the name of this program, says npm, bun, yarn 1, or yarn 4.
func (c *call) findLock() error {
	if c.lock.Format != "" {
		return nil // import makes another one
	}
	found, err := lockfile.Detect(c.workspace.root)
	if err != nil {
		return err
	}
	named := lockfile.FormatOf(cmp.Or(c.manager(), c.standsFor()))
	at := slices.IndexFunc(found, func(f lockfile.File) bool { return f.Format == named })
	switch {
	case at >= 0:
		c.lock = found[at]
		c.otherLocks = slices.Delete(found, at, at+1)
	case len(found) > 0:
		c.lock, c.otherLocks = found[0], found[1:]
	case named == lockfile.Npm, named == lockfile.Bun, named == lockfile.Yarn && c.makesYarn():
		c.lock = lockfile.File{Format: named, Path: filepath.Join(c.workspace.root, string(named))}
	default:
		c.lock = lockfile.File{Format: lockfile.Pnpm}
	}
	return nil
}

// makesYarn reports whether packageManager names a yarn whose new lockfiles can be
// made: those of yarn 2 and 3 cannot.
func (c *call) makesYarn() bool {
	version := c.yarnVersion()
	if version == "" && c.standsFor() == "yarn" {
		return true // who has yarn in PATH has yarn 1
	}
	return strings.HasPrefix(version, "1.") || lockfile.YarnTool{Version: version}.Berry()
}

// warnLocks tells of lockfiles that do not count.
func (c *call) warnLocks(sink event.Sink) {
	if named := c.manager(); named != "" && c.lock.Path != "" && lockfile.FormatOf(named) != c.lock.Format && len(c.otherLocks) == 0 {
		sink.Emit(event.Warning{Code: "LOCKFILES", Message: "package.json names " + named + ", and the lockfile is " + filepath.Base(c.lock.Path) + ", which counts: remove it to go over to " + named + ", or name its tool under packageManager"})
	}
	for _, f := range c.otherLocks {
		sink.Emit(event.Warning{Code: "LOCKFILES", Message: filepath.Base(f.Path) + " does not count, since there is " + filepath.Base(c.lock.Path) +
			", too: remove the one that is not kept, or name its tool under packageManager in package.json"})
	}
}

// runCI is the command ci: an install from the lockfile alone, into nothing.
func runCI(ctx context.Context, c *call) error {
	return c.install(ctx, func(req *install.Request) error {
		c.lifecycle(req)
		req.Clean, req.Frozen = true, install.MustBeFrozen
		return nil
	})
}
