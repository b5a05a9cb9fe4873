package cli

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"

	"godwit/internal/layout"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

// runNpx is the command npx: a command of the project, of what is installed here,
// or of a package that is fetched for it.
func runNpx(ctx context.Context, c *call) error {
	words, err := c.commandLine()
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return &refusedError{what: "npx wants a command, or a package that has one", code: "ERR_PNPM_EXEC_MISSING_COMMAND", next: "for example: gwx tsc --noEmit"}
	}
	if err := c.checkScope(); err != nil {
		return err
	}
	r, stop := c.newRunner("exec")
	defer stop()
	if !c.recursive() {
		p, err := c.projectOf()
		if err != nil {
			p = &project.Project{Dir: c.args.Dir(c.Dir, c.Home)}
		}
		return r.npx(ctx, p, c.whereTo(p), words)
	}
	projects, levels, err := r.selection()
	if err != nil {
		return r.noneIsFine(err)
	}
	for _, dir := range slices.Concat(levels...) {
		if err := r.npx(ctx, projects[dir], projects[dir].Dir, words); err != nil {
			return err
		}
	}
	return nil
}

// npx runs words in dir, as a command that is looked for in npm's order
// (libnpmexec): one that the project itself has, those of node_modules there and
// above, those of global packages, then those of the packages that --package or
// the first word means, which are fetched where they are not installed here. PATH
// does not count: "node@20" and "node" are packages.
func (r *runner) npx(ctx context.Context, p *project.Project, dir string, words []string) error {
	packages := r.cfg.Settings.Run.Packages
	named := len(packages) > 0 || r.cfg.Settings.Run.ShellMode
	if !named {
		name := words[0]
		if _, own := p.Manifest.Bin[name]; own {
			return r.dlx(ctx, errand{packages: []string{p.Dir}, words: words})
		}
		if file := r.installedCommand(p.Dir, name); file != "" {
			return r.program(p, dir, append([]string{file}, words[1:]...), "")
		}
		packages = words[:1]
	}
	first, missing := installedPackages(p.Dir, packages)
	if missing {
		return r.dlx(ctx, errand{
			packages: r.cfg.Settings.Run.Packages, words: words, path: commandsAbove(p.Dir),
			may: func() error { return r.mayFetch(packages...) },
		})
	}
	if !named {
		command, err := commandOfManifest(words[0], &first.Manifest)
		if err != nil {
			return err
		}
		words = append([]string{command}, words[1:]...)
	}
	if file := r.installedCommand(p.Dir, words[0]); file != "" && !r.cfg.Settings.Run.ShellMode {
		words = append([]string{file}, words[1:]...)
	}
	return r.program(p, dir, words, "")
}

// installedCommand is the file of a command in node_modules of dir or of a
// directory above it, or of a global package's; "" where there is none.
func (c *call) installedCommand(dir, name string) string {
	if name != filepath.Base(name) {
		return ""
	}
	for _, at := range append(commandsAbove(dir), c.cfg.Settings.Dirs.GlobalBin) {
		if file, err := exec.LookPath(filepath.Join(at, name)); err == nil && filepath.IsAbs(file) {
			return file
		}
	}
	return ""
}

// modulesAbove is node_modules of dir and of each directory above it.
func modulesAbove(dir string) (out []string) {
	for {
		out = append(out, filepath.Join(dir, layout.ModulesDir))
		parent := filepath.Dir(dir)
		if parent == dir {
			return out
		}
		dir = parent
	}
}

// commandsAbove is where the commands of those are.
func commandsAbove(dir string) (out []string) {
	for _, at := range modulesAbove(dir) {
		out = append(out, filepath.Join(at, ".bin"))
	}
	return out
}

// installedPackages looks for packages in node_modules of dir and of directories
// above it, and returns the first of them. A dist-tag, or what is from no
// registry, counts as missing: only a registry knows what it is today.
func installedPackages(dir string, packages []string) (first *project.Project, missing bool) {
	for i, spec := range packages {
		p := installedPackage(dir, spec)
		if p == nil {
			return nil, true
		}
		if i == 0 {
			first = p
		}
	}
	return first, false
}

func installedPackage(dir, spec string) *project.Project {
	alias, raw := specifier.Split(spec)
	s, err := specifier.Parse(alias, raw)
	if err != nil || s.Kind != specifier.Version && s.Kind != specifier.Range {
		return nil
	}
	loose := semver.Options{Loose: true}
	wanted, err := semver.ParseRange(s.Range, loose)
	if err != nil {
		return nil
	}
	for _, at := range modulesAbove(dir) {
		p, err := project.Read(filepath.Join(at, filepath.FromSlash(string(s.Name))))
		if err != nil {
			continue
		}
		if v, err := semver.Parse(p.Manifest.Version, loose); err == nil && (wanted.Match(v) || s.Range == "") {
			return p
		}
	}
	return nil
}
