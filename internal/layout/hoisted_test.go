package layout

import (
	"errors"
	"fmt"
	"path"
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

func laidOut(t *testing.T, lines string, opts Options) *Layout {
	t.Helper()
	l, err := Hoisted(placed(lines), opts)
	if err != nil {
		t.Fatal(err)
	}
	return l
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
		if diff := cmp.Diff(want, showHoisted(laidOut(t, workspace, Options{Groups: all}))); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestHoistedWithout(t *testing.T) {
	prod := showHoisted(laidOut(t, workspace, Options{Groups: []graph.Group{graph.Prod}}))
	for _, gone := range []string{"node_modules/d", "node_modules/lib"} {
		if strings.Contains(prod, gone) {
			t.Errorf("%s is there without devDependencies:\n%s", gone, prod)
		}
	}
	skip := func(p *graph.Package) bool { return p.Dir == "node_modules/b" }
	if got := showHoisted(laidOut(t, workspace, Options{Groups: all, Skip: skip})); strings.Contains(got, " node_modules/b/") || strings.Contains(got, "\nnode_modules/b") {
		t.Errorf("b is left out:\n%s", got)
	}
}

// TestHoist lays out graphs without directories. The trees are those that pnpm
// 12.21 makes of them, but for the last two, which are hostile.
func TestHoist(t *testing.T) {
	for _, tt := range []struct{ name, graph, want string }{
		{"the version that most need goes up", `
			.: prod a b c
			a -> x=x@1
			b -> x=x@2
			c -> x=x@2
			x@1
			x@2`, "a a/node_modules/x=x@1 b c x=x@2"},
		{"the first met, where as many need either", `
			.: prod a b
			a -> x=x@1
			b -> x=x@2
			x@1
			x@2`, "a b b/node_modules/x=x@2 x=x@1"},
		{"the project's own goes first", `
			.: prod a b x=x@1
			a -> x=x@2
			b -> x=x@2
			x@1
			x@2`, "a a/node_modules/x=x@2 b b/node_modules/x=x@2 x=x@1"},
		{"what is needed below a nested one goes beside it", `
			.: prod a x=x@1 y=y@1
			a -> b
			b -> x=x@2
			x@2 -> y=y@2
			x@1
			y@1
			y@2`, "a b b/node_modules/x=x@2 b/node_modules/y=y@2 x=x@1 y=y@1"},
		{"nothing moves past another of its name", `
			.: prod a y=y@1 z=z@1
			a -> y=y@2 z=z@2
			z@2 -> y=y@1
			y@1
			y@2
			z@1`, "a a/node_modules/y=y@2 a/node_modules/z=z@2 a/node_modules/z/node_modules/y=y@1 y=y@1 z=z@1"},
		{"variants by peers are one", `
			.: prod a b
			a -> x=x@1(p@1)
			b -> x=x@1(p@2)
			x@1(p@1) -> p=p@1
			x@1(p@2) -> p=p@2
			p@1
			p@2`, "a b p=p@1 x=x@1(p@1)"},
		{"a cycle", `
			.: prod a
			a -> b
			b -> a`, "a b"},
		{"another name is another directory", `
			.: prod a other=a
			a`, "a other=a"},
		{"a long chain", chain(10_000), "a0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := draw(t, tt.graph)
			for _, e := range strings.Fields(tt.graph) {
				if key := graph.Key(e); !strings.Contains(e, "=") && e != "->" && e != "prod" && e != ".:" && g.Packages[key] == nil {
					g.Packages[key] = &graph.Package{Key: key, Name: key.Name()}
				}
			}
			l, err := Hoisted(g, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range l.Slots {
				dir := strings.TrimPrefix(s.Dir, "node_modules/")
				if path.Base(dir) != string(s.Package.Key) {
					dir += "=" + string(s.Package.Key)
				}
				got = append(got, dir)
			}
			if len(got) > 1000 {
				got = got[:1]
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// chain is a graph of n packages, each of which needs the next one.
func chain(n int) string {
	var b strings.Builder
	b.WriteString(".: prod a0\n")
	for i := range n {
		fmt.Fprintf(&b, "a%d -> a%d\n", i, i+1)
	}
	fmt.Fprintf(&b, "a%d\n", n)
	return b.String()
}

// TestHoistDoubling has two packages with two of their next versions below them,
// and so on: what is below neither can move past the other, and the directories
// would double at each step.
func TestHoistDoubling(t *testing.T) {
	text := ".: prod p=p@0 q=q@0\n"
	for i := range 40 {
		text += fmt.Sprintf("p@%d -> p=p@%d q=q@%d\nq@%d -> p=p@%d q=q@%d\n", i, i+1, i+1, i, i+1, i+1)
	}
	if _, err := Hoisted(draw(t, text), Options{}); !errors.Is(err, ErrTooManyPlaces) {
		t.Errorf("err = %v", err)
	}
}
