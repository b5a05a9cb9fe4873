package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/patch"
	"godwit/internal/project"
	"godwit/internal/resolve"
	"godwit/internal/resolve/compat"
	"godwit/internal/resolve/override"
)

// shaping is what the project changes in the packages it depends on: in their
// manifests, and in their files.
type shaping struct {
	shape      *resolve.Shape     // nil where no manifest changes
	list       []compat.Extension // packageExtensions
	extensions string             // checksum of them, or ""
	ignored    []string           // ignoredOptionalDependencies
	patches    *patch.Set
	hooks      string // checksum of the pnpmfiles whose hooks run, or ""
	warnings   []event.Warning
}

// shaping reads it from package.json and pnpm-workspace.yaml.
func (c *call) shaping() (*shaping, error) {
	s := &shaping{}
	if c.foreign() { // what pnpm reads is not for others' lockfiles
		var err error
		s.patches, err = patch.Load(nil, c.workspace.top())
		return s, err
	}
	from, err := c.shapeOf(s)
	if err != nil {
		return nil, err
	}
	root := c.workspace.top()
	list := extensionsOf(from.PackageExtensions)
	extensions, err := compat.Parse(list)
	if err != nil {
		return nil, err
	}
	overrides, err := override.Parse(from.Overrides, override.Options{
		Root: filepath.ToSlash(root), Direct: directOf(&c.inputs.Project.Manifest.Manifest), Catalog: catalogOf(c.catalogs()),
	})
	if err != nil {
		return nil, err
	}
	s.warnReferences(from.Overrides)
	s.list, s.extensions, s.ignored = list, compat.Checksum(list), from.IgnoredOptional
	if extensions != nil || overrides != nil || len(s.ignored) > 0 {
		s.shape = &resolve.Shape{Extensions: extensions, Overrides: overrides, IgnoredOptional: matcher(s.ignored)}
	}
	s.patches, err = patch.Load(from.PatchedDependencies, root)
	return s, err
}

// shapeOf joins what the two files say: a key of pnpm-workspace.yaml counts,
// and the same key of "pnpm" in package.json, where it was before pnpm 11, if
// there is none. A project that names a newer pnpm leaves the old place alone.
func (c *call) shapeOf(s *shaping) (project.Shape, error) {
	var out project.Shape
	if ws := c.inputs.Workspace; ws != nil {
		out = ws.Shape
	}
	m := &c.inputs.Project.Manifest
	old, _, err := c.inputs.Project.Pnpm()
	if err != nil {
		return out, err
	}
	older, named := beforePnpm11(m.PackageManager)
	if named && !older {
		if len(m.Pnpm.Fields) > 0 {
			s.warn("PNPM_FIELD_IGNORED", `"pnpm" in package.json is ignored, as %s does; move it to %s`, m.PackageManager, project.WorkspaceFile)
		}
		old = project.Shape{}
	}
	switch {
	case len(m.Resolutions) == 0:
	case older:
		// As pnpm did until version 10: its own overrides win.
		old.Overrides = joinDeps(m.Resolutions, old.Overrides)
	default:
		s.warn("RESOLUTIONS_IGNORED", `"resolutions" in package.json are for yarn; like pnpm, this install goes without them (write "overrides" in %s)`, project.WorkspaceFile)
	}
	if out.Overrides == nil {
		out.Overrides = old.Overrides
	}
	if out.PackageExtensions.Kind == project.Missing {
		out.PackageExtensions = old.PackageExtensions
	}
	if out.IgnoredOptional == nil {
		out.IgnoredOptional = old.IgnoredOptional
	}
	if out.PatchedDependencies == nil {
		out.PatchedDependencies = old.PatchedDependencies
	}
	return out, nil
}

func (s *shaping) warn(code, format string, args ...any) {
	s.warnings = append(s.warnings, event.Warning{Code: code, Message: fmt.Sprintf(format, args...)})
}

// beforePnpm11 reports whether "packageManager" names a pnpm older than 11, and
// whether it names a pnpm at all.
func beforePnpm11(packageManager string) (older, named bool) {
	text, ok := strings.CutPrefix(packageManager, "pnpm@")
	if !ok {
		return false, false
	}
	text, _, _ = strings.Cut(text, "+") // the hash of the tool
	v, err := semver.Parse(text, semver.Options{Loose: true})
	return err == nil && v.Major < 11, err == nil
}

// joinDeps is first with what second says instead or besides.
func joinDeps(first, second npm.Deps) npm.Deps {
	out := slices.Clone(first)
	for _, d := range second {
		if i := slices.IndexFunc(out, func(o npm.Dep) bool { return o.Alias == d.Alias }); i >= 0 {
			out[i] = d
		} else {
			out = append(out, d)
		}
	}
	return out
}

