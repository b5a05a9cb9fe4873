package bunlock

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// world is a registry, the versions of each package in ascending order; the last is
// the latest.
var world = map[string][]string{
	"p":      {`1.0.0`, `1.1.0`, `2.0.0`, `2.1.0`, `3.0.0`},
	"bx":     {`1.0.0 {"dependencies": {"p": "1.1.0"}}`},
	"d1":     {`1.0.0 {"dependencies": {"p": "^1.0.0"}}`},
	"d3":     {`1.0.0 {"dependencies": {"p": "^3.0.0"}}`},
	"dx":     {`1.0.0 {"dependencies": {"p": "1.0.0"}}`},
	"dp":     {`1.0.0 {"dependencies": {"p": ">=1.0.0"}}`},
	"dp2":    {`1.0.0 {"dependencies": {"p": ">=2.0.0"}}`},
	"q":      {`1.0.0 {"dependencies": {"p": "^1.0.0"}}`, `1.1.0 {"dependencies": {"p": "*"}}`, `2.0.0`},
	"d":      {`1.0.0 {"dependencies": {"q": "^1.0.0"}}`},
	"n1":     {`1.0.0 {"peerDependencies": {"p": "^1.0.0"}}`},
	"n2":     {`1.0.0 {"peerDependencies": {"p": "^2.0.0"}}`},
	"n3":     {`1.0.0 {"peerDependencies": {"p": "^3.0.0"}}`},
	"a3":     {`1.0.0 {"peerDependencies": {"p": "^3.0.0"}}`},
	"aw":     {`1.0.0 {"peerDependencies": {"p": ">=1.0.0"}}`},
	"s":      {`1.0.0 {"peerDependencies": {"p": "*"}}`},
	"up3":    {`1.0.0 {"peerDependencies": {"a3": "*"}}`},
	"may":    {`1.0.0 {"peerDependencies": {"p": "^1.0.0"}, "peerDependenciesMeta": {"p": {"optional": true}}}`},
	"ajv":    {`6.0.0`, `8.0.0`},
	"kw":     {`5.0.0 {"peerDependencies": {"ajv": "^8.0.0"}}`},
	"su":     {`1.0.0 {"dependencies": {"ajv": "^8.0.0", "kw": "*"}}`},
	"deepkw": {`1.0.0 {"dependencies": {"kw": "*"}}`},
	"sud":    {`1.0.0 {"dependencies": {"ajv": "^8.0.0", "deepkw": "*"}}`},
	"c1":     {`1.0.0 {"dependencies": {"c2": "1.0.0"}}`, `2.0.0 {"dependencies": {"c2": "2.0.0"}}`},
	"c2":     {`1.0.0 {"dependencies": {"c1": "2.0.0"}}`, `2.0.0 {"dependencies": {"c1": "1.0.0"}}`},
	"bun":    {`1.0.0 {"dependencies": {"p": "^1.0.0"}, "bundleDependencies": ["p"]}`},
	"opt":    {`1.0.0 {"optionalDependencies": {"nowhere": "*"}}`},
	"plat":   {`1.0.0 {"os": ["darwin", "linux", "win32"], "cpu": ["arm64", "x64"], "libc": ["musl"]}`},
}

// fromWorld answers as a registry would.
func fromWorld(wants []Want) ([]Found, error) {
	out := make([]Found, len(wants))
	for i, w := range wants {
		best := -1
		list := world[string(w.Name)]
		r, err := semver.ParseRange(w.Range, semver.Options{})
		for k, text := range list {
			version, _, _ := strings.Cut(text, " ")
			if w.Tag && k == len(list)-1 || !w.Tag && err == nil && r.Match(semver.MustParse(version)) {
				best = k
			}
		}
		if best < 0 && w.Optional {
			continue
		}
		if best < 0 {
			return out, fmt.Errorf("no %s@%s", w.Name, w.Range)
		}
		version, fields, _ := strings.Cut(list[best], " ")
		raw := fmt.Sprintf(`{"name": %q, "version": %q, "dist": {"tarball": "https://registry.example/%s.tgz"}`, w.Name, version, w.Name)
		if fields = strings.TrimPrefix(fields, "{"); fields != "" {
			raw += ", " + fields
		} else {
			raw += "}"
		}
		m, err := npm.DecodeManifest([]byte(raw))
		if err != nil {
			return out, err
		}
		out[i] = Found{Manifest: m, JSON: []byte(raw)}
	}
	return out, nil
}

