package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"godwit/internal/config"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/resolve"
)

// projectSet is the projects that have one lockfile: those of a workspace, or
// only one.
type projectSet struct {
	root  string   // absolute directory of the lockfile
	here  string   // slash path from root of the project that the command is about
	globs []string // of the members; nil outside of a workspace
	npm   bool     // the globs are those of a package.json
	dirs  []string // of all projects, slash paths from root; set by list
	stray string   // absolute directory of a call in a workspace, but in none of its projects; else ""

	// files names the manifests that are no package.json, by absolute directory.
	files map[string]string

	// Of a project with a lockfile of its own in a workspace:
	base   string   // absolute directory of the workspace; else ""
	others []string // its other projects, slash paths from root
}

// top is the absolute directory of what is the workspace's own: settings, patches.
func (ws *projectSet) top() string { return cmp.Or(ws.base, ws.root) }

// locate finds the project and the workspace that it is a member of. A project
// that is no member of the workspace around it stands for itself, but obeys its
// settings, as with pnpm.
//
// Without a project the error is a *project.NotFoundError, and what there is of
// settings can be read all the same.
func (c *call) locate(host config.Host) error {
	loc, missing := c.args.Locate(host)
	if missing != nil && !errors.As(missing, new(*project.NotFoundError)) {
		return missing
	}
	if c.args.On("ignore-workspace") {
		loc.Workspace = ""
	}
	ws := projectSet{root: loc.Dir, here: "."}
	c.inputs.Location = loc
	var err error
	if loc.Workspace != "" {
		if c.inputs.Workspace, err = project.ReadWorkspace(loc.Workspace); err != nil {
			return err
		}
	}
	if missing != nil && loc.Workspace != loc.Dir {
		return missing
	}
	if dir := c.args.Dir(host.Dir, host.Home); missing != nil && dir != loc.Dir {
		ws.stray = dir
	}
	if loc.Workspace != "" {
		ws.adopt(loc.Workspace, loc.Dir, c.inputs.Workspace.Packages)
	}
	c.inputs.Project, err = project.Read(ws.root)
	switch {
	case errors.Is(err, fs.ErrNotExist) && ws.globs != nil:
		c.inputs.Project, err = &project.Project{Dir: ws.root}, nil
	case err != nil:
		return err
	case loc.Workspace == "" && !c.args.On("ignore-workspace"):
		if err := c.npmWorkspace(&ws, loc.Dir); err != nil {
			return err
		}
		if ws.npm {
			loc.Workspace = ws.root
		}
	}
	if p := c.inputs.Project; p.File != "" && p.File != project.ManifestFile {
		ws.files = map[string]string{p.Dir: p.File}
	}
	c.inputs.Location, c.workspace = loc, ws
	return nil
}

// adopt makes root the workspace if dir is one of its projects.
func (ws *projectSet) adopt(root, dir string, globs []string) bool {
	rel, err := filepath.Rel(root, dir)
	if err != nil || !project.IsMember(filepath.ToSlash(rel), globs) {
		return false
	}
	ws.root, ws.here, ws.globs = root, filepath.ToSlash(rel), globs
	return true
}

// npmWorkspace finds the workspace that a "workspaces" field declares, in the
// project's own package.json or in that of a directory above it that names the
// project.
func (c *call) npmWorkspace(ws *projectSet, dir string) error {
	for above := dir; ; above = filepath.Dir(above) {
		p := c.inputs.Project
		if above != dir {
			var err error
			if p, err = project.Read(above); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil // it is nobody's business what is wrong up there
			}
		}
		if p != nil && len(p.Manifest.Workspaces) > 0 && ws.adopt(above, dir, p.Manifest.Workspaces) {
			c.inputs.Project, ws.npm = p, true
			return nil
		}
		if above == filepath.Dir(above) {
			return nil
		}
	}
}

// checkScope refuses flags about the workspace where there is none. A project whose
// pnpm-workspace.yaml names no others is one by itself, as with pnpm.
func (c *call) checkScope() error {
	s := &c.cfg.Settings.Workspace
	if c.inputs.Location.Workspace == c.workspace.root {
		return nil
	}
	for _, flag := range []struct {
		asked bool
		name  string
	}{{s.Root, "--workspace-root"}, {len(s.Filter) > 0, "--filter"}, {len(s.FilterProd) > 0, "--filter-prod"}} {
		if flag.asked && c.workspace.globs == nil {
			return &notInWorkspaceError{flag.name, c.workspace.root}
		}
	}
	return nil
}

type notInWorkspaceError struct{ flag, dir string }

func (e *notInWorkspaceError) Error() string {
	return fmt.Sprintf("%s is for workspaces, and %s is in none", e.flag, e.dir)
}

// Code is pnpm's code for this error.
func (e *notInWorkspaceError) Code() string { return "ERR_PNPM_NOT_IN_WORKSPACE" }

// Hint is what the user can do.
func (e *notInWorkspaceError) Hint() string {
	return "name the directories of its projects under \"packages\" in a pnpm-workspace.yaml at the root"
}

