package lockfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// groupNames are the fields of package.json, by graph.Group.
var groupNames = [...]string{graph.Prod: "dependencies", graph.Dev: "devDependencies", graph.Optional: "optionalDependencies"}

// project compares one importer with its package.json, as pnpm's
// satisfies_package_manifest does.
func (c *comparison) project(p *Project) {
	wanted := c.wanted(p.Manifest)
	im := c.doc.Graph.Importer(p.Dir)
	if im == nil {
		// One without dependencies is accepted: there is nothing to install. Peers
		// that would be installed along are none (as seen with pnpm 12.21).
		own := *p.Manifest
		own.PeerDependencies = nil
		wanted = c.wanted(&own)
		if len(wanted[graph.Prod])+len(wanted[graph.Dev])+len(wanted[graph.Optional]) > 0 {
			c.outdated(p.Dir, "the lockfile does not have this project")
		}
		return
	}
	if diff := specifierDiff(flatImporter(im), flat(wanted)); diff != "" {
		c.outdated(p.Dir, "the specifiers in the lockfile are not those of package.json:"+diff)
	}
	if rec := c.doc.Pnpm; rec != nil {
		c.publishing(p, rec.Importers[p.Dir])
	}
	c.fields(p.Dir, im, wanted)
}

func (c *comparison) outdated(dir, message string) {
	c.add(Reason{Code: CodeOutdated, Importer: dir, Message: message})
}

// wanted are the dependencies of a manifest that the lockfile must have, by
// group: an alias that is optional is nothing else, one of both other groups
// may be in either. Peers that are declared nowhere else are installed, if they
// are, as dependencies.
func (c *comparison) wanted(m *npm.Manifest) [3]map[string]string {
	groups := [3]map[string]string{
		graph.Prod:     c.counted(m.Dependencies, true),
		graph.Dev:      c.counted(m.DevDependencies, false),
		graph.Optional: c.counted(m.OptionalDependencies, true),
	}
	for alias := range groups[graph.Optional] {
		delete(groups[graph.Prod], alias)
		delete(groups[graph.Dev], alias)
	}
	if c.settings.AutoInstallPeers {
		for _, d := range m.PeerDependencies {
			if !declares(m, d.Alias) {
				groups[graph.Prod][d.Alias] = d.Specifier
			}
		}
	}
	return groups
}

func declares(m *npm.Manifest, alias string) bool {
	for _, deps := range []npm.Deps{m.Dependencies, m.DevDependencies, m.OptionalDependencies} {
		if _, ok := deps.Lookup(alias); ok {
			return true
		}
	}
	return false
}

// counted leaves out what the settings keep from the lockfile.
func (c *comparison) counted(deps npm.Deps, ignorable bool) map[string]string {
	m := make(map[string]string, len(deps))
	for _, d := range deps {
		if ignorable && matchesAny(c.settings.IgnoredOptional, d.Alias) ||
			c.settings.ExcludeLinks && strings.HasPrefix(d.Specifier, "link:") {
			continue
		}
		m[d.Alias] = d.Specifier
	}
	return m
}

// matchesAny applies pnpm's patterns: "*" stands for any text, "!" in front
// takes back what patterns before it matched.
func matchesAny(patterns []string, name string) bool {
	match := false
	for _, p := range patterns {
		if not, ok := strings.CutPrefix(p, "!"); ok {
			match = match && !npm.Wildcard(not, name)
		} else {
			match = match || npm.Wildcard(p, name)
		}
	}
	return match
}

func flat(groups [3]map[string]string) map[string]string {
	all := map[string]string{}
	for _, g := range []graph.Group{graph.Dev, graph.Prod, graph.Optional} {
		maps.Copy(all, groups[g])
	}
	return all
}

func flatImporter(im *graph.Importer) map[string]string {
	all := map[string]string{}
	for _, g := range []graph.Group{graph.Dev, graph.Prod, graph.Optional} {
		for _, d := range im.Deps {
			if d.Group == g {
				all[d.Alias] = d.Specifier
			}
		}
	}
	return all
}

// specifierDiff lists every alias that one side lacks or that differs.
func specifierDiff(locked, wanted map[string]string) string {
	var b strings.Builder
	all := maps.Clone(locked)
	maps.Copy(all, wanted)
	for _, alias := range slices.Sorted(maps.Keys(all)) {
		was, inLock := locked[alias]
		now, inManifest := wanted[alias]
		switch {
		case !inLock:
			fmt.Fprintf(&b, "\n  + %s: %s is in package.json only", alias, now)
		case !inManifest:
			fmt.Fprintf(&b, "\n  - %s: %s is in the lockfile only", alias, was)
		case !sameSpecifier(was, now):
			fmt.Fprintf(&b, "\n  ~ %s: %s in the lockfile, %s in package.json", alias, was, now)
		}
	}
	return b.String()
}

