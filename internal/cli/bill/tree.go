package bill

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/actual"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/sbom"
)

// Tree is what Node finds in a project of npm's, or what its lockfile records, of
// which a bill is made.
type Tree struct {
	*actual.Tree                  // of all projects, with all that they ask for
	Selected      map[string]bool // directories of the projects that are told; nil is all
	Dev, Optional bool            // dependencies that are to be there, and are told
	OmitPeers     bool
}

// ProblemsError is a tree that lacks what packages ask for, or has other versions.
type ProblemsError struct{ Problems []string }

func (e *ProblemsError) Error() string { return strings.Join(e.Problems, "\n  ") }

// Code is npm's.
func (e *ProblemsError) Code() string { return "ESBOMPROBLEMS" }

// Hint is what the user can do.
func (e *ProblemsError) Hint() string { return "godwit install puts node_modules right" }

// treeBilling makes one bill of a Tree.
type treeBilling struct {
	*Tree
	bill       *sbom.Bill
	components map[string]*sbom.Component // by real directory
	order      []*actual.Node
	links      map[string]string // real directory -> the link to it
	problems   []string
}

// Bill follows npm 11.19 (sbom.js). The tree has a package.json.
func (t *Tree) Bill() (*sbom.Bill, error) {
	b := &treeBilling{Tree: t, bill: &sbom.Bill{}, components: map[string]*sbom.Component{}, links: map[string]string{}}
	root := t.Node(t.Root)
	b.collect(root)
	b.list(root)
	b.relate()
	if len(b.problems) > 0 {
		return nil, &ProblemsError{slices.Compact(b.problems)}
	}
	return b.bill, nil
}

// omits reports whether a package is there for nothing but what is left out. (npm
// leaves out whatever a devDependency leads to, production's packages among it.)
func (b *treeBilling) omits(n *actual.Node) bool {
	is := func(field string) bool { return b.entry(n).Field(field).Text == "true" }
	return !n.Member && (!b.Dev && is("dev") || !b.Optional && is("optional") || !b.Dev && !b.Optional && is("devOptional") || b.OmitPeers && is("peer"))
}

// each visits a package and all below it, once.
func (b *treeBilling) each(from *actual.Node, visit func(*actual.Node)) {
	seen := map[string]bool{}
	for todo := []*actual.Node{from}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if n.At != n.Real {
			b.links[n.Real] = b.rel(n.At)
			if n = b.Node(n.Real); n == nil {
				continue
			}
		}
		if seen[n.Real] {
			continue
		}
		seen[n.Real] = true
		visit(n)
		for _, e := range b.Ordered(n, !b.Recorded) {
			todo = append(todo, e.To)
		}
	}
}

func (b *treeBilling) rel(dir string) string {
	rel, err := filepath.Rel(b.Root, dir)
	if err != nil || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}

// entry is what the lockfile says of a package.
func (b *treeBilling) entry(n *actual.Node) project.Node { return b.Known[b.rel(n.Real)] }

// collect makes components of what is selected: of all, of some projects, or of what
// is no project's.
func (b *treeBilling) collect(root *actual.Node) {
	add := func(n *actual.Node) {
		if n.Real != b.Root && b.components[n.Real] == nil && !b.omits(n) {
			b.components[n.Real] = b.component(n)
			b.order = append(b.order, n)
		}
	}
	switch noMembers := len(b.Selected) == 1 && b.Selected["."]; {
	case noMembers:
		for _, e := range b.Ordered(root, !b.Recorded) {
			if e.Kind != "workspace" {
				b.each(e.To, add)
			}
		}
	case b.Selected != nil:
		for dir := range b.Selected {
			if n := b.Node(filepath.Join(b.Root, filepath.FromSlash(dir))); n != nil && dir != "." {
				b.each(n, add)
			}
		}
		for _, e := range b.Ordered(root, !b.Recorded) { // to know where they are linked
			if e.To.At != e.To.Real {
				b.links[e.To.Real] = b.rel(e.To.At)
			}
		}
	default:
		b.each(root, add)
		for _, e := range b.Edges(root) {
			if e.Extraneous {
				add(e.To)
				b.components[e.To.Real].Extraneous = true
			}
		}
	}
}

