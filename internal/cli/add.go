package cli

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/resolve"
	"godwit/internal/runtimes"
)

// runAdd is the command add, and install with names behind it.
func runAdd(ctx context.Context, c *call) error {
	names := c.args.Positional[1:]
	if len(names) == 0 {
		return &usageError{"add wants the names of packages", "for example: godwit add left-pad, or godwit add -D typescript@5"}
	}
	s := &c.cfg.Settings
	if s.Call.Global {
		return c.addGlobal(ctx)
	}
	requests, err := c.requested(names)
	if err != nil {
		return err
	}
	if err := c.checkRoot(); err != nil {
		return err
	}
	if c.forRoot() && c.inputs.Project.Raw() == nil {
		return c.beginRoot(ctx)
	}
	rules, err := c.allowedBuilds()
	if err != nil {
		return err
	}
	e := &editing{keep: !s.Save.Save}
	a := &additions{call: c, editing: e, requests: requests}
	if !e.keep {
		e.settings = func() error { return errors.Join(c.writeBuilds(rules), a.catalogs.write(c)) }
	}
	c.allowBuilds(rules)
	e.targets = func(importers []install.Importer) (map[string]bool, error) {
		return c.targets(importers, s.Workspace.IncludeRoot)
	}
	err = c.install(ctx, func(req *install.Request) error {
		if a.catalogs, err = c.cataloging(req); err != nil {
			return err
		}
		c.tellFitting(ctx, req, e, req.Resolver.(renewing).looks())
		return c.edit(req, e, func(src *source, importers []install.Importer) error { return a.ready(ctx, src, importers) })
	})
	return c.suggest(err, requests)
}

// additions are what one call adds to projects.
type additions struct {
	*call
	*editing
	requests []specifier.Specifier
	catalogs *cataloging // nil for none
}

// ready knows what each project gets, now that the others are read.
func (a *additions) ready(ctx context.Context, src *source, importers []install.Importer) error {
	others, err := a.otherImporters()
	if err != nil {
		return err
	}
	all := slices.Concat(importers, others)
	used, members := workspaceSpecifiers(all), map[string]string{}
	for _, im := range all {
		members[string(im.Manifest.Name)] = im.Manifest.Version
	}
	a.changes = func(im *install.Importer) ([]change, error) {
		one := adding{call: a.call, used: used, into: im, catalogs: a.catalogs, members: members}
		for _, r := range a.requests {
			if err := one.add(ctx, src, r); err != nil {
				return nil, err
			}
		}
		if a.cfg.Settings.Save.Types {
			if err := one.addTypes(ctx, src); err != nil {
				return nil, err
			}
		}
		return one.changes, nil
	}
	return a.checkNames(ctx, src, a.requests, importers)
}

// forRoot reports whether a call that changes one package.json is about that of the
// root.
func (c *call) forRoot() bool {
	s := &c.cfg.Settings.Workspace
	return s.Root || c.workspace.here == "." && !s.Recursive && len(s.Filter)+len(s.FilterProd) == 0
}

// checkRoot refuses to add to the root of a workspace of several patterns where
// nobody said that it is meant, as pnpm does: as a rule it is the wrong directory.
func (c *call) checkRoot() error {
	s := &c.cfg.Settings.Workspace
	if c.workspace.npm || len(c.workspace.globs) < 2 || s.Root || s.IgnoreRootCheck || !c.forRoot() {
		return nil
	}
	return &refusedError{"this adds to the root of the workspace", "ERR_PNPM_ADDING_TO_ROOT", "go to the project that is meant or name it (--filter app); if it is the root, say -w, or set ignore-workspace-root-check"}
}

// requested reads what add is asked for. A name alone is of no kind yet.
func (c *call) requested(names []string) ([]specifier.Specifier, error) {
	requests := make([]specifier.Specifier, len(names))
	for i, name := range names {
		alias, raw := specifier.Split(name)
		if raw == "" && alias != "" {
			requests[i] = specifier.Specifier{Alias: alias}
			continue
		}
		var err error
		if requests[i], err = c.parse(alias, raw); err != nil {
			return nil, err
		}
	}
	return requests, nil
}

