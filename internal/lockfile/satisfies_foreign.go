package lockfile

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"godwit/internal/lockfile/bunlock"
	"godwit/internal/lockfile/yarnlock"
	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/npm"
)

// conflicted tells of conflict markers.
func (c *comparison) conflicted(merged bool) {
	if merged {
		c.add(Reason{Code: CodeOutdated, Message: "the file has conflict markers of git; both sides were merged, and an install has to write the result"})
	}
}

// yarn compares a yarn.lock with the projects. Classic asks only whether all that
// is wanted is there; berry has a list of what each project wants, and keeps to it
// with --immutable.
func (c *comparison) yarn(projects []Project) {
	rec := c.doc.Yarn
	c.conflicted(rec.Merged)
	for _, m := range c.doc.missing {
		who := ""
		if m.Importer == "" {
			who = fmt.Sprintf(", which %s depends on", m.Dependent)
		}
		c.add(Reason{Code: CodeOutdated, Importer: m.Importer, Message: fmt.Sprintf("the lockfile does not have %s%s", m.Descriptor, who)})
	}
	if rec.Dialect != syml.Berry {
		return
	}
	locked := rec.Workspaces()
	for i := range projects {
		p := &projects[i]
		entry, ok := locked[p.Dir]
		delete(locked, p.Dir)
		if !ok {
			c.outdated(p.Dir, "the lockfile does not have this project")
			continue
		}
		wanted := map[string]string{}
		for _, deps := range []npm.Deps{p.Manifest.OptionalDependencies, p.Manifest.DevDependencies, p.Manifest.Dependencies} {
			maps.Copy(wanted, depsMap(deps))
		}
		was := depsMap(slices.Concat(entry.Dependencies, entry.OptionalDependencies))
		for alias, spec := range was {
			if want := wanted[alias]; spec == "npm:"+want { // what has no protocol
				was[alias] = want
			}
		}
		if diff := specifierDiff(was, wanted); diff != "" {
			c.outdated(p.Dir, "the specifiers in the lockfile are not those of package.json:"+diff)
		}
		peers := depsMap(yarnlock.Peers(p.Manifest.PeerDependencies))
		if diff := specifierDiff(depsMap(entry.PeerDependencies), peers); diff != "" {
			c.outdated(p.Dir, "peerDependencies in the lockfile are not those of package.json:"+diff)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(locked)) {
		c.outdated(dir, fmt.Sprintf("the lockfile has a project %q that is not there", dir))
	}
}

// bun compares a bun.lock with the projects, as bun does with --frozen-lockfile.
func (c *comparison) bun(projects []Project) {
	c.conflicted(c.doc.Bun.Merged)
	locked := map[string]*bunlock.Workspace{}
	for i := range c.doc.Bun.Workspaces {
		w := &c.doc.Bun.Workspaces[i]
		locked[path.Clean(w.Dir)] = w
	}
	for i := range projects {
		p := &projects[i]
		w := locked[p.Dir]
		delete(locked, p.Dir)
		if w == nil {
			c.outdated(p.Dir, "the lockfile does not have this project")
			continue
		}
		for _, list := range []struct {
			name     string
			was, now npm.Deps
		}{
			{"dependencies", w.Manifest.Dependencies, p.Manifest.Dependencies},
			{"devDependencies", w.Manifest.DevDependencies, p.Manifest.DevDependencies},
			{"optionalDependencies", w.Manifest.OptionalDependencies, p.Manifest.OptionalDependencies},
			{"peerDependencies", w.Manifest.PeerDependencies, p.Manifest.PeerDependencies},
		} {
			if diff := specifierDiff(depsMap(list.was), depsMap(list.now)); diff != "" {
				c.outdated(p.Dir, list.name+" in the lockfile are not those of package.json:"+diff)
			}
		}
		c.bunTargets(p)
	}
	for _, dir := range slices.Sorted(maps.Keys(locked)) {
		c.outdated(dir, fmt.Sprintf("the lockfile has a project %q that is not there", dir))
	}
	for _, p := range projects {
		if p.Dir != "." || p.JSON == nil {
			continue
		}
		for _, field := range c.doc.Bun.Differing(bunlock.ReadSettings(p.JSON)) {
			// A frozen install takes its packages from the file all the same, and which
			// of them are trusted or patched from package.json.
			c.add(Reason{Code: CodeOutdated, Harmless: field == "trustedDependencies" || field == "patchedDependencies",
				Message: field + " in the lockfile are not those of package.json"})
		}
	}
}

// bunTargets checks that a project gets what it asks for.
func (c *comparison) bunTargets(p *Project) {
	im := c.doc.Graph.Importer(p.Dir)
	if im == nil {
		return
	}
	have := map[string]bool{}
	for _, d := range im.Deps {
		have[d.Alias] = true
		if why := unsatisfied(d.Target.Key, d.Specifier); why != "" && !c.doc.Bun.Overridden(d.Alias) {
			c.outdated(p.Dir, fmt.Sprintf("the lockfile is broken at %s: %s", d.Alias, why))
		}
	}
	for _, deps := range []npm.Deps{p.Manifest.Dependencies, p.Manifest.DevDependencies} {
		for _, d := range deps {
			if !have[d.Alias] && !overridden(p.Manifest.OptionalDependencies, d.Alias) {
				c.outdated(p.Dir, fmt.Sprintf("the lockfile does not have %s@%s", d.Alias, d.Specifier))
			}
		}
	}
}

func overridden(deps npm.Deps, alias string) bool {
	return slices.ContainsFunc(deps, func(d npm.Dep) bool { return d.Alias == alias || strings.HasPrefix(d.Alias, alias+"@") })
}
