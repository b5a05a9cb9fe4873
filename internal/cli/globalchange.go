package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// changeGlobals locks the global packages for a command that changes them. Nobody may
// be root by way of sudo (the packages would be root's, or root's files among
// the user's), and what is installed must be found.
func (c *call) changeGlobals(ctx context.Context) (g *globals, unlock func(), err error) {
	if c.variable("SUDO_USER") != "" {
		return nil, nil, &refusedError{
			fmt.Sprintf("%s --global below sudo would install for root", c.args.Positional[0]), "ERR_PNPM_SUDO_NOT_SUPPORTED",
			"leave sudo out: global packages are in your home directory; for those of root start with sudo env -u SUDO_USER",
		}
	}
	for _, flag := range []string{"dry-run", "json"} {
		if c.args.On(flag) {
			return nil, nil, &unsupportedError{c.args.Positional[0] + " --global --" + flag, "leave --" + flag + " out"}
		}
	}
	g = c.globals()
	if !c.onPath(g.bin) {
		return nil, nil, g.pathError()
	}
	for _, dir := range []string{g.dir, g.bin} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, nil, fmt.Errorf("make a place for global packages: %w", err)
		}
	}
	lock, err := fsys.AcquireLock(ctx, filepath.Join(g.dir, "lock"), fsys.Exclusive)
	if err != nil {
		return nil, nil, fmt.Errorf("wait for %s: %w", g.dir, err)
	}
	return g, func() { lock.Unlock() }, nil
}

// onPath reports whether the shell looks for commands in dir.
func (c *call) onPath(dir string) bool {
	for _, entry := range filepath.SplitList(pathOf(c.Env)) {
		if filepath.IsAbs(entry) && filepath.Clean(entry) == dir {
			return true
		}
	}
	return false
}

func (g *globals) pathError() error {
	return &refusedError{
		fmt.Sprintf("commands of global packages would be in %s, which is not in PATH", g.bin), "ERR_PNPM_GLOBAL_BIN_DIR_NOT_IN_PATH",
		"run godwit setup, which adds it, or name a directory that is: --global-bin-dir",
	}
}

