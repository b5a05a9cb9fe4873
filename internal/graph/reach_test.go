package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// build makes a graph of "from -> to" lines; "?>" is an optional edge, and
// "." with a group in brackets an importer.
func build(lines string) *Graph {
	g := &Graph{Packages: map[Key]*Package{}}
	node := func(k Key) *Package {
		if g.Packages[k] == nil {
			g.Packages[k] = &Package{Key: k}
		}
		return g.Packages[k]
	}
	for line := range strings.Lines(lines) {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		target := Target{Key: node(Key(f[2])).Key}
		if dir, group, ok := strings.Cut(f[0], ":"); ok {
			im := g.Importer(dir)
			if im == nil {
				im = &Importer{Dir: dir}
				g.Importers = append(g.Importers, im)
			}
			im.Deps = append(im.Deps, Direct{Alias: f[2], Group: map[string]Group{"prod": Prod, "dev": Dev, "opt": Optional}[group], Target: target})
			continue
		}
		from := node(Key(f[0]))
		from.Edges = append(from.Edges, Edge{Alias: f[2], Target: target, Optional: f[1] == "?>"})
	}
	return g
}

func show(r Reach) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(r)) {
		s := string(k)
		if r[k] {
			s += "?"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

const sample = `
	.:prod -> a
	.:dev -> d
	.:opt -> o
	x:prod -> e
	a -> b
	b -> a
	a ?> c
	c -> m
	d -> m
	o -> n
	o ?> p
	p -> b
	e ?> o
	lost -> b
`

func TestReachable(t *testing.T) {
	g := build(sample)
	root := []*Importer{g.Importer(".")}
	for _, c := range []struct {
		from   []*Importer
		groups []Group
		want   string
	}{
		{nil, []Group{Prod, Dev, Optional}, "a b c? d e m n? o? p?"},
		{root, []Group{Prod, Dev, Optional}, "a b c? d m n? o? p?"},
		{root, []Group{Prod, Optional}, "a b c? m? n? o? p?"},
		{root, []Group{Prod}, "a b"},
		{root, []Group{Dev}, "d m"},
		{root, []Group{Prod, Dev}, "a b d m"},
		{nil, []Group{}, ""},
		{[]*Importer{}, []Group{Prod}, ""},
	} {
		if got := show(g.Reachable(Scope{From: c.from, Groups: c.groups})); got != c.want {
			t.Errorf("%v of %d importers: %s, want %s", c.groups, len(c.from), got, c.want)
		}
	}
	noO := func(p *Package) bool { return p.Key == "o" || p.Key == "c" }
	if got := show(g.Reachable(Scope{Skip: noO})); got != "a b d e m" {
		t.Errorf("without o and c: %s", got)
	}
	if got := show(g.OptionalOnly()); got != "c? n? o? p?" {
		t.Errorf("optional only: %s", got)
	}
}

func TestReachableOfLinksAndMissing(t *testing.T) {
	g := build(".:prod -> a")
	g.Importers[0].Deps = append(g.Importers[0].Deps, Direct{Alias: "l", Target: Target{Link: "packages/l"}}, Direct{Alias: "m", Target: Target{Key: "m@1.0.0"}})
	if got := show(g.Reachable(Scope{Groups: []Group{Prod}})); got != "a" {
		t.Errorf("reached %s", got)
	}
}

func TestReachableIsNotDeep(t *testing.T) {
	var b strings.Builder
	b.WriteString(".:prod -> p0\n")
	const n = 200_000 // far more levels than a recursion on a small stack would take
	for i := range n {
		fmt.Fprintf(&b, "p%d -> p%d\n", i, i+1)
	}
	if got := len(build(b.String()).Reachable(Scope{Groups: []Group{Prod}})); got != n+1 {
		t.Errorf("reached %d", got)
	}
}
