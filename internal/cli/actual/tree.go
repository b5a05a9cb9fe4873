// Package actual is what is in node_modules of a project of npm's, which npm calls
// the actual tree, and why it is there. It looks at a disk and changes nothing.
package actual

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"godwit/internal/fsys"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/resolve/npmtree"
)

// maxFile bounds what is read of a lockfile, as the package of lockfiles does.
const maxFile = 512 << 20

// Options say which tree, and what of it.
type Options struct {
	Root     string            // directory of the lockfile, absolute
	Lockfile string            // its name
	Members  map[string]string // name of a project of the workspace -> its directory
	// Prod, Dev, Optional and Peer are the maps of the root and of members that
	// count; of packages all do but devDependencies.
	Prod, Dev, Optional, Peer bool

	Selected map[string]bool // directories of the projects to show; nil is all
	Recorded bool            // packages are what the lockfile says of them; projects are read
	// Entries are what the lockfile says, by directory, where Recorded is set and its
	// text is of an old form or has conflicts; nil is its text.
	Entries map[string]project.Node
}

// Whole is the tree of all projects with all that they ask for.
func (o Options) Whole() Options {
	o.Selected = nil
	o.Prod, o.Dev, o.Optional, o.Peer = true, true, true, true
	return o
}

// Tree is what is in node_modules of a project of npm's, found as Node finds
// it: by looking from a package's directory upwards.
type Tree struct {
	Options
	Known map[string]project.Node // what the lockfile says of directories, as slash paths
	Ruled map[string]bool         // directories of packages whose versions overrides chose

	nodes map[string]*Node
	rules map[string]*npmtree.Rules // npm's overrides, by the directory of who depends; nil where there are none
}

// Node is one package in its place.
type Node struct {
	At       string // where Node finds it, absolute
	Real     string // where it is
	Manifest *project.Manifest
	Member   bool
}

// Edge is a dependency of a package, and what Node finds for it.
type Edge struct {
	Alias, Spec string
	Kind        string // npm's word for the map it is from
	Optional    bool   // may be missing
	Peer        bool   // of the kind that is for dependents to install
	To          *Node  // nil where there is none
	Invalid     bool   // what is found is another version
	Extraneous  bool   // nobody depends on what is found
	RawSpec     string // as it is written, where npm's overrides ask for another
	below       *npmtree.Rules
}

// Read reads what npm's record, or the lockfile, has, and what overrides say.
// Packages are read as they are asked for.
func Read(o Options) (*Tree, error) {
	t := &Tree{Options: o, Known: map[string]project.Node{}, nodes: map[string]*Node{}}
	if err := t.readKnown(); err != nil {
		return nil, err
	}
	return t, t.readOverrides()
}

// maxRuled bounds how often the rules for one package may change while the tree is
// walked: they become more special each time, and nobody nests them as deep.
const maxRuled = 10

// readOverrides finds out which of npm's overrides hold for whom.
func (t *Tree) readOverrides() error {
	root := t.Node(t.Root)
	if root == nil || len(root.Manifest.Overrides.Fields) == 0 {
		return nil
	}
	rules, err := npmtree.ParseRules(root.Manifest.Overrides.JSON())
	if err != nil || rules == nil {
		return err
	}
	asked := t.Options
	t.Options = asked.Whole()
	defer func() { t.Options = asked }()
	t.rules, t.Ruled = map[string]*npmtree.Rules{t.Root: rules}, map[string]bool{}
	times := map[string]int{}
	for todo := []*Node{root}; len(todo) > 0; {
		n := todo[0]
		todo = todo[1:]
		for _, e := range t.Edges(n) {
			if e.To == nil || e.below == nil || times[e.To.Real] > maxRuled {
				continue
			}
			was := t.rules[e.To.Real]
			is := e.below
			if was != nil {
				is = was.With(e.below)
			}
			if is != was {
				t.rules[e.To.Real] = is
				times[e.To.Real]++
				todo = append(todo, e.To)
			}
		}
	}
	return nil
}

