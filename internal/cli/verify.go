package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"godwit/internal/config"
	"godwit/internal/lockfile"
)

// verified is called before scripts and commands run: it looks whether what is
// installed is what the project asks for, and does about it what
// verify-deps-before-run says. As in pnpm 12 that is to install, unless told
// otherwise; npm has nothing like it.
func (c *call) verified(ctx context.Context) error {
	if c.separate() {
		return c.verifiedSeparately(ctx)
	}
	mode := c.cfg.Settings.Run.Verify
	if mode == "false" || c.inputs.Project == nil {
		return nil
	}
	if err := c.findLock(); err != nil {
		return err
	}
	asked := mode != ""
	if !asked && c.lock.Format != lockfile.Pnpm {
		return nil
	}
	issue, err := c.stale(asked)
	if issue == "" || err != nil {
		return err
	}
	switch mode {
	case "warn":
		fmt.Fprintf(c.Stderr, "WARN %s: scripts may not find what they need\n", issue)
		return nil
	case "error":
		return &staleError{issue, "run godwit install"}
	case "prompt":
		if !c.Terminal || c.cfg.Settings.CI {
			return &staleError{issue, "run godwit install first: verify-deps-before-run=prompt has nobody to ask here"}
		}
		fmt.Fprintf(c.Stderr, "%s. Install now? (Y/n) ", issue)
		answer, err := c.answer()
		if err != nil || strings.HasPrefix(strings.ToLower(answer), "n") {
			return nil
		}
	}
	return runInstall(ctx, c)
}

// verifiedSeparately is verified for each project that the call is about and that has
// a lockfile of its own.
func (c *call) verifiedSeparately(ctx context.Context) error {
	with := *c
	cfg := *c.cfg
	with.cfg = &cfg
	dirs, err := with.selected(false, false)
	for _, dir := range dirs {
		var one *call
		if one, err = with.alone(dir); err == nil {
			err = one.verified(ctx)
		}
		if err != nil {
			return err
		}
	}
	if errors.As(err, new(*NoMatchError)) {
		return nil // it is the call's to say
	}
	return err
}

// stale says what is wrong with the installed tree; "" is nothing. Flags of the
// install that made it hold for the one that would mend it. A tree of another
// tool is its own business, unless somebody asked to have it looked at.
func (c *call) stale(asked bool) (issue string, err error) {
	made, same, err := c.compareTree()
	switch {
	case err == nil && same:
		return "", nil
	case err == nil && made == nil:
		return "the settings that shape node_modules have changed", nil
	case err == nil:
		c.cfg.Settings.Include, c.cfg.Settings.Install.IgnoreScripts = made.Include, made.ignoreScripts
		return "what is in node_modules is not what package.json and the lockfile ask for", nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	root := c.modulesOf(".")
	if _, err := os.Lstat(root); err == nil {
		if asked {
			return "node_modules was not made by godwit, and cannot be checked", nil
		}
		return "", nil
	}
	needs, err := c.needsAnything()
	if !needs || err != nil {
		return "", err
	}
	return "the dependencies are not installed", nil
}

// needsAnything reports whether any project has dependencies.
func (c *call) needsAnything() (bool, error) {
	importers, err := c.projects()
	for _, im := range importers {
		for _, group := range groupsOfManifest[:3] {
			if len(*depsOf(im.Manifest, group)) > 0 {
				return true, err
			}
		}
	}
	return false, err
}

// flagged are the settings that an install usually gets as flags, and a script
// does not.
type flagged struct {
	config.Include
	ignoreScripts bool
}

// compareTree reports with which flags the tree was made, nil if with other
// settings than these, and whether it is still the right one, whoever made it: an
// image's packages do not become wrong since the user who runs it has another store,
// or no way to the registry. The error wraps fs.ErrNotExist where there is no tree of
// ours that is complete.
func (c *call) compareTree() (made *flagged, same bool, err error) {
	if err := c.workspace.list(); err != nil {
		return nil, false, err
	}
	shaping, err := c.shaping()
	if err != nil {
		return nil, false, err
	}
	files, err := c.pnpmfiles()
	if err != nil {
		return nil, false, err
	}
	if shaping.hooks, err = digestOf(files); err != nil {
		return nil, false, err
	}
	choice := c.choice(c.workspace.root).File()
	same, err = c.tree().Compare(c.Now, func(recorded string) bool {
		for _, f := range c.variants() {
			cfg := *c.cfg
			cfg.Settings.Include, cfg.Settings.Install.IgnoreScripts = f.Include, f.ignoreScripts
			with := *c
			if with.cfg = &cfg; sameTree(withoutOrigin(recorded), withoutOrigin(with.digest(shaping)+" "+choice)) {
				made = &f
				return true
			}
		}
		return false
	})
	return made, same, err
}

// variants are the flags that a tree may have been made with, those of this call
// first.
func (c *call) variants() []flagged {
	s := &c.cfg.Settings
	out := []flagged{{s.Include, s.Install.IgnoreScripts}}
	for bits := range 1 << 4 {
		is := func(bit int) bool { return bits&(1<<bit) == 0 }
		out = append(out, flagged{config.Include{Prod: is(0), Dev: is(1), Optional: is(2)}, !is(3)})
	}
	return out
}

// staleError is a script that does not run since its dependencies are not there.
type staleError struct{ issue, next string }

func (e *staleError) Error() string { return e.issue }

// Code is pnpm's code for this error.
func (e *staleError) Code() string { return "ERR_PNPM_VERIFY_DEPS_BEFORE_RUN" }

// Hint is what the user can do.
func (e *staleError) Hint() string { return e.next }
