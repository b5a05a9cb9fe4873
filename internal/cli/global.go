package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/install"
	"godwit/internal/layout"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// globals is what is installed for all projects. Packages that were added
// together are a group, a project of its own, as pnpm has them since version 11:
//
//	<global-dir>/v11/<group>/        package.json, pnpm-lock.yaml, node_modules
//	<global-dir>/v11/<hash>          a link to the group that has these packages
//	<global-bin-dir>/<command>       a shim; its way to the file is by the hash
//
// A group is never changed where it is, but made anew beside itself; then the
// link changes its mind, and the old one goes. So a command works at any time.
type globals struct {
	*call
	dir string // of groups and links
	bin string // of commands
}

// globalLayout is pnpm's name for this layout.
const globalLayout = "v11"

// globalGroup is packages that were installed together.
type globalGroup struct {
	dir  string // absolute
	link string // absolute, leads to dir
	deps npm.Deps
}

// globalCommand is a command with the package that has it.
type globalCommand struct {
	install.Command
	alias string
}

func (c *call) globals() *globals {
	d := &c.cfg.Settings.Dirs
	return &globals{call: c, dir: filepath.Join(d.Global, globalLayout), bin: d.GlobalBin}
}

// groups are those that there are, in the order of their links.
func (g *globals) groups() ([]*globalGroup, error) {
	entries, err := os.ReadDir(g.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for global packages: %w", err)
	}
	var out []*globalGroup
	for _, e := range entries {
		if len(e.Name()) != hex.EncodedLen(sha256.Size) {
			continue
		}
		link := filepath.Join(g.dir, e.Name())
		text, err := os.Readlink(link)
		// A group is removed with all its files: it must be one of this directory.
		if name := filepath.Base(text); err == nil && text != "" && (text == name || filepath.Dir(text) == g.dir) {
			p, err := project.Read(filepath.Join(g.dir, name))
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed by hand
			}
			if err != nil {
				return nil, err
			}
			out = append(out, &globalGroup{dir: p.Dir, link: link, deps: withRuntimes(&p.Manifest, "").Dependencies})
		}
	}
	return out, nil
}

// linkOf is where pnpm has the link to a group: the name says which packages it
// has, and where they are from.
func (g *globals) linkOf(deps npm.Deps) (string, error) {
	aliases := []string{}
	for _, d := range deps {
		aliases = append(aliases, d.Alias)
	}
	slices.Sort(aliases)
	registries := g.cfg.Registries.Scopes()
	sources := [][]string{}
	for _, scope := range slices.Sorted(maps.Keys(registries)) {
		sources = append(sources, []string{scope, registries[scope]})
	}
	sources = append(sources, []string{"default", g.cfg.Registries.Default})
	text, err := encode([]any{aliases, sources})
	sum := sha256.Sum256(bytes.TrimSpace(text))
	return filepath.Join(g.dir, hex.EncodeToString(sum[:])), err
}

// has reports whether a group has one of these packages.
func (gr *globalGroup) has(alias string) bool {
	_, ok := gr.deps.Lookup(alias)
	return ok
}

// installed is the package.json of a package of the group; nil if it has none,
// which a linked directory may.
func (gr *globalGroup) installed(alias string) *project.Project {
	p, err := project.Read(filepath.Join(gr.dir, layout.ModulesDir, filepath.FromSlash(alias)))
	if err != nil {
		return nil
	}
	return p
}

// commands are those of the packages of some groups. Of packages that offer one
// name the one of that name has it, as in a project.
func commandsOf(groups []*globalGroup) map[string]globalCommand {
	out := map[string]globalCommand{}
	for _, gr := range groups {
		for _, d := range gr.deps {
			p := gr.installed(d.Alias)
			if p == nil {
				continue
			}
			for name, file := range p.Manifest.Bin {
				now, taken := out[name]
				switch {
				case !filepath.IsLocal(filepath.FromSlash(file)) || fsys.CheckPath(name) != nil || strings.Contains(name, "/"):
				case !taken, d.Alias == name, now.alias != name && d.Alias < now.alias:
					out[name] = globalCommand{gr.command(d.Alias, name, file), d.Alias}
				}
			}
		}
	}
	return out
}

func (gr *globalGroup) command(alias, name, file string) install.Command {
	modules := filepath.Join(gr.link, layout.ModulesDir)
	dir := filepath.Join(modules, filepath.FromSlash(alias))
	out := install.Command{Name: name, Target: filepath.Join(dir, filepath.FromSlash(file))}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		if rel, err := filepath.Rel(gr.dir, real); err == nil && filepath.IsLocal(rel) {
			real = filepath.Join(gr.link, rel) // outlives this group
		}
		around := filepath.Dir(real)
		for filepath.Base(around) != layout.ModulesDir && around != filepath.Dir(around) {
			around = filepath.Dir(around)
		}
		out.NodePath = []string{filepath.Join(real, layout.ModulesDir), around, filepath.Join(modules, ".pnpm", layout.ModulesDir)}
	}
	return out
}

// ours reports whether a file in the directory of commands is a shim for a
// global package; a file that is not there is nobody's.
func (g *globals) ours(name string) (ours, there bool) {
	path := filepath.Join(g.bin, name)
	if _, err := os.Lstat(path); err != nil {
		return false, false
	}
	rel, err := filepath.Rel(g.dir, install.CommandTarget(path))
	return err == nil && filepath.IsLocal(rel), true
}

// relink makes the commands of all groups, and removes those that there were
// before and that nothing has any more. Files of others stay, but where the
// group fresh, which may be nil, has been found to take their place.
func (g *globals) relink(ctx context.Context, before map[string]globalCommand, groups []*globalGroup, fresh *globalGroup) error {
	wanted := commandsOf(groups)
	var want []install.Command
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		c := wanted[name]
		if ours, there := g.ours(name); ours || !there || fresh != nil && fresh.has(c.alias) {
			want = append(want, c.Command)
		}
	}
	var gone []string
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, stays := wanted[name]; stays {
			continue
		}
		if ours, _ := g.ours(name); ours {
			gone = append(gone, name)
		}
	}
	return install.Commands(ctx, g.bin, want, gone)
}

// open is a call about one group. rules are added to those of the group.
func (g *globals) open(dir string, rules []project.BuildRule, words ...string) (*call, error) {
	have, err := globalRules(dir)
	if err != nil {
		return nil, err
	}
	at, err := g.apart(dir, slices.Concat(have, rules), words...)
	if err != nil {
		return nil, err
	}
	at.shared = true
	return at, nil
}

// globalRules says whose install scripts may run in a group.
func globalRules(dir string) ([]project.BuildRule, error) {
	ws, err := project.ReadWorkspace(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ws.Shape.AllowBuilds, nil
}

// prune removes groups that nothing leads to: they are left by calls that were
// killed. It returns how many that were.
func (g *globals) prune() (removed int, err error) {
	groups, err := g.groups()
	if err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(g.dir)
	if err != nil {
		return 0, nil // there are none
	}
	for _, e := range entries {
		dir := filepath.Join(g.dir, e.Name())
		info, err := e.Info()
		if !e.IsDir() || err != nil || slices.ContainsFunc(groups, func(gr *globalGroup) bool { return gr.dir == dir }) || g.Now().Sub(info.ModTime()) < time.Hour {
			continue // in an hour, what is being made is done
		}
		if err := fsys.RemoveAll(dir); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
