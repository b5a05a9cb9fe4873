package resolve

import (
	"maps"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// pruned is the locked graph where it needs no resolution: dependencies were
// removed or moved to another group, or have another range in which a version
// is that the lockfile has anyway. It is nil where more is different, where an
// importer has peers of its own, or where something that remains has a removed
// package as its peer.
func pruned(req *Request) *graph.Graph {
	if req.settled() == nil || req.Update != nil || len(req.Importers) != len(req.Locked.Importers) {
		return nil
	}
	if req.Options.AutoInstallPeers && slices.ContainsFunc(req.Importers, func(im Importer) bool { return len(undeclared(im.Manifest)) > 0 }) {
		return nil
	}
	r := retarget{locked: req.Locked, peers: req.Options.AutoInstallPeers, dropped: map[string]bool{}}
	g := &graph.Graph{Packages: map[graph.Key]*graph.Package{}}
	for _, im := range req.Importers {
		next := r.importer(im.Manifest, req.Locked.Importer(im.Dir))
		if next == nil {
			return nil
		}
		g.Importers = append(g.Importers, next)
	}
	if !r.changed {
		return nil
	}
	slices.SortFunc(g.Importers, func(a, b *graph.Importer) int { return strings.Compare(a.Dir, b.Dir) })
	whole := graph.Graph{Importers: g.Importers, Packages: req.Locked.Packages}
	for key, optional := range whole.Reachable(graph.Scope{}) {
		p := *req.Locked.Packages[key]
		if p.Resolution.Kind == graph.Directory || !r.independent(key) || !req.Options.patchedAs(key, &p) {
			return nil // what is in the directory may have changed
		}
		p.Optional = optional
		g.Packages[key] = &p
	}
	if losesProvider(req.Locked, g) {
		return nil
	}
	return g
}

// losesProvider reports whether a package that was there for other reasons, too,
// is left in after only as somebody's peer: nobody may want it any more.
func losesProvider(before, after *graph.Graph) bool {
	was, is := plainly(before), plainly(after)
	for _, p := range after.Packages {
		for _, e := range p.Edges {
			if isPeerEdge(p, e) && was[e.Target.Key] && !is[e.Target.Key] {
				return true
			}
		}
	}
	return false
}

// plainly lists the packages that an importer or a dependency leads to.
func plainly(g *graph.Graph) map[graph.Key]bool {
	out := map[graph.Key]bool{}
	for _, im := range g.Importers {
		for _, d := range im.Deps {
			out[d.Target.Key] = true
		}
	}
	for _, p := range g.Packages {
		for _, e := range p.Edges {
			if !isPeerEdge(p, e) {
				out[e.Target.Key] = true
			}
		}
	}
	return out
}

func isPeerEdge(p *graph.Package, e graph.Edge) bool {
	_, peer := p.Peers.Lookup(e.Alias)
	return peer
}

// patchedAs reports whether the package gets the patch that its key says.
func (o *Options) patchedAs(key graph.Key, p *graph.Package) bool {
	if o.Patch == nil {
		return key.Patch() == ""
	}
	hash, err := o.Patch(p.Name, p.Version)
	return err == nil && hash == key.Patch()
}

// announce tells of every package of a graph that is needed, once.
func announce(g *graph.Graph, req *Request) {
	if req.Picked == nil {
		return
	}
	u := reuse{graph: g}
	needed := g.Reachable(graph.Scope{Skip: func(p *graph.Package) bool {
		return p.Optional && req.Fits != nil && !req.Fits(u.manifest(p.Key))
	}})
	told := map[graph.Key]bool{}
	for _, key := range slices.Sorted(maps.Keys(needed)) {
		if id := key.ID(); !told[id] {
			told[id] = true
			req.Picked(id, g.Packages[key].Resolution)
		}
	}
}

// retarget points importers at other packages of a locked graph.
type retarget struct {
	locked  *graph.Graph
	peers   bool
	changed bool
	dropped map[string]bool // "name@version" of what an importer no longer depends on
}

// importer is the locked importer with only what m wants, or nil if m wants
// anything that the lockfile does not have.
func (r *retarget) importer(m *npm.Manifest, locked *graph.Importer) *graph.Importer {
	if locked == nil {
		return nil
	}
	wanted := wantedOf(m, r.peers)
	next := &graph.Importer{Dir: locked.Dir}
	for _, alias := range slices.Sorted(maps.Keys(wanted)) {
		w := wanted[alias]
		d, ok := lockedDirect(locked, alias)
		if !ok || d.Target.Link != "" || strings.HasPrefix(w.specifier, catalogPrefix) {
			return nil
		}
		if d.Specifier != w.specifier {
			key := r.highest(d.Target.Key, w.specifier)
			if key == "" {
				return nil
			}
			if key != d.Target.Key {
				r.dropped[string(d.Target.Key.ID())] = true
			}
			d.Specifier, d.Target.Key = w.specifier, key
		}
		d.Group = w.group
		next.Deps = append(next.Deps, d)
	}
	for _, d := range locked.Deps {
		if _, still := wanted[d.Alias]; !still {
			r.dropped[string(d.Target.Key.ID())] = true
		}
	}
	sortDirect(next.Deps)
	r.changed = r.changed || !slices.Equal(next.Deps, locked.Deps)
	return next
}

// highest is the package of the same name with the highest version in rng, or
// "" if there is none or if it depends on its place which one that is.
func (r *retarget) highest(present graph.Key, rng string) graph.Key {
	parsed, err := semver.ParseRange(rng, semver.Options{})
	name, _ := present.ID().Split()
	var best graph.Key
	var bestVersion semver.Version
	for key, p := range r.locked.Packages {
		if p.Name != name || err != nil || !fromRegistry(p) {
			continue
		}
		v, err := semver.Parse(p.Version, semver.Options{})
		if err != nil || !parsed.Match(v) {
			continue
		}
		if c := v.Compare(bestVersion); best == "" || c > 0 || c == 0 && key == present {
			best, bestVersion = key, v
		}
	}
	if best != present && best.Suffix() != "" {
		return ""
	}
	return best
}

// independent reports whether no peer in the suffix of key was dropped. A
// suffix that was too long does not tell.
func (r *retarget) independent(key graph.Key) bool {
	for _, segment := range strings.FieldsFunc(key.Suffix(), func(c rune) bool { return c == '(' || c == ')' }) {
		name, version := graph.Key(segment).Split()
		if version == "" && !strings.HasPrefix(segment, "patch_hash=") || r.dropped[segment] || r.dropped[string(name)+"@"] {
			return false
		}
	}
	return true
}
