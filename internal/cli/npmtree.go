package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/layout"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/resolve/npmtree"
)

// npmTree is what is in node_modules of a project of npm's, found as Node finds
// it: by looking from a package's directory upwards.
type npmTree struct {
	root     string
	members  map[string]string       // name of a project of the workspace -> its directory
	known    map[string]project.Node // what the lockfile says of directories, as slash paths
	nodes    map[string]*npmNode
	groups   []string                  // of the root and of members
	selected map[string]bool           // directories of the projects to show; nil is all
	rules    map[string]*npmtree.Rules // npm's overrides, by the directory of who depends; nil where there are none
	ruled    map[string]bool           // directories of packages whose versions overrides chose
	recorded bool                      // nodes are what the lockfile says of them; projects are read
}

// npmKinds are npm's words for the maps of package.json.
var npmKinds = map[string]string{prodGroup: "prod", devGroup: "dev", optionalGroup: "optional", peerGroup: "peer"}

// npmNode is one package in its place.
type npmNode struct {
	at       string // where Node finds it, absolute
	real     string // where it is
	manifest *project.Manifest
	member   bool
}

// npmEdge is a dependency of a package, and what Node finds for it.
type npmEdge struct {
	alias, spec string
	kind        string   // npm's word for the map it is from
	optional    bool     // may be missing
	peer        bool     // of the kind that is for dependents to install
	to          *npmNode // nil where there is none
	invalid     bool     // what is found is another version
	extraneous  bool     // nobody depends on what is found
	rawSpec     string   // as it is written, where npm's overrides ask for another
	below       *npmtree.Rules
}

func (c *call) npmTree() (*npmTree, error) {
	t := &npmTree{root: c.workspace.root, members: map[string]string{}, known: map[string]project.Node{}, nodes: map[string]*npmNode{}}
	in := c.cfg.Settings.Include
	for _, g := range []struct {
		on    bool
		group string
	}{{in.Prod, prodGroup}, {in.Dev, devGroup}, {in.Optional, optionalGroup}, {in.Prod, peerGroup}} {
		if g.on {
			t.groups = append(t.groups, g.group)
		}
	}
	if err := c.workspace.list(); err != nil {
		return nil, err
	}
	if err := t.selectProjects(c); err != nil {
		return nil, err
	}
	for _, dir := range c.workspace.dirs[min(1, len(c.workspace.dirs)):] {
		p, err := project.Read(filepath.Join(t.root, filepath.FromSlash(dir)))
		if err != nil {
			return nil, err
		}
		t.members[string(p.Manifest.Name)] = dir
	}
	if err := t.readKnown(filepath.Base(c.lock.Path)); err != nil {
		return nil, err
	}
	return t, t.readOverrides()
}

// maxRuled bounds how often the rules for one package may change while the tree is
// walked: they become more special each time, and nobody nests them as deep.
const maxRuled = 10

// readOverrides finds out which of npm's overrides hold for whom.
func (t *npmTree) readOverrides() error {
	root := t.node(t.root)
	if root == nil || len(root.manifest.Overrides.Fields) == 0 {
		return nil
	}
	rules, err := npmtree.ParseRules(root.manifest.Overrides.JSON())
	if err != nil || rules == nil {
		return err
	}
	selected, groups := t.selected, t.groups
	t.selected, t.groups = nil, []string{prodGroup, devGroup, optionalGroup, peerGroup}
	t.rules, t.ruled = map[string]*npmtree.Rules{t.root: rules}, map[string]bool{}
	times := map[string]int{}
	for todo := []*npmNode{root}; len(todo) > 0; {
		n := todo[0]
		todo = todo[1:]
		for _, e := range t.edges(n) {
			if e.to == nil || e.below == nil || times[e.to.real] > maxRuled {
				continue
			}
			was := t.rules[e.to.real]
			is := e.below
			if was != nil {
				is = was.With(e.below)
			}
			if is != was {
				t.rules[e.to.real] = is
				times[e.to.real]++
				todo = append(todo, e.to)
			}
		}
	}
	t.selected, t.groups = selected, groups
	return nil
}

// selectProjects notes what the call is for: the project at hand, or those that
// were named.
func (t *npmTree) selectProjects(c *call) error {
	s := &c.cfg.Settings.Workspace
	if len(s.Filter)+len(s.FilterProd) == 0 {
		if c.workspace.here != "." {
			t.selected = map[string]bool{c.workspace.here: true}
		}
		return nil
	}
	importers, err := c.projects()
	if err == nil {
		t.selected, err = c.matching(importers)
	}
	return err
}

