package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/npm/semver"
)

// generator makes up projects of what a registry has. Everything is drawn from
// the one source of randomness, so that a seed names a project.
type generator struct {
	*rand.Rand
	registry string
	roots    []string           // names to begin with
	known    map[string]*record // by name; shared by all projects
	features map[string]bool    // see features
	always   map[string]bool    // features that every project has; of overrides, hoisted and hooks only
}

// features can be left out one by one while one of the tools lacks them.
var features = []string{"peers", "settings", "aliases", "optional", "overrides", "catalogs", "workspaces", "edits"}

// record is what the registry says of a name.
type record struct {
	Tags     map[string]string         `json:"dist-tags"`
	Versions map[string]recordedFields `json:"versions"`
	sorted   []string                  // the latest releases, ascending
}

type recordedFields struct {
	Dependencies     map[string]string `json:"dependencies"`
	PeerDependencies map[string]string `json:"peerDependencies"`
}

// generated is a project: its files, and those that change in a second step.
type generated struct {
	files    map[string]string
	edited   map[string]string
	settings string // lines of .npmrc; of npm's projects only
}

// manifestJSON is a package.json in the making.
type manifestJSON struct {
	Name     string            `json:"name,omitempty"`
	Version  string            `json:"version,omitempty"`
	Deps     map[string]string `json:"dependencies,omitempty"`
	Dev      map[string]string `json:"devDependencies,omitempty"`
	Optional map[string]string `json:"optionalDependencies,omitempty"`
	Peer     map[string]string `json:"peerDependencies,omitempty"`
}

// manifestText is a package.json as npm, pnpm, yarn and bun write it.
func manifestText(m any) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		panic(err)
	}
	return out.String()
}

// memberNames are those of one project to three.
func (g *generator) memberNames() (names []string) {
	for i := range 1 + g.IntN(3) {
		names = append(names, fmt.Sprintf([]string{"@root/m%d", "m%d"}[g.IntN(2)], i))
	}
	return names
}

// rootsOf are the dependencies of projects, given as a list of directories.
func rootsOf(dirs string) ([]string, error) {
	names := map[string]bool{}
	for _, dir := range filepath.SplitList(dirs) {
		raw, err := os.ReadFile(filepath.Join(dir, "package.json"))
		if err != nil {
			return nil, err
		}
		var m manifestJSON
		if err := json.Unmarshal(raw, &m); err != nil {
			return nil, err
		}
		for _, deps := range []map[string]string{m.Deps, m.Dev} {
			for name, spec := range deps {
				names[name] = names[name] || !strings.Contains(spec, ":")
			}
		}
	}
	maps.DeleteFunc(names, func(_ string, usable bool) bool { return !usable })
	return slices.Sorted(maps.Keys(names)), nil
}

// look asks the registry for a name; nil is one that it does not have.
func (g *generator) look(name string) *record {
	if r, ok := g.known[name]; ok {
		return r
	}
	g.known[name] = nil
	answer, err := http.Get(g.registry + url.PathEscape(name))
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	r := &record{}
	if err != nil || answer.StatusCode != http.StatusOK || json.Unmarshal(body, r) != nil {
		return nil
	}
	var versions []semver.Version
	for v := range r.Versions {
		if p, err := semver.Parse(v, semver.Options{}); err == nil && !p.IsPrerelease() {
			versions = append(versions, p)
		}
	}
	slices.SortFunc(versions, semver.Version.Compare)
	// The recording has what was current; what is older leads out of it.
	for _, v := range versions[max(0, len(versions)-5):] {
		r.sorted = append(r.sorted, v.String())
	}
	if len(r.sorted) > 0 {
		g.known[name] = r
	}
	return g.known[name]
}

// name is one of the roots, or a package below one.
func (g *generator) name() string {
	for {
		name := g.roots[g.IntN(len(g.roots))]
		for range g.IntN(4) {
			r := g.look(name)
			if r == nil {
				break
			}
			latest := r.Versions[r.Tags["latest"]]
			below := slices.Sorted(maps.Keys(latest.Dependencies))
			if g.features["peers"] && g.IntN(3) == 0 {
				below = append(below, slices.Sorted(maps.Keys(latest.PeerDependencies))...)
			}
			if len(below) == 0 {
				break
			}
			name = below[g.IntN(len(below))]
		}
		if g.look(name) != nil {
			return name
		}
	}
}

// version is the latest mostly.
func (g *generator) version(name string) string {
	r := g.look(name)
	if v := r.Tags["latest"]; v != "" && g.IntN(3) > 0 {
		return v
	}
	return r.sorted[g.IntN(len(r.sorted))]
}

