package cli

import (
	"context"
	"slices"

	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
)

// runUpdate is the command update: of all dependencies, or of those that names,
// patterns and flags select.
func runUpdate(ctx context.Context, c *call) error {
	if c.cfg.Settings.Call.Global {
		return c.updateGlobal(ctx)
	}
	u := updating{call: c, versions: map[string]string{}}
	for _, name := range c.args.Positional[1:] {
		alias, raw := specifier.Split(name)
		if alias == "" {
			alias = name // a pattern
		}
		u.patterns = append(u.patterns, alias)
		if raw != "" {
			u.versions[alias] = raw
		}
	}
	u.matches = func(string) bool { return true }
	if len(u.patterns) > 0 {
		u.matches = matcher(u.patterns)
	}
	if c.cfg.Settings.Update.Interactive {
		if some, err := u.pick(ctx); err != nil || !some {
			return err
		}
		u.matches = matcher(u.patterns)
	}
	e := &editing{keep: !c.cfg.Settings.Save.Save, changes: u.changes, update: u.names, renewal: true, all: len(u.patterns) == 0}
	e.targets = func(importers []install.Importer) (map[string]bool, error) { return c.targets(importers, true) }
	if !c.cfg.Settings.Update.Latest {
		return c.change(ctx, e, nil)
	}
	return c.change(ctx, e, func(src *source, importers []install.Importer) error { return u.lookAhead(ctx, src, importers) })
}

// updating is what one call of update is about.
type updating struct {
	*call
	patterns []string
	versions map[string]string // name -> what stands behind its "@"
	matches  func(alias string) bool
	// packument is what a registry says of a package; nil without --latest.
	packument func(npm.Name) (*npm.Packument, error)
}

// groups are the maps that flags leave.
func (u *updating) groups() []string {
	in := u.cfg.Settings.Include
	var out []string
	for group, on := range map[string]bool{prodGroup: in.Prod, devGroup: in.Dev, optionalGroup: in.Optional} {
		if on {
			out = append(out, group)
		}
	}
	slices.Sort(out)
	if u.bunProject() && len(out) == 3 {
		out = append(out, peerGroup)
	}
	return out
}

// names says of which packages the newest version is wanted. Without names or
// groups that is all of them, however deep; flags for groups, and depth 0, mean
// the packages that the projects depend on themselves.
func (u *updating) names(importers []install.Importer) func(alias string) bool {
	groups := u.groups()
	if len(groups) >= 3 && u.cfg.Settings.Call.Depth != "0" {
		return u.matches
	}
	direct := map[string]bool{}
	for _, im := range importers {
		if im.Unselected {
			continue
		}
		for _, group := range groups {
			for _, d := range *depsOf(im.Manifest, group) {
				direct[d.Alias] = u.matches(d.Alias)
			}
		}
	}
	return func(alias string) bool { return direct[alias] }
}

// changes raises the specifiers of what a project depends on itself.
func (u *updating) changes(im *install.Importer) ([]change, error) {
	save := &u.cfg.Settings.Save
	as := specifier.Save{Prefix: save.Prefix, Update: true}
	if save.Exact {
		as.Prefix = ""
	}
	var out []change
	for _, group := range u.groups() {
		for _, d := range *depsOf(im.Manifest, group) {
			if !u.matches(d.Alias) {
				continue
			}
			s, err := u.parse(d.Alias, d.Specifier)
			if err == nil && s.Registry != "" && u.ask(s) == s.Raw {
				continue // as pnpm 12.21 does
			}
			if err == nil && s.Kind == specifier.Catalog {
				if c, ok := u.raiseEntry(s, group); ok {
					out = append(out, c)
				}
				continue
			}
			if err == nil && s.Kind == specifier.Runtime {
				out = append(out, u.raiseRuntime(s, group))
				continue
			}
			if err != nil || !s.Kind.IsRegistry() {
				continue // the resolver tells of errors; what is no registry's has nothing to raise
			}
			c := change{alias: d.Alias, group: group, ask: u.ask(s)}
			if u.npmProject() || u.bunProject() {
				c.evicts = []string{} // it stays where it is
			}
			c.save = func(name, version string) string {
				if u.bunProject() {
					return as.ByBun(s, name, version, c.ask != d.Specifier)
				}
				if name == "" || u.foreign() && c.ask == d.Specifier { // a project of the workspace; yarn leaves ranges alone
					return d.Specifier
				}
				if u.npmProject() {
					return as.ByNpm(s, name, version)
				}
				return as.Chosen(s, name, version)
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// ask is the specifier to resolve for a dependency: its own, or what the call
// says instead. What is not saved has to fit what package.json says (as with pnpm).
func (u *updating) ask(s specifier.Specifier) string {
	want := u.versions[s.Alias]
	if want == "" && u.cfg.Settings.Update.Latest && u.cfg.Settings.Save.Save && (s.Kind != specifier.Tag || u.bunProject()) {
		if u.isAhead(s) {
			return s.Raw
		}
		want = "latest"
	}
	switch {
	case want == "":
		return s.Raw
	case s.JSR != "":
		return "jsr:" + string(s.JSR) + "@" + want
	case s.Registry != "":
		return s.Registry + ":" + string(s.Name) + "@" + want
	case s.Aliased():
		return "npm:" + string(s.Name) + "@" + want
	}
	return want
}
