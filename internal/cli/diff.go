package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"godwit/internal/layout"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/pkgdiff"
	"godwit/internal/project"
	"godwit/internal/query"
	"godwit/internal/registry"
	"godwit/internal/resolve/npmtree"
	"godwit/internal/resolve/packuments"
)

const diffHelp = `Without --diff the project is compared with what is published, as pack would make
it. Paths are the files to look at: names, patterns or directories.
    godwit diff                              the latest version and the project
    godwit diff --diff=1.0.0                 another version and the project
    godwit diff --diff=react                 what is installed, and what update would install
    godwit diff --diff=react@18 --diff=19    two versions, or any two packages
    godwit diff --diff-name-only src/        only which files differ`

// runDiff is the command diff: how the files of two packages differ, as npm tells it.
func runDiff(ctx context.Context, c *call) error {
	specs := slices.DeleteFunc(slices.Clone(c.cfg.Settings.Diff.Specs), func(s string) bool { return s == "" })
	if len(specs) > 2 {
		return &usageError{"diff compares two packages, and got more", "name at most two with --diff"}
	}
	if err := c.findLock(); err != nil {
		return err
	}
	client, err := c.client(nil)
	if err != nil {
		return err
	}
	defer client.Close()
	rules, err := c.policy()
	if err != nil {
		return err
	}
	d := &differ{
		call: c, client: client, docs: packuments.Source{Registry: client, Policy: rules},
		options: &npmtree.Options{Policy: rules, Tag: c.cfg.Settings.Resolve.Tag, Node: sync.OnceValue(c.nodeVersion)},
		tree:    sync.OnceValue(c.diffTree),
	}
	projects, err := d.projects()
	if err != nil {
		return err
	}
	for _, d.at = range projects {
		if err := d.run(ctx, specs); err != nil {
			return err
		}
	}
	return nil
}

// differ compares packages for the project at hand.
type differ struct {
	*call
	client  *registry.Client
	docs    packuments.Source
	options *npmtree.Options
	at      *project.Project // nil where there is none
	tree    func() *queried
}

// projects are those that the call is for; nil stands for none.
func (d *differ) projects() ([]*project.Project, error) {
	if d.inputs.Project == nil {
		return []*project.Project{nil}, nil
	}
	packer, stop, err := d.newPacker("diff")
	if err != nil {
		return nil, err
	}
	defer stop()
	return packer.targets()
}

// diffTree is what is installed; without packages if that cannot be read.
func (c *call) diffTree() *queried {
	q, err := c.queried()
	if err != nil || c.inputs.Project == nil {
		return &queried{call: c}
	}
	return q
}

func (d *differ) run(ctx context.Context, specs []string) error {
	specs, err := d.two(ctx, specs)
	if err != nil {
		return err
	}
	var sides [2]*pkgdiff.Package
	for i, spec := range specs {
		if sides[i], err = d.side(ctx, spec); err != nil {
			return fmt.Errorf("compare %s: %w", spec, err)
		}
	}
	s := &d.cfg.Settings.Diff
	text := pkgdiff.Diff(sides[0], sides[1], pkgdiff.Options{
		NameOnly: s.NameOnly, NoPrefix: s.NoPrefix, Src: s.Src, Dst: s.Dst, Context: s.Unified, IgnoreSpace: s.IgnoreSpace,
		Text: s.Text, VersionMark: d.cfg.Settings.Version.TagPrefix, Colour: d.colour(d.Shown),
	})
	_, err = fmt.Fprintln(d.Stdout, visible(text))
	return err
}

// visible is a text with what a terminal would obey written out ("^[" for escape),
// but for colours, and with the ends of lines that it is made of, as npm prints it.
func visible(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '\x1b' && isColour(text[i:]), !unicode.IsControl(r), strings.ContainsRune("\t\n\v\r", r):
			b.WriteRune(r)
		case r < 0x20:
			b.WriteString("^" + string(r+0x40))
		default:
			b.WriteString("^" + string(r-0x40))
		}
	}
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}

