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

	"godwit/internal/config"
	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/pnpmfile"
	"godwit/internal/project"
)

// configRecord is a file of ours in layout.ConfigDir: a line for each package, as the lockfile has
// it. Without it nobody knows of which tarball a directory is.
const configRecord = ".godwit"

// configDep is one of configDependencies.
type configDep struct {
	lockfile.ConfigDep
	pinned string // the integrity that pnpm-workspace.yaml has; "" where it has none
}

// configDeps brings the packages that pnpm-workspace.yaml has under configDependencies
// into node_modules/.pnpm-config: hooks and patches of the workspace may be in them, so
// that it comes before anything else. What they depend on is not installed, and none of
// their scripts run (pnpm). It returns the first document of the lockfile, for one that
// is made anew; nil if there is none.
func (c *call) configDeps(ctx context.Context) (*lockfile.Env, error) {
	if c.foreign() || c.npmProject() || c.inputs.Workspace == nil {
		return nil, nil
	}
	wanted, err := readConfigDeps(c.inputs.Workspace.Shape.ConfigDependencies)
	if err != nil || len(wanted) == 0 {
		return nil, err
	}
	top := c.workspace.top()
	env, err := lockfile.ReadEnv(filepath.Join(top, c.choice(top).File()))
	if err != nil {
		return nil, err
	}
	locked, err := env.ConfigDeps()
	if err != nil {
		return nil, err
	}
	missing := false
	for i := range wanted {
		missing = !wanted[i].lock(locked) || missing
	}
	frozen := c.cfg.Settings.Lockfile.Frozen
	if missing && (frozen == config.Yes || frozen == config.Unset && c.cfg.Settings.CI && env.Exists()) {
		return nil, &refusedError{"the lockfile does not have what configDependencies name", "ERR_PNPM_FROZEN_LOCKFILE_WITH_OUTDATED_LOCKFILE", "install with --no-frozen-lockfile and commit the lockfile that comes out"}
	}
	if err := c.placeConfigDeps(ctx, wanted); err != nil {
		return nil, err
	}
	deps := make([]lockfile.ConfigDep, len(wanted))
	for i := range wanted {
		deps[i] = wanted[i].ConfigDep
	}
	if frozen != config.Yes && c.cfg.Settings.Lockfile.Enabled && !c.cfg.Settings.Call.DryRun {
		err = env.SetConfigDeps(deps)
	}
	return env, err
}

