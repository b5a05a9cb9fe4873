package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/layout"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

// runDlx is the command dlx: a command of packages that are no dependencies of
// the project. They are installed into the cache, where the next call finds them.
func runDlx(ctx context.Context, c *call) error {
	words := c.arguments()
	if len(words) == 0 {
		return &refusedError{"dlx wants a command", "ERR_PNPM_DLX_MISSING_COMMAND", "for example: godwit dlx create-vite my-app"}
	}
	return c.dlx(ctx, errand{packages: c.cfg.Settings.Run.Packages, words: words})
}

// runCreate is the command create: a package that makes projects, by its short
// name.
func runCreate(ctx context.Context, c *call) error {
	words := slices.Clone(c.arguments())
	if len(words) == 0 {
		return &refusedError{"create wants the name of an initializer", "ERR_PNPM_MISSING_ARGS", "for example: godwit create vite my-app"}
	}
	words[0] = initializer(words[0])
	return c.dlx(ctx, errand{packages: c.cfg.Settings.Run.Packages, words: words})
}

// initializer is the package that npm and pnpm mean by the name of an
// initializer: "vite" is create-vite, "@s" @s/create, "@s/x@1" @s/create-x@1.
// What is no name stays as it is.
func initializer(name string) string {
	const prefix = "create-"
	at := strings.IndexByte(name[min(1, len(name)):], '@') + 1
	version := ""
	if at > 0 {
		name, version = name[:at], name[at:]
	}
	scope, base, scoped := strings.Cut(name, "/")
	switch {
	case strings.ContainsAny(name, ":#"), scoped && name[0] != '@':
		return name + version
	case name[0] == '@' && !scoped:
		return name + "/create" + version
	case name[0] == '@' && base != "create" && !strings.HasPrefix(base, prefix):
		return scope + "/" + prefix + base + version
	case !scoped && !strings.HasPrefix(name, prefix):
		return prefix + name + version
	}
	return name + version
}

// errand is a command of packages that are no dependencies.
type errand struct {
	packages []string // none: the first of words is one, and its command is meant
	words    []string
	may      func() error // asked before anything is fetched; nil is yes
	path     []string     // where commands are, beside those of packages
}

// dlx installs packages apart and runs a command of theirs where the user is.
func (c *call) dlx(ctx context.Context, e errand) error {
	words, packages := e.words, slices.Clone(e.packages)
	named := len(packages) > 0
	if !named {
		packages = []string{words[0]}
	}
	for i, spec := range packages {
		packages[i] = c.absolute(spec)
	}
	at, err := c.dlxInstall(ctx, packages, e.may)
	if err != nil {
		return err
	}
	p, err := project.Read(at.workspace.root)
	if err != nil {
		return err
	}
	if !named {
		command, err := commandOfPackage(p)
		if err != nil {
			return err
		}
		words = append([]string{command}, words[1:]...)
	}
	r, stop := at.newRunner("exec")
	defer stop()
	r.host.Path = append(slices.Clone(r.host.Path), e.path...)
	if !c.cfg.Settings.Run.ShellMode && lookup(r.host.Environ(p.Dir), c.Dir, words[0]) == "" {
		return &refusedError{fmt.Sprintf("none of %s has a command %s", strings.Join(packages, ", "), words[0]), "ERR_PNPM_DLX_COMMAND_NOT_FOUND", "name the package that has it with --package"}
	}
	return r.program(p, c.args.Dir(c.Dir, c.Home), words, "")
}

// dlxInstall is the project in the cache that has these packages. It is made if
// there is none, or if it is so old that newer versions may be out. Other calls
// for the same packages wait meanwhile.
func (c *call) dlxInstall(ctx context.Context, packages []string, may func() error) (*call, error) {
	rules, err := c.dlxRules(packages)
	if err != nil {
		return nil, err
	}
	home := filepath.Join(c.cacheDir(), "dlx", c.dlxKey(packages, rules))
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, err
	}
	lock, err := fsys.AcquireLock(ctx, filepath.Join(home, "lock"), fsys.Exclusive)
	if err != nil {
		return nil, fmt.Errorf("wait for the cache of dlx: %w", err)
	}
	defer lock.Unlock()
	current := filepath.Join(home, "current")
	if info, err := os.Stat(current); err == nil && c.Now().Sub(info.ModTime()) < c.cfg.Settings.Dirs.DlxMaxAge {
		if name, err := os.ReadFile(current); err == nil && filepath.IsLocal(string(name)) && isRegular(filepath.Join(home, string(name), project.ManifestFile)) {
			return c.apart(filepath.Join(home, string(name)), rules, "dlx")
		}
	}
	if may != nil {
		if err := may(); err != nil {
			return nil, err
		}
	}
	name := c.newName()
	at, err := c.apart(filepath.Join(home, name), rules, append([]string{"add"}, packages...)...)
	if err != nil {
		return nil, err
	}
	if err := runAdd(ctx, at); err != nil {
		_ = fsys.RemoveAll(at.workspace.root) // nobody knows of it
		return nil, err
	}
	return at, fsys.WriteFile(current, []byte(name), fsys.WriteOptions{})
}

