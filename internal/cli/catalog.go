package cli

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

// catalogScheme begins a specifier that stands for the entry of a catalog.
const catalogScheme = "catalog:"

// defaultCatalog is the one that "catalog:" alone means.
const defaultCatalog = "default"

// cataloging is how add writes specifiers to a catalog and only refers to them in
// package.json (pnpm 12). What it adds is seen at once by the resolver, for other
// projects that refer to the entry, and by the lockfile.
type cataloging struct {
	name     string // of the catalog
	mode     string // manual, prefer, strict: of specifiers that its entry does not admit
	passive  bool   // it takes nothing, but a name alone asks for what it has
	sink     event.Sink
	entries  map[string]npm.Deps          // the resolver's
	recorded map[string]map[string]string // the lockfile's
	set      npm.Deps                     // to be written
}

// cataloging is what flags and settings say of catalogs; nil where there can be
// none.
func (c *call) cataloging(req *install.Request) (*cataloging, error) {
	save := &c.cfg.Settings.Save
	k := &cataloging{name: save.CatalogName, mode: save.CatalogMode, sink: req.Sink, recorded: req.Lockfile.Catalogs}
	flagged := save.Catalog || save.CatalogName != ""
	k.passive = !flagged && k.mode == "manual"
	if k.name == "" {
		k.name = defaultCatalog
	}
	resolver, ok := req.Resolver.(*local)
	if c.lock.Format != lockfile.Pnpm || !ok {
		if flagged {
			return nil, &unsupportedError{"--save-catalog with " + string(c.lock.Format), "leave it out; catalogs are of pnpm's projects"}
		}
		return nil, nil
	}
	k.entries = resolver.catalogs
	return k, nil
}

// reference is the specifier for package.json.
func (k *cataloging) reference() string {
	if k.name == defaultCatalog {
		return catalogScheme
	}
	return catalogScheme + k.name
}

// take lets a catalog have what a change would write. bare is a name alone, which
// asks for what the catalog has; present, that the project depends on it.
func (k *cataloging) take(c *change, s specifier.Specifier, bare, present bool, as specifier.Save) error {
	entry, has := k.entries[k.name].Lookup(c.alias)
	switch {
	case bare && has && !present:
		c.ask, c.save = k.reference(), nil
		return nil
	case k.passive, strings.HasPrefix(c.ask, catalogScheme), !bare && !s.Kind.IsRegistry():
		return nil
	case !has:
		k.enter(c)
		return nil
	}
	want, err := specifier.Parse(c.alias, c.ask)
	if err != nil {
		return err
	}
	old, err := specifier.Parse(c.alias, entry)
	switch {
	case err == nil && want.Kind == specifier.Version && admits(old, want):
		as.Update = true // the entry keeps its operator
		k.put(c.alias, as.Chosen(old, string(want.Name), want.Range))
		c.save = func(string, string) string { return k.reference() }
	case k.mode == "strict":
		return &catalogModeError{c.alias, c.ask, entry}
	case k.mode == "prefer":
		k.sink.Emit(event.Warning{Code: "CATALOG_MISMATCH", Message: fmt.Sprintf("the catalog has %s for %s; package.json gets what was asked for instead", entry, c.alias)})
	}
	return nil
}

// admits reports whether an entry is a range, of the same package, that has a
// version.
func admits(entry, version specifier.Specifier) bool {
	r, err := semver.ParseRange(entry.Range, semver.Options{})
	v, err2 := semver.Parse(version.Range, semver.Options{})
	return entry.Kind.IsRegistry() && entry.Name == version.Name && err == nil && err2 == nil && r.Match(v)
}

// enter makes a change add an entry, once it is known what is chosen. A project of
// the workspace is none.
func (k *cataloging) enter(c *change) {
	ask, alias, save := c.ask, c.alias, c.save
	c.save = func(name, version string) string {
		spec := ask
		if save != nil {
			spec = save(name, version)
		}
		if s, err := specifier.Parse(alias, spec); err != nil || !s.Kind.IsRegistry() {
			return spec
		}
		k.put(alias, spec)
		return k.reference()
	}
}

func (k *cataloging) put(alias, spec string) {
	deps := k.entries[k.name]
	set(&deps, alias, spec)
	k.entries[k.name] = deps
	if k.recorded[k.name] == nil {
		k.recorded[k.name] = map[string]string{}
	}
	k.recorded[k.name][alias] = spec
	set(&k.set, alias, spec)
}

// write puts the entries into pnpm-workspace.yaml.
func (k *cataloging) write(c *call) error {
	if k == nil {
		return nil
	}
	for _, d := range k.set {
		if err := c.setWorkspace(append(c.catalogKeys(k.name), d.Alias), project.Text(d.Specifier)); err != nil {
			return err
		}
	}
	return nil
}

// catalogKeys is where a catalog stands in pnpm-workspace.yaml.
func (c *call) catalogKeys(name string) []string {
	if name != defaultCatalog || c.inputs.Workspace != nil && slices.ContainsFunc(c.inputs.Workspace.Catalogs, func(k project.Catalog) bool {
		return k.Name == defaultCatalog && k.Named
	}) {
		return []string{"catalogs", name}
	}
	return []string{"catalog"}
}

// pruneCatalogs makes an install take entries out of catalogs that no project
// refers to. As with pnpm 12, whoever refers to one catalog's entry keeps those of
// the same name in others.
func (c *call) pruneCatalogs(req *install.Request) {
	if !c.cfg.Settings.Save.PruneCatalogs || c.inputs.Workspace == nil || req.DryRun {
		return
	}
	after := req.After
	req.After = func(importers []install.Importer) error {
		if after != nil {
			if err := after(importers); err != nil {
				return err
			}
		}
		used := c.cataloged(importers)
		for name, deps := range c.catalogs() {
			for _, d := range deps {
				if used[d.Alias] {
					continue
				}
				if err := c.setWorkspace(append(c.catalogKeys(name), d.Alias), project.Node{}); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// cataloged are the aliases that projects and overrides look up in catalogs.
func (c *call) cataloged(importers []install.Importer) map[string]bool {
	used := map[string]bool{}
	note := func(deps npm.Deps) {
		for _, d := range deps {
			if strings.HasPrefix(d.Specifier, catalogScheme) {
				used[d.Alias] = true
			}
		}
	}
	for _, im := range importers {
		for _, group := range groupsOfManifest {
			note(*depsOf(im.Manifest, group))
		}
	}
	for _, o := range c.inputs.Workspace.Shape.Overrides {
		if strings.HasPrefix(o.Specifier, catalogScheme) {
			selector := o.Alias[strings.LastIndexByte(o.Alias, '>')+1:] // "parent>name@range"
			alias, _ := specifier.Split(selector)
			used[alias] = true
		}
	}
	return used
}

// catalogModeError is what catalog-mode=strict refuses.
type catalogModeError struct{ alias, raw, entry string }

func (e *catalogModeError) Error() string {
	return fmt.Sprintf("add %s@%s: the catalog has %s for it, and catalog-mode=strict takes nothing else", e.alias, e.raw, e.entry)
}

// Code is pnpm's code for this error.
func (e *catalogModeError) Code() string { return "ERR_PNPM_CATALOG_VERSION_MISMATCH" }

// Hint is what the user can do.
func (e *catalogModeError) Hint() string {
	return "change the entry in pnpm-workspace.yaml, or add " + e.alias + "@catalog: to have what it says"
}
