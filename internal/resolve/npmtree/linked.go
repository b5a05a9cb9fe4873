package npmtree

import "godwit/internal/npm"

// linked are the projects that a virtual root has because its source has links to
// them. Each of 10,000 projects of a workspace is linked in a virtual root of its
// own, in which few of the others count: so they come when something comes that
// they depend on, or when somebody looks for their directory.
type linked struct {
	links *links
	here  map[int]bool // which of links.to came
}

// links are what the links of a node lead to.
type links struct {
	edits   int // of its kids, when this was made
	to      []*node
	byDir   map[string][]int
	wanting map[string][]int // by the key of what they depend on
}

// linksOf are the links in n's node_modules.
func (b *builder) linksOf(n *node) *links {
	if l := b.linksIn[n]; l != nil && l.edits == n.kids.edits {
		return l
	}
	l := &links{edits: n.kids.edits, byDir: map[string][]int{}, wanting: map[string][]int{}}
	for _, kid := range n.kids.list {
		if kid.isLink && kid.target != nil {
			l.add(kid.target)
		}
	}
	b.linksIn[n] = l
	return l
}

func (l *links) add(t *node) {
	i := len(l.to)
	l.to = append(l.to, t)
	l.byDir[t.dir] = append(l.byDir[t.dir], i)
	m, seen := t.pkg.manifest, map[string]bool{}
	for _, deps := range []npm.Deps{m.PeerDependencies, m.Dependencies, m.OptionalDependencies, m.DevDependencies} {
		for _, d := range deps {
			if key := fold(d.Alias); !seen[key] {
				seen[key] = true
				l.wanting[key] = append(l.wanting[key], i)
			}
		}
	}
}

// bring is the project in a directory that v has since its source has, or nil.
func (v *node) bring(dir string) *node {
	if v.linked == nil {
		return nil
	}
	v.bringAll(v.linked.links.byDir[dir])
	return v.projects.in(dir)
}

// bringDependents brings those that depend on what came into v.
func (v *node) bringDependents(key string) {
	if v.linked != nil {
		v.bringAll(v.linked.links.wanting[key])
	}
}

func (v *node) bringAll(which []int) {
	for _, i := range which {
		if v.linked.here[i] {
			continue
		}
		v.linked.here[i] = true
		t := v.linked.links.to[i]
		p := &node{b: v.b, name: t.name, dir: t.dir, pkg: t.pkg, source: t}
		p.root = p
		p.attachProject(v)
		p.loadEdges(true)
	}
}