func (g *generator) specifier(name string) string {
	v := g.version(name)
	return []string{"^" + v, "^" + v, "^" + v, "~" + v, v, ">=" + v, "*", "latest"}[g.IntN(8)]
}

// dependencies adds n dependencies to m.
func (g *generator) dependencies(m *manifestJSON, n int) {
	for range n {
		name := g.name()
		alias, spec := name, g.specifier(name)
		if g.features["aliases"] && g.IntN(10) == 0 {
			alias, spec = "the-"+strings.ReplaceAll(strings.TrimPrefix(name, "@"), "/", "-"), "npm:"+name+"@"+spec
		}
		to := &m.Deps
		switch g.IntN(8) {
		case 0, 1:
			to = &m.Dev
		case 2:
			if g.features["optional"] {
				to = &m.Optional
			}
		case 3:
			if g.features["peers"] {
				to, alias, spec = &m.Peer, name, g.specifier(name) // no tool takes an alias here
			}
		}
		if *to == nil {
			*to = map[string]string{}
		}
		(*to)[alias] = spec
	}
}

// project makes up one project.
func (g *generator) project() *generated {
	p := &generated{files: map[string]string{}, edited: map[string]string{}}
	members := []*manifestJSON{{Name: "root", Version: "1.0.0"}}
	dirs := []string{"."}
	yaml := []string{"minimumReleaseAge: 0"}
	if g.features["workspaces"] && g.IntN(3) == 0 {
		yaml = append(yaml, "packages:", `  - "packages/*"`)
		for i := range 1 + g.IntN(3) {
			members = append(members, &manifestJSON{Name: fmt.Sprintf("@root/m%d", i), Version: "1.0.0"})
			dirs = append(dirs, fmt.Sprintf("packages/m%d", i))
		}
	}
	for i, m := range members {
		g.dependencies(m, 1+g.IntN(5))
		if i > 1 && g.IntN(2) == 0 {
			m.Deps = with(m.Deps, members[1+g.IntN(i-1)].Name, []string{"workspace:*", "workspace:^", "workspace:^1.0.0"}[g.IntN(3)])
		}
	}
	yaml = append(yaml, g.settings()...)
	if g.features["overrides"] && (g.always["overrides"] || g.IntN(3) == 0) {
		yaml = append(yaml, g.overrides()...)
	}
	if g.features["catalogs"] && g.IntN(3) == 0 {
		yaml = append(yaml, g.catalog(members)...)
	}
	for i, dir := range dirs {
		p.files[filepath.Join(dir, "package.json")] = manifestText(members[i])
	}
	if g.features["edits"] && g.IntN(3) == 0 {
		i := g.IntN(len(members))
		g.edit(members[i])
		p.edited[filepath.Join(dirs[i], "package.json")] = manifestText(members[i])
	}
	if g.always["hoisted"] {
		yaml = append(yaml, "nodeLinker: hoisted", "hoistingLimits: "+[]string{"none", "none", "none", "workspaces", "dependencies"}[g.IntN(5)])
	}
	if g.always["hooks"] {
		p.files[".pnpmfile.cjs"] = g.hooks(members)
		if g.IntN(4) == 0 {
			p.edited[".pnpmfile.cjs"] = g.hooks(members)
		}
	}
	p.files["pnpm-workspace.yaml"] = strings.Join(yaml, "\n") + "\n"
	return p
}

func with(m map[string]string, key, value string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}

func (g *generator) settings() (lines []string) {
	if !g.features["settings"] {
		return nil
	}
	for _, s := range []string{
		"autoInstallPeers: false", "dedupePeerDependents: false", "dedupePeers: true", "peersSuffixMaxLength: 60",
		"resolutionMode: lowest-direct", "autoInstallPeersFromHighestMatch: true",
	} {
		if g.IntN(10) == 0 {
			lines = append(lines, s)
		}
	}
	return lines
}

func (g *generator) overrides() []string {
	lines := []string{"overrides:"}
	seen := map[string]bool{}
	for range 1 + g.IntN(3) {
		name := g.name()
		selector := name
		switch g.IntN(6) {
		case 0:
			selector = g.name() + ">" + name
		case 1:
			parent := g.name()
			selector = parent + "@" + g.version(parent) + ">" + name
		case 2:
			selector = name + "@<" + g.version(name)
		case 3:
			selector = name + "@^" + g.version(name)
		}
		if value := g.specifier(name); !seen[selector] {
			seen[selector] = true
			switch g.IntN(10) {
			case 0:
				value = "-"
			case 1:
				if other := g.name(); g.features["aliases"] {
					value = "npm:" + other + "@" + g.specifier(other)
				}
			}
			lines = append(lines, fmt.Sprintf("  %q: %q", selector, value))
		}
	}
	return lines
}