// list puts what was collected into the bill.
func (b *treeBilling) list(root *actual.Node) {
	slices.SortFunc(b.order, func(x, y *actual.Node) int { return npm.Collate(b.rel(x.Real), b.rel(y.Real)) })
	b.bill.Root = *b.component(root)
	b.components[b.Root] = &b.bill.Root
	b.bill.Copies = []*sbom.Component{&b.bill.Root}
	byID := map[string]*sbom.Component{}
	for _, n := range b.order {
		c := b.components[n.Real]
		id := c.Name + "@" + c.Version
		if byID[id] == nil {
			byID[id] = c
			b.bill.Components = append(b.bill.Components, c)
		}
		if link := b.links[n.Real]; link != "" {
			c.Place = link
		}
		b.bill.Copies = append(b.bill.Copies, c)
	}
	slices.SortStableFunc(b.bill.Copies, func(x, y *sbom.Component) int { return npm.Collate(x.Place, y.Place) })
}

// relate notes the dependencies among components, and what is wrong with them.
func (b *treeBilling) relate() {
	for _, n := range append([]*actual.Node{b.Node(b.Root)}, b.order...) {
		c := b.components[n.Real]
		for _, e := range b.Edges(n) {
			switch by := npm.Label(string(n.Manifest.Name), n.Manifest.Version); {
			case e.To == nil && !e.Optional && (e.Kind != "dev" || b.Dev):
				b.problems = append(b.problems, fmt.Sprintf("missing: %s@%s, required by %s", e.Alias, e.Spec, by))
			case e.Invalid:
				b.problems = append(b.problems, fmt.Sprintf("invalid: %s@%s, %s required by %s", e.To.Manifest.Name, e.To.Manifest.Version, e.Spec, by))
			}
		}
		for _, e := range b.Ordered(n, !b.Recorded) {
			if to := b.components[e.To.Real]; to != nil {
				c.Deps = append(c.Deps, sbom.Dependency{To: to, Kind: e.Kind})
			}
		}
	}
}

// component is a package as npm tells of it, which takes what manifests say as it
// stands there.
func (b *treeBilling) component(n *actual.Node) *sbom.Component {
	m, place, entry := n.Manifest.Document, b.rel(n.Real), b.entry(n)
	is := func(field string) bool { return entry.Field(field).Text == "true" }
	c := &sbom.Component{
		Name: string(n.Manifest.Name), Version: n.Manifest.Version, Place: place, Folder: filepath.Base(n.Real),
		Description: m.Field("description").Str(), Homepage: m.Field("homepage").Str(),
		Repository: m.Field("repository").Field("url").Str(), Bugs: m.Field("bugs").Field("url").Str(),
		Author: m.Field("author").StrOr("name"), License: npmLicense(m),
		Dev: is("dev"), Optional: is("optional") || is("devOptional") || b.Recorded && is("dev"),
		Private: m.Field("private").Text == "true", Bundled: is("inBundle"), Extraneous: is("extraneous"),
		Tarball: entry.Field("resolved").Text,
	}
	if _, alias, found := npm.CutModules(place); found {
		c.Folder = alias
	}
	c.Git = strings.HasPrefix(c.Tarball, "git")
	digest(c, entry.Field("integrity").Text)
	return c
}

// npmLicense is a license in its forms of today and of old.
func npmLicense(m project.Node) string {
	license := m.Field("license")
	if license.Kind == project.Map || license.Text != "" {
		return license.StrOr("type")
	}
	var all []string
	for _, item := range m.Field("licenses").Items {
		if text := item.StrOr("type"); text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, " OR ")
}
