package layout

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"godwit/internal/graph"
)

// hashes hashes the graph of lines as build reads them. Each package has files
// of its own; those named in changed have others.
func hashes(text string, changed ...string) map[graph.Key]string {
	g := build(text)
	for k, p := range g.Packages {
		p.Resolution.Integrity = string(k)
		if slices.Contains(changed, string(k)) {
			p.Resolution.Integrity += " changed"
		}
		if ref, isFile := strings.CutPrefix(string(k), string(p.Name)+"@file:"); isFile {
			p.Resolution = graph.Resolution{Kind: graph.Directory, Directory: ref}
		}
	}
	return Hashes(g, g.Reachable(graph.Scope{}), func(p *graph.Package) string { return p.Resolution.Integrity })
}

const diamond = ". -> a@1\na@1 -> b@1 c@1\nb@1 -> d@1\nc@1 -> d@1\n"

const ring = ". -> a@1 x@1\na@1 -> b@1\nb@1 -> c@1\nc@1 -> a@1 d@1\nx@1 -> b@1\n"

func TestSlotHashesThatChange(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		other      string   // text of the graph to compare with; "" is the same
		changed    []string // in the other graph
		want       string   // the packages whose hash is another one
	}{
		{"nothing", diamond, "", nil, ""},
		{"a leaf", diamond, "", []string{"d@1"}, "a@1 b@1 c@1 d@1"},
		{"a package in between", diamond, "", []string{"b@1"}, "a@1 b@1"},
		{"the top", diamond, "", []string{"a@1"}, "a@1"},
		{"order of lines and of edges", diamond, "c@1 -> d@1\nb@1 -> d@1\na@1 -> c@1 b@1\n. -> a@1\n", nil, ""},
		{"one edge less", diamond, ". -> a@1\na@1 -> b@1 c@1\nb@1 -> d@1\nc@1 ->\n", nil, "a@1 c@1"},
		{"who else is there", diamond, diamond + ". -> z@1\nz@1 -> d@1\n", nil, ""},
		{"a member of a cycle", ring, "", []string{"b@1"}, "a@1 b@1 c@1 x@1"},
		{"below a cycle", ring, "", []string{"d@1"}, "a@1 b@1 c@1 d@1 x@1"},
		{"above a cycle", ring, "", []string{"x@1"}, "x@1"},
		{"a cycle met at another end", ring, "c@1 -> d@1 a@1\n. -> x@1 c@1\nb@1 -> c@1\na@1 -> b@1\nx@1 -> b@1\n", nil, ""},
		{"a cycle that is broken", ring, ". -> a@1 x@1\na@1 -> b@1\nb@1 -> c@1\nc@1 -> d@1\nx@1 -> b@1\n", nil, "a@1 b@1 c@1 x@1"},
		{"a package that depends on itself", ". -> a@1\na@1 -> a@1\n", ". -> a@1\na@1 ->\n", nil, "a@1"},
	} {
		if tt.other == "" {
			tt.other = tt.text
		}
		before, after := hashes(tt.text), hashes(tt.other, tt.changed...)
		var got []string
		for _, k := range slices.Sorted(maps.Keys(before)) {
			if len(before[k]) != sharedHashLen {
				t.Errorf("%s: hash of %s is %q", tt.name, k, before[k])
			}
			if before[k] != after[k] {
				got = append(got, string(k))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: other hashes: %v, want %s", tt.name, got, tt.want)
		}
	}
}

// The members of a cycle, and packages that differ in their files alone, have
// slots of their own.
func TestSlotHashesDiffer(t *testing.T) {
	seen := map[string]graph.Key{}
	for k, hash := range hashes(ring + ". -> p@1 q@1\n") {
		if other, taken := seen[hash]; taken {
			t.Errorf("%s and %s have the hash %s", k, other, hash)
		}
		seen[hash] = k
	}
}

// An alias is a name of a link: two packages that differ in it are not one.
func TestSlotHashesCoverAliases(t *testing.T) {
	g := build(". -> a@1\na@1 -> b@1\n")
	id := func(*graph.Package) string { return "id" }
	before := Hashes(g, g.Reachable(graph.Scope{}), id)["a@1"]
	g.Packages["a@1"].Edges[0].Alias = "other"
	if Hashes(g, g.Reachable(graph.Scope{}), id)["a@1"] == before {
		t.Error("the hash does not cover aliases")
	}
}

