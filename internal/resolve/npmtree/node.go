package npmtree

import (
	"path"
	"strings"

	"godwit/internal/npm"
)

// modules begins the directory of a package below that of its parent.
const modules = "node_modules/"

// node is a package, a project or a link at its place in a tree. The tree is
// that of the project, or one around a virtual root, in which a set of peers is
// put together.
type node struct {
	b    *builder
	name string // what its directory is called; of a project as well
	dir  string // slash path from the project's root; of a virtual root that of its source
	pkg  *pkg   // never nil; empty where nothing could be found
	err  error  // why not

	root   *node // of the tree; the node itself if it was taken out of all
	parent *node // whose node_modules it is in
	around *node // the package or project that a project is in, if it has no parent

	kids     kids      // in node_modules
	projects *projects // whose around this is

	out edges
	in  []*edge // of this tree and others

	objector *edge // that would not have another node instead; it is asked first

	isLink bool
	target *node // of a link

	source *node      // of a virtual root: what it stands for
	linked *linked    // of a virtual root: the projects that its source has links to
	rules  *overrides // that hold for what it depends on
	index  *index     // of the project's root
	order  int        // see index; 0 if it is in none

	locked bool // the lockfile has it
	short  bool // see graph.Placed
	failed bool // in builder.failures
}

// kids are nodes by name. Names that differ in case only are one: file systems
// may not tell them apart.
type kids struct {
	list  []*node // as they came
	byKey map[string]*node
	edits int // how often one came or left
}

// fold is the key of a name.
func fold(name string) string { return strings.ToLower(name) }

func (k *kids) named(name string) *node { return k.byKey[fold(name)] }

func (k *kids) add(n *node) {
	if k.byKey == nil {
		k.byKey = map[string]*node{}
	}
	k.byKey[fold(n.name)] = n
	k.edits++
	k.list = append(k.list, n)
}

func (k *kids) remove(n *node) {
	if k.byKey[fold(n.name)] == n {
		delete(k.byKey, fold(n.name))
	}
	k.edits++
	k.list = without(k.list, n)
}

func without[T comparable](list []T, gone T) []T {
	for i, x := range list {
		if x == gone {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

// above is where names are looked for that are not in node_modules.
func (n *node) above() *node {
	if n.parent != nil {
		return n.parent
	}
	return n.around
}

// resolve finds what a name means here, as Node does, or nil.
func (n *node) resolve(name string) *node {
	key := fold(name)
	for at := n; at != nil; at = at.above() {
		if found := at.kids.byKey[key]; found != nil {
			return found
		}
	}
	return nil
}

// isTop is what has its own node_modules and is in none itself: a project.
func (n *node) isTop() bool { return n.parent == nil }

// isRoot is the project itself, or a virtual root.
func (n *node) isRoot() bool { return n == n.root }

func (n *node) isMember() bool {
	if n.isRoot() {
		return false
	}
	e := n.root.out.named(string(n.files().pkg.manifest.Name))
	return e != nil && e.kind == workspace && e.to != nil && (e.to == n || e.to.target == n)
}

// isProject reports whether n is what the user installs for.
func (n *node) isProject() bool { return n.isRoot() || n.isMember() }

// files is where the package of a node is.
func (n *node) files() *node {
	if n.isLink && n.target != nil {
		return n.target
	}
	return n
}

func (n *node) version() string { return n.files().pkg.manifest.Version }

// depth is the number of packages that n is in.
func (n *node) depth() int {
	d := 0
	for at := n; at.parent != nil; at = at.parent {
		d++
	}
	return d
}

// within reports whether n is outer, or below it.
func (n *node) within(outer *node) bool {
	for at := n; at != nil; at = at.above() {
		if at == outer {
			return true
		}
	}
	return false
}

// shrinkwrapped reports whether a package around n brought a lockfile along.
func (n *node) shrinkwrapped() bool {
	for at := n.parent; at != nil; at = at.parent {
		if at.pkg.shrinkwrap {
			return true
		}
	}
	return false
}

// same reports whether two nodes are the same package.
func (n *node) same(o *node) bool {
	switch {
	case n == o:
		return true
	case n.name != o.name:
		return false
	case n.isLink:
		return o.isLink && n.target != nil && o.target != nil && n.target.same(o.target)
	case n.isRoot() && o.isRoot():
		return n.dir == o.dir
	case n.pkg.integrity != "" && o.pkg.integrity != "":
		return n.pkg.integrity == o.pkg.integrity
	case n.pkg.resolved != "" && o.pkg.resolved != "":
		return n.pkg.resolved == o.pkg.resolved
	}
	a, b := n.files().pkg.manifest, o.files().pkg.manifest
	return a.Name != "" && a.Name == b.Name && a.Version != "" && a.Version == b.Version
}

// satisfies reports whether n is what an edge asks for.
func (n *node) satisfies(e *edge) bool { return n.name == e.name && e.accepts(n) }

// bundler is the package whose tarball n comes with, or nil: one around it that
// names it, or that names what depends on it and has it in its own
// node_modules.
func (n *node) bundler() *node {
	if !n.b.bundles {
		return nil
	}
	return n.bundlerBut(map[*node]bool{})
}

func (n *node) bundlerBut(seen map[*node]bool) *node {
	if seen[n] || n.parent == nil {
		return nil
	}
	seen[n] = true
	if outer := n.parent.bundlerBut(seen); outer != nil {
		return outer
	}
	if n.parent.pkg.bundled[n.name] {
		return n.parent
	}
	for _, e := range n.in {
		if e.from.bundlerBut(seen) == n.parent {
			return n.parent
		}
	}
	return nil
}

// bundledByOther reports whether a package, not the project itself, brings n
// along.
func (n *node) bundledByOther() bool {
	outer := n.bundler()
	return outer != nil && outer != n.root
}

// child is the directory that a package has in the node_modules of dir.
func child(dir, name string) string {
	if dir == "" {
		return modules + name
	}
	return dir + "/" + modules + name
}

// packageName is the name that n's package.json says, or that of its directory.
func (n *node) packageName() npm.Name {
	if m := n.files().pkg.manifest; m.Name != "" {
		return m.Name
	}
	return npm.Name(n.name)
}

// upwards are the directories above dir, the nearest first, the root as "".
func upwards(dir string) []string {
	var out []string
	for dir != "" && dir != "." && dir != ".." && !strings.HasPrefix(dir, "../") {
		if dir = path.Dir(dir); dir == "." {
			dir = ""
		}
		out = append(out, dir)
	}
	return out
}
