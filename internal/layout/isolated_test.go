package layout

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// draw makes a graph from lines: "KEY [bin] -> ALIAS=KEY…" is a package, "DIR:
// GROUP ALIAS=KEY…" an importer; "alias=link:dir" leads to a directory, and a
// key alone is its own alias.
func draw(t *testing.T, text string) *graph.Graph {
	t.Helper()
	g := &graph.Graph{Packages: map[graph.Key]*graph.Package{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if dir, deps, ok := strings.Cut(line, ": "); ok {
			im := g.Importer(dir)
			if im == nil {
				im = &graph.Importer{Dir: dir}
				g.Importers = append(g.Importers, im)
			}
			group, deps, _ := strings.Cut(deps, " ")
			for dep := range strings.FieldsSeq(deps) {
				alias, target := edge(dep)
				im.Deps = append(im.Deps, graph.Direct{
					Alias: alias, Target: target,
					Group: map[string]graph.Group{"prod": graph.Prod, "dev": graph.Dev, "opt": graph.Optional}[group],
				})
			}
			continue
		}
		head, deps, _ := strings.Cut(line, " -> ")
		if head == "" {
			continue
		}
		head, hasBin := strings.CutSuffix(head, " bin")
		key := graph.Key(head)
		name, version := key.ID().Split()
		p := &graph.Package{Key: key, Name: name, Version: version, HasBin: hasBin}
		for dep := range strings.FieldsSeq(deps) {
			optional := strings.HasPrefix(dep, "?")
			alias, target := edge(strings.TrimPrefix(dep, "?"))
			p.Edges = append(p.Edges, graph.Edge{Alias: alias, Target: target, Optional: optional})
		}
		g.Packages[key] = p
	}
	return g
}

func edge(dep string) (string, graph.Target) {
	alias, to, named := strings.Cut(dep, "=")
	if !named {
		alias, to = string(graph.Key(dep).Name()), dep
	}
	if link, ok := strings.CutPrefix(to, "link:"); ok {
		return alias, graph.Target{Link: link}
	}
	return alias, graph.Target{Key: graph.Key(to)}
}

// show writes a layout as lines.
func show(l *Layout) string {
	var b strings.Builder
	bins := func(bins Bins) {
		if len(bins.From) > 0 {
			b.WriteString("  bins " + bins.Dir + ":")
			for _, c := range bins.From {
				b.WriteString(" " + c.Alias + "=" + c.Dir)
			}
			b.WriteString("\n")
		}
	}
	links := func(links []Link) {
		for _, link := range links {
			b.WriteString("  " + link.At + " -> " + link.Target + "\n")
		}
	}
	for _, s := range l.Slots {
		b.WriteString("slot " + s.Dir + "\n")
		links(s.Links)
		bins(s.Bins)
	}
	for _, im := range l.Importers {
		b.WriteString("importer " + im.Dir + "\n")
		links(im.Links)
		bins(im.Bins)
	}
	if len(l.Hoisted) > 0 {
		b.WriteString("hoisted\n")
		links(l.Hoisted)
		bins(l.HoistBins)
	}
	return b.String()
}

var all = []graph.Group{graph.Prod, graph.Dev, graph.Optional}

func always(string) bool { return true }

func TestIsolated(t *testing.T) {
	for _, test := range []struct {
		name    string
		graph   string
		options Options
		want    string
	}{
		{name: "nothing", want: ""},
		{
			name: "importer without dependencies", graph: ".: prod", options: Options{Groups: all},
			want: "importer .",
		},
		{
			name:    "dependency of a dependency",
			graph:   ".: prod a@1.0.0\n a@1.0.0 -> b@2.0.0\n b@2.0.0",
			options: Options{Groups: all},
			want: `
slot node_modules/.pnpm/a@1.0.0/node_modules/a
  node_modules/.pnpm/a@1.0.0/node_modules/b -> node_modules/.pnpm/b@2.0.0/node_modules/b
slot node_modules/.pnpm/b@2.0.0/node_modules/b
importer .
  node_modules/a -> node_modules/.pnpm/a@1.0.0/node_modules/a`,
		},
		{
			name:    "scopes, peers, aliases",
			graph:   ".: prod old=@s/a@1.0.0(b@2.0.0)\n @s/a@1.0.0(b@2.0.0) -> b@2.0.0 @s/c=b@2.0.0\n b@2.0.0",
			options: Options{Groups: all},
			want: `
slot node_modules/.pnpm/@s+a@1.0.0_b@2.0.0/node_modules/@s/a
  node_modules/.pnpm/@s+a@1.0.0_b@2.0.0/node_modules/b -> node_modules/.pnpm/b@2.0.0/node_modules/b
  node_modules/.pnpm/@s+a@1.0.0_b@2.0.0/node_modules/@s/c -> node_modules/.pnpm/b@2.0.0/node_modules/b
slot node_modules/.pnpm/b@2.0.0/node_modules/b
importer .
  node_modules/old -> node_modules/.pnpm/@s+a@1.0.0_b@2.0.0/node_modules/@s/a`,
		},
		{
			name:    "a cycle, and a package that needs its own name",
			graph:   ".: prod a@1.0.0\n a@1.0.0 -> b@1.0.0 a=a@0.9.0\n b@1.0.0 -> a@1.0.0\n a@0.9.0",
			options: Options{Groups: all},
			want: `
slot node_modules/.pnpm/a@0.9.0/node_modules/a
slot node_modules/.pnpm/a@1.0.0/node_modules/a
  node_modules/.pnpm/a@1.0.0/node_modules/b -> node_modules/.pnpm/b@1.0.0/node_modules/b
slot node_modules/.pnpm/b@1.0.0/node_modules/b
  node_modules/.pnpm/b@1.0.0/node_modules/a -> node_modules/.pnpm/a@1.0.0/node_modules/a
importer .
  node_modules/a -> node_modules/.pnpm/a@1.0.0/node_modules/a`,
		},
		{
			name:    "groups",
			graph:   ".: prod a@1.0.0\n .: dev d@1.0.0\n .: opt o@1.0.0\n a@1.0.0 -> ?x@1.0.0\n d@1.0.0\n o@1.0.0\n x@1.0.0",
			options: Options{Groups: []graph.Group{graph.Prod}},
			want: `
slot node_modules/.pnpm/a@1.0.0/node_modules/a
importer .
  node_modules/a -> node_modules/.pnpm/a@1.0.0/node_modules/a`,
		},
		{
			name:  "skipped packages and those that only they need",
			graph: ".: prod a@1.0.0\n a@1.0.0 -> ?x@1.0.0 b@1.0.0\n x@1.0.0\n b@1.0.0",
			options: Options{Groups: all, Hoist: always, Skip: func(p *graph.Package) bool {
				return p.Name == "x"
			}},
			want: `
slot node_modules/.pnpm/a@1.0.0/node_modules/a
  node_modules/.pnpm/a@1.0.0/node_modules/b -> node_modules/.pnpm/b@1.0.0/node_modules/b
slot node_modules/.pnpm/b@1.0.0/node_modules/b
importer .
  node_modules/a -> node_modules/.pnpm/a@1.0.0/node_modules/a
hoisted
  node_modules/.pnpm/node_modules/b -> node_modules/.pnpm/b@1.0.0/node_modules/b`,
		},
		{
			name:    "commands: only of packages that have some, and of links, of which nobody knows",
			graph:   ".: prod a@1.0.0 b@1.0.0 l=link:lib\n a@1.0.0 bin -> b@1.0.0 c@1.0.0\n b@1.0.0\n c@1.0.0 bin",
			options: Options{Groups: all, Hoist: always},
			want: `
slot node_modules/.pnpm/a@1.0.0/node_modules/a
  node_modules/.pnpm/a@1.0.0/node_modules/b -> node_modules/.pnpm/b@1.0.0/node_modules/b
  node_modules/.pnpm/a@1.0.0/node_modules/c -> node_modules/.pnpm/c@1.0.0/node_modules/c
  bins node_modules/.pnpm/a@1.0.0/node_modules/a/node_modules/.bin: a=node_modules/.pnpm/a@1.0.0/node_modules/a c=node_modules/.pnpm/c@1.0.0/node_modules/c
slot node_modules/.pnpm/b@1.0.0/node_modules/b
slot node_modules/.pnpm/c@1.0.0/node_modules/c
  bins node_modules/.pnpm/c@1.0.0/node_modules/c/node_modules/.bin: c=node_modules/.pnpm/c@1.0.0/node_modules/c
importer .
  node_modules/a -> node_modules/.pnpm/a@1.0.0/node_modules/a
  node_modules/b -> node_modules/.pnpm/b@1.0.0/node_modules/b
  node_modules/l -> lib
  bins node_modules/.bin: a=node_modules/.pnpm/a@1.0.0/node_modules/a l=lib
hoisted
  node_modules/.pnpm/node_modules/c -> node_modules/.pnpm/c@1.0.0/node_modules/c
  bins node_modules/.pnpm/node_modules/.bin: c=node_modules/.pnpm/c@1.0.0/node_modules/c`,
		},
		{
			name:    "of two versions the nearer one is hoisted",
			graph:   ".: prod a@1.0.0 b@1.0.0\n a@1.0.0 -> m@1.0.0\n b@1.0.0 -> x@1.0.0\n m@1.0.0 -> x@2.0.0\n x@1.0.0\n x@2.0.0",
			options: Options{Groups: all, Hoist: func(alias string) bool { return alias == "x" }},
			want: `
slot node_modules/.pnpm/a@1.0.0/node_modules/a
  node_modules/.pnpm/a@1.0.0/node_modules/m -> node_modules/.pnpm/m@1.0.0/node_modules/m
slot node_modules/.pnpm/b@1.0.0/node_modules/b
  node_modules/.pnpm/b@1.0.0/node_modules/x -> node_modules/.pnpm/x@1.0.0/node_modules/x
slot node_modules/.pnpm/m@1.0.0/node_modules/m
  node_modules/.pnpm/m@1.0.0/node_modules/x -> node_modules/.pnpm/x@2.0.0/node_modules/x
slot node_modules/.pnpm/x@1.0.0/node_modules/x
slot node_modules/.pnpm/x@2.0.0/node_modules/x
importer .
  node_modules/a -> node_modules/.pnpm/a@1.0.0/node_modules/a
  node_modules/b -> node_modules/.pnpm/b@1.0.0/node_modules/b
hoisted
  node_modules/.pnpm/node_modules/x -> node_modules/.pnpm/x@1.0.0/node_modules/x`,
		},
		{
			name:    "publicly hoisted, and not what the project has itself in another case",
			graph:   ".: prod a@1.0.0 B@1.0.0\n a@1.0.0 -> x@1.0.0 b@2.0.0\n x@1.0.0\n b@2.0.0\n B@1.0.0",
			options: Options{Groups: all, PublicHoist: always},
			want: `
slot node_modules/.pnpm/B@1.0.0_4be1786e8668a33688e69a684a5f2f8e/node_modules/B
slot node_modules/.pnpm/a@1.0.0/node_modules/a
  node_modules/.pnpm/a@1.0.0/node_modules/x -> node_modules/.pnpm/x@1.0.0/node_modules/x
  node_modules/.pnpm/a@1.0.0/node_modules/b -> node_modules/.pnpm/b@2.0.0/node_modules/b
slot node_modules/.pnpm/b@2.0.0/node_modules/b
slot node_modules/.pnpm/x@1.0.0/node_modules/x
importer .
  node_modules/B -> node_modules/.pnpm/B@1.0.0_4be1786e8668a33688e69a684a5f2f8e/node_modules/B
  node_modules/a -> node_modules/.pnpm/a@1.0.0/node_modules/a
  node_modules/x -> node_modules/.pnpm/x@1.0.0/node_modules/x`,
		},
		{
			name:    "members of a workspace, another virtual store",
			graph:   ".: prod a@1.0.0\n packages/m: prod a@1.0.0 up=link:../n\n a@1.0.0",
			options: Options{Groups: all, VirtualStore: ".store"},
			want: `
slot .store/a@1.0.0/node_modules/a
importer .
  node_modules/a -> .store/a@1.0.0/node_modules/a
importer packages/m
  packages/m/node_modules/a -> .store/a@1.0.0/node_modules/a
  packages/m/node_modules/up -> packages/n
  bins packages/m/node_modules/.bin: up=packages/n`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := show(Isolated(draw(t, test.graph), test.options))
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), strings.TrimSuffix(got, "\n")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestIsolatedIsPure lays one graph out again and again: maps have no say in
// the result, and the graph stays as it is.
func TestIsolatedIsPure(t *testing.T) {
	const text = ".: prod a@1.0.0 c@1.0.0\n a@1.0.0 -> b@1.0.0 x@1.0.0\n c@1.0.0 -> x@2.0.0 b@2.0.0\n b@1.0.0 -> y@1.0.0\n b@2.0.0 -> y@2.0.0\n x@1.0.0\n x@2.0.0\n y@1.0.0\n y@2.0.0"
	g := draw(t, text)
	options := Options{Groups: all, Hoist: always}
	want := show(Isolated(g, options))
	for range 20 {
		if got := show(Isolated(g, options)); got != want {
			t.Fatal(cmp.Diff(want, got))
		}
	}
	if diff := cmp.Diff(draw(t, text), g); diff != "" {
		t.Error(diff)
	}
}

func TestLongSlotNames(t *testing.T) {
	long := graph.Key("a@1.0.0(" + strings.Repeat("b", 300) + "@1.0.0)")
	g := &graph.Graph{
		Importers: []*graph.Importer{{Dir: ".", Deps: []graph.Direct{{Alias: "a", Target: graph.Target{Key: long}}}}},
		Packages:  map[graph.Key]*graph.Package{long: {Key: long, Name: npm.Name("a")}},
	}
	for _, limit := range []int{60, 120} {
		l := Isolated(g, Options{Groups: all, SlotNameLen: limit})
		if n := len(l.Slots[0].Name); n > limit {
			t.Errorf("a name of %d bytes, not of %d", n, limit)
		}
		if !slices.Contains(l.Links(), Link{"node_modules/a", l.Slots[0].Dir}) {
			t.Errorf("links: %v", l.Links())
		}
	}
}