// dlxRules lets the packages that were asked for run their install scripts, as
// pnpm does, and those that flags name.
func (c *call) dlxRules(packages []string) ([]project.BuildRule, error) {
	var rules []project.BuildRule
	for _, p := range packages {
		alias, raw := specifier.Split(p)
		if s, err := specifier.Parse(alias, raw); err == nil && s.Kind.IsRegistry() {
			alias = string(s.Name)
		}
		if alias != "" {
			rules = append(rules, project.BuildRule{Selector: alias, Allow: true})
		}
	}
	for _, name := range c.cfg.Settings.Install.AllowBuild {
		if _, err := npm.ParseName(name); err != nil {
			return nil, fmt.Errorf("--allow-build: %w", err)
		}
		rules = append(rules, project.BuildRule{Selector: name, Allow: true})
	}
	return rules, nil
}

// dlxKey is a name for an install of packages: all that decides what it yields.
func (c *call) dlxKey(packages []string, rules []project.BuildRule) string {
	h := sha256.New()
	scopes := c.cfg.Registries.Scopes()
	s := &c.cfg.Settings
	fmt.Fprintln(h, slices.Sorted(slices.Values(packages)), rules, c.cfg.Registries.Default, s.Resolve.Platform, s.Resolve.BlockExotic, s.Resolve.MinReleaseAge,
		s.Resolve.MinAgeExclude, s.Resolve.TrustPolicy, s.Resolve.TrustExclude, s.Resolve.Before, s.Install.IgnoreScripts, s.Dirs.Store)
	for _, scope := range slices.Sorted(maps.Keys(scopes)) {
		fmt.Fprintln(h, scope, scopes[scope])
	}
	for _, dir := range packages { // a directory has other commands once its package.json says so
		if text, err := os.ReadFile(filepath.Join(dir, project.ManifestFile)); err == nil && filepath.IsAbs(dir) {
			fmt.Fprintf(h, "%s %x\n", dir, sha256.Sum256(text))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// commandOfPackage is the command that a project's only dependency has, or the
// one of its own name.
func commandOfPackage(p *project.Project) (string, error) {
	var alias string
	for _, d := range p.Manifest.Dependencies {
		alias = d.Alias
	}
	dep, err := project.Read(filepath.Join(p.Dir, layout.ModulesDir, filepath.FromSlash(alias)))
	if err != nil {
		return "", err
	}
	return commandOfManifest(alias, &dep.Manifest)
}

// commandOfManifest is the command that a package is called for.
func commandOfManifest(alias string, m *project.Manifest) (string, error) {
	bins := slices.Sorted(maps.Keys(m.Bin))
	base := m.Name.Base()
	switch {
	case len(bins) == 1:
		return bins[0], nil
	case slices.Contains(bins, base):
		return base, nil
	case len(bins) == 0:
		return "", &refusedError{alias + " has no commands", "ERR_PNPM_DLX_NO_BIN", "godwit add " + alias + " installs it as a dependency"}
	}
	return "", &refusedError{fmt.Sprintf("%s has several commands: %s", alias, strings.Join(bins, ", ")), "ERR_PNPM_DLX_MULTIPLE_BINS", fmt.Sprintf("name one of them: godwit dlx --package %s %s", alias, bins[0])}
}

// pruneDlx removes what dlx installed and would not use any more, and returns how
// many installs that were. Nobody runs a command from there for longer than the
// age at which dlx looks for newer versions, or it is his loss, as with pnpm.
func (c *call) pruneDlx() (removed int, err error) {
	dir := filepath.Join(c.cacheDir(), "dlx")
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		home := filepath.Join(dir, e.Name())
		info, err := os.Stat(filepath.Join(home, "current"))
		if err == nil && c.Now().Sub(info.ModTime()) < c.cfg.Settings.Dirs.DlxMaxAge {
			continue
		}
		if err != nil {
			if info, err = e.Info(); err != nil || c.Now().Sub(info.ModTime()) < time.Hour {
				continue // one that is being made
			}
		}
		if err := fsys.RemoveAll(home); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
