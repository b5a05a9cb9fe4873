package resolve_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/resolve"
	"godwit/internal/testreg"
)

// importers reads "DIR ALIAS@SPEC… peer:ALIAS@SPEC…", one importer each.
func importers(text string) (out []resolve.Importer) {
	for _, line := range strings.Split(text, "; ") {
		words := strings.Fields(line)
		m := &npm.Manifest{Name: npm.Name("project-" + words[0])}
		for _, word := range words[1:] {
			word, peer := strings.CutPrefix(word, "peer:")
			alias, spec := graph.Key(word).Split()
			d := npm.Dep{Alias: string(alias), Specifier: strings.ReplaceAll(spec, "_", " ")}
			if peer {
				m.PeerDependencies = append(m.PeerDependencies, d)
			} else {
				m.Dependencies = append(m.Dependencies, d)
			}
		}
		out = append(out, resolve.Importer{Dir: words[0], Manifest: m})
	}
	return out
}

// resolved is the graph for importers out of a registry of packages.
func resolved(t *testing.T, packages string, want []resolve.Importer, locked *graph.Graph) *graph.Graph {
	t.Helper()
	return reshaped(t, packages, want, locked, false)
}

// reshaped is resolved, with a lockfile that was made under other rules if other.
func reshaped(t *testing.T, packages string, want []resolve.Importer, locked *graph.Graph, other bool) *graph.Graph {
	t.Helper()
	reg, err := testreg.Open([]txtar.File{{Name: "packages", Data: []byte(packages)}})
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	res, err := resolve.Resolve(t.Context(), &source{registry: reg}, &resolve.Request{
		Importers: want, Locked: locked, Reshaped: other,
		Options: resolve.Options{AutoInstallPeers: true, DedupePeerDependents: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.Graph
}

// TestReadAnew changes what a registry says of versions that are locked, to see
// of which of them it is asked again (as seen with pnpm 12.21).
func TestReadAnew(t *testing.T) {
	for _, test := range []struct {
		name, before, now string // packages; the others stay
		others            string
		want              string // what each package has; "" where nothing says
		with              string // importers, a second time with z@1.1.0
	}{
		{
			name: "a package with peers, and what depends on it",
			with: ". top@1 plain@1 z@1.0.0", others: "z@1.0.0\nz@1.1.0\n",
			before: "top@1.0.0 mid@1\nmid@1.0.0 low@1\nlow@1.0.0 peer?:none@*\nplain@1.0.0 leaf@1\nleaf@1.0.0\n",
			now:    "top@1.0.0 mid@1 engine:x@1\nmid@1.0.0 low@1 engine:x@1\nlow@1.0.0 peer?:none@* engine:x@1\nplain@1.0.0 leaf@1 engine:x@1\nleaf@1.0.0 engine:x@1\n",
			want:   "leaf@1.0.0; low@1.0.0 x; mid@1.0.0 x; plain@1.0.0; top@1.0.0 x; z@1.1.0",
		},
		{
			name: "a cycle is taken as it is",
			with: ". a@1 z@1.0.0", others: "z@1.0.0\nz@1.1.0\n",
			before: "a@1.0.0 b@1\nb@1.0.0 a@1\n",
			now:    "a@1.0.0 b@1 engine:x@1\nb@1.0.0 a@1 engine:x@1\n",
			want:   "a@1.0.0; b@1.0.0; z@1.1.0",
		},
		{
			name: "what one dependent asks for anew is told for all",
			with: ". w@1 z@1.0.0", others: "w@1.0.0 l@1\nz@1.0.0 y@1\nz@1.1.0 y@1\ny@1.0.0 l@1\n",
			before: "l@1.0.0 k@1\nk@1.0.0\n",
			now:    "l@1.0.0 k@1 engine:x@1\nk@1.0.0 engine:x@1\n",
			want:   "k@1.0.0; l@1.0.0 x; w@1.0.0; y@1.0.0; z@1.1.0",
		},
		{
			name: "peers are those that the nearest occurrence lists",
			with: ". a@1 z@1.0.0 p@1", others: "a@1.0.0 b@1\nb@1.0.0 l@1\nz@1.0.0 l@1\nz@1.1.0 l@1\np@1.0.0\n",
			before: "l@1.0.0\n", now: "l@1.0.0 peer:p@*\n",
			want: "a@1.0.0(p@1.0.0); b@1.0.0(p@1.0.0); l@1.0.0(p@1.0.0); p@1.0.0; z@1.1.0(p@1.0.0)",
		},
		{
			name: "and a farther one changes nothing",
			with: ". a@1 z@1.0.0 p@1", others: "a@1.0.0 l@1\nz@1.0.0 y@1\nz@1.1.0 y@1\ny@1.0.0 l@1\np@1.0.0\n",
			before: "l@1.0.0\n", now: "l@1.0.0 peer:p@*\n",
			want: "a@1.0.0; l@1.0.0; p@1.0.0; y@1.0.0; z@1.1.0",
		},
		{
			name: "what the lockfile says of a deprecation stays",
			with: ". a@1 b@1 z@1.0.0", others: "z@1.0.0\nz@1.1.0\n",
			before: "a@1.0.0 peer?:none@* deprecated=old\nb@1.0.0 peer?:none@*\n",
			now:    "a@1.0.0 peer?:none@* deprecated=new\nb@1.0.0 peer?:none@* deprecated=new\n",
			want:   "a@1.0.0 old; b@1.0.0 new; z@1.1.0",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			locked := resolved(t, test.before+test.others, importers(test.with), nil)
			g := resolved(t, test.now+test.others, importers(strings.Replace(test.with, "z@1.0.0", "z@1.1.0", 1)), locked)
			var got []string
			for _, key := range slices.Sorted(maps.Keys(g.Packages)) {
				line := string(key)
				if p := g.Packages[key]; len(p.Engines) > 0 {
					line += " " + p.Engines[0].Alias
				} else if p.Deprecated != "" {
					line += " " + p.Deprecated
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOwnPeer bumps something else in a workspace where one project, d, has a
// peer that others, a to c, depend on ("SPEC is VERSION", as the lockfile has it),
// and compares with what pnpm 12.21 makes of that peer.
func TestOwnPeer(t *testing.T) {
	const packages = "t@1.0.0\nt@1.0.5\nt@1.0.9\nt@1.1.0\nt@2.0.0\nt@2.0.5\nt@2.1.0\nz@1.0.0\nz@1.1.0\nu@1.0.0 t@2.0.0\n"
	for _, test := range []struct {
		others      string
		peer        string // what d asks for; "" for what it had not before
		locked, now string
	}{
		{"~2.0.0 is 2.0.0", "*", "1.0.0", "2.0.0"},
		{"~1.0.0 is 1.0.0", "*", "2.1.0", "1.0.0"},
		{"2.0.0 is 2.0.0", "^1.0.0", "1.1.0", "1.1.0"},
		{"1.0.0 is 1.0.0", ">=1.0.5", "2.1.0", "2.1.0"},
		{"1_||_2 is 1.0.0", "*", "2.1.0", "2.1.0"},
		{"1_||_2 is 2.0.0, >=1 is 2.1.0", "*", "1.0.0", "1.0.0"},
		{"~1.0.0 is 1.0.5, ~2.0.0 is 2.0.0", "*", "1.0.5", "1.0.5"},
		{"~1.0.0 is 1.0.5, ~2.0.0 is 2.0.0", "*", "1.0.0", "2.0.0"},
		{"~1.0.0 is 1.0.5, ~2.0.0 is 2.0.0", "*", "1.0.9", "2.0.0"},
		{"~1.0.0 is 1.0.0, 2.0.0 is 2.0.0", "*", "1.0.0", "2.0.0"},
		{"~1.0.0 is 1.0.0, 2.0.0 is 2.0.0", "*", "2.0.0", "1.0.0"},
		{"1.0.0 is 1.0.0, ~2.0.0 is 2.0.0", "*", "1.0.0", "2.0.0"},
		{"1.0.0 is 1.0.0, 2.0.0 is 2.0.0", "*", "1.0.0", "2.0.0"},
		{">=1 is 2.1.0, 1.1.0_||_2 is 2.1.0", "*", "1.0.0", "2.1.0"},
		{"latest is 2.1.0, 1.0.0 is 1.0.0", "*", "1.0.0", "1.0.0"},
	} {
		var before, after strings.Builder
		others := strings.Split(test.others, ", ")
		for i, other := range others {
			spec, version, _ := strings.Cut(other, " is ")
			fmt.Fprintf(&before, "; %c t@%s", 'a'+i, version)
			fmt.Fprintf(&after, "; %c t@%s", 'a'+i, spec)
		}
		locked := resolved(t, packages, importers(". z@1.0.0"+before.String()+"; d peer:t@"+test.locked), nil)
		want := importers(". z@1.1.0" + after.String() + "; d peer:t@" + test.peer)
		for _, im := range want[1:] {
			m := im.Manifest
			locked.Importer(im.Dir).Deps[0].Specifier = slices.Concat(m.Dependencies, m.PeerDependencies)[0].Specifier
		}
		g := resolved(t, packages, want, locked)
		if got := g.Importer("d").Deps[0].Target.Key; got != graph.Key("t@"+test.now) {
			t.Errorf("others ask for %s, d for %q, locked %s: %s, want %s", test.others, test.peer, test.locked, got, test.now)
		}
	}
}

// TestNewPeer adds a project with a peer to a workspace in which a depends on
// something that has t@2.0.0, and b on what is said.
func TestNewPeer(t *testing.T) {
	const packages = "t@1.0.0\nt@1.0.5\nt@2.0.0\nt@2.1.0\nu@1.0.0 t@2.0.0\n"
	for _, test := range []struct{ other, peer, want string }{
		{"~1.0.0", "*", "1.0.5"},
		{"2.1.0", "*", "2.1.0"},
		{"^2.0.0", "*", "2.0.0"},
		{"~1.0.0", "^2.0.0", "2.0.0"},
		{"2.1.0", "<=2.0.0", "2.0.0"},
	} {
		locked := resolved(t, packages, importers("a u@1"), nil)
		g := resolved(t, packages, importers("a u@1; b t@"+test.other+"; c peer:t@"+test.peer), locked)
		if got := g.Importer("c").Deps[0].Target.Key; got != graph.Key("t@"+test.want) {
			t.Errorf("b asks for %s, c for %s: %s, want %s", test.other, test.peer, got, test.want)
		}
	}
}

// TestLockedStays has two versions of k in a lockfile, and changes what else the
// project asks for, or its overrides: none of them gives way to the other.
func TestLockedStays(t *testing.T) {
	const old, others = "k@1.0.0 peer?:none@*\n", "d@1.0.0 k@^1.0.0\ne@1.0.0 k@1.1.0\nz@1.0.0\nz@1.1.0\n"
	const all = old + "k@1.1.0 peer?:none@*\nk@1.2.0 peer?:none@*\n" + others
	for _, test := range []struct {
		before, after string // without e
		other         bool   // the overrides
	}{
		{before: "k@^1.0.0 z@1.0.0", after: "k@^1.0.0 z@1.1.0"},
		{before: "k@^1.0.0 z@1.0.0", after: "k@>=1 z@1.1.0"},
		{before: "k@^1.0.0 z@1.0.0", after: "k@^1.0.0 z@1.0.0", other: true},
		{before: "d@^1.0.0 z@1.0.0", after: "d@^1.0.0 z@1.1.0"},
		{before: "d@^1.0.0 z@1.0.0", after: "d@^1.0.0 z@1.0.0", other: true},
	} {
		g := resolved(t, old+others, importers(". "+test.before), nil)
		g = resolved(t, all, importers(". "+test.before+" e@1"), g)
		g = reshaped(t, all, importers(". "+test.after+" e@1"), g, test.other)
		if g.Packages["k@1.0.0"] == nil || g.Packages["k@1.1.0"] == nil || g.Packages["k@1.2.0"] != nil {
			t.Errorf("%+v: %v", test, slices.Sorted(maps.Keys(g.Packages)))
		}
	}
}

// TestOptionalPeerGone takes away what an optional peer was matched with: another
// version that is there goes before the one that only the lockfile has.
func TestOptionalPeerGone(t *testing.T) {
	const packages = "lib@1.0.0 peer?:trap@*\ntheme@1.0.0 trap@1.0.0\ntheme@2.0.0 trap@2.0.0\ntrap@1.0.0\ntrap@2.0.0\n"
	locked := resolved(t, packages, importers(". lib@1 theme@2"), nil)
	g := resolved(t, packages, importers(". lib@1 theme@1"), locked)
	if locked.Packages["lib@1.0.0(trap@2.0.0)"] == nil || g.Packages["lib@1.0.0(trap@1.0.0)"] == nil {
		t.Errorf("%v", slices.Sorted(maps.Keys(g.Packages)))
	}
}