// What has no name of its own outside the project keeps all that leads to it
// there, cycles included, and nothing else.
func TestLocalPackages(t *testing.T) {
	var got []string
	for k, hash := range hashes(". -> a@1 f@1 d@1\na@1 -> b@1\nb@1 -> a@1 dir@file:dir\ndir@file:dir -> d@1\nf@1 -> d@1\n") {
		if hash == "" {
			got = append(got, string(k))
		}
	}
	slices.Sort(got)
	if want := []string{"a@1", "b@1", "dir@file:dir"}; !slices.Equal(got, want) {
		t.Errorf("local packages %v, want %v", got, want)
	}
	g := build(". -> a@1\na@1 -> b@1\n")
	g.Packages["a@1"].Edges[0].Target = graph.Target{Link: "lib"}
	if hash := Hashes(g, g.Reachable(graph.Scope{}), func(*graph.Package) string { return "id" })["a@1"]; hash != "" {
		t.Error("a package with a link into the project is shared")
	}
}

// A chain of dependencies may be as long as a lockfile says.
func TestSlotHashesOfALongChain(t *testing.T) {
	const n = 50_000
	g := &graph.Graph{Packages: map[graph.Key]*graph.Package{}}
	key := func(i int) graph.Key { return graph.Key("p" + strings.Repeat("x", i%7) + "@" + strconv.Itoa(i)) }
	for i := range n {
		p := &graph.Package{Key: key(i), Name: key(i).Name()}
		if i+1 < n {
			p.Edges = []graph.Edge{{Alias: "next", Target: graph.Target{Key: key(i + 1)}}}
		}
		g.Packages[p.Key] = p
	}
	g.Importers = []*graph.Importer{{Dir: ".", Deps: []graph.Direct{{Alias: "p", Target: graph.Target{Key: key(0)}}}}}
	if got := Hashes(g, g.Reachable(graph.Scope{}), func(*graph.Package) string { return "id" }); len(got) != n {
		t.Errorf("%d hashes, want %d", len(got), n)
	}
}

func TestSharedLayout(t *testing.T) {
	g := build(". -> a@1 @s/c@1\na@1 -> @s/c@1 b@file:b\n@s/c@1 -> e@1\n")
	for k, p := range g.Packages {
		p.Version, p.Resolution.Integrity = "1", string(k)
	}
	g.Packages["b@file:b"].Resolution = graph.Resolution{Kind: graph.Directory}
	g.Packages["e@1"].Version = "../../1"
	l := Isolated(g, Options{
		Groups: []graph.Group{graph.Prod},
		Shared: &Shared{Dir: "/s/links", ID: func(p *graph.Package) string { return p.Resolution.Integrity }},
	})
	sums := Hashes(g, g.Reachable(graph.Scope{}), func(p *graph.Package) string { return p.Resolution.Integrity })
	c, e := "/s/links/@s/c/1/"+sums["@s/c@1"]+"/node_modules/", "/s/links/@/e/other/"+sums["e@1"]+"/node_modules/e"
	want := map[string][]Link{
		"node_modules/.pnpm/a@1/node_modules/a": {
			{At: "node_modules/.pnpm/a@1/node_modules/@s/c", Target: c + "@s/c"},
			{At: "node_modules/.pnpm/a@1/node_modules/b", Target: "node_modules/.pnpm/b@file+b/node_modules/b"},
		},
		"node_modules/.pnpm/b@file+b/node_modules/b": nil,
		c + "@s/c": {{At: c + "e", Target: e}},
		e:          nil,
	}
	for _, s := range l.Slots {
		if links, expected := want[s.Dir]; !expected || !slices.Equal(s.Links, links) {
			t.Errorf("slot %s with %v", s.Dir, s.Links)
		}
		if s.Shared != "" && !strings.HasPrefix(s.Dir, path.Join("/s/links", s.Shared)+"/") {
			t.Errorf("slot %s says it is at %s", s.Dir, s.Shared)
		}
	}
	if len(l.Slots) != len(want) {
		t.Errorf("%d slots", len(l.Slots))
	}
}