// catalog moves specifiers into catalogs.
func (g *generator) catalog(members []*manifestJSON) []string {
	lists := map[string]map[string]string{}
	for _, m := range members {
		for _, deps := range []map[string]string{m.Deps, m.Dev, m.Optional} {
			for _, alias := range slices.Sorted(maps.Keys(deps)) {
				if g.IntN(2) == 0 || strings.HasPrefix(deps[alias], "workspace:") {
					continue
				}
				name := []string{"", "other"}[g.IntN(2)]
				if lists[name][alias] == "" {
					lists[name] = with(lists[name], alias, deps[alias])
				}
				deps[alias] = "catalog:" + name
			}
		}
	}
	var lines []string
	headings := map[string]string{"": "catalog:", "other": "catalogs:\n  other:"}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		lines = append(lines, headings[name])
		for _, alias := range slices.Sorted(maps.Keys(lists[name])) {
			lines = append(lines, fmt.Sprintf("%*s%q: %q", 2+len(name)/2, "", alias, lists[name][alias]))
		}
	}
	return lines
}

// edit adds, removes or bumps a dependency.
func (g *generator) edit(m *manifestJSON) {
	names := slices.Sorted(maps.Keys(m.Deps))
	switch g.IntN(3) {
	case 0:
		g.dependencies(m, 1)
	case 1:
		if len(names) > 1 {
			delete(m.Deps, names[g.IntN(len(names))])
		}
	default:
		if len(names) > 0 {
			if name := names[g.IntN(len(names))]; g.look(name) != nil && !strings.Contains(m.Deps[name], ":") {
				m.Deps[name] = g.specifier(name)
			}
		}
	}
}

// hookRule is what a pnpmfile does to the manifests of one package or project.
type hookRule struct {
	Of    string `json:"of"`
	Group string `json:"group"`
	Name  string `json:"name"`
	Spec  string `json:"spec,omitempty"` // "" removes it
	Meta  bool   `json:"meta,omitempty"` // an optional peer
}

// hooks are a pnpmfile that drops, changes and adds dependencies and peers.
func (g *generator) hooks(members []*manifestJSON) string {
	var rules []hookRule
	for range 1 + g.IntN(5) {
		r := hookRule{Of: g.name(), Group: "dependencies"}
		latest := g.look(r.Of).Versions[g.look(r.Of).Tags["latest"]]
		has := latest.Dependencies
		if g.IntN(4) == 0 && len(latest.PeerDependencies) > 0 {
			r.Group, has = "peerDependencies", latest.PeerDependencies
		}
		if m := members[g.IntN(len(members))]; g.IntN(5) == 0 {
			r.Of, r.Group, has = m.Name, "dependencies", m.Deps
		}
		if names := slices.Sorted(maps.Keys(has)); len(names) > 0 && g.IntN(3) > 0 {
			if r.Name = names[g.IntN(len(names))]; g.IntN(2) == 0 && g.look(r.Name) != nil {
				r.Spec = g.specifier(r.Name)
			}
		} else {
			r.Name = g.name()
			r.Spec = g.specifier(r.Name)
			r.Group = []string{"dependencies", "dependencies", "peerDependencies", "optionalDependencies"}[g.IntN(4)]
			r.Meta = r.Group == "peerDependencies" && g.IntN(3) == 0
		}
		rules = append(rules, r)
	}
	list, err := json.MarshalIndent(rules, "", "  ")
	if err != nil {
		panic(err)
	}
	return `const rules = ` + string(list) + `
function readPackage (pkg, context) {
  for (const { of, group, name, spec, meta } of rules) {
    if (pkg.name !== of || name === of) continue
    if (spec) pkg[group][name] = spec
    else delete pkg[group][name]
    if (meta) (pkg.peerDependenciesMeta ??= {})[name] = { optional: true }
  }
  return pkg
}
const backwards = (object) => Object.fromEntries(Object.entries(object ?? {}).reverse())
module.exports = { hooks: { readPackage` + []string{"", "", ", afterAllResolved: (lockfile) => ({ ...lockfile, packages: backwards(lockfile.packages) })"}[g.IntN(3)] + ` } }
`
}
