package lockfile

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"godwit/internal/lockfile/npmlock"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// CodeUsage is npm's code for a lockfile that npm ci cannot use.
const CodeUsage = "EUSAGE"

// npm compares a package-lock.json with the projects, as npm ci does: what every
// project asks for must be where Node looks for it, in a version that will do.
// What else the file says of the projects may be old.
func (c *comparison) npm(projects []Project) {
	rec := c.doc.Npm
	if rec.Merged {
		c.add(Reason{Code: CodeUsage, Message: "the file has conflict markers of git; both sides were merged, and an install has to write the result"})
	}
	for i := range projects {
		p := &projects[i]
		dir := strings.TrimPrefix(path.Clean("/"+p.Dir), "/")
		entry := rec.Entries[dir]
		if entry == nil {
			c.add(Reason{Code: CodeUsage, Importer: p.Dir, Message: "the lockfile does not have this project"})
			continue
		}
		c.npmEdges(p, dir, entry)
		if rec.Version > 1 { // version 1 does not say
			c.npmFields(p, entry.Manifest)
		}
	}
}

// npmEdges checks what a project depends on.
func (c *comparison) npmEdges(p *Project, dir string, entry *npmlock.Entry) {
	m := p.Manifest
	// What is optional may have been looked for in vain, if it was.
	tried := func(alias string) bool {
		_, locked := entry.Manifest.OptionalDependencies.Lookup(alias)
		return locked
	}
	for _, list := range []struct {
		group  string
		deps   npm.Deps
		locked npm.Deps
		may    func(alias string) bool // be missing
	}{
		{"dependencies", m.Dependencies, entry.Manifest.Dependencies, func(string) bool { return false }},
		{"devDependencies", m.DevDependencies, entry.Manifest.DevDependencies, func(string) bool { return false }},
		{"optionalDependencies", m.OptionalDependencies, entry.Manifest.OptionalDependencies, tried},
		{"peerDependencies", m.PeerDependencies, entry.Manifest.PeerDependencies, func(alias string) bool { return m.OptionalPeers[alias] || declares(m, alias) }},
	} {
		for _, d := range list.deps {
			if _, dev := m.DevDependencies.Lookup(d.Alias); dev && list.group != "devDependencies" {
				continue // it is for development only, then
			}
			was, _ := list.locked.Lookup(d.Alias)
			if why := c.npmEdge(dir, d, was == d.Specifier, list.may(d.Alias)); why != "" {
				c.add(Reason{Code: CodeUsage, Importer: p.Dir, Message: why})
			}
		}
	}
}

// npmEdge says why the lockfile does not have what one dependency asks for.
// same says that it has the specifier.
func (c *comparison) npmEdge(dir string, d npm.Dep, same, optional bool) string {
	rec := c.doc.Npm
	found, ok := rec.Find(dir, d.Alias)
	if !ok && optional {
		return ""
	}
	if !ok {
		return fmt.Sprintf("Missing: %s@%s from lock file", d.Alias, d.Specifier)
	}
	e := rec.Entries[found]
	name, specifier := npm.Name(d.Alias), d.Specifier
	if rest, isAlias := strings.CutPrefix(specifier, "npm:"); isAlias {
		i := strings.LastIndexByte(rest, '@')
		if i <= 0 {
			i, rest = len(rest), rest+"@"
		}
		name, specifier = npm.Name(rest[:i]), rest[i+1:]
	}
	if e.Link {
		return "" // to a project, which is what it is
	}
	r, err := semver.ParseRange(specifier, semver.Options{Loose: true})
	if err != nil { // a tag, a URL or a path, which nothing can be told of
		if same || c.doc.Npm.Version == 1 {
			return ""
		}
		return fmt.Sprintf("Invalid: lock file does not say what %s@%s is", d.Alias, d.Specifier)
	}
	version, err := semver.Parse(e.Manifest.Version, semver.Options{Loose: true})
	anything := strings.TrimSpace(specifier) == "*" // prereleases, too
	if err == nil && (anything || r.Match(version)) && e.PackageName(found) == name || same && c.settings.NpmOverrides {
		return ""
	}
	return fmt.Sprintf("Invalid: lock file's %s@%s does not satisfy %s@%s", e.PackageName(found), e.Manifest.Version, d.Alias, d.Specifier)
}

// npmFields compares what the file says of a project, which npm would write anew
// without resolving anything.
func (c *comparison) npmFields(p *Project, locked *npm.Manifest) {
	for _, f := range []struct {
		name     string
		was, now npm.Deps
	}{
		{"dependencies", locked.Dependencies, p.Manifest.Dependencies},
		{"devDependencies", locked.DevDependencies, p.Manifest.DevDependencies},
		{"optionalDependencies", locked.OptionalDependencies, p.Manifest.OptionalDependencies},
		{"peerDependencies", locked.PeerDependencies, p.Manifest.PeerDependencies},
	} {
		was, now := depsMap(f.was), depsMap(f.now)
		if !maps.Equal(was, now) {
			c.add(Reason{Code: CodeUsage, Importer: p.Dir, Harmless: true, Message: f.name + " are not those of package.json:" + specifierDiff(was, now)})
		}
	}
}

// Adopt is a lockfile that fits the projects but for what is harmless, as it is
// to be written for them.
func Adopt(path string, d *Document, projects []Project, s Settings) (*Document, error) {
	list := make([]npmlock.Project, len(projects))
	for i, p := range projects {
		list[i] = npmlock.Project{Dir: p.Dir, Manifest: p.Manifest, JSON: p.JSON}
	}
	doc, err := d.Npm.Adopt(path, list, s.LegacyPeers)
	if err != nil {
		return nil, err
	}
	return &Document{Format: Npm, Graph: doc.Graph, Npm: &doc.Record}, nil
}

func depsMap(deps npm.Deps) map[string]string {
	out := make(map[string]string, len(deps))
	for _, d := range slices.Backward(deps) {
		out[d.Alias] = d.Specifier
	}
	return out
}
