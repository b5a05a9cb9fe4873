package npmtree

import (
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// load makes the tree to begin with: the project, and what the lockfile has.
func (b *builder) load() error {
	for i := range b.req.Projects {
		p := &b.req.Projects[i]
		dir := clean(p.Dir)
		if dir == "" {
			b.root.pkg = newPkg(p.Manifest, p.JSON)
		}
		if b.given[dir] == nil {
			b.given[dir] = p
		}
	}
	var err error
	if b.root.rules, err = parseOverrides(member(b.root.pkg.raw, "overrides")); err != nil {
		return err
	}
	b.bundles = len(b.root.pkg.bundled) > 0
	if err := b.loadLocked(); err != nil {
		return err
	}
	if b.req.Inflate {
		b.inflate()
	}
	for _, p := range b.req.Projects {
		if dir := clean(p.Dir); dir != "" {
			b.root.depend(memberName(&p), "file:"+dir, workspace)
		}
	}
	b.root.loadEdges(true)
	for _, placed := range b.req.Locked {
		if n := b.root.index.byDir[placed.Dir]; n != nil && !n.isLink && n != b.root {
			n.loadEdges(n.isTop())
		}
	}
	b.queueProblems()
	b.queueRequests()
	return nil
}

// memberName is what a project of the workspace is known by.
func memberName(p *Project) string {
	if p.Manifest.Name != "" {
		return string(p.Manifest.Name)
	}
	return folderName(clean(p.Dir))
}

// folderName is the name of a package that stands in a directory.
func folderName(dir string) string {
	base, above := path.Base(dir), path.Base(path.Dir(dir))
	if strings.HasPrefix(above, "@") {
		return above + "/" + base
	}
	return base
}

// loadLocked places what the lockfile has. What is in a package that the file
// does not have is not taken: nothing could require it.
func (b *builder) loadLocked() error {
	locked := slices.SortedFunc(slices.Values(b.req.Locked), func(x, y graph.Placed) int { return npm.Collate(x.Dir, y.Dir) })
	for _, p := range locked {
		if p.Dir == "" || p.Link != "" {
			continue
		}
		if err := b.loadPackage(&p); err != nil {
			return err
		}
	}
	for _, p := range locked {
		target := b.root.index.byDir[clean(p.Link)]
		outer, name := npm.SplitPlace(p.Dir)
		if at := b.root.index.byDir[outer]; p.Link != "" && target != nil && at != nil && name != "" && !at.isLink {
			l := &node{b: b, name: name, pkg: nothing(), isLink: true, target: target, locked: true}
			l.root = l
			l.attach(at)
		}
	}
	return nil
}

func (b *builder) loadPackage(p *graph.Placed) error {
	outer, name := npm.SplitPlace(p.Dir)
	if name == "" {
		n, err := b.projectNode(p.Dir)
		if err != nil {
			return err
		}
		if n.pkg.raw == nil { // it is not there; the lockfile knew it
			n.pkg = newPkg(p.Manifest, p.JSON)
		}
		n.locked = true
		n.attachProject(b.root)
		return nil
	}
	at := b.root.index.byDir[outer]
	if at == nil {
		return nil
	}
	m := *p.Manifest
	if m.Name == "" {
		m.Name = npm.Name(name)
	}
	n := &node{b: b, name: name, pkg: newPkg(&m, p.JSON), locked: true}
	n.pkg.resolved, n.pkg.integrity, n.pkg.shrinkwrap = p.Resolved, p.Integrity, p.Shrinkwrap
	b.bundles = b.bundles || len(n.pkg.bundled) > 0
	n.root = n
	n.attach(at)
	return nil
}

// projectNode makes a node of the project in a directory; one without a
// package.json has nothing.
func (b *builder) projectNode(dir string) (*node, error) {
	n := &node{b: b, name: folderName(dir), dir: dir, pkg: nothing()}
	n.root = n
	if p := b.given[dir]; p != nil {
		n.pkg = newPkg(p.Manifest, p.JSON)
		return n, nil
	}
	m, raw, err := b.src.Project(dir)
	if err == nil && m != nil {
		n.pkg = newPkg(m, raw)
	}
	return n, err
}

// queueProblems queues what the lockfile has wrong, as far as the project
// reaches it. The projects of its workspace come when the project was visited.
func (b *builder) queueProblems() {
	reach := setOf(b.root)
	for i := 0; i < len(reach.list); i++ {
		for _, e := range reach.list[i].out.list {
			if e.to == nil || !e.valid() {
				b.queue.add(reach.list[i])
			}
			if e.to != nil {
				reach.add(e.to)
			}
		}
	}
}

// queueRequests queues what depends on something that shall be renewed.
func (b *builder) queueRequests() {
	for dir, names := range b.req.Asked {
		n := b.root.index.byDir[clean(dir)]
		if n == nil {
			continue
		}
		b.queue.add(n)
		for _, name := range names {
			if e := n.out.named(name); e != nil {
				b.explicit[e] = true
			}
		}
	}
	b.queueVulnerable()
	if b.req.Update == nil {
		return
	}
	for _, n := range b.root.index.byDir {
		if !n.isTop() && b.updates(n.name) && !n.bundledByOther() && !n.shrinkwrapped() {
			for _, e := range n.in {
				b.queue.add(e.from)
			}
		}
	}
}