// publishing compares what the lockfile says of a project beside its
// dependencies.
func (c *comparison) publishing(p *Project, rec pnpmlock.Importer) {
	if rec.PublishDirectory != p.PublishDirectory {
		c.outdated(p.Dir, fmt.Sprintf("publishDirectory is %q in the lockfile, publishConfig.directory is %q in package.json",
			rec.PublishDirectory, p.PublishDirectory))
	}
	was, now := rec.PublishDirectory != "" && !rec.NoLinkDirectory, p.PublishDirectory != "" && !p.NoLinkDirectory
	if was != now && rec.PublishDirectory == p.PublishDirectory {
		c.outdated(p.Dir, fmt.Sprintf("linkDirectory is %v in the lockfile, publishConfig.linkDirectory is %v in package.json", was, now))
	}
	if len(rec.DependenciesMeta)+len(p.DependenciesMeta) > 0 && !maps.EqualFunc(rec.DependenciesMeta, p.DependenciesMeta, maps.Equal) {
		c.outdated(p.Dir, fmt.Sprintf("dependenciesMeta is %s in the lockfile and %s in package.json",
			jsonOf(rec.DependenciesMeta), jsonOf(p.DependenciesMeta)))
	}
}

func jsonOf(meta map[string]map[string]string) string {
	text, err := json.Marshal(meta)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// fields compares group by group what the flat comparison cannot see: an alias
// that moved to another group, and a version that its range does not admit.
func (c *comparison) fields(dir string, im *graph.Importer, wanted [3]map[string]string) {
	var have [3]map[string]bool
	all := flatImporter(im)
	for _, d := range im.Deps {
		put(&have[d.Group], d.Alias)
		if spec, ok := wanted[d.Group][d.Alias]; ok {
			if why := unsatisfied(d.Target.Key, spec); why != "" {
				c.outdated(dir, fmt.Sprintf("the lockfile is broken at %s: %s", d.Alias, why))
			}
		}
	}
	for g, deps := range wanted {
		for _, alias := range slices.Sorted(maps.Keys(deps)) {
			// What is also a dependency need not be recorded as devDependency.
			_, prod := wanted[graph.Prod][alias]
			_, inLock := all[alias] // else the flat comparison said so
			if inLock && !have[g][alias] && !(graph.Group(g) == graph.Dev && prod) {
				c.outdated(dir, fmt.Sprintf("the lockfile does not have %s in %s, where package.json has it", alias, groupNames[g]))
			}
		}
		for _, alias := range slices.Sorted(maps.Keys(have[g])) {
			_, there := deps[alias]
			if !there && isIn(alias, wanted) {
				c.outdated(dir, fmt.Sprintf("the lockfile has %s in %s, where package.json does not have it", alias, groupNames[g]))
			}
		}
	}
}

func put(set *map[string]bool, alias string) {
	if *set == nil {
		*set = map[string]bool{}
	}
	(*set)[alias] = true
}

func isIn(alias string, groups [3]map[string]string) bool {
	for _, deps := range groups {
		if _, ok := deps[alias]; ok {
			return true
		}
	}
	return false
}

// unsatisfied says why the version in a key is not in a range. What is no
// version or no range satisfies: nothing can be told.
func unsatisfied(key graph.Key, specifier string) string {
	_, ref := key.ID().Split()
	version, err := semver.Parse(ref, semver.Options{})
	if err != nil {
		return ""
	}
	r, err := semver.ParseRange(specifier, semver.Options{})
	if err != nil || r.Match(version) {
		return ""
	}
	return fmt.Sprintf("version %s is not in the range %s", version, specifier)
}

// locals compares copied directories with their present package.json, which
// may have changed without any importer changing.
func (c *comparison) locals(projects []Project) {
	byDir := make(map[string]*npm.Manifest, len(projects))
	for i := range projects {
		byDir[projects[i].Dir] = projects[i].Manifest
	}
	for _, key := range slices.Sorted(maps.Keys(c.doc.Graph.Packages)) {
		p := c.doc.Graph.Packages[key]
		if m := byDir[p.Resolution.Directory]; p.Resolution.Kind == graph.Directory && m != nil {
			if why := localDiff(p, m); why != "" {
				c.add(Reason{Code: CodeOutdated, Importer: p.Resolution.Directory,
					Message: fmt.Sprintf("the copy of %s in the lockfile is outdated: %s", p.Name, why)})
			}
		}
	}
}

// localDiff is the first thing in which the edges of a copied directory are
// not its manifest's dependencies. Links are not compared, and peers are
// edges only where someone provides them.
func localDiff(p *graph.Package, m *npm.Manifest) string {
	edges := make(map[string]graph.Edge, len(p.Edges))
	for _, e := range p.Edges {
		edges[e.Alias] = e
		_, peer := m.PeerDependencies.Lookup(e.Alias)
		_, prod := m.Dependencies.Lookup(e.Alias)
		_, optional := m.OptionalDependencies.Lookup(e.Alias)
		if !peer && !prod && !optional {
			return fmt.Sprintf("it no longer depends on %s", e.Alias)
		}
	}
	for _, deps := range []npm.Deps{m.Dependencies, m.OptionalDependencies} {
		for _, d := range deps {
			e, ok := edges[d.Alias]
			if !ok {
				return fmt.Sprintf("it now depends on %s", d.Alias)
			}
			if why := unsatisfied(e.Target.Key, d.Specifier); why != "" {
				return d.Alias + ": " + why
			}
		}
	}
	return ""
}