// readKnown reads where packages are from: in npm's record of what is installed,
// or else in the lockfile.
func (t *Tree) readKnown() error {
	if t.Entries != nil {
		t.Known = t.Entries
		return nil
	}
	files := []string{filepath.Join(layout.ModulesDir, lockfile.HiddenName), t.Lockfile}
	if t.Recorded {
		files = files[1:]
	}
	for _, file := range files {
		data, err := fsys.ReadFile(filepath.Join(t.Root, file), maxFile)
		if err == nil {
			return t.know(t.Lockfile, data)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (t *Tree) know(file string, data []byte) error {
	doc, err := project.ParseValue(file, string(data))
	if err != nil {
		return err
	}
	for _, f := range doc.Field("packages").Fields {
		t.Known[f.Key] = f.Value
	}
	return nil
}

// recorded is the package that the lockfile has at a directory; nil if there is none.
// Projects are what their package.json says.
func (t *Tree) recorded(at string) *Node {
	rel, err := filepath.Rel(t.Root, at)
	if err != nil {
		return nil
	}
	entry := t.Known[filepath.ToSlash(rel)]
	n := &Node{At: at, Real: at}
	if entry.Field("link").Text == "true" {
		n.Real = filepath.Join(t.Root, filepath.FromSlash(entry.Field("resolved").Text))
		rel, _ = filepath.Rel(t.Root, n.Real) // both are absolute
		entry = t.Known[filepath.ToSlash(rel)]
	}
	if p, err := project.Read(n.Real); err == nil && (rel == "." || t.Members[string(p.Manifest.Name)] == filepath.ToSlash(rel)) {
		n.Manifest, n.Member = &p.Manifest, rel != "."
		return n
	}
	if entry.Kind != project.Map {
		return nil
	}
	if n.Manifest, err = project.Parse(filepath.ToSlash(rel), entry.JSON()); err != nil {
		return nil
	}
	if _, name, found := npm.CutModules(filepath.ToSlash(at)); n.Manifest.Name == "" && found {
		n.Manifest.Name = npm.Name(name)
		n.Manifest.Document.Set("name", project.Text(name))
	}
	return n
}

// Node is the package at a directory; nil if there is none.
func (t *Tree) Node(at string) *Node {
	if n, ok := t.nodes[at]; ok {
		return n
	}
	var n *Node
	if t.Recorded {
		n = t.recorded(at)
	} else if real, err := filepath.EvalSymlinks(at); err == nil {
		if p, err := project.Read(real); err == nil {
			n = &Node{At: at, Real: real, Manifest: &p.Manifest}
			rel, err := filepath.Rel(t.Root, real)
			n.Member = err == nil && t.Members[string(p.Manifest.Name)] == filepath.ToSlash(rel)
		}
	}
	t.nodes[at] = n
	return n
}

// Find is what Node finds for a name from a directory of the project.
func (t *Tree) Find(from, alias string) *Node {
	for dir := from; ; dir = filepath.Dir(dir) {
		if filepath.Base(dir) != layout.ModulesDir {
			if n := t.Node(filepath.Join(dir, layout.ModulesDir, filepath.FromSlash(alias))); n != nil {
				return n
			}
		}
		if dir == t.Root || dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// Edges are the dependencies of a package, in npm's order.
func (t *Tree) Edges(n *Node) []Edge {
	own := n.Real == t.Root || n.Member
	found := map[string]Edge{}
	m := &n.Manifest.Manifest
	for _, group := range []struct {
		kind   string // npm's word
		deps   npm.Deps
		counts bool
	}{
		{"prod", m.Dependencies, !own || t.Prod}, {"dev", m.DevDependencies, own && t.Dev},
		{"optional", m.OptionalDependencies, !own || t.Optional}, {"peer", m.PeerDependencies, !own || t.Peer},
	} {
		if !group.counts {
			continue
		}
		for _, d := range group.deps {
			e := Edge{Alias: d.Alias, Spec: d.Specifier, Kind: group.kind, Optional: group.kind == "optional", Peer: group.kind == "peer"}
			if _, ok := found[d.Alias]; ok && e.Peer {
				continue
			}
			if e.Peer && m.OptionalPeers[d.Alias] {
				e.Kind, e.Optional = "peerOptional", true
			}
			found[d.Alias] = t.edge(n, e)
		}
	}
	if n.Real == t.Root {
		t.rootEdges(found)
	}
	var out []Edge
	for _, e := range found {
		if e.To == nil && e.Peer && e.Optional {
			continue
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Edge) int { return npm.Collate(a.Label(), b.Label()) })
	return out
}

// Label is what npm calls what is found, and sorts it by ("-" before "@").
func (e *Edge) Label() string {
	if e.To == nil {
		return npm.Label(e.Alias, e.Spec)
	}
	text := npm.Label(string(e.To.Manifest.Name), e.To.Manifest.Version)
	if string(e.To.Manifest.Name) != e.Alias {
		text = e.Alias + "@npm:" + text
	}
	return text
}

func (t *Tree) edge(n *Node, e Edge) Edge {
	e.To = t.Find(n.Real, e.Alias)
	ruled := false
	if rules := t.rules[n.Real]; rules != nil {
		raw := e.Spec
		if e.below, e.Spec, ruled = rules.Edge(e.Alias, raw, &t.Node(t.Root).Manifest.Manifest, &n.Manifest.Manifest); e.Spec != raw {
			e.RawSpec = raw
		}
	}
	if e.To == nil {
		return e
	}
	if ruled {
		t.Ruled[e.To.Real] = true
	}
	e.Invalid = e.unfit(e.Spec) && (e.RawSpec == "" || e.unfit(e.RawSpec))
	return e
}

// unfit reports whether what is found is another version than is asked for. npm
// looks at where those of no registry are from; it made the tree, and so did we.
func (e *Edge) unfit(spec string) bool {
	s, err := specifier.Parse(e.Alias, spec)
	if err != nil || s.Kind != specifier.Range && s.Kind != specifier.Version {
		return false
	}
	v, err := semver.Parse(e.To.Manifest.Version, semver.Options{Loose: true})
	r, err2 := semver.ParseRange(s.Range, semver.Options{Loose: true})
	return err == nil && err2 == nil && !r.Match(v)
}

// rootEdges adds the projects of the workspace, and what nobody asked for.
func (t *Tree) rootEdges(found map[string]Edge) {
	for name, dir := range t.Members {
		if n := t.Find(t.Root, name); n != nil {
			found[name] = Edge{Alias: name, Spec: "file:" + dir, Kind: "workspace", To: n}
		} else {
			found[name] = Edge{Alias: name, Spec: "file:" + dir, Kind: "workspace"}
		}
	}
	if t.Selected != nil {
		for alias, e := range found {
			member := e.To != nil && e.To.Member
			if member && !t.Selected[t.Members[alias]] || !member && !t.Selected["."] {
				delete(found, alias)
			}
		}
	}
	for _, name := range namesIn(filepath.Join(t.Root, layout.ModulesDir)) {
		if _, ok := t.Known[layout.ModulesDir+"/"+name]; !ok && found[name].To == nil && (t.Selected == nil || t.Selected["."]) {
			if n := t.Node(filepath.Join(t.Root, layout.ModulesDir, filepath.FromSlash(name))); n != nil {
				found[name] = Edge{Alias: name, To: n, Extraneous: true}
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

// Resolved is where a package is from, as npm lists it.
func (t *Tree) Resolved(n *Node) string {
	rel, err := filepath.Rel(t.Root, n.At)
	if err != nil {
		return ""
	}
	if n.At != n.Real {
		if to, err := filepath.Rel(filepath.Dir(n.At), n.Real); err == nil {
			return "file:" + filepath.ToSlash(to)
		}
	}
	return t.Known[filepath.ToSlash(rel)].Field("resolved").Text
}

// Problem is what is wrong with an edge of a package, in npm's words; "" is
// nothing.
func (e *Edge) Problem(of *Node) string {
	by := npm.Label(string(of.Manifest.Name), of.Manifest.Version)
	switch {
	case e.To == nil && e.Optional:
		return ""
	case e.To == nil:
		return fmt.Sprintf("missing: %s@%s, required by %s", e.Alias, e.Spec, by)
	case e.Extraneous:
		return fmt.Sprintf("extraneous: %s@%s %s", e.To.Manifest.Name, e.To.Manifest.Version, e.To.At)
	case e.Invalid:
		return fmt.Sprintf("invalid: %s@%s %s", e.To.Manifest.Name, e.To.Manifest.Version, e.To.At)
	}
	return ""
}
