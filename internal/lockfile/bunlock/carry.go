package bunlock

import (
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
)

// items are the projects as they are now, with nothing that they lead to. The one
// at the root has the others among its dependencies.
func (in *Renewal) items() (root *item, members map[string]*item) {
	members = map[string]*item{}
	for _, p := range in.Projects {
		it := &item{name: p.Manifest.Name, ref: "workspace:" + p.Dir, kind: project, edges: edgesOf(p.Manifest, ownerOf(p.Dir))}
		it.setVersion(p.Manifest.Version)
		if p.Dir == "." {
			it.ref, root = "root:", it
			continue
		}
		it.dir = p.Dir
		members[string(it.name)] = it
	}
	if root == nil {
		root = &item{kind: project, ref: "root:"}
	}
	for name, it := range members {
		if !slices.ContainsFunc(root.edges, func(e *edge) bool { return e.alias == name && supplants(e, it) }) {
			root.edges = append(root.edges, &edge{alias: name, spec: it.ref, group: member})
		}
	}
	sortEdges(root.edges)
	return root, members
}

// supplants reports whether a dependency of the root asks for another package of
// the name of a project.
func supplants(e *edge, it *item) bool {
	w, err := wantOf(e.alias, e.spec)
	return err == nil && e.group != peer && w.kind == specifier.Range && !w.aliased && it.parsed != nil && !w.star() && !w.rng.Match(*it.parsed)
}

// carry takes over what the lockfile has for the projects, as far as they ask for
// the same.
func (r *Record) carry(root *item, members map[string]*item, in *Renewal) *carrying {
	c := &carrying{in: in, paths: map[string]*item{}, byDir: map[string]*item{"": root}, kept: map[string]*item{}, same: map[*item]bool{}, loaded: map[*item]bool{}}
	for _, it := range members {
		c.byDir[it.dir] = it
	}
	olds := c.read(r)
	for dir, it := range c.byDir {
		if it != root {
			c.take(it, olds[dir])
		}
	}
	c.take(root, olds[""])
	c.forPeers()
	c.free(r)
	if in.All || in.Named != nil {
		c.letGo()
	}
	return c
}

// carrying is what of a lockfile is taken over.
type carrying struct {
	in     *Renewal
	all    []*item
	loaded map[*item]bool // are in all
	stale  map[*item]bool // something newer is wanted
	idle   map[*item]bool // are there for peers alone
	paths  map[string]*item
	byDir  map[string]*item // projects as they are now
	kept   map[string]*item // what is from no registry, by who asks how for it
	same   map[*item]bool   // projects of the workspace that ask for what they asked for
}

// read makes items of the packages, and gives what projects asked for when the
// file was written.
func (c *carrying) read(r *Record) (olds map[string][]*edge) {
	ids := map[string]*item{}
	for _, p := range r.Packages {
		it := newItem(p)
		switch {
		case it.kind == project || p.Ref == "root:":
			if it = c.byDir[it.dir]; it == nil {
				continue
			}
		case ids[it.id()] != nil:
			it = ids[it.id()]
		default:
			ids[it.id()] = it
			c.all = append(c.all, it)
			c.loaded[it] = true
		}
		c.paths[p.Path] = it
	}
	bundled := map[string]bool{}
	for _, p := range r.Packages {
		bundled[p.Path] = p.Bundled
	}
	for _, p := range r.Packages {
		it := c.paths[p.Path]
		if it == nil || it.kind == project {
			continue
		}
		for _, e := range it.edges {
			e.to = find(c.paths, p.Path, e.alias)
			e.settled = e.to == nil
			e.bundled = e.bundled || bundled[p.Path+"/"+e.alias]
			c.keep(e)
		}
	}
	olds = map[string][]*edge{}
	for _, w := range r.Workspaces {
		at := ""
		if w.Dir != "" {
			at = string(w.Manifest.Name)
		}
		edges := edgesOf(w.Manifest, ownerOf(w.Dir))
		for _, e := range edges {
			e.to = find(c.paths, at, e.alias)
			c.keep(e)
		}
		olds[w.Dir] = edges
	}
	for _, w := range r.Workspaces {
		if w.Dir != "" {
			olds[""] = append(olds[""], &edge{alias: string(w.Manifest.Name), spec: "workspace:" + w.Dir, group: member, to: c.byDir[w.Dir]})
		}
	}
	return olds
}