// directOf looks up what a project depends on itself: optional before prod
// before dev.
func directOf(m *npm.Manifest) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, deps := range []npm.Deps{m.OptionalDependencies, m.Dependencies, m.DevDependencies} {
			if spec, ok := deps.Lookup(name); ok {
				return spec, true
			}
		}
		return "", false
	}
}

func (s *shaping) warnReferences(overrides npm.Deps) {
	var used []string
	for _, d := range overrides {
		if strings.HasPrefix(d.Specifier, "$") {
			used = append(used, d.Alias)
		}
	}
	if len(used) > 0 {
		s.warn("OVERRIDE_REFERENCE", `"$" in overrides is deprecated by pnpm (used for %s): put the version into a catalog and refer to it with "catalog:"`, strings.Join(used, ", "))
	}
}

func extensionsOf(n project.Node) []compat.Extension {
	var out []compat.Extension
	for _, f := range n.Fields {
		e := compat.Extension{Selector: f.Key}
		e.Dependencies = stringsOf(f.Value.Field("dependencies"))
		e.OptionalDependencies = stringsOf(f.Value.Field("optionalDependencies"))
		e.PeerDependencies = stringsOf(f.Value.Field("peerDependencies"))
		if meta := f.Value.Field("peerDependenciesMeta"); meta.Kind == project.Map {
			e.PeerDependenciesMeta = map[string]compat.PeerMeta{}
			for _, peer := range meta.Fields {
				var is compat.PeerMeta
				if o := peer.Value.Field("optional"); o.Kind == project.Bool {
					yes := o.Text == "true"
					is.Optional = &yes
				}
				e.PeerDependenciesMeta[peer.Key] = is
			}
		}
		out = append(out, e)
	}
	return out
}

func stringsOf(n project.Node) map[string]string {
	if n.Kind != project.Map {
		return nil
	}
	out := map[string]string{}
	for _, d := range n.Deps() {
		out[d.Alias] = d.Specifier
	}
	return out
}

// patchFor is which patch a package gets, or nil where none gets one.
func (s *shaping) patchFor() func(npm.Name, string) (string, error) {
	if s.patches == nil {
		return nil
	}
	return s.patches.Hash
}

// catalogOf looks up what "catalog:" and "catalog:name" stand for.
func catalogOf(catalogs map[string]npm.Deps) func(name, specifier string) (string, error) {
	return func(name, specifier string) (string, error) {
		catalog := cmp.Or(strings.TrimSpace(strings.TrimPrefix(specifier, catalogScheme)), defaultCatalog)
		meant, ok := catalogs[catalog].Lookup(name)
		switch {
		case !ok:
			return "", fmt.Errorf("the catalog %s has no entry for %s", catalog, name)
		case strings.HasPrefix(meant, catalogScheme) || strings.HasPrefix(meant, "workspace:"):
			return "", fmt.Errorf("the entry of the catalog %s for %s is %q, which cannot stand there", catalog, name, meant)
		}
		return meant, nil
	}
}

// settings adds to what a lockfile records.
func (s *shaping) settings(to *lockfile.Settings) {
	if s.shape != nil {
		to.Overrides = s.shape.Overrides.Entries()
	}
	to.PackageExtensionsChecksum, to.IgnoredOptional, to.Patched = s.extensions, s.ignored, s.patches.Hashes()
}

// digest sums up what shapes node_modules.
func (s *shaping) digest() string {
	var settings lockfile.Settings
	s.settings(&settings)
	return fmt.Sprint(settings.Overrides, settings.PackageExtensionsChecksum, settings.IgnoredOptional, settings.Patched, s.hooks)
}

// unused tells of overrides and patches that have nothing to change: the first
// are a warning, for the project may be about to need them; the second an
// error unless that is allowed, as in pnpm.
func (s *shaping) unused(res *resolve.Result, out *install.Resolved, allowed bool) error {
	if len(res.Unused) > 0 {
		out.Warnings = append(out.Warnings, event.Warning{
			Code:    "UNUSED_OVERRIDE",
			Message: "overrides that nothing depends on: " + strings.Join(res.Unused, ", "),
		})
	}
	if s.patches == nil {
		return nil
	}
	packages := make([]patch.Package, 0, len(res.Graph.Packages))
	for _, p := range res.Graph.Packages {
		packages = append(packages, patch.Package{Name: p.Name, Version: p.Version})
	}
	keys, err := s.patches.Unused(packages)
	if err != nil || len(keys) == 0 {
		return err
	}
	unused := &patch.UnusedError{Keys: keys}
	if !allowed {
		return unused
	}
	out.Warnings = append(out.Warnings, event.Warning{Code: "UNUSED_PATCH", Message: unused.Error()})
	return nil
}
