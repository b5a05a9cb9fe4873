package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/pack"
	"godwit/internal/project"
)

const packHelp = `The scripts prepack and prepare run before, postpack after. In npm's projects the
package.json is packed as it is; in others as pnpm has it: what "workspace:" and
"catalog:" stand for takes their place, and publishConfig that of other fields.
The path of the tarball goes to stdout, and the list of files to stderr.`

// runPack is the command pack.
func runPack(_ context.Context, c *call) error {
	if err := c.checkScope(); err != nil {
		return err
	}
	packer, stop, err := c.newPacker("pack")
	if err != nil {
		return err
	}
	defer stop()
	projects, err := packer.targets()
	if err != nil {
		return packer.noneIsFine(err)
	}
	var out []*packed
	for _, p := range projects {
		one, err := packer.pack(p, packer.writeTarball)
		if err != nil {
			return fmt.Errorf("pack %s: %w", p.Dir, err)
		}
		out = append(out, one)
	}
	return packer.report(out)
}

// packer makes packages of projects.
type packer struct {
	*runner
	stdout  io.Writer // of the command; that of scripts is elsewhere
	npm     bool      // as npm does; otherwise as pnpm
	members []*project.Project
	hooks   *hooks // of the project's pnpmfile
}

// packed is a project as a package.
type packed struct {
	*pack.Package
	dir      string       // of the project
	manifest project.Node // that is in the tarball
	name     npm.Name
	version  string
	file     string // where the tarball is, or would be, as it is shown
	stageID  string // what the registry calls it while it waits for approval
}

