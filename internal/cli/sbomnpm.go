package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/config"
	"godwit/internal/layout"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/sbom"
)

// npmBilling makes the bill of a project of npm's, of what Node finds in it or of
// what its lockfile records.
type npmBilling struct {
	*treePlaces
	bill       *sbom.Bill
	components map[string]*sbom.Component // by real directory
	order      []*npmNode
	links      map[string]string // real directory -> the link to it
	problems   []string
	dev        bool // devDependencies are to be there
}

// npmBill follows npm 11.19 (sbom.js).
func (c *call) npmBill() (*sbom.Bill, error) {
	t, err := c.npmTree()
	if err != nil {
		return nil, err
	}
	if t.recorded = c.cfg.Settings.Lockfile.Only; t.recorded {
		clear(t.known)
		if err := t.readLock(filepath.Base(c.lock.Path)); err != nil {
			return nil, err
		}
	}
	selected := t.selected
	t.selected, t.groups = nil, groupsOfManifest // npm looks at everything first
	b := &npmBilling{treePlaces: &treePlaces{npmTree: t, fileOrder: !t.recorded}, bill: &sbom.Bill{}, components: map[string]*sbom.Component{}, links: map[string]string{}, dev: c.cfg.Settings.Include.Dev}
	root := t.node(t.root)
	if root == nil {
		return nil, &usageError{"there is no package.json in " + t.root, "name the project's directory with -C"}
	}
	b.collect(root, selected, func(n *npmNode) bool {
		return b.omits(n, c.cfg.Settings.Include, c.cfg.Settings.Bill.OmitPeers)
	})
	b.relate()
	if len(b.problems) > 0 {
		return nil, &refusedError{what: strings.Join(slices.Compact(b.problems), "\n  "), code: "ESBOMPROBLEMS", next: "godwit install puts node_modules right"}
	}
	return b.bill, nil
}

// omits reports whether a package is there for nothing but what is left out. (npm
// leaves out whatever a devDependency leads to, production's packages among it.)
func (b *npmBilling) omits(n *npmNode, in config.Include, peers bool) bool {
	is := func(field string) bool { return b.entry(n).Field(field).Text == "true" }
	return !n.member && (!in.Dev && is("dev") || !in.Optional && is("optional") || !in.Dev && !in.Optional && is("devOptional") || peers && is("peer"))
}

// each visits a package and all below it, once.
func (b *npmBilling) each(from *npmNode, visit func(*npmNode)) {
	seen := map[string]bool{}
	for todo := []*npmNode{from}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if n.at != n.real {
			b.links[n.real] = b.rel(n.at)
			if n = b.node(n.real); n == nil {
				continue
			}
		}
		if seen[n.real] {
			continue
		}
		seen[n.real] = true
		visit(n)
		for _, e := range b.ordered(n) {
			todo = append(todo, e.to)
		}
	}
}

func (b *npmBilling) rel(dir string) string {
	rel, err := filepath.Rel(b.root, dir)
	if err != nil || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}

// entry is what the lockfile says of a package.
func (b *npmBilling) entry(n *npmNode) project.Node { return b.known[b.rel(n.real)] }

