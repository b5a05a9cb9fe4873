package cli

import (
	"slices"

	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
)

// npmGroups are the maps of package.json in the order in which npm looks for
// what a dependency is.
var npmGroups = []string{devGroup, optionalGroup, prodGroup, peerGroup}

// npmEvicts are the groups that a dependency leaves when npm adds it to one
// (add-rm-pkg-deps).
func npmEvicts(group string) []string {
	switch group {
	case devGroup:
		return []string{prodGroup}
	case optionalGroup:
		return []string{prodGroup, peerGroup}
	case peerGroup:
		return []string{prodGroup, optionalGroup}
	}
	return []string{devGroup, optionalGroup, peerGroup}
}

// npmGroupOf is the map in which npm would look for a dependency, or "".
func npmGroupOf(m *npm.Manifest, alias string) string {
	i := slices.IndexFunc(npmGroups, func(group string) bool {
		_, ok := depsOf(m, group).Lookup(alias)
		return ok
	})
	if i < 0 {
		return ""
	}
	return npmGroups[i]
}

// addNpm is what adding a dependency does to a project of npm's. A name alone
// asks for what the project has in that group, or for anything.
func (a *adding) addNpm(s specifier.Specifier) error {
	save := &a.cfg.Settings.Save
	as := specifier.Save{Prefix: save.Prefix}
	if save.Exact {
		as.Prefix = ""
	}
	c := change{alias: s.Alias, group: npmGroupOf(a.into.Manifest, s.Alias)}
	switch {
	case save.Dev || a.types:
		c.group = devGroup
	case save.Peer:
		c.group = peerGroup
	case save.Optional:
		c.group = optionalGroup
	case save.Prod || c.group == "":
		c.group = prodGroup
	}
	c.evicts = npmEvicts(c.group)
	if s.Kind == specifier.Invalid { // a name alone
		raw, there := depsOf(a.into.Manifest, c.group).Lookup(s.Alias)
		if !there {
			raw = "*"
		}
		var err error
		if s, err = specifier.Parse(s.Alias, raw); err != nil {
			return err
		}
	}
	c.ask = s.Raw
	c.save = func(name, version string) string { return as.ByNpm(s, name, version) }
	a.changes = slices.DeleteFunc(a.changes, func(o change) bool { return o.alias == c.alias }) // the last one counts
	a.changes = append(a.changes, c)
	return nil
}

// npmProject reports whether the lockfile is npm's.
func (c *call) npmProject() bool { return c.lock.Format == lockfile.Npm }
