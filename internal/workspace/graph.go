// Package workspace says how the projects of a workspace depend on each other,
// and which of them a selector means.
package workspace

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
)

// Project is one project of a workspace.
type Project struct {
	Dir      string // slash path from the root; "." is the root
	Manifest *npm.Manifest
}

// Version is what ranges for a project are compared with: who has none is taken
// as 0.0.0, as pnpm does.
func Version(m *npm.Manifest) string { return cmp.Or(m.Version, "0.0.0") }

// Pick is the version among those of the projects of one name that what asks
// for: a version, a range, a dist-tag, or "*", "^", "~" and "" for any. It is the
// highest that fits, or "".
func Pick(versions []string, what string) string {
	loose := semver.Options{Loose: true}
	if slices.Contains(versions, what) {
		return what
	}
	if _, err := semver.Parse(what, loose); err == nil {
		return ""
	}
	rng, err := semver.ParseRange(what, loose)
	anything := err != nil || what == "" || what == "*" || what == "^" || what == "~"
	best, bestVersion := "", semver.Version{}
	for _, text := range versions {
		v, err := semver.Parse(text, loose)
		if err == nil && (anything || rng.Match(v)) && (best == "" || v.Compare(bestVersion) > 0) {
			best, bestVersion = text, v
		}
	}
	return best
}

// GraphOptions say which dependencies count.
type GraphOptions struct {
	Prod       bool // not devDependencies
	LinkRanges bool // plain ranges may mean a project, not only "workspace:"
}

// Graph is who depends on whom. Immutable once built.
type Graph struct {
	projects []Project
	needs    [][]int // sorted, each once
	byDir    map[string]int
}

// NewGraph links projects, whose order stays.
func NewGraph(projects []Project, opts GraphOptions) *Graph {
	g := &Graph{projects: projects, needs: make([][]int, len(projects)), byDir: map[string]int{}}
	byName := map[npm.Name]map[string]int{}
	for i, p := range projects {
		g.byDir[p.Dir] = i
		if byName[p.Manifest.Name] == nil {
			byName[p.Manifest.Name] = map[string]int{}
		}
		byName[p.Manifest.Name][Version(p.Manifest)] = i
	}
	for i, p := range projects {
		for alias, spec := range dependencies(p.Manifest, opts.Prod) {
			if to, ok := g.target(p.Dir, alias, spec, byName, opts.LinkRanges); ok {
				g.needs[i] = append(g.needs[i], to)
			}
		}
		slices.Sort(g.needs[i])
		g.needs[i] = slices.Compact(g.needs[i])
	}
	return g
}

// dependencies are all that a manifest asks for, peers too; of several
// specifiers of one alias the last of pnpm's order counts.
func dependencies(m *npm.Manifest, prod bool) map[string]string {
	all := []npm.Deps{m.PeerDependencies, m.DevDependencies, m.OptionalDependencies, m.Dependencies}
	if prod {
		all[1] = nil
	}
	out := map[string]string{}
	for _, deps := range all {
		for _, d := range deps {
			out[d.Alias] = d.Specifier
		}
	}
	return out
}

// target is the project that a specifier means, if it means one.
func (g *Graph) target(dir, alias, spec string, byName map[npm.Name]map[string]int, ranges bool) (int, bool) {
	s, err := specifier.Parse(alias, spec)
	if err != nil {
		return 0, false
	}
	if s.Path != "" {
		to, ok := g.byDir[path.Join(dir, s.Path)]
		return to, ok
	}
	if s.Kind != specifier.Workspace && !(ranges && (s.Kind == specifier.Version || s.Kind == specifier.Range)) {
		return 0, false
	}
	versions := byName[s.Name]
	to, ok := versions[Pick(slices.Collect(maps.Keys(versions)), s.Range)]
	return to, ok
}

// reversed is who is needed by whom.
func (g *Graph) reversed() [][]int {
	out := make([][]int, len(g.needs))
	for i, needs := range g.needs {
		for _, to := range needs {
			out[to] = append(out[to], i)
		}
	}
	return out
}

// Cycles lists the projects that depend on each other in circles, by their
// directories. A project that depends on itself is none.
func (g *Graph) Cycles() [][]string {
	var out [][]string
	for _, component := range components(g.needs) {
		if len(component) < 2 {
			continue
		}
		var dirs []string
		for _, i := range component {
			dirs = append(dirs, g.projects[i].Dir)
		}
		slices.Sort(dirs)
		out = append(out, dirs)
	}
	slices.SortFunc(out, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return out
}

// components are the sets of nodes that lead to each other (Tarjan's algorithm,
// with a stack of its own: the graph is as deep as its author likes).
func components(next [][]int) [][]int {
	n := len(next)
	index, low, onStack, edge := make([]int, n), make([]int, n), make([]bool, n), make([]int, n)
	var out [][]int
	var open, calls []int
	count := 0
	for root := range n {
		if index[root] != 0 {
			continue
		}
		for calls = append(calls, root); len(calls) > 0; {
			v := calls[len(calls)-1]
			if index[v] == 0 {
				count++
				index[v], low[v], onStack[v] = count, count, true
				open = append(open, v)
			}
			if edge[v] < len(next[v]) {
				to := next[v][edge[v]]
				switch {
				case index[to] == 0:
					calls = append(calls, to)
					continue // and come back to this edge
				case onStack[to]:
					low[v] = min(low[v], low[to])
				}
				edge[v]++
				continue
			}
			calls = calls[:len(calls)-1]
			if low[v] == index[v] {
				at := slices.Index(open, v)
				component := slices.Clone(open[at:])
				open = open[:at]
				for _, w := range component {
					onStack[w] = false
				}
				out = append(out, component)
			}
		}
	}
	return out
}
