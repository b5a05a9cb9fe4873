package layout

import (
	"slices"
	"strings"
	"testing"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// build reads lines "a@1 -> b@1 c@1"; "." is the importer. "b@1?" is an optional
// edge, "b@1^" a required peer and "b@1~" an optional one. All have bins.
func build(text string) *graph.Graph {
	g := &graph.Graph{Packages: map[graph.Key]*graph.Package{}}
	pkg := func(k graph.Key) *graph.Package {
		if g.Packages[k] == nil {
			g.Packages[k] = &graph.Package{Key: k, Name: k.Name(), HasBin: true, OptionalPeers: map[string]bool{}}
		}
		return g.Packages[k]
	}
	for line := range strings.Lines(text) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		for _, word := range strings.Fields(to) {
			key := graph.Key(strings.TrimRight(word, "?^~"))
			kind, name := strings.TrimPrefix(word, string(key)), string(key.Name())
			pkg(key)
			if from == "." {
				if g.Importer(".") == nil {
					g.Importers = []*graph.Importer{{Dir: "."}}
				}
				g.Importers[0].Deps = append(g.Importers[0].Deps, graph.Direct{Alias: name, Target: graph.Target{Key: key}})
				continue
			}
			p := pkg(graph.Key(from))
			p.Edges = append(p.Edges, graph.Edge{Alias: name, Target: graph.Target{Key: key}, Optional: kind == "?"})
			if kind == "^" || kind == "~" {
				p.Peers = append(p.Peers, npm.Dep{Alias: name, Specifier: "*"})
				p.OptionalPeers[name] = kind == "~"
			}
		}
	}
	return g
}

func lay(g *graph.Graph) *Layout {
	return Isolated(g, Options{Groups: []graph.Group{graph.Prod}, Hoist: func(string) bool { return true }})
}

// c@1 lies at depth 2 below b, but the subtree of a is walked first and meets it
// at depth 3; so d@2, whose dependent c@2 is at depth 2 only, is hoisted. A plain
// breadth-first search would take d@1. pnpm 12 does this with color-name.
func TestHoistWalksSubtreeBySubtree(t *testing.T) {
	l := lay(build(`. -> a@1 b@1
a@1 -> e@1
e@1 -> f@1
f@1 -> c@1
b@1 -> g@1
g@1 -> c@1 z@1
z@1 -> d@2
c@1 -> d@1
`))
	i := slices.IndexFunc(l.Hoisted, func(l Link) bool { return strings.HasSuffix(l.At, "/d") })
	if i < 0 || !strings.Contains(l.Hoisted[i].Target, "/d@2/") {
		t.Errorf("hoisted %v", l.Hoisted)
	}
}

func TestSkippedPackagesTakeTheirOwn(t *testing.T) {
	g := build(". -> a@1\na@1 -> s@1? b@1\ns@1 -> n@1 b@1\n")
	l := Isolated(g, Options{Groups: []graph.Group{graph.Prod, graph.Optional}, Skip: func(p *graph.Package) bool { return p.Name == "s" }})
	var got []string
	for _, s := range l.Slots {
		got = append(got, s.Name)
	}
	if want := []string{"a@1", "b@1"}; !slices.Equal(got, want) {
		t.Errorf("slots %v, want %v", got, want)
	}
}

// A required peer of a direct dependency is there to be run, as webpack is for
// a loader; an optional one, and one of a dependency's dependency, is not.
func TestBinsOfPeers(t *testing.T) {
	l := lay(build(". -> a@1\na@1 -> b@1 p@1^ o@1~\nb@1 -> q@1^\n"))
	var got []string
	for _, c := range l.Importers[0].Bins.From {
		got = append(got, c.Alias)
	}
	if want := []string{"a", "p"}; !slices.Equal(got, want) {
		t.Errorf("bins of %v, want %v", got, want)
	}
}