// allowedBuilds are the rules of --allow-build: a name may run its install
// scripts, one behind "!" may not.
func (c *call) allowedBuilds() ([]project.BuildRule, error) {
	names := c.cfg.Settings.Install.AllowBuild
	if len(names) == 0 && c.args.Has("allow-build") {
		names = []string{""}
	}
	var rules []project.BuildRule
	for _, arg := range names {
		name, denied := strings.CutPrefix(arg, "!")
		if _, err := expandSelector(name); err != nil || name == "" {
			return nil, errors.Join(err, &buildNameError{arg})
		}
		rules = append(rules, project.BuildRule{Selector: name, Allow: !denied})
	}
	return rules, nil
}

// allowBuilds puts rules among those of this call.
func (c *call) allowBuilds(rules []project.BuildRule) {
	if len(rules) == 0 {
		return
	}
	c.amendWorkspace(func(ws *project.Workspace) {
		kept := slices.DeleteFunc(slices.Clone(ws.Shape.AllowBuilds), func(old project.BuildRule) bool {
			return slices.ContainsFunc(rules, func(r project.BuildRule) bool { return r.Selector == old.Selector })
		})
		ws.Shape.AllowBuilds = append(kept, rules...)
	})
}

// buildNameError is --allow-build without the name of a package.
type buildNameError struct{ arg string }

func (e *buildNameError) Error() string {
	return fmt.Sprintf("--allow-build=%s names no package", e.arg)
}

// Code is pnpm's code for this error.
func (e *buildNameError) Code() string { return "ERR_PNPM_ALLOW_BUILD_MISSING_PACKAGE" }

// Hint is what the user can do.
func (e *buildNameError) Hint() string {
	return "name the package that may run install scripts: --allow-build=esbuild, or --allow-build='!esbuild' for one that may not"
}

// adding collects what add does to one project.
type adding struct {
	*call
	used    map[string]string
	into    *install.Importer
	changes []change

	catalogs *cataloging       // nil for none
	members  map[string]string // name of a project of the workspace -> its version
	types    bool              // what is added are the types of something else
}

func (a *adding) add(ctx context.Context, src *source, s specifier.Specifier) error {
	if a.npmProject() {
		if err := a.nameIt(ctx, src, &s); err != nil {
			return err
		}
		return a.addNpm(s)
	}
	save := &a.cfg.Settings.Save
	present := ""
	if s.Alias != "" {
		group := groupOf(a.into.Manifest, s.Alias)
		if group != "" {
			present, _ = depsOf(a.into.Manifest, group).Lookup(s.Alias)
		}
	}
	as := specifier.Save{Prefix: save.Prefix}
	if save.Exact {
		as.Prefix = ""
	}
	c := change{alias: s.Alias, also: save.Peer && !a.bunProject() && !a.types, later: a.types}
	bare := s.Kind == specifier.Invalid // a name alone
	if bare {
		c.ask = present
		if present == "" || a.bunProject() {
			if err := a.named(&s); err != nil {
				return err
			}
		}
	}
	if s.Kind != specifier.Invalid {
		if err := a.nameIt(ctx, src, &s); err != nil {
			return err
		}
		c.alias, c.ask = s.Alias, s.Raw
		if a.meansMember(s) {
			c.ask = "workspace:*" // rather than what a registry has under the name
		}
		c.save = func(name, version string) string {
			if a.foreign() && s.Kind == specifier.Range { // yarn and bun keep what was typed
				return s.Raw
			}
			return a.recorded(as, s, name, version)
		}
	}
	c.group = a.groupFor(c.alias)
	if a.catalogs != nil && !save.Workspace && !a.meansMember(s) {
		if err := a.catalogs.take(&c, s, bare, present != "", as); err != nil {
			return err
		}
	}
	a.changes = slices.DeleteFunc(a.changes, func(o change) bool { return o.alias == c.alias }) // the last one counts
	a.changes = append(a.changes, c)
	return nil
}

// named is what a name alone asks for: what other projects of the workspace ask
// for, if they agree (as pnpm does), or the default tag.
func (a *adding) named(s *specifier.Specifier) error {
	raw := a.used[s.Alias]
	if a.bunProject() || a.catalogs != nil && !a.catalogs.passive {
		raw = "" // there is one place to agree on, or nobody looks
	}
	if a.cfg.Settings.Save.Workspace {
		raw = "workspace:*"
	}
	if raw == "" {
		raw = a.cfg.Settings.Resolve.Tag
	}
	var err error
	*s, err = specifier.Parse(s.Alias, raw)
	return err
}