// readKnown reads where packages are from: in npm's record of what is installed,
// or else in the lockfile.
func (t *npmTree) readKnown(file string) error {
	data, err := os.ReadFile(filepath.Join(t.root, layout.ModulesDir, lockfile.HiddenName))
	if errors.Is(err, fs.ErrNotExist) {
		return t.readLock(file)
	}
	if err != nil {
		return err
	}
	return t.know(file, data)
}

// readLock reads the same in the lockfile of this name, if there is one.
func (t *npmTree) readLock(file string) error {
	data, err := os.ReadFile(filepath.Join(t.root, file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.know(file, data)
}

func (t *npmTree) know(file string, data []byte) error {
	doc, err := project.ParseValue(file, string(data))
	if err != nil {
		return err
	}
	for _, f := range doc.Field("packages").Fields {
		t.known[f.Key] = f.Value
	}
	return nil
}

// record is the package that the lockfile has at a directory; nil if there is none.
// Projects are what their package.json says.
func (t *npmTree) record(at string) *npmNode {
	rel, err := filepath.Rel(t.root, at)
	if err != nil {
		return nil
	}
	entry := t.known[filepath.ToSlash(rel)]
	n := &npmNode{at: at, real: at}
	if entry.Field("link").Text == "true" {
		n.real = filepath.Join(t.root, filepath.FromSlash(entry.Field("resolved").Text))
		rel, _ = filepath.Rel(t.root, n.real) // both are absolute
		entry = t.known[filepath.ToSlash(rel)]
	}
	if p, err := project.Read(n.real); err == nil && (rel == "." || t.members[string(p.Manifest.Name)] == filepath.ToSlash(rel)) {
		n.manifest, n.member = &p.Manifest, rel != "."
		return n
	}
	if entry.Kind != project.Map {
		return nil
	}
	if n.manifest, err = project.Parse(filepath.ToSlash(rel), entry.JSON()); err != nil {
		return nil
	}
	if i := strings.LastIndex("/"+filepath.ToSlash(at), "/"+layout.ModulesDir+"/"); n.manifest.Name == "" && i >= 0 {
		n.manifest.Name = npm.Name(filepath.ToSlash(at)[i+len(layout.ModulesDir)+1:])
	}
	return n
}

// node is the package at a directory; nil if there is none.
func (t *npmTree) node(at string) *npmNode {
	if n, ok := t.nodes[at]; ok {
		return n
	}
	var n *npmNode
	if t.recorded {
		n = t.record(at)
	} else if real, err := filepath.EvalSymlinks(at); err == nil {
		if p, err := project.Read(real); err == nil {
			n = &npmNode{at: at, real: real, manifest: &p.Manifest}
			rel, err := filepath.Rel(t.root, real)
			n.member = err == nil && t.members[string(p.Manifest.Name)] == filepath.ToSlash(rel)
		}
	}
	t.nodes[at] = n
	return n
}

// find is what Node finds for a name from a directory of the project.
func (t *npmTree) find(from, alias string) *npmNode {
	for dir := from; ; dir = filepath.Dir(dir) {
		if filepath.Base(dir) != layout.ModulesDir {
			if n := t.node(filepath.Join(dir, layout.ModulesDir, filepath.FromSlash(alias))); n != nil {
				return n
			}
		}
		if dir == t.root || dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// edges are the dependencies of a package, in npm's order.
func (t *npmTree) edges(n *npmNode) []npmEdge {
	groups := []string{prodGroup, optionalGroup, peerGroup}
	own := n.real == t.root || n.member
	if own {
		groups = t.groups
	}
	found := map[string]npmEdge{}
	m := &n.manifest.Manifest
	for _, group := range groups {
		for _, d := range *depsOf(m, group) {
			if _, ok := found[d.Alias]; ok && group == peerGroup {
				continue
			}
			e := npmEdge{alias: d.Alias, spec: d.Specifier, kind: npmKinds[group], optional: group == optionalGroup, peer: group == peerGroup}
			if e.peer && m.OptionalPeers[d.Alias] {
				e.kind, e.optional = "peerOptional", true
			}
			found[d.Alias] = t.edge(n, e)
		}
	}
	if n.real == t.root {
		t.rootEdges(found)
	}
	var out []npmEdge
	for _, e := range found {
		if e.to == nil && e.peer && e.optional {
			continue
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b npmEdge) int { return npm.Collate(a.label(), b.label()) })
	return out
}

// label is what npm calls what is found, and sorts it by ("-" before "@").
func (e *npmEdge) label() string {
	if e.to == nil {
		return label(e.alias, e.spec)
	}
	text := label(string(e.to.manifest.Name), e.to.manifest.Version)
	if string(e.to.manifest.Name) != e.alias {
		text = e.alias + "@npm:" + text
	}
	return text
}

func (t *npmTree) edge(n *npmNode, e npmEdge) npmEdge {
	e.to = t.find(n.real, e.alias)
	ruled := false
	if rules := t.rules[n.real]; rules != nil {
		raw := e.spec
		if e.below, e.spec, ruled = rules.Edge(e.alias, raw, &t.node(t.root).manifest.Manifest, &n.manifest.Manifest); e.spec != raw {
			e.rawSpec = raw
		}
	}
	if e.to == nil {
		return e
	}
	if ruled {
		t.ruled[e.to.real] = true
	}
	e.invalid = e.unfit(e.spec) && (e.rawSpec == "" || e.unfit(e.rawSpec))
	return e
}

// unfit reports whether what is found is another version than is asked for. npm
// looks at where those of no registry are from; it made the tree, and so did we.
func (e *npmEdge) unfit(spec string) bool {
	s, err := specifier.Parse(e.alias, spec)
	if err != nil || s.Kind != specifier.Range && s.Kind != specifier.Version {
		return false
	}
	v, err := semver.Parse(e.to.manifest.Version, semver.Options{Loose: true})
	r, err2 := semver.ParseRange(s.Range, semver.Options{Loose: true})
	return err == nil && err2 == nil && !r.Match(v)
}

// rootEdges adds the projects of the workspace, and what nobody asked for.
func (t *npmTree) rootEdges(found map[string]npmEdge) {
	for name, dir := range t.members {
		if n := t.find(t.root, name); n != nil {
			found[name] = npmEdge{alias: name, spec: "file:" + dir, kind: "workspace", to: n}
		} else {
			found[name] = npmEdge{alias: name, spec: "file:" + dir, kind: "workspace"}
		}
	}
	if t.selected != nil {
		for alias, e := range found {
			member := e.to != nil && e.to.member
			if member && !t.selected[t.members[alias]] || !member && !t.selected["."] {
				delete(found, alias)
			}
		}
	}
	for _, name := range namesIn(filepath.Join(t.root, layout.ModulesDir)) {
		if _, ok := t.known[layout.ModulesDir+"/"+name]; !ok && found[name].to == nil && (t.selected == nil || t.selected["."]) {
			if n := t.node(filepath.Join(t.root, layout.ModulesDir, filepath.FromSlash(name))); n != nil {
				found[name] = npmEdge{alias: name, to: n, extraneous: true}
			}
		}
	}
}

// namesIn lists the packages in a node_modules.
func namesIn(dir string) []string {
	var out []string
	entries, _ := os.ReadDir(dir) // one that is not there has none
	for _, e := range entries {
		switch name := e.Name(); {
		case name[0] == '.':
		case name[0] == '@':
			scoped, _ := os.ReadDir(filepath.Join(dir, name))
			for _, s := range scoped {
				out = append(out, name+"/"+s.Name())
			}
		default:
			out = append(out, name)
		}
	}
	return out
}

// resolved is where a package is from, as npm lists it.
func (t *npmTree) resolved(n *npmNode) string {
	rel, err := filepath.Rel(t.root, n.at)
	if err != nil {
		return ""
	}
	if n.at != n.real {
		if to, err := filepath.Rel(filepath.Dir(n.at), n.real); err == nil {
			return "file:" + filepath.ToSlash(to)
		}
	}
	return t.known[filepath.ToSlash(rel)].Field("resolved").Text
}

// problem is what is wrong with an edge of a package, in npm's words; "" is
// nothing.
func (e *npmEdge) problem(of *npmNode) string {
	by := strings.TrimSuffix(fmt.Sprintf("%s@%s", of.manifest.Name, of.manifest.Version), "@")
	switch {
	case e.to == nil && e.optional:
		return ""
	case e.to == nil:
		return fmt.Sprintf("missing: %s@%s, required by %s", e.alias, e.spec, by)
	case e.extraneous:
		return fmt.Sprintf("extraneous: %s@%s %s", e.to.manifest.Name, e.to.manifest.Version, e.to.at)
	case e.invalid:
		return fmt.Sprintf("invalid: %s@%s %s", e.to.manifest.Name, e.to.manifest.Version, e.to.at)
	}
	return ""
}