// renewed is the lockfile for a project with some dependencies.
func renewed(t *testing.T, old *Record, deps string, change func(*Renewal)) *Record {
	t.Helper()
	raw := []byte(`{"name": "app", "dependencies": {` + deps + `}}`)
	if !json.Valid(raw) {
		t.Fatalf("%s is no JSON", raw)
	}
	m, err := npm.DecodeManifest(raw)
	if err != nil {
		t.Fatal(err)
	}
	in := Renewal{Projects: []Project{{Dir: ".", Manifest: m, JSON: raw}}, Settings: ReadSettings(raw), Choose: fromWorld}
	if change != nil {
		change(&in)
	}
	rec, err := old.Renew(in)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// placesOf are the places of p, q, ajv and kw, as far as they are there.
func placesOf(r *Record) string {
	var out []string
	for _, p := range r.Packages {
		if slices.Contains([]string{"p", "q", "ajv", "kw"}, string(p.Name)) {
			out = append(out, p.Path+"="+p.Ref)
		}
	}
	return strings.Join(out, " ")
}

// TestRenewFresh has what bun 1.4.5 makes of the same packages.
func TestRenewFresh(t *testing.T) {
	tests := []struct{ deps, want string }{
		// The fewest versions that all accept, whoever asked first.
		{`"d1": "*", "dp": "*"`, "p=1.1.0"},
		{`"dx": "*", "d1": "*"`, "p=1.0.0"},
		{`"d1": "*", "d3": "*"`, "p=1.1.0 d3/p=3.0.0"},
		{`"p": "2.0.0", "dp": "*"`, "p=2.0.0"},
		// Peers of one round share one version: the first one's, or what does for all.
		{`"n1": "*", "n3": "*"`, "p=1.1.0"},
		{`"a3": "*", "n1": "*"`, "p=3.0.0"},
		{`"aw": "*", "n1": "*"`, "p=1.1.0"},
		{`"aw": "*", "n1": "*", "n3": "*"`, "p=3.0.0"},
		// Another round, or what is no peer, is none of their business.
		{`"up3": "*", "n1": "*"`, "p=1.1.0 a3/p=3.0.0"},
		{`"aw": "*", "n1": "*", "up3": "*"`, "p=3.0.0 n1/p=1.1.0"},
		{`"d3": "*", "n1": "*"`, "p=3.0.0 n1/p=1.1.0"},
		{`"x": "npm:p@1.0.0", "n2": "*", "n3": "*"`, "p=2.1.0 x=1.0.0"},
		{`"may": "*"`, ""},
		{`"may": "*", "d1": "*"`, "p=1.1.0"},
		// A package is put above its peer only if that does not mislead it.
		{`"ajv": "^6.0.0", "su": "*"`, "ajv=6.0.0 su/ajv=8.0.0 su/kw=5.0.0"},
		{`"ajv": "^6.0.0", "su": "*", "kw": "*"`, "ajv=6.0.0 kw=5.0.0 su/ajv=8.0.0 su/kw=5.0.0"},
		{`"ajv": "^6.0.0", "sud": "*"`, "ajv=6.0.0 kw=5.0.0 sud/ajv=8.0.0"},
		{`"bun": "*"`, "bun/p=1.1.0"},
		{`"opt": "*"`, ""},
	}
	for _, tt := range tests {
		if got := placesOf(renewed(t, nil, tt.deps, nil)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.deps, got, tt.want)
		}
	}
}

