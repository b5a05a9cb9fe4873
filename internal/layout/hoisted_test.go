package layout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// placed makes a graph of "dir -> dirs" lines: packages are called after their
// directories, projects are those outside of node_modules, "dir => dir" is a link.
// In front of a dependency of a project may stand "dev:", behind a package "inside".
func placed(lines string) *graph.Graph {
	g := &graph.Graph{Packages: map[graph.Key]*graph.Package{}}
	node := func(dir string) *graph.Package {
		key := graph.Key(dir + "@1")
		if g.Packages[key] == nil {
			g.Packages[key] = &graph.Package{Key: key, Dir: dir, Name: npm.Name(dir), HasBin: true}
		}
		return g.Packages[key]
	}
	for line := range strings.Lines(lines) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		if at, target, isLink := strings.Cut(from, " => "); isLink {
			g.Links = append(g.Links, graph.Link{At: at, Target: target})
			continue
		}
		if name, inside := strings.CutSuffix(from, " inside"); inside {
			node(name).Inside = true
			continue
		}
		if strings.Contains(from, ModulesDir) {
			for _, dir := range strings.Fields(to) {
				node(from).Edges = append(node(from).Edges, graph.Edge{Alias: dir, Target: graph.Target{Key: node(dir).Key}})
			}
			continue
		}
		im := &graph.Importer{Dir: from}
		for _, dir := range strings.Fields(to) {
			d := graph.Direct{Alias: dir}
			if name, dev := strings.CutPrefix(dir, "dev:"); dev {
				d.Group, dir = graph.Dev, name
			}
			if link, isLink := strings.CutPrefix(dir, "link:"); isLink {
				d.Target.Link = link
			} else {
				d.Target.Key = node(dir).Key
			}
			im.Deps = append(im.Deps, d)
		}
		g.Importers = append(g.Importers, im)
	}
	return g
}

const workspace = `. -> node_modules/b node_modules/@s/a dev:node_modules/d dev:link:lib
packages/m -> node_modules/b packages/m/node_modules/b
lib -> lib/node_modules/x
node_modules/b -> node_modules/b/node_modules/c
node_modules/b/node_modules/c -> node_modules/b/node_modules/c/node_modules/in
node_modules/b/node_modules/c/node_modules/in inside
node_modules/m => packages/m
node_modules/lib => lib
node_modules/b/node_modules/l => packages/m
`

func showHoisted(l *Layout) string {
	var b strings.Builder
	for _, s := range l.Slots {
		fmt.Fprintf(&b, "%s in %q with %v %v\n", s.Dir, s.Parent, s.Nested, s.Links)
	}
	for _, im := range l.Importers {
		fmt.Fprintf(&b, "importer %s %v\n", im.Dir, im.Links)
	}
	for _, bins := range l.Bins {
		fmt.Fprintf(&b, "bins %s:", bins.Dir)
		for _, c := range bins.From {
			fmt.Fprintf(&b, " %s", c.Alias)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestHoisted(t *testing.T) {
	want := `lib/node_modules/x in "" with [] []
node_modules/@s/a in "" with [] []
node_modules/b in "" with [node_modules/b/node_modules/c] [{node_modules/b/node_modules/l packages/m}]
node_modules/b/node_modules/c in "node_modules/b" with [] []
node_modules/d in "" with [] []
packages/m/node_modules/b in "" with [] []
importer . [{node_modules/m packages/m} {node_modules/lib lib}]
importer packages/m []
importer lib []
bins lib/node_modules/.bin: x
bins node_modules/.bin: @s/a b d lib m
bins node_modules/b/node_modules/.bin: c l
bins node_modules/b/node_modules/c/node_modules/.bin: in
bins packages/m/node_modules/.bin: b
`
	for range 10 { // maps have no say in it
		if diff := cmp.Diff(want, showHoisted(Hoisted(placed(workspace), Options{Groups: all}))); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestHoistedWithout(t *testing.T) {
	prod := showHoisted(Hoisted(placed(workspace), Options{Groups: []graph.Group{graph.Prod}}))
	for _, gone := range []string{"node_modules/d", "node_modules/lib"} {
		if strings.Contains(prod, gone) {
			t.Errorf("%s is there without devDependencies:\n%s", gone, prod)
		}
	}
	skip := func(p *graph.Package) bool { return p.Dir == "node_modules/b" }
	if got := showHoisted(Hoisted(placed(workspace), Options{Groups: all, Skip: skip})); strings.Contains(got, " node_modules/b/") || strings.Contains(got, "\nnode_modules/b") {
		t.Errorf("b is left out:\n%s", got)
	}
}