// nameIt finds the name of what was asked for without one: that of its
// package.json. A bare path to a directory is a link, as with pnpm.
func (a *adding) nameIt(ctx context.Context, src *source, s *specifier.Specifier) error {
	if s.Alias != "" {
		return nil
	}
	raw := s.Raw
	switch {
	case s.Registry != "":
		s.Alias = string(s.Name)
	case s.Kind.IsRegistry():
		raw, s.Alias = s.Range, string(s.Name)
	case s.Kind == specifier.Archive, a.npmProject() && (s.Kind == specifier.Link || s.Kind == specifier.Directory):
		raw = "file:" + path.Clean(s.Path)
	case s.Kind == specifier.Link, s.Kind == specifier.Directory && !strings.HasPrefix(raw, "file:"):
		raw = "link:" + path.Clean(s.Path)
	case s.Kind == specifier.Git && s.Git.Shortcut() != "" && !strings.Contains(raw, ":"):
		raw = s.Git.Host + ":" + raw
	}
	if s.Alias == "" {
		parsed, err := specifier.Parse("", raw)
		if err != nil {
			return err
		}
		ext, err := src.External(ctx, parsed, a.into.Dir)
		if err != nil {
			return fmt.Errorf("add %s: %w", raw, err)
		}
		if s.Alias = string(ext.Manifest.Name); s.Alias == "" {
			return &namelessError{raw}
		}
	}
	var err error
	*s, err = a.parse(s.Alias, raw)
	return err
}

// meansMember reports whether a project of the workspace is what was asked for, though
// a registry may have a newer version: where those are linked, it does if its version
// fits (as with pnpm).
func (a *adding) meansMember(s specifier.Specifier) bool {
	version, member := a.members[s.Alias]
	if !member || s.Aliased() || s.Registry != "" || a.linking() == resolve.LinkNone || a.foreign() || a.catalogs != nil && !a.catalogs.passive {
		return false
	}
	return s.Kind == specifier.Tag || (s.Kind == specifier.Range || s.Kind == specifier.Version) && fits(version, s.Range)
}

// recorded is the specifier for package.json. name is "" for what is no package.
func (a *adding) recorded(as specifier.Save, s specifier.Specifier, name, version string) string {
	if s.Kind == specifier.Runtime {
		return runtimes.Saved(s.Alias, s.Range, version, a.runtimeBefore(s.Alias))
	}
	protocol := a.cfg.Settings.Save.WorkspaceProtocol
	if a.bunProject() {
		protocol = "rolling"
	}
	switch member := a.members[string(s.Name)]; {
	case s.Kind == specifier.Workspace && (protocol == "rolling" || member == ""):
		return specifier.Rolling(s)
	case s.Kind == specifier.Workspace:
		as.Prefix = a.cfg.Settings.Save.Prefix // --save-exact is about registries
		return as.Member(s, member, protocol)
	case name == "" && s.Kind.IsRegistry():
		return as.Member(s, member, protocol)
	}
	return as.Chosen(s, name, version)
}

// groupFor is the map that a flag names, else the one that has the dependency.
func (a *adding) groupFor(alias string) string {
	switch save := &a.cfg.Settings.Save; {
	case a.types:
		return devGroup
	case save.Peer && a.bunProject():
		return peerGroup
	case save.Dev || save.Peer:
		return devGroup
	case save.Optional:
		return optionalGroup
	case save.Prod:
		return prodGroup
	}
	if group := groupOf(a.into.Manifest, alias); group != "" {
		return group
	}
	return prodGroup
}

// workspaceSpecifiers are the specifiers on which all projects agree, by alias.
func workspaceSpecifiers(importers []install.Importer) map[string]string {
	out := map[string]string{}
	disputed := map[string]bool{}
	for _, im := range importers {
		for _, deps := range []npm.Deps{im.Manifest.DevDependencies, im.Manifest.Dependencies, im.Manifest.OptionalDependencies} {
			for _, d := range deps {
				if was, known := out[d.Alias]; known && was != d.Specifier {
					disputed[d.Alias] = true
				}
				out[d.Alias] = d.Specifier
			}
		}
	}
	for alias := range disputed {
		delete(out, alias)
	}
	return out
}

// usageError is a command line that lacks something.
type usageError struct{ what, next string }

func (e *usageError) Error() string { return e.what }

// Hint is what the user can do.
func (e *usageError) Hint() string { return e.next }
