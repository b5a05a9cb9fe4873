package audit

import (
	"fmt"
	"slices"
	"testing"

	"godwit/internal/graph"
)

// small is mid -> bad@1.0.0, dev -> bad@1.2.0, and a circle that leads to bad.
func small() *graph.Graph {
	g := &graph.Graph{Packages: map[graph.Key]*graph.Package{}}
	add := func(name, version string, edges ...graph.Key) {
		key := graph.Key(name + "@" + version)
		p := &graph.Package{Key: key, Name: key.Name(), Version: version}
		for _, e := range edges {
			p.Edges = append(p.Edges, graph.Edge{Alias: string(e.Name()), Target: graph.Target{Key: e}})
		}
		g.Packages[key] = p
	}
	add("mid", "1.0.0", "bad@1.0.0", "x@1.0.0")
	add("x", "1.0.0", "y@1.0.0")
	add("y", "1.0.0", "x@1.0.0", "bad@1.0.0")
	add("dev", "1.0.0", "bad@1.2.0")
	add("bad", "1.0.0")
	add("bad", "1.2.0")
	add("fine", "1.0.0")
	g.Importers = []*graph.Importer{{Dir: "packages/a", Deps: []graph.Direct{
		{Alias: "mid", Group: graph.Prod, Target: graph.Target{Key: "mid@1.0.0"}},
		{Alias: "dev", Group: graph.Dev, Target: graph.Target{Key: "dev@1.0.0"}},
		{Alias: "fine", Group: graph.Prod, Target: graph.Target{Key: "fine@1.0.0"}},
	}}}
	return g
}

func TestFind(t *testing.T) {
	g := small()
	reach := g.Reachable(graph.Scope{})
	got := Find(g, reach, map[string][]Advisory{
		"bad":  {{ID: 1, Severity: "high", Vulnerable: "<1.3.0"}, {ID: 2, Severity: "critical", Vulnerable: "<1.2.0"}, {ID: 3, Severity: "low", Vulnerable: ">2"}, {ID: 4, Vulnerable: "no range"}},
		"gone": {{ID: 5, Vulnerable: "*"}},
	})
	var lines []string
	for _, f := range got {
		for _, h := range f.Hits {
			lines = append(lines, fmt.Sprintf("%d %s@%s dev=%t %q", f.ID, f.Name, h.Version, h.Dev, h.Paths))
		}
	}
	want := []string{
		`2 bad@1.0.0 dev=false ["packages__a>mid>bad" "packages__a>mid>x>y>bad"]`,
		`1 bad@1.0.0 dev=false ["packages__a>mid>bad" "packages__a>mid>x>y>bad"]`,
		`1 bad@1.2.0 dev=true ["packages__a>dev>bad"]`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%q\nwant %q", lines, want)
	}
	if q := Question(g, reach); len(q) != 6 || !slices.Equal(q["bad"], []string{"1.0.0", "1.2.0"}) {
		t.Errorf("%v", q)
	}
}

func TestPatched(t *testing.T) {
	for vulnerable, want := range map[string]string{
		"<1.3.0": ">=1.3.0", "<=1.3.0": ">1.3.0", ">=1.0.0 <1.2.3 || >=2.0.0 <2.1.1": ">=2.1.1", "*": "", ">=1.0.0": "",
		"= 1.0.0": "", "1.0.0": ">1.0.0", "": "", "< 2.0.0": ">=2.0.0", ">= 1.0.0, < 2.0.0": ">=2.0.0",
	} {
		if got := (&Advisory{Vulnerable: vulnerable}).Patched(); got != want {
			t.Errorf("%q: %q, want %q", vulnerable, got, want)
		}
	}
}

// The ways to a package of a dense graph are more than anybody can count.
func TestManyPaths(t *testing.T) {
	g := &graph.Graph{Packages: map[graph.Key]*graph.Package{}}
	key := func(i, j int) graph.Key { return graph.Key(fmt.Sprintf("p%d-%d@1.0.0", i, j)) }
	const depth, width = 30, 4
	for i := range depth {
		for j := range width {
			p := &graph.Package{Key: key(i, j), Name: key(i, j).Name(), Version: "1.0.0"}
			for k := range width {
				if i+1 < depth {
					p.Edges = append(p.Edges, graph.Edge{Alias: "p", Target: graph.Target{Key: key(i+1, k)}})
				}
			}
			g.Packages[p.Key] = p
		}
	}
	g.Importers = []*graph.Importer{{Dir: ".", Deps: []graph.Direct{{Alias: "p", Target: graph.Target{Key: key(0, 0)}}}}}
	last := string(key(depth-1, 0).Name())
	got := Find(g, g.Reachable(graph.Scope{}), map[string][]Advisory{last: {{Vulnerable: "*"}}})
	if len(got) != 1 || len(got[0].Hits[0].Paths) != maxPaths {
		t.Errorf("%d findings", len(got))
	}
}