// list finds the directories of all projects.
func (ws *projectSet) list() error {
	ws.dirs = []string{"."}
	if ws.globs == nil {
		return nil
	}
	dirs, others, err := project.MemberDirs(ws.root, ws.globs)
	if far := slices.IndexFunc(dirs, func(dir string) bool { return !filepath.IsLocal(dir) }); ws.npm && far >= 0 {
		return &project.PatternError{Pattern: dirs[far], Problem: "leads out of the workspace"} // as npm has it
	}
	if ws.dirs = dirs; len(others) > 0 {
		ws.files = map[string]string{}
		for dir, file := range others {
			ws.files[filepath.Join(ws.root, filepath.FromSlash(dir))] = file
		}
	}
	return err
}

// inputs are the files that the install depends on, by their paths from the
// root.
func (ws *projectSet) inputs(choice lockfile.Choice) []string {
	out := []string{choice.File()}
	if ws.globs != nil && !ws.npm {
		out = append(out, project.WorkspaceFile)
	}
	if rel, err := filepath.Rel(ws.root, ws.top()); ws.base != "" && err == nil {
		out = append(out, path.Join(filepath.ToSlash(rel), project.WorkspaceFile))
	}
	for _, dir := range slices.Concat(ws.dirs, ws.others) {
		out = append(out, path.Join(dir, project.ManifestFile)) // it would count even where there is none now
		if file := ws.files[filepath.Join(ws.root, filepath.FromSlash(dir))]; file != "" {
			out = append(out, path.Join(dir, file))
		}
	}
	return out
}

// projects reads all projects, and notes which of them are not selected.
func (c *call) projects() ([]install.Importer, error) {
	out := make([]install.Importer, 0, len(c.workspace.dirs))
	for _, dir := range c.workspace.dirs {
		p := c.inputs.Project
		if dir != "." || p == nil {
			var err error
			if p, err = project.Read(filepath.Join(c.workspace.root, filepath.FromSlash(dir))); err != nil {
				return nil, err
			}
		}
		im := c.importer(dir, &p.Manifest)
		im.JSON = p.Raw()
		out = append(out, im)
	}
	if !c.filtered() {
		return out, nil
	}
	return out, c.selectProjects(out)
}

// importer is a project with what it depends on, runtimes among that.
func (c *call) importer(dir string, m *project.Manifest) install.Importer {
	im := importer(dir, m)
	if full := c.withRuntimes(m); full != im.Manifest {
		im.Manifest, im.Written = full, im.Manifest
	}
	return im
}

func importer(dir string, m *project.Manifest) install.Importer {
	im := install.Importer{Dir: dir, Manifest: &m.Manifest}
	for _, f := range m.DependenciesMeta.Fields {
		flags := map[string]string{}
		for _, flag := range f.Value.Fields {
			if flag.Value.Scalar() {
				flags[flag.Key] = flag.Value.Text
			}
		}
		if im.Meta == nil {
			im.Meta = map[string]map[string]string{}
		}
		im.Meta[f.Key] = flags
	}
	if dir := m.PublishConfig.Field("directory"); dir.Kind == project.String {
		im.PublishDirectory = dir.Text
		im.NoLinkDirectory = m.PublishConfig.Field("linkDirectory").Text == "false"
	}
	return im
}

// amendWorkspace changes what this call takes for pnpm-workspace.yaml, which need
// not be there.
func (c *call) amendWorkspace(change func(*project.Workspace)) {
	ws := project.Workspace{File: filepath.Join(c.workspace.root, project.WorkspaceFile)}
	if c.inputs.Workspace != nil {
		ws = *c.inputs.Workspace
	}
	change(&ws)
	c.inputs.Workspace = &ws
}

// catalogs are those of pnpm-workspace.yaml, by name.
func (c *call) catalogs() map[string]npm.Deps {
	out := map[string]npm.Deps{}
	if c.inputs.Workspace != nil {
		for _, catalog := range c.inputs.Workspace.Catalogs {
			out[catalog.Name] = catalog.Deps
		}
	}
	return out
}

// recordedCatalogs are catalogs as a lockfile wants them.
func recordedCatalogs(catalogs map[string]npm.Deps) map[string]map[string]string {
	out := make(map[string]map[string]string, len(catalogs))
	for name, deps := range catalogs {
		out[name] = make(map[string]string, len(deps))
		for _, d := range deps {
			out[name][d.Alias] = d.Specifier
		}
	}
	return out
}

// linking is which ranges may mean a member. npm and yarn have no "workspace:"
// to say so: there they always may.
func (c *call) linking() resolve.LinkWorkspace {
	switch c.cfg.Settings.Workspace.Link {
	case "deep":
		return resolve.LinkDeep
	case "true":
		return resolve.LinkDirect
	case "":
		if c.workspace.npm {
			return resolve.LinkDirect
		}
	}
	return resolve.LinkNone
}