// TestRenewChanged has what bun 1.4.5 makes of a lockfile of the first dependencies
// when there are the second ones.
func TestRenewChanged(t *testing.T) {
	named := func(name string) func(*Renewal) {
		return func(in *Renewal) {
			in.Named = func(alias string) bool { return alias == name }
			in.Update = func(_, alias string) bool { return alias == name }
		}
	}
	all := func(in *Renewal) {
		in.All = true
		in.Update = func(string, string) bool { return true }
	}
	tests := []struct {
		before, after string
		change        func(*Renewal)
		want          string
	}{
		{`"p": "1.0.0", "d1": "*"`, `"d1": "*"`, nil, "p=1.0.0"},
		{`"p": "1.0.0", "d1": "*"`, `"d1": "*", "p": "^1.0.0"`, nil, "p=1.0.0"},
		{`"p": "1.0.0", "d1": "*"`, `"d1": "*", "p": "^1.1.0"`, nil, "p=1.1.0"},
		{`"p": "1.0.0", "dp": "*"`, `"p": "1.0.0", "dp": "*", "dp2": "*"`, nil, "p=1.0.0 dp2/p=3.0.0"},
		{`"p": "2.0.0", "dp": "*"`, `"p": "latest", "dp": "*"`, nil, "p=3.0.0"},
		{`"n1": "*"`, `"n1": "*", "n3": "*"`, nil, "p=1.1.0"},
		{`"d3": "*"`, `"d3": "*", "n1": "*"`, nil, "p=3.0.0 n1/p=1.1.0"},
		{`"n1": "*"`, `"n1": "*", "d3": "*"`, nil, "p=3.0.0 n1/p=1.1.0"},
		{`"p": "1.0.0", "d1": "*"`, `"d1": "*"`, all, "p=1.1.0"},
		{`"p": "1.0.0", "s": "*"`, `"s": "*"`, all, "p=1.0.0"},
		{`"q": "1.0.0", "d": "*"`, `"d": "*"`, all, "p=1.1.0 q=1.1.0"},
		{`"q": "1.0.0", "d": "*"`, `"d": "*"`, named("d"), "p=1.1.0 q=1.0.0"},
		{`"q": "1.0.0", "d": "*"`, `"d": "*"`, named("q"), "p=1.1.0 q=1.1.0"},
		{`"p": "1.0.0", "d1": "*"`, `"d1": "*", "p": "^1.0.0"`, named("p"), "p=1.1.0"},
	}
	for _, tt := range tests {
		old := renewed(t, nil, tt.before, nil)
		if got := placesOf(renewed(t, old, tt.after, tt.change)); got != tt.want {
			t.Errorf("%s, then %s: %s, want %s", tt.before, tt.after, got, tt.want)
		}
	}
}

// What depends on itself in two versions comes to an end.
func TestRenewEnds(t *testing.T) {
	rec := renewed(t, nil, `"c1": "1.0.0"`, nil)
	if n := len(rec.Packages); n == 0 || n > 10 {
		t.Errorf("it has %d packages", n)
	}
	if _, err := rec.Graph("bun.lock", true); err != nil {
		t.Error(err)
	}
}

// An unchanged project leaves the file as it is.
func TestRenewKeeps(t *testing.T) {
	deps := `"su": "*", "ajv": "^6.0.0", "n1": "*", "may": "*", "bun": "*", "opt": "*"`
	rec := renewed(t, nil, deps, nil)
	again := renewed(t, rec, deps, func(in *Renewal) {
		in.Choose = func(wants []Want) ([]Found, error) { return nil, fmt.Errorf("asked for %v", wants) }
	})
	if a, b := string(rec.Append(nil)), string(again.Append(nil)); a != b {
		t.Errorf("was\n%s\nis\n%s", a, b)
	}
}

// What a package runs on stands in the order of bun's tables, in a list of its own form.
func TestPlatforms(t *testing.T) {
	rec := renewed(t, nil, `"plat": "1.0.0"`, nil)
	want := `{ "os": [ "linux", "win32", "darwin", ], "cpu": [ "x64", "arm64", ], "libc": "musl" }`
	if got := string(rec.Append(nil)); !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What a project has counts more than a better version that another package has.
func TestDirectFirst(t *testing.T) {
	rec := renewed(t, nil, `"bx": "*", "d1": "*", "p": "1.0.0"`, nil)
	if got, want := placesOf(rec), "p=1.0.0 bx/p=1.1.0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A project itself takes the best version, unless another one, or the same under
// another name, has one of that major or asks for that very version.
func TestProjectsApart(t *testing.T) {
	for deps, want := range map[string]string{
		`"p": "^1.0.0", "q": "npm:p@*"`:      "p=1.1.0 q=3.0.0",
		`"p": "~1.0.0", "q": "npm:p@^1.0.0"`: "p=1.0.0 q=1.0.0",
		`"p": "1.0.0", "q": "npm:p@*"`:       "p=1.0.0 q=1.0.0",
		`"p": "=1.0.0", "q": "npm:p@*"`:      "p=1.0.0 q=1.0.0",
	} {
		if got := placesOf(renewed(t, nil, deps, nil)); got != want {
			t.Errorf("%s: got %s, want %s", deps, got, want)
		}
	}
}

// What a package brings along does not keep a version for others.
func TestBundledApart(t *testing.T) {
	rec := renewed(t, nil, `"bun": "*", "d1": "*", "dx": "*"`, nil)
	if got, want := placesOf(rec), "p=1.0.0 bun/p=1.1.0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
