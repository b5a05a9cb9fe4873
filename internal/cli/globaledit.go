package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/fsys"
	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

// removeGlobal is the command remove with --global. What was added together goes
// together, as with pnpm.
func (c *call) removeGlobal(ctx context.Context) error {
	g, unlock, err := c.changeGlobals(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	begin := c.Now()
	groups, err := g.groups()
	if err != nil {
		return err
	}
	names := c.args.Positional[1:]
	for _, name := range names {
		if !slices.ContainsFunc(groups, func(gr *globalGroup) bool { return gr.has(name) }) {
			return &refusedError{fmt.Sprintf("remove %s: it is no global package", name), "ERR_PNPM_GLOBAL_PKG_NOT_FOUND", "godwit list -g shows those there are"}
		}
	}
	before := commandsOf(groups)
	var stay, gone []*globalGroup
	for _, gr := range groups {
		if slices.ContainsFunc(names, gr.has) {
			gone = append(gone, gr)
		} else {
			stay = append(stay, gr)
		}
	}
	reporter := c.reporter()
	defer reporter.Close()
	removed := 0
	for _, gr := range gone {
		for _, d := range gr.deps {
			e := event.Changed{Importer: ".", Alias: d.Alias, Group: prodGroup, Old: d.Specifier}
			if p := gr.installed(d.Alias); p != nil {
				e.Old = p.Manifest.Version
			}
			reporter.Emit(e)
			removed++
		}
		if err := os.Remove(gr.link); err != nil {
			return fmt.Errorf("remove %s: %w", gr.link, err)
		}
	}
	if err := g.relink(ctx, before, stay, nil); err != nil {
		return err
	}
	for _, gr := range gone {
		if err := fsys.RemoveAll(gr.dir); err != nil {
			return err
		}
	}
	reporter.Emit(event.Done{Summary: event.Summary{Removed: removed, WallMillis: float64(c.Now().Sub(begin).Microseconds()) / 1000}})
	return nil
}

// updateGlobal is the command update with --global: of each group that has one of
// the packages a newer one is made, if there is anything newer.
func (c *call) updateGlobal(ctx context.Context) error {
	g, unlock, err := c.changeGlobals(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if c.cfg.Settings.Update.Interactive {
		return &unsupportedError{"update --global --interactive", "name what is meant: godwit outdated -g shows what there is"}
	}
	groups, err := g.groups()
	if err != nil {
		return err
	}
	some, changed := false, false
	for _, gr := range groups {
		if !gr.meant(c.args.Positional[1:]) {
			continue
		}
		some = true
		ch, err := g.update(ctx, gr)
		if err != nil {
			return err
		}
		changed = changed || ch
	}
	switch {
	case len(groups) == 0:
		fmt.Fprintln(c.Stderr, "No global packages found")
	case !some:
		fmt.Fprintln(c.Stderr, "No matching global packages found")
	case !changed:
		fmt.Fprintln(c.Stderr, "Already up to date")
	}
	return nil
}

// meant reports whether names or patterns, with or without versions, are about a
// package of the group; none are about all.
func (gr *globalGroup) meant(words []string) bool {
	if len(words) == 0 {
		return true
	}
	var patterns []string
	for _, word := range words {
		alias, _ := specifier.Split(word)
		if alias == "" {
			alias = word
		}
		patterns = append(patterns, alias)
	}
	wants := matcher(patterns)
	return slices.ContainsFunc(gr.deps, func(d npm.Dep) bool { return wants(d.Alias) })
}

// update makes a newer group of one, and reports whether there is anything newer.
// The lockfile is made first, and nothing else if it is the same.
func (g *globals) update(ctx context.Context, gr *globalGroup) (changed bool, err error) {
	at, err := g.stage(gr, nil, append([]string{"update"}, g.args.Positional[1:]...)...)
	if err != nil {
		return false, err
	}
	var same error = errors.New("nothing is newer")
	err = g.replace(ctx, at, func(ctx context.Context, at *call) error {
		at.cfg.Settings.Lockfile.Only, at.cfg.Settings.Terminal.Reporter = true, "silent"
		if err := runUpdate(ctx, at); err != nil {
			return err
		}
		if sameGroup(at.workspace.root, gr.dir) {
			return same
		}
		again, err := g.open(at.workspace.root, nil, "install")
		if err != nil {
			return err
		}
		return runInstall(ctx, again)
	})
	if errors.Is(err, same) {
		return false, nil
	}
	return err == nil, err
}

// sameGroup reports whether two groups have the same packages in the same
// versions.
func sameGroup(a, b string) bool {
	for _, name := range []string{project.ManifestFile, "pnpm-lock.yaml"} {
		one, err1 := os.ReadFile(filepath.Join(a, name))
		two, err2 := os.ReadFile(filepath.Join(b, name))
		if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
			return false
		}
	}
	return true
}

// approveGlobal is the command approve-builds with --global.
func (c *call) approveGlobal(ctx context.Context) error {
	g, unlock, err := c.changeGlobals(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	groups, err := g.groups()
	if err != nil {
		return err
	}
	var names []string
	waiting := make([][]string, len(groups))
	for i, gr := range groups {
		ids, err := (&install.Tree{Root: gr.dir}).AwaitingApproval()
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another tool's says nothing to us
			return err
		}
		waiting[i] = selectorsOf(ids)
		names = append(names, waiting[i]...)
	}
	slices.Sort(names)
	rules, err := c.decisions(slices.Compact(names))
	if err != nil || len(rules) == 0 {
		return err
	}
	before := commandsOf(groups)
	for i, gr := range groups {
		mine := slices.DeleteFunc(slices.Clone(rules), func(r project.BuildRule) bool { return !slices.Contains(waiting[i], r.Selector) })
		if len(mine) == 0 {
			continue
		}
		if err := g.build(ctx, gr, mine); err != nil {
			return err
		}
	}
	return g.relink(ctx, before, groups, nil)
}

// build writes down who may run install scripts in a group, and runs them. What
// they make is put in place by the engine, as in any project.
func (g *globals) build(ctx context.Context, gr *globalGroup, rules []project.BuildRule) error {
	at, err := g.open(gr.dir, nil, "approve-builds")
	if err != nil {
		return err
	}
	if err := at.writeBuilds(rules); err != nil {
		return err
	}
	if at, err = g.open(gr.dir, nil, "approve-builds"); err != nil {
		return err
	}
	at.cfg.Settings.Build.Strict = false // whoever is left can be decided about later
	if err := runInstall(ctx, at); err != nil {
		return fmt.Errorf("build %s: %w", strings.Join(gr.names(), ", "), err)
	}
	return nil
}

// names are those of the packages of a group.
func (gr *globalGroup) names() []string {
	var out []string
	for _, d := range gr.deps {
		out = append(out, d.Alias)
	}
	return out
}