// newPacker prepares to pack for a command of npm's name. Scripts write to
// stderr: what a command yields on stdout is for other programs.
func (c *call) newPacker(command string) (*packer, func(), error) {
	if err := c.findLock(); err != nil {
		return nil, nil, err
	}
	quiet, process := *c, *c.Process
	process.Stdout = process.Stderr
	quiet.Process = &process
	r, stop := quiet.newRunner(command)
	p := &packer{runner: r, stdout: c.Stdout, npm: c.lock.Format == lockfile.Npm}
	err := p.readMembers()
	if err == nil {
		p.hooks, err = c.hooks(c.reporter())
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return p, func() { p.hooks.close(); stop() }, nil
}

// readMembers reads the projects of the workspace, which others may depend on.
func (p *packer) readMembers() error {
	if p.workspace.globs == nil {
		return nil
	}
	if err := p.workspace.list(); err != nil {
		return err
	}
	for _, dir := range p.workspace.dirs {
		m, err := project.Read(filepath.Join(p.workspace.root, filepath.FromSlash(dir)))
		if errors.As(err, new(*project.NotFoundError)) {
			continue
		}
		if err != nil {
			return err
		}
		p.members = append(p.members, m)
	}
	return nil
}

// targets are the projects that the call is for: the one at hand, or those
// selected, each after those that it depends on.
func (p *packer) targets() ([]*project.Project, error) {
	if !p.recursive() {
		one, err := p.projectOf()
		return []*project.Project{one}, err
	}
	p.cfg.Settings.Workspace.IncludeRoot = true // as pnpm has it for pack and publish
	projects, levels, err := p.selection()
	var out []*project.Project
	for _, level := range levels {
		for _, dir := range level {
			out = append(out, projects[dir])
		}
	}
	return out, err
}

// pack makes a package of a project; with is called when it is made, before
// the script postpack.
func (p *packer) pack(from *project.Project, with func(*packed) error) (*packed, error) {
	if err := p.scripts(from, "prepack", "prepare"); err != nil {
		return nil, err
	}
	from, err := project.Read(from.Dir) // the scripts may have written it
	if err != nil {
		return nil, err
	}
	out, err := p.build(from)
	if err != nil {
		return nil, err
	}
	if err := with(out); err != nil {
		return nil, err
	}
	return out, p.scripts(from, "postpack")
}

// scripts runs those scripts of a project that it has.
func (p *packer) scripts(of *project.Project, events ...string) error {
	if p.cfg.Settings.Install.IgnoreScripts {
		return nil
	}
	for _, event := range events {
		if line := of.Manifest.Scripts[event]; line != "" {
			if err := p.line(of, event, line, nil, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// build packs the directory of a project, or the one that publishConfig has for
// it.
func (p *packer) build(from *project.Project) (*packed, error) {
	at := from
	if dir := from.Manifest.PublishConfig.Field("directory"); dir.Kind == project.String && !p.npm {
		below := filepath.FromSlash(dir.Text)
		if !filepath.IsLocal(below) {
			return nil, fmt.Errorf("publishConfig.directory is %q, which is not below %s", dir.Text, from.Dir)
		}
		var err error
		if at, err = project.Read(filepath.Join(from.Dir, below)); errors.As(err, new(*project.NotFoundError)) {
			at = &project.Project{Dir: filepath.Join(from.Dir, below), Manifest: from.Manifest}
		} else if err != nil {
			return nil, err
		}
	}
	out := &packed{dir: from.Dir, manifest: at.Manifest.Document}
	o := pack.Options{Links: !p.npm, Level: p.cfg.Settings.Publish.GzipLevel}
	if !p.npm {
		var err error
		if out.manifest, err = pack.Publishable(out.manifest, p.answers(from.Dir)); err != nil {
			return nil, err
		}
		if out.manifest, o.Listing, err = p.hooks.beforePacking(out.manifest, at.Dir); err != nil {
			return nil, err
		}
		o.Manifest = out.manifest.JSON()
	}
	if err := out.identify(at.Path()); err != nil {
		return nil, err
	}
	m, err := npm.DecodeManifest(out.manifest.JSON())
	if err != nil {
		return nil, err
	}
	o.Bins = append(executables(m, at.Dir), at.Manifest.PublishConfig.Field("executableFiles").Strings()...)
	out.Package, err = pack.Dir(at.Dir, o)
	out.file = p.fileOf(out)
	return out, err
}

// answers is the workspace around the project at dir.
func (p *packer) answers(dir string) pack.Workspace {
	return pack.Workspace{
		Catalog: catalogOf(p.catalogs()),
		Member: func(name string) (string, bool) {
			for _, m := range p.members {
				if string(m.Manifest.Name) == name {
					return m.Manifest.Version, m.Manifest.Version != ""
				}
			}
			return "", false
		},
		At: func(rel string) (npm.Name, string, bool) {
			m, err := project.Read(filepath.Join(dir, filepath.FromSlash(rel)))
			if err != nil {
				return "", "", false
			}
			return m.Manifest.Name, m.Manifest.Version, m.Manifest.Name != "" && m.Manifest.Version != ""
		},
	}
}

// identify checks that the package has a name and a version.
func (out *packed) identify(file string) error {
	name, err := npm.ParseName(out.manifest.Field("name").Text)
	out.name, out.version = name, out.manifest.Field("version").Text
	switch {
	case out.manifest.Field("name").Text == "":
		return &refusedError{"there is no name in " + file, "ERR_PNPM_PACKAGE_NAME_NOT_FOUND", "a package has a name and a version: add a name"}
	case err != nil:
		return fmt.Errorf("read the name in %s: %w", file, err)
	case out.version == "":
		return &refusedError{"there is no version in " + file, "ERR_PNPM_PACKAGE_VERSION_NOT_FOUND", "a package has a name and a version: add a version"}
	}
	if out.version = canonical(out.version); out.version == "" {
		return &refusedError{fmt.Sprintf("the version %q in %s is none", out.manifest.Field("version").Text, file), "ERR_PNPM_INVALID_PACKAGE_VERSION", "write three numbers, such as 1.0.0"}
	}
	return nil
}

// canonical is a version as registries have it, without build metadata kept
// apart; "" where text is none.
func canonical(text string) string {
	v, err := semver.Parse(text, semver.Options{})
	if err != nil {
		return ""
	}
	return v.String()
}

// executables are the files that a package says are commands.
func executables(m *npm.Manifest, dir string) []string {
	out := slices.Collect(maps.Values(m.Bin))
	for i := range out {
		out[i] = path.Clean(out[i])
	}
	if m.BinDir != "" {
		_ = filepath.WalkDir(filepath.Join(dir, filepath.FromSlash(m.BinDir)), func(file string, d fs.DirEntry, err error) error {
			if rel, relErr := filepath.Rel(dir, file); err == nil && relErr == nil && !d.IsDir() {
				out = append(out, filepath.ToSlash(rel))
			}
			return nil // packing tells of what cannot be read
		})
	}
	return out
}

// fileOf is where the tarball of a package goes, as it is shown.
func (p *packer) fileOf(out *packed) string {
	s := &p.cfg.Settings.Publish
	plain := strings.ReplaceAll(strings.TrimPrefix(string(out.name), "@"), "/", "-")
	base := plain + "-" + out.version + ".tgz"
	switch {
	case s.Out != "":
		return strings.NewReplacer("%s", plain, "%v", out.version).Replace(s.Out)
	case s.Destination != "":
		return filepath.Join(s.Destination, base)
	}
	return base
}

// writeTarball writes the tarball, unless that is only to be shown.
func (p *packer) writeTarball(out *packed) error {
	if p.cfg.Settings.Call.DryRun {
		return nil
	}
	file := out.file
	file = p.fromHere(file)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return fmt.Errorf("make the directory of %s: %w", file, err)
	}
	if err := fsys.WriteFile(file, out.Tarball, fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
