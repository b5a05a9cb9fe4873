package workspace

import (
	"errors"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/npm"
)

func TestParseSelector(t *testing.T) {
	for raw, want := range map[string]Selector{
		"a":                   {Name: "a"},
		"@s/*":                {Name: "@s/*"},
		"a...":                {Name: "a", Dependencies: true},
		"a^...":               {Name: "a", Dependencies: true, NotSelf: true},
		"...a":                {Name: "a", Dependents: true},
		"...^a":               {Name: "a", Dependents: true, NotSelf: true},
		"...a...":             {Name: "a", Dependents: true, Dependencies: true},
		"!a":                  {Name: "a", Exclude: true},
		"!./x":                {Dir: "here/x", Exclude: true},
		".":                   {Dir: "here"},
		"..":                  {Dir: "."},
		"./x...":              {Dir: "here/x", Dependencies: true},
		`.\x\y`:               {Dir: "here/x/y"},
		"{x}":                 {Dir: "here/x"},
		"{../x/**}":           {Dir: "x/**"},
		"[main]":              {Since: "main"},
		"...[origin/main]":    {Since: "origin/main", Dependents: true},
		"@s/*{x}[v1]":         {Name: "@s/*", Dir: "here/x", Since: "v1"},
		"{x}[v1]...":          {Dir: "here/x", Since: "v1", Dependencies: true},
		".hidden":             {Name: ".hidden"},
		"...{packages/a}^...": {Dir: "here/packages/a", Dependents: true, Dependencies: true, NotSelf: true},
	} {
		want.Raw = raw
		got, err := ParseSelector(raw, "here")
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	for _, raw := range []string{"", "!", "...", "a{", "a{}", "{x", "[", "[]", "a[x]y", "[x]{y}"} {
		if s, err := ParseSelector(raw, "."); !isSelectorError(err) {
			t.Errorf("%q: %+v, %v", raw, s, err)
		}
	}
}

func isSelectorError(err error) bool { _, ok := errors.AsType[*SelectorError](err); return ok }

// projects reads "dir name@version: dep@spec dev:dep@spec …" lines.
func projects(text string) (out []Project) {
	for line := range strings.Lines(text) {
		head, deps, _ := strings.Cut(strings.TrimSpace(line), ":")
		f := strings.Fields(head)
		if len(f) < 2 {
			continue
		}
		at := strings.LastIndexByte(f[1], '@')
		m := &npm.Manifest{Name: npm.Name(f[1][:at]), Version: f[1][at+1:]}
		for _, d := range strings.Fields(deps) {
			to := &m.Dependencies
			for prefix, group := range map[string]*npm.Deps{"dev:": &m.DevDependencies, "peer:": &m.PeerDependencies, "opt:": &m.OptionalDependencies} {
				if rest, ok := strings.CutPrefix(d, prefix); ok {
					d, to = rest, group
				}
			}
			alias, spec, _ := strings.Cut(d[1:], "@")
			*to = append(*to, npm.Dep{Alias: d[:1] + alias, Specifier: spec})
		}
		out = append(out, Project{f[0], m})
	}
	return out
}

var family = projects(`
	. root@1.0.0: dev:a@workspace:*
	packages/a a@1.0.0: b@workspace:^ x@1
	packages/b b@1.2.0: dev:@s/c@workspace:*
	packages/c @s/c@0.1.0: peer:b@workspace:^1
	packages/d @t/c@1.0.0: b@^1.0.0 e@link:../e
	packages/e e@: bb@workspace:b@* opt:a@workspace:9
	apps/web web@1.0.0: b@workspace:../../packages/b
`)

func TestSelect(t *testing.T) {
	m := Matchers{
		Name: func(pattern, name string) bool { ok, _ := path.Match(pattern, name); return ok },
		Dir:  func(pattern, dir string) bool { ok, _ := path.Match(pattern, dir); return ok },
		Changed: func(ref, dir string) ([]string, error) {
			if ref != "main" {
				return nil, errors.New("no such ref")
			}
			return []string{"packages/b/src/deep/x.js", "packages/nobody/y", "apps/web/package.json"}, nil
		},
	}
	for _, tt := range []struct{ filters, want, unmatched string }{
		{"b", "packages/b", ""},
		{"c", "", "c"}, // two scopes have one
		{"@s/c", "packages/c", ""},
		{"a...", "packages/a packages/b packages/c", ""},
		{"a^...", "packages/b packages/c", ""},
		{"...b", ". apps/web packages/a packages/b packages/c packages/d packages/e", ""},
		{"...^a", ".", ""},
		{"...e...", "packages/b packages/c packages/d packages/e", ""},
		{"!a", ". apps/web packages/b packages/c packages/d packages/e", ""},
		{"packages* ./packages/* !b", "packages/a packages/c packages/d packages/e", "packages*"},
		{"a !a", "", ""},
		{"prod:a...", "packages/a packages/b", ""},
		{"prod:.", ".", ""},
		{"[main]", ". apps/web packages/b", ""},
		{"b[main] .", ". packages/b", ""},
		{"nobody", "", "nobody"},
	} {
		var selectors []Selector
		for _, raw := range strings.Fields(tt.filters) {
			raw, prod := strings.CutPrefix(raw, "prod:")
			s, err := ParseSelector(raw, ".")
			if err != nil {
				t.Fatal(err)
			}
			s.Prod = prod
			selectors = append(selectors, s)
		}
		g, prod := NewGraph(family, GraphOptions{LinkRanges: true}), NewGraph(family, GraphOptions{Prod: true, LinkRanges: true})
		got, err := Select(g, prod, selectors, m)
		if err != nil {
			t.Fatal(err)
		}
		dirs := strings.Join(slices.Sorted(maps.Keys(got.Dirs)), " ")
		if unmatched := strings.Join(got.Unmatched, " "); dirs != tt.want || unmatched != tt.unmatched {
			t.Errorf("%s: %q, unmatched %q", tt.filters, dirs, unmatched)
		}
	}
	s, _ := ParseSelector("[gone]", ".")
	if _, err := Select(NewGraph(family, GraphOptions{}), nil, []Selector{s}, m); err == nil {
		t.Error("a ref that is not there selects something")
	}
}

func TestRangesMeanNoProjectUnlessTheyMay(t *testing.T) {
	two := projects("a a@1.0.0: b@^1.0.0\n b b@1.0.0:")
	s, _ := ParseSelector("...^b", ".")
	for _, ranges := range []bool{false, true} {
		got, err := Select(NewGraph(two, GraphOptions{LinkRanges: ranges}), nil, []Selector{s}, Matchers{
			Name: func(pattern, name string) bool { return pattern == name },
		})
		if err != nil || got.Dirs["a"] != ranges {
			t.Errorf("%v: %v, %v", ranges, got, err)
		}
	}
}

func TestCycles(t *testing.T) {
	got := NewGraph(family, GraphOptions{}).Cycles()
	if diff := cmp.Diff([][]string{{"packages/b", "packages/c"}}, got); diff != "" {
		t.Error(diff)
	}
	long := make([]Project, 20_000) // deeper than a call stack should grow
	for i := range long {
		name := func(i int) string { return "p" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + itoa(i) }
		long[i] = Project{itoa(i), &npm.Manifest{Name: npm.Name(name(i)), Dependencies: npm.Deps{{Alias: name((i + 1) % len(long)), Specifier: "workspace:*"}}}}
	}
	if cycles := NewGraph(long, GraphOptions{}).Cycles(); len(cycles) != 1 || len(cycles[0]) != len(long) {
		t.Errorf("%d cycles", len(cycles))
	}
}

func itoa(i int) string {
	var b []byte
	for ; i > 0; i /= 10 {
		b = append(b, byte('0'+i%10))
	}
	return "n" + string(b)
}

func TestPick(t *testing.T) {
	versions := []string{"1.0.0", "1.2.0", "2.0.0-rc.1", "broken"}
	for what, want := range map[string]string{
		"": "2.0.0-rc.1", "*": "2.0.0-rc.1", "^": "2.0.0-rc.1", "~": "2.0.0-rc.1", "latest": "2.0.0-rc.1",
		"^1.0.0": "1.2.0", "1.0.0": "1.0.0", "1.0.1": "", "3": "", "2.0.0-rc.1": "2.0.0-rc.1", "^2.0.0-rc.0": "2.0.0-rc.1",
	} {
		if got := Pick(versions, what); got != want {
			t.Errorf("%q: %q, want %q", what, got, want)
		}
	}
}

func FuzzParseSelector(f *testing.F) {
	for _, seed := range []string{"...^@s/*{x}[y]^...", "!{", "[]", "..", "....", "!...^"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		s, err := ParseSelector(raw, "a/b")
		if err == nil && s.Name+s.Dir+s.Since == "" {
			t.Errorf("%q selects by nothing", raw)
		}
	})
}