// readConfigDeps reads the setting: a version or a range, or as older versions of pnpm
// wrote it a version with its integrity behind a plus.
func readConfigDeps(node project.Node) ([]configDep, error) {
	var out []configDep
	for _, f := range node.Fields {
		text := f.Value.Text
		if f.Value.Kind == project.Map {
			if f.Value.Field("tarball").Kind != project.Missing {
				return nil, &unsupportedError{"a tarball for " + f.Key + " in configDependencies", "name a version of it"}
			}
			text = f.Value.Field("integrity").Text
		}
		if _, err := npm.ParseName(f.Key); err != nil {
			return nil, fmt.Errorf("configDependencies: %w", err)
		}
		d := configDep{ConfigDep: lockfile.ConfigDep{Name: f.Key, Specifier: text}}
		if i := strings.Index(text, "+sha"); i >= 0 {
			d.Specifier, d.pinned = text[:i], text[i+1:]
		}
		if d.Specifier == "" {
			return nil, &refusedError{f.Key + " in configDependencies has no version", "ERR_PNPM_CONFIG_DEP_NO_VERSION", "write one behind it"}
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b configDep) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// lock takes what the lockfile has, and reports whether it has it.
func (d *configDep) lock(locked []lockfile.ConfigDep) bool {
	i := slices.IndexFunc(locked, func(l lockfile.ConfigDep) bool {
		return l.Name == d.Name && l.Specifier == d.Specifier && l.Version != "" && l.Integrity != ""
	})
	if i < 0 || d.pinned != "" && d.pinned != locked[i].Integrity {
		return false
	}
	d.ConfigDep = locked[i]
	return true
}

// line is what the record says of a package.
func (d *configDep) line() string { return d.Name + " " + d.Version + " " + d.Integrity }

// placeConfigDeps makes the directories what they should be, and finds out what the
// lockfile did not have.
func (c *call) placeConfigDeps(ctx context.Context, deps []configDep) error {
	dir := filepath.Join(c.workspace.top(), layout.ModulesDir, layout.ConfigDir)
	data, err := os.ReadFile(filepath.Join(dir, configRecord))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	record := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	var stale []*configDep
	for i := range deps {
		d := &deps[i]
		if d.Version == "" || !slices.Contains(record, d.line()) || !isRegular(filepath.Join(dir, filepath.FromSlash(d.Name), project.ManifestFile)) {
			stale = append(stale, d)
		}
	}
	if len(stale) == 0 && len(record) == len(deps) || c.cfg.Settings.Call.DryRun {
		return nil
	}
	if err := c.fetchConfigDeps(ctx, stale); err != nil {
		return err
	}
	for _, d := range stale {
		scope, _ := filepath.Split(filepath.FromSlash(d.Name))
		if err := makeOwn(c.workspace.top(), layout.ModulesDir, layout.ConfigDir, filepath.Clean(scope)); err != nil {
			return err
		}
		if err := c.placeConfigDep(dir, d); err != nil {
			return fmt.Errorf("install %s of configDependencies: %w", d.Name, err)
		}
	}
	lines := make([]string, len(deps))
	for i := range deps {
		lines[i] = deps[i].line()
	}
	for _, old := range record {
		name, _, ok := strings.Cut(old, " ")
		_, bad := npm.ParseName(name)
		if ok && bad == nil && !slices.ContainsFunc(deps, func(d configDep) bool { return d.Name == name }) {
			if err := fsys.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return err
			}
		}
	}
	return fsys.WriteFile(filepath.Join(dir, configRecord), []byte(strings.Join(lines, "\n")+"\n"), fsys.WriteOptions{})
}

// placeConfigDep copies a package out of the store into its directory.
func (c *call) placeConfigDep(dir string, d *configDep) error {
	to := filepath.Join(dir, filepath.FromSlash(d.Name))
	made := filepath.Join(dir, fsys.TempName("new"))
	defer fsys.RemoveAll(made)
	if err := c.copyPackage(d.graph(), made); err != nil {
		return err
	}
	if err := fsys.RemoveAll(to); err != nil {
		return err
	}
	return os.Rename(made, to)
}

// makeOwn makes directories, each in the one before. A link that stands there would
// lead out of the project.
func makeOwn(dir string, names ...string) error {
	for _, name := range names {
		dir = filepath.Join(dir, name)
		switch info, err := os.Lstat(dir); {
		case errors.Is(err, fs.ErrNotExist):
			if err := os.Mkdir(dir, 0o755); err != nil {
				return err
			}
		case err != nil:
			return err
		case !info.IsDir():
			return &refusedError{dir + " is no directory of the project", "", "remove it, and install again"}
		}
	}
	return nil
}

// graph is the package as the store is asked for it.
func (d *configDep) graph() *graph.Package {
	return &graph.Package{Key: graph.Key(d.Name + "@" + d.Version), Resolution: graph.Resolution{Integrity: d.Integrity}}
}

// fetchConfigDeps brings packages into the store. What the lockfile does not have is
// resolved on the way.
func (c *call) fetchConfigDeps(ctx context.Context, deps []*configDep) error {
	st, err := c.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	words := []string{"add"}
	var asked []*configDep
	for _, d := range deps {
		if id, err := install.TreeID(d.Integrity); err == nil && d.Version != "" && st.Has(id) {
			continue
		}
		spec := d.Specifier
		if d.Version != "" {
			spec = d.Version
		}
		words, asked = append(words, d.Name+"@"+spec), append(asked, d)
	}
	if len(asked) == 0 {
		return nil
	}
	doc, err := c.intoStore(ctx, words)
	if err != nil {
		return fmt.Errorf("install configDependencies: %w", err)
	}
	for _, d := range asked {
		direct := directDep(doc.Graph.Importer("."), d.Name)
		p := doc.Graph.Packages[direct.Target.Key]
		if p == nil || p.Resolution.Integrity == "" {
			return &refusedError{d.Name + " in configDependencies is no package of a registry", "", "name a version of it"}
		}
		for _, want := range []string{d.pinned, d.Integrity} {
			if want != "" && want != p.Resolution.Integrity {
				return &refusedError{fmt.Sprintf("%s of configDependencies has the integrity %s, and %s is wanted", p.Key.ID(), p.Resolution.Integrity, want), "ERR_PNPM_TARBALL_INTEGRITY", "find out who changed it; if the change is right, correct pnpm-workspace.yaml and the lockfile"}
			}
		}
		d.Version, d.Integrity, d.Tarball = p.Version, p.Resolution.Integrity, p.Resolution.Tarball
	}
	return nil
}

// plugins are the pnpmfiles in dependencies of the configuration whose names say that
// there is one. What is not installed has none yet.
func (c *call) plugins() []pnpmfile.File {
	if c.inputs.Workspace == nil {
		return nil
	}
	var out []pnpmfile.File
	for _, f := range c.inputs.Workspace.Shape.ConfigDependencies.Fields {
		if _, err := npm.ParseName(f.Key); err != nil || !isPlugin(f.Key) {
			continue
		}
		dir := filepath.Join(c.workspace.top(), layout.ModulesDir, layout.ConfigDir, filepath.FromSlash(f.Key))
		for _, name := range []string{"pnpmfile.mjs", "pnpmfile.cjs"} {
			if file := filepath.Join(dir, name); isRegular(file) {
				out = append(out, pnpmfile.File{Path: file})
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b pnpmfile.File) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// isPlugin reports whether pnpm runs the hooks of a configuration dependency of
// that name (is_plugin_name).
func isPlugin(name string) bool {
	scope, base, scoped := strings.Cut(name, "/")
	if !scoped {
		base = name
	}
	return strings.HasPrefix(base, "pnpm-plugin-") || scope == "@pnpm" && strings.HasPrefix(base, "plugin-")
}

// intoStore makes the lockfile of a project that asks for packages, as words of add,
// and brings them into the store, without what they depend on.
func (c *call) intoStore(ctx context.Context, words []string) (*lockfile.Document, error) {
	dir := filepath.Join(c.cacheDir(), "add", c.newName())
	defer fsys.RemoveAll(dir)
	at, err := c.apart(dir, nil, words...)
	if err != nil {
		return nil, err
	}
	at.cfg.Settings.Lockfile.Only, at.cfg.Settings.Terminal.Reporter = true, "silent"
	if err := runAdd(ctx, at); err != nil {
		return nil, err
	}
	again, err := c.apart(dir, nil, "fetch")
	if err != nil {
		return nil, err
	}
	again.cfg.Settings.Terminal.Reporter = "silent"
	err = again.install(ctx, func(req *install.Request) error {
		req.FetchOnly, req.FetchDirect = true, true
		return nil
	})
	if err != nil {
		return nil, err
	}
	return lockfile.Read(again.lock)
}