// addGlobal is the command add with --global. Each word is a group of its own,
// commas join packages to one; a group that has one of them already is replaced.
func (c *call) addGlobal(ctx context.Context) error {
	g, unlock, err := c.changeGlobals(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, word := range c.args.Positional[1:] {
		if err := g.add(ctx, strings.Split(word, ",")); err != nil {
			return err
		}
	}
	return nil
}

func (g *globals) add(ctx context.Context, specs []string) error {
	rules, err := g.allowedBuilds()
	if err != nil {
		return err
	}
	groups, err := g.groups()
	if err != nil {
		return err
	}
	for i, spec := range specs {
		specs[i] = g.absolute(spec)
		for _, gr := range groups { // who was allowed to build before may now
			if name, _, err := splitSpec(spec); err == nil && gr.has(string(name)) {
				have, err := globalRules(gr.dir)
				if err != nil {
					return err
				}
				rules = append(have, rules...)
			}
		}
	}
	at, err := g.stage(nil, rules, append([]string{"add"}, specs...)...)
	if err != nil {
		return err
	}
	return g.replace(ctx, at, runAdd)
}

// absolute is what was asked for, with a path of this machine from the root on,
// for a project that is elsewhere.
func (c *call) absolute(spec string) string {
	prefix, path := "", spec
	for _, p := range []string{"file:", "link:"} {
		if rest, ok := strings.CutPrefix(spec, p); ok {
			prefix, path = p, rest
		}
	}
	if prefix != "" && !filepath.IsAbs(path) || path == "." || path == ".." || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../") ||
		filepath.Separator == '\\' && (strings.HasPrefix(path, `.\`) || strings.HasPrefix(path, `..\`)) {
		return prefix + filepath.ToSlash(filepath.Join(c.args.Dir(c.Dir, c.Home), path))
	}
	return spec
}

// stage is a new group, of nothing or of what another one has. Nothing knows of
// it until replace.
func (g *globals) stage(from *globalGroup, rules []project.BuildRule, words ...string) (*call, error) {
	dir := filepath.Join(g.dir, g.newName())
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	files := map[string][]byte{project.ManifestFile: []byte("{}\n")}
	if from != nil {
		for _, name := range []string{project.ManifestFile, project.WorkspaceFile, "pnpm-lock.yaml"} {
			text, err := os.ReadFile(filepath.Join(from.dir, name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			if err == nil {
				files[name] = text
			}
		}
	}
	for name, text := range files {
		if err := fsys.WriteFile(filepath.Join(dir, name), text, fsys.WriteOptions{}); err != nil {
			return nil, err
		}
	}
	at, err := g.open(dir, rules, words...)
	if err == nil && len(rules) > 0 {
		err = at.writeBuilds(rules)
	}
	return at, err
}

// replace installs a group that was staged, and takes out those that have one of
// its packages.
func (g *globals) replace(ctx context.Context, at *call, run func(context.Context, *call) error) error {
	err := run(ctx, at)
	if err == nil {
		err = g.swap(ctx, at.workspace.root)
	}
	if err != nil {
		_ = fsys.RemoveAll(at.workspace.root) // nobody knows of it
	}
	return err
}

func (g *globals) swap(ctx context.Context, dir string) error {
	p, err := project.Read(dir)
	if err != nil {
		return err
	}
	fresh := &globalGroup{dir: dir, deps: withRuntimes(&p.Manifest, "").Dependencies}
	if fresh.link, err = g.linkOf(fresh.deps); err != nil {
		return err
	}
	groups, err := g.groups()
	if err != nil {
		return err
	}
	before := commandsOf(groups)
	var gone []*globalGroup
	stay := slices.DeleteFunc(slices.Clone(groups), func(gr *globalGroup) bool {
		shares := slices.ContainsFunc(fresh.deps, func(d npm.Dep) bool { return gr.has(d.Alias) })
		if shares {
			gone = append(gone, gr)
		}
		return shares
	})
	if err := g.conflict(fresh, stay, before); err != nil {
		return err
	}
	at, err := fsys.OpenDir(g.dir)
	if err != nil {
		return err
	}
	defer at.Close()
	if err := at.Repoint(filepath.Base(fresh.link), filepath.Base(dir)); err != nil {
		return err
	}
	for _, gr := range gone {
		if gr.link != fresh.link {
			err = errors.Join(err, at.Remove(filepath.Base(gr.link)))
		}
	}
	err = errors.Join(err, g.relink(ctx, before, append(stay, fresh), fresh))
	for _, gr := range gone {
		err = errors.Join(err, fsys.RemoveAll(gr.dir))
	}
	return err
}

// conflict refuses a group whose commands would take the place of others': of
// a package's that is not replaced, unless one of both has the command's name, or
// of a file that is not ours, unless --force says so.
func (g *globals) conflict(fresh *globalGroup, stay []*globalGroup, before map[string]globalCommand) error {
	others := commandsOf(stay)
	for name, c := range commandsOf([]*globalGroup{fresh}) {
		if now, taken := others[name]; taken && c.alias != name && now.alias != name {
			return &refusedError{
				fmt.Sprintf("the command %s of %s is one of %s, too, which is installed globally", name, c.alias, now.alias), "ERR_PNPM_GLOBAL_BIN_CONFLICT",
				"remove that first: godwit remove -g " + now.alias,
			}
		}
		if ours, there := g.ours(name); there && !ours && !g.cfg.Settings.Call.Force {
			if _, known := before[name]; !known {
				return &refusedError{
					fmt.Sprintf("the command %s of %s would take the place of %s, which is no global package's", name, c.alias, filepath.Join(g.bin, name)),
					"ERR_PNPM_GLOBAL_BIN_CONFLICT", "remove the file, or use --force",
				}
			}
		}
	}
	return nil
}
