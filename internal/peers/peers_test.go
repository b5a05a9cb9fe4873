package peers

import (
	"fmt"
	"strings"
	"testing"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// build makes a graph of lines "key edge… peer:name@range": an edge is a key,
// or alias=key. The importers' lines begin with "importer:".
func build(lines ...string) *graph.Graph {
	g := &graph.Graph{Packages: map[graph.Key]*graph.Package{}}
	for _, line := range lines {
		words := strings.Fields(line)
		if dir, ok := strings.CutPrefix(words[0], "importer:"); ok {
			im := &graph.Importer{Dir: dir}
			for _, w := range words[1:] {
				alias, target := edgeOf(w)
				im.Deps = append(im.Deps, graph.Direct{Alias: alias, Target: target})
			}
			g.Importers = append(g.Importers, im)
			continue
		}
		key := graph.Key(words[0])
		name, version := key.ID().Split()
		p := &graph.Package{Key: key, Name: name, Version: version, OptionalPeers: map[string]bool{}}
		for _, w := range words[1:] {
			if peer, ok := strings.CutPrefix(w, "peer:"); ok {
				at, rng := graph.Key(peer).Split()
				p.Peers = append(p.Peers, npm.Dep{Alias: string(at), Specifier: rng})
				continue
			}
			alias, target := edgeOf(w)
			p.Edges = append(p.Edges, graph.Edge{Alias: alias, Target: target})
		}
		g.Packages[key] = p
	}
	return g
}

func edgeOf(word string) (string, graph.Target) {
	alias, key, named := strings.Cut(word, "=")
	if !named {
		key = word
		alias = string(graph.Key(word).Name())
	}
	if link, ok := strings.CutPrefix(key, "link:"); ok {
		return alias, graph.Target{Link: link}
	}
	return alias, graph.Target{Key: graph.Key(key)}
}

func TestCheck(t *testing.T) {
	g := build("importer:. a@1.0.0 p@1.0.0", "importer:b linked=link:x q@1.0.0",
		"a@1.0.0 p@1.0.0 peer:p@^2.0.0 peer:gone@*", "p@1.0.0",
		"q@1.0.0 x=link:x peer:x@^9.0.0 peer:gone@^1")
	var got []string
	for _, i := range Check(g, &Rules{}) {
		got = append(got, fmt.Sprintf("%s: %s wants %s@%s, found %q %v from %v", i.Importer, i.By, i.Peer, i.Wanted, i.Found, i.Chains, i.From))
	}
	want := []string{
		`.: a@1.0.0 wants gone@*, found "" [[a@1.0.0]] from []`,
		`.: a@1.0.0 wants p@^2.0.0, found "1.0.0" [[a@1.0.0]] from [p@1.0.0]`,
		`b: q@1.0.0 wants gone@^1, found "" [[q@1.0.0]] from []`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("issues\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A package that everything depends on shows some of the ways to it only.
func TestManyWays(t *testing.T) {
	lines := []string{"importer:.", "z@1.0.0 peer:p@1"}
	for i := range 3 * maxChains {
		lines[0] += fmt.Sprintf(" a%d@1.0.0", i)
		lines = append(lines, fmt.Sprintf("a%d@1.0.0 z@1.0.0", i))
	}
	issues := Check(build(lines...), &Rules{})
	if len(issues) != 1 || len(issues[0].Chains) != maxChains || !issues[0].More {
		t.Fatalf("%+v", issues)
	}
	if got := fmt.Sprint(issues[0].Chains[1]); got != "[a1@1.0.0 z@1.0.0]" {
		t.Errorf("the second way is %s", got)
	}
}

func TestCopies(t *testing.T) {
	const hash = "(0123456789abcdef0123456789abcdef)"
	g := build("importer:. a@1.0.0(p@1.0.0) b@1.0.0", "importer:x b@1.0.0",
		"a@1.0.0(p@1.0.0) p@1.0.0 peer:p@*", "a@1.0.0(p@2.0.0)(q@1.0.0) p@2.0.0 peer:p@*", "a@1.0.0"+hash+" p@1.0.0 peer:p@*",
		"b@1.0.0 c=a@1.0.0(p@2.0.0)(q@1.0.0) d=a@1.0.0"+hash, "p@1.0.0", "p@2.0.0", "unused@1.0.0(p@1.0.0)", "unused@1.0.0(p@2.0.0)")
	copies := Copies(g)
	if len(copies) != 1 || copies[0].ID != "a@1.0.0" || len(copies[0].Variants) != 3 {
		t.Fatalf("%+v", copies)
	}
	var got []string
	for _, v := range copies[0].Variants {
		got = append(got, fmt.Sprint(v.Peers, v.Where))
	}
	want := []string{
		"[{p p@1.0.0} {q }] [{. [b@1.0.0 a@1.0.0" + hash + "]} {x [b@1.0.0 a@1.0.0" + hash + "]}]",
		"[{p p@1.0.0} {q }] [{. [a@1.0.0(p@1.0.0)]}]",
		"[{p p@2.0.0} {q q@1.0.0}] [{. [b@1.0.0 a@1.0.0(p@2.0.0)(q@1.0.0)]} {x [b@1.0.0 a@1.0.0(p@2.0.0)(q@1.0.0)]}]",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("copies\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestIntersections(t *testing.T) {
	missing := func(peer, rng string) Issue { return Issue{Peer: peer, Wanted: rng} }
	ranges, conflicts := Intersections([]Issue{
		missing("a", "^1.0.0"), missing("a", "^1.2.0"), missing("b", "^1.0.0"), missing("b", "^2.0.0"),
		{Peer: "c", Wanted: "^1.0.0", Found: "2.0.0"},
	})
	if fmt.Sprint(ranges, conflicts) != "map[a:>=1.0.0 <2.0.0-0 >=1.2.0] [b]" {
		t.Errorf("%v %v", ranges, conflicts)
	}
}