// keep notes what something of no registry was.
func (c *carrying) keep(e *edge) {
	if e.to != nil && e.to.kind != registry && e.to.kind != project {
		c.kept[e.alias+" "+e.spec] = e.to
	}
}

// take gives a project what it had. Of one of the workspace in which anything is
// another bun looks at everything again.
func (c *carrying) take(it *item, olds []*edge) {
	root := it.dir == ""
	same := len(it.edges) == len(olds)
	for _, e := range it.edges {
		i := slices.IndexFunc(olds, func(o *edge) bool {
			return o.alias == e.alias && o.group == e.group && o.mayMiss == e.mayMiss
		})
		if i < 0 {
			same = false
			continue
		}
		o := olds[i]
		e.was = o.to
		update := c.in.Update != nil && c.in.Update(dirOf(it), e.alias)
		same = same && o.spec == e.spec && !update && !c.in.All
		switch {
		case update, e.group == member && !c.same[o.to]:
		case o.spec == e.spec:
			e.to, e.settled = o.to, o.to == nil
		case o.to != nil && o.to.kind == registry && fits(e, o.to):
			e.to = o.to
		}
	}
	if c.same[it] = same; !root && !same {
		for _, e := range it.edges {
			e.to, e.settled = nil, false
		}
	}
}

// free lets go of what overrides and catalogs say something else about now.
func (c *carrying) free(r *Record) {
	now := &c.in.Settings
	names := map[string]bool{}
	if !slices.Equal(r.Overrides, now.Overrides) {
		for _, o := range slices.Concat(r.Overrides, now.Overrides) {
			names[o.Target.Name] = true
		}
	}
	catalogs := !r.sameCatalogs(now)
	all := c.all
	for _, it := range c.byDir {
		all = append(all, it)
	}
	for _, it := range all {
		for _, e := range it.edges {
			if e.group != member && (names[e.alias] || catalogs && strings.HasPrefix(e.spec, "catalog:")) {
				e.to, e.settled = nil, false
			}
		}
	}
}

// letGo lets go of what packages depend on, peers aside, if it is to be newer. What
// stays does not keep them from that.
func (c *carrying) letGo() {
	c.stale = c.loaded
	for _, it := range c.all {
		for _, e := range it.edges {
			if e.group != peer && (c.in.All || c.in.Named(e.alias)) {
				e.to, e.settled = nil, false
			}
		}
	}
}

// forPeers are packages that are there for peers alone.
func (c *carrying) forPeers() {
	c.idle = map[*item]bool{}
	for it := range c.loaded {
		c.idle[it] = it.kind == registry
	}
	for _, it := range c.all {
		for _, e := range it.edges {
			if e.group != peer {
				delete(c.idle, e.to)
			}
		}
	}
	for _, it := range c.byDir {
		for _, e := range it.edges {
			if e.group != peer {
				delete(c.idle, e.to)
			}
		}
	}
}

// sameCatalogs reports whether the file was written under the same catalogs.
func (r *Record) sameCatalogs(s *Settings) bool {
	if len(r.Catalogs) != len(s.Catalogs) {
		return false
	}
	for name, deps := range r.Catalogs {
		if !sameDeps(deps, s.Catalogs[name]) {
			return false
		}
	}
	return true
}

// sameDeps compares maps without regard to their order.
func sameDeps(a, b npm.Deps) bool {
	return slices.Equal(sorted(slices.Clone(a)), sorted(slices.Clone(b)))
}