// isColour reports whether a text begins with what sets a colour; up to 8 digits do.
func isColour(text string) bool {
	rest, ok := strings.CutPrefix(text, "\x1b[")
	after := strings.TrimLeft(rest, "0123456789;")
	return ok && strings.HasPrefix(after, "m") && len(rest)-len(after) <= 8
}

// two is what is to be compared (npm's retrieveSpecs): "name@specifier", or a
// specifier.
func (d *differ) two(ctx context.Context, specs []string) ([]string, error) {
	switch len(specs) {
	case 0:
		name, err := d.name()
		return []string{name + "@" + d.cfg.Settings.Resolve.Tag, d.here()}, err
	case 1:
		return d.withInstalled(ctx, specs[0])
	}
	a, b := specs[0], specs[1]
	switch isA, isB := isRange(a), isRange(b); {
	case isA && isB:
		name, err := d.name()
		return []string{name + "@" + a, name + "@" + b}, err
	case isB:
		name, _ := specifier.Split(a)
		b = name + "@" + b
	case isA:
		name, _ := specifier.Split(b)
		a = name + "@" + a
	}
	return []string{d.installedOr(a), d.installedOr(b)}, nil
}

func isRange(spec string) bool { return semver.ValidRange(spec, semver.Options{}) }

// name is that of the project at hand.
func (d *differ) name() (string, error) {
	if d.at == nil || d.at.Manifest.Name == "" {
		return "", &usageError{"diff needs a project with a name, or two packages", "name them with --diff, or go to a project"}
	}
	return string(d.at.Manifest.Name), nil
}

// here is the project at hand as a specifier.
func (d *differ) here() string {
	if d.at == nil {
		return "file:" + d.Dir
	}
	return "file:" + d.at.Dir
}

// withInstalled compares one package: an installed one with what its dependents ask
// for or the user names, any other with the project.
func (d *differ) withInstalled(ctx context.Context, spec string) ([]string, error) {
	if isRange(spec) {
		name, err := d.name()
		return []string{name + "@" + spec, d.here()}, err
	}
	alias, raw := specifier.Split(spec)
	s, err := specifier.Parse(alias, anyIfEmpty(raw))
	if err != nil {
		return nil, err
	}
	if meansDirectory(s) {
		return []string{raw, d.here()}, nil
	}
	if !s.Kind.IsRegistry() {
		return nil, &usageError{fmt.Sprintf("diff compares no %s with what is installed", s.Kind), "name two packages with --diff"}
	}
	n := d.installed(alias)
	if n == nil {
		_, err := d.name()
		return []string{alias + "@" + anyIfEmpty(raw), d.here()}, err
	}
	if raw == "" {
		if raw, err = d.wanted(ctx, n); err != nil {
			return nil, err
		}
	}
	return []string{alias + "@file:" + filepath.FromSlash(n.Realpath), alias + "@" + raw}, nil
}

// meansDirectory reports whether a specifier is a path, with "file:" before it or without.
func meansDirectory(s specifier.Specifier) bool {
	return s.Kind == specifier.Directory || s.Kind == specifier.Link
}

func anyIfEmpty(raw string) string {
	if raw == "" {
		return "*"
	}
	return raw
}

// installed is the package that is installed under a name, the one nearest to the
// root, or nil.
func (d *differ) installed(name string) *query.Node {
	for _, n := range d.tree().Nodes {
		if n.Name == name && n.Realpath != "" && n.Package.Field("version").Text != "" {
			return n
		}
	}
	return nil
}

// installedOr puts in a name's place what is installed under it.
func (d *differ) installedOr(spec string) string {
	if alias, raw := specifier.Split(spec); raw == "" && alias != "" {
		if n := d.installed(alias); n != nil {
			return alias + "@file:" + filepath.FromSlash(n.Realpath)
		}
		return alias + "@*"
	}
	return spec
}

// wanted is the version that an update would install.
func (d *differ) wanted(ctx context.Context, n *query.Node) (string, error) {
	spec := "*"
	if root := d.tree().Root; root != nil {
		for _, e := range slices.Concat(n.In, root.Out) { // what the root asks for counts more
			if e.Name == n.Name && (spec == "*" || e.From == root) {
				spec = e.Spec
			}
		}
	}
	doc, err := d.docs.Packument(ctx, npm.Name(n.Name), true)
	if err != nil {
		return "", err
	}
	version := d.options.Pick(doc, specifier.Specifier{Alias: n.Name, Raw: spec}, semver.Range{})
	if version == "" {
		return "", &noVersionError{n.Name + "@" + spec}
	}
	return version, nil
}

