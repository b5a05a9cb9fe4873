package audit

import (
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm/semver"
)

// maxPaths is how many ways to a package are listed: more than anybody reads, and
// there may be millions.
const maxPaths = 100

// maxDepth is how long a way may be: the deepest project of the ecosystem fixtures
// has 30 levels.
const maxDepth = 200

// ways knows how to get from the importers to every package.
type ways struct {
	graph      *graph.Graph
	reach      graph.Reach
	prod       graph.Reach // without devDependencies
	dependents map[graph.Key][]graph.Key
}

func newWays(g *graph.Graph, reach graph.Reach) *ways {
	w := &ways{
		graph: g, reach: reach, dependents: map[graph.Key][]graph.Key{},
		prod: g.Reachable(graph.Scope{Groups: []graph.Group{graph.Prod, graph.Optional}}),
	}
	for key, p := range g.Packages {
		for _, e := range p.Edges {
			w.dependents[e.Target.Key] = append(w.dependents[e.Target.Key], key)
		}
	}
	return w
}

// hits are the versions of a package that are within a range.
func (w *ways) hits(name string, rng semver.Range) []Hit {
	byVersion := map[string][]graph.Key{}
	for key := range w.reach {
		p := w.graph.Packages[key]
		if p == nil || string(p.Name) != name || p.Resolution.Kind != graph.Registry || p.Key.Registry() != "" {
			continue
		}
		if v, err := semver.Parse(p.Version, semver.Options{}); err == nil && rng.Match(v) {
			byVersion[p.Version] = append(byVersion[p.Version], key)
		}
	}
	var out []Hit
	for version, keys := range byVersion {
		slices.Sort(keys)
		h := Hit{Version: version, Keys: keys, Paths: w.paths(keys), Dev: true, Optional: true}
		for _, key := range keys {
			_, prod := w.prod[key]
			h.Dev, h.Optional = h.Dev && !prod, h.Optional && w.reach[key]
		}
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Hit) int {
		x, _ := semver.Parse(a.Version, semver.Options{})
		y, _ := semver.Parse(b.Version, semver.Options{})
		return x.Compare(y)
	})
	return out
}

// paths are ways from importers to any of the keys. Only what leads there is
// walked, so that every step but those in circles ends in a path.
func (w *ways) paths(to []graph.Key) []string {
	leads := map[graph.Key]bool{}
	queue := slices.Clone(to)
	for len(queue) > 0 {
		key := queue[0]
		queue = queue[1:]
		if !leads[key] {
			leads[key] = true
			queue = append(queue, w.dependents[key]...)
		}
	}
	p := pathWalk{ways: w, to: to, leads: leads, on: map[graph.Key]bool{}}
	for _, im := range w.graph.Importers {
		for _, d := range im.Deps {
			p.step([]string{strings.ReplaceAll(im.Dir, "/", "__")}, d.Alias, d.Target.Key)
		}
	}
	return p.found
}

type pathWalk struct {
	*ways
	to    []graph.Key
	leads map[graph.Key]bool
	on    map[graph.Key]bool // the way so far
	found []string
}

func (p *pathWalk) step(way []string, alias string, key graph.Key) {
	if _, within := p.reach[key]; !within || !p.leads[key] || p.on[key] || len(way) > maxDepth || len(p.found) >= maxPaths {
		return
	}
	way = append(slices.Clone(way), alias)
	if slices.Contains(p.to, key) {
		p.found = append(p.found, strings.Join(way, ">"))
		return
	}
	p.on[key] = true
	for _, e := range p.graph.Packages[key].Edges {
		p.step(way, e.Alias, e.Target.Key)
	}
	delete(p.on, key)
}