// collect makes components of what is selected: of all, of some projects, or of what
// is no project's.
func (b *npmBilling) collect(root *npmNode, selected map[string]bool, omits func(*npmNode) bool) {
	add := func(n *npmNode) {
		if n.real != b.root && b.components[n.real] == nil && !omits(n) {
			b.components[n.real] = b.component(n)
			b.order = append(b.order, n)
		}
	}
	switch noMembers := len(selected) == 1 && selected["."]; {
	case noMembers:
		for _, e := range b.ordered(root) {
			if e.kind != "workspace" {
				b.each(e.to, add)
			}
		}
	case selected != nil:
		for dir := range selected {
			if n := b.node(filepath.Join(b.root, filepath.FromSlash(dir))); n != nil && dir != "." {
				b.each(n, add)
			}
		}
		for _, e := range b.ordered(root) { // to know where they are linked
			if e.to.at != e.to.real {
				b.links[e.to.real] = b.rel(e.to.at)
			}
		}
	default:
		b.each(root, add)
		for _, e := range b.edges(root) {
			if e.extraneous {
				add(e.to)
				b.components[e.to.real].Extraneous = true
			}
		}
	}
	slices.SortFunc(b.order, func(x, y *npmNode) int { return npm.Collate(b.rel(x.real), b.rel(y.real)) })
	b.bill.Root = *b.component(root)
	b.components[b.root] = &b.bill.Root
	b.bill.Copies = []*sbom.Component{&b.bill.Root}
	byID := map[string]*sbom.Component{}
	for _, n := range b.order {
		c := b.components[n.real]
		id := c.Name + "@" + c.Version
		if byID[id] == nil {
			byID[id] = c
			b.bill.Components = append(b.bill.Components, c)
		}
		if link := b.links[n.real]; link != "" {
			c.Place = link
		}
		b.bill.Copies = append(b.bill.Copies, c)
	}
	slices.SortStableFunc(b.bill.Copies, func(x, y *sbom.Component) int { return npm.Collate(x.Place, y.Place) })
}

// relate notes the dependencies among components, and what is wrong with them.
func (b *npmBilling) relate() {
	for _, n := range append([]*npmNode{b.node(b.root)}, b.order...) {
		c := b.components[n.real]
		for _, e := range b.edges(n) {
			switch by := label(string(n.manifest.Name), n.manifest.Version); {
			case e.to == nil && !e.optional && (e.kind != "dev" || b.dev):
				b.problems = append(b.problems, fmt.Sprintf("missing: %s@%s, required by %s", e.alias, e.spec, by))
			case e.invalid:
				b.problems = append(b.problems, fmt.Sprintf("invalid: %s@%s, %s required by %s", e.to.manifest.Name, e.to.manifest.Version, e.spec, by))
			}
		}
		for _, e := range b.ordered(n) {
			if to := b.components[e.to.real]; to != nil {
				c.Deps = append(c.Deps, sbom.Dependency{To: to, Kind: e.kind})
			}
		}
	}
}

// component is a package as npm tells of it, which takes what manifests say as it
// stands there.
func (b *npmBilling) component(n *npmNode) *sbom.Component {
	m, place, entry := n.manifest.Document, b.rel(n.real), b.entry(n)
	is := func(field string) bool { return entry.Field(field).Text == "true" }
	c := &sbom.Component{
		Name: string(n.manifest.Name), Version: n.manifest.Version, Place: place, Folder: filepath.Base(n.real),
		Description: textOf(m.Field("description")), Homepage: textOf(m.Field("homepage")),
		Repository: textOf(m.Field("repository").Field("url")), Bugs: textOf(m.Field("bugs").Field("url")),
		Author: textOr(m.Field("author"), "name"), License: npmLicense(m),
		Dev: is("dev"), Optional: is("optional") || is("devOptional") || b.recorded && is("dev"),
		Private: m.Field("private").Text == "true", Bundled: is("inBundle"), Extraneous: is("extraneous"),
		Tarball: entry.Field("resolved").Text,
	}
	if i := strings.LastIndex("/"+place, "/"+layout.ModulesDir+"/"); i >= 0 {
		c.Folder = place[i+len(layout.ModulesDir)+1:]
	}
	c.Git = strings.HasPrefix(c.Tarball, "git")
	digest(c, entry.Field("integrity").Text)
	return c
}

// npmLicense is a license in its forms of today and of old.
func npmLicense(m project.Node) string {
	license := m.Field("license")
	if license.Kind == project.Map || license.Text != "" {
		return textOr(license, "type")
	}
	var all []string
	for _, item := range m.Field("licenses").Items {
		if text := textOr(item, "type"); text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, " OR ")
}