// side is the package that a specifier means.
func (d *differ) side(ctx context.Context, spec string) (*pkgdiff.Package, error) {
	alias, raw := specifier.Split(spec)
	s, err := specifier.Parse(alias, anyIfEmpty(raw))
	if err != nil {
		return nil, err
	}
	switch {
	case s.Kind.IsRegistry():
		return d.published(ctx, s)
	case meansDirectory(s):
		dir := filepath.FromSlash(s.Path)
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(d.args.Dir(d.Dir, d.Home), dir)
		}
		if parent := filepath.Dir(dir); filepath.Base(parent) == layout.ModulesDir || filepath.Base(filepath.Dir(parent)) == layout.ModulesDir {
			return d.unpacked(dir)
		}
		return d.packed(dir)
	case s.Kind == specifier.Archive:
		tarball, err := os.ReadFile(filepath.FromSlash(s.Path))
		if err != nil {
			return nil, err
		}
		return d.archived(tarball)
	case s.Kind == specifier.Tarball:
		tarball, err := d.client.Tarball(ctx, registry.TarballRequest{URL: s.URL})
		if err != nil {
			return nil, err
		}
		return d.archived(tarball)
	}
	return nil, &unsupportedError{"diff of " + s.Kind.String() + " packages", "pack it, and name the tarball"}
}

// published is what a registry has.
func (d *differ) published(ctx context.Context, s specifier.Specifier) (*pkgdiff.Package, error) {
	doc, err := d.docs.Packument(ctx, s.Name, false)
	if err != nil {
		return nil, err
	}
	version := d.options.Pick(doc, s, semver.Range{})
	if version == "" {
		return nil, &noVersionError{string(s.Name) + "@" + s.Range}
	}
	m, err := doc.Manifest(version)
	if err != nil {
		return nil, err
	}
	tarball, err := d.client.Tarball(ctx, registry.TarballRequest{URL: m.Dist.Tarball, Name: s.Name})
	if err != nil {
		return nil, err
	}
	if sri := m.Dist.Integrity; sri != "" {
		if err := integrity.Check(sri, tarball); err != nil {
			return nil, err
		}
	}
	return pkgdiff.Read(version, tarball, d.only())
}

// only are the paths that the user named.
func (d *differ) only() []string { return d.args.Positional[1:] }

// archived is a tarball that says its version itself.
func (d *differ) archived(tarball []byte) (*pkgdiff.Package, error) {
	all, err := pkgdiff.Read("", tarball, []string{"package.json"})
	if err != nil {
		return nil, err
	}
	m, err := npm.DecodeManifest([]byte(all.Text("package.json")))
	if err != nil {
		return nil, fmt.Errorf("read package.json: %w", err)
	}
	return pkgdiff.Read(m.Version, tarball, d.only())
}

// packed is a directory as pack would make a package of it.
func (d *differ) packed(dir string) (*pkgdiff.Package, error) {
	p, err := project.Read(dir)
	if err != nil {
		return nil, err
	}
	packer, stop, err := d.newPacker("diff")
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := packer.scripts(p, "prepare"); err != nil {
		return nil, err
	}
	made, err := packer.build(p)
	if err != nil {
		return nil, err
	}
	return pkgdiff.Read(made.version, made.Tarball, d.only())
}

// unpacked is a directory in node_modules: all that is in it, but for packages.
func (d *differ) unpacked(dir string) (*pkgdiff.Package, error) {
	p, err := project.Read(dir)
	if err != nil {
		return nil, err
	}
	commands := executables(&p.Manifest.Manifest, dir)
	out := pkgdiff.New(p.Manifest.Version)
	return out, out.AddDir(dir, d.only(), func(file string) bool {
		return slices.ContainsFunc(commands, func(c string) bool { return strings.TrimPrefix(c, "./") == file })
	})
}
