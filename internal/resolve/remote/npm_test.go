package remote_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/resolve/npmtree"
	"godwit/internal/resolve/remote"
	"godwit/internal/resolve/wire"
)

// npmQuestion asks for what goodPlaced answers.
func npmQuestion() *remote.NpmQuestion {
	root := `{"name": "app", "workspaces": ["packages/*"], "dependencies": {"a": "^1.0.0", "old": "1"}}`
	lib := `{"name": "lib", "version": "1.0.0"}`
	q := &remote.NpmQuestion{
		Request: &npmtree.Request{Locked: []graph.Placed{
			{Dir: "node_modules/old", Manifest: &npm.Manifest{Version: "1.1.0"}, Resolved: "https://elsewhere.example/old.tgz"},
			{Dir: "node_modules/gone", Manifest: &npm.Manifest{Version: "1.1.0"}},
		}},
		Settings: wire.Settings{Registries: map[string]wire.Registry{"": {URL: registryURL}}},
	}
	for dir, text := range map[string]string{".": root, "packages/lib": lib} {
		m, err := npm.DecodeManifest([]byte(text))
		if err != nil {
			panic(err)
		}
		q.Request.Projects = append(q.Request.Projects, npmtree.Project{Dir: dir, Manifest: m, JSON: []byte(text)})
		q.Projects = append(q.Projects, lockfile.Project{Dir: dir, Manifest: m, JSON: []byte(text)})
	}
	return q
}

// goodPlaced is what a right answer has: a, which wants b and brings c along, what
// the lockfile has, and the member.
func goodPlaced() map[string]*wire.Placed {
	out := map[string]*wire.Placed{}
	for _, p := range []wire.Placed{
		{Dir: "node_modules/a", Resolved: registryURL + "/a/-/a-1.0.0.tgz", Integrity: sumA, Package: json.RawMessage(`{"name":"a","version":"1.0.0","dependencies":{"b":"1","c":"1"},"bundleDependencies":["c"]}`)},
		{Dir: "node_modules/a/node_modules/c", Bundled: true, Package: json.RawMessage(`{"name":"c","version":"1.0.0"}`)},
		{Dir: "node_modules/b", Resolved: registryURL + "/b/-/b-1.2.0.tgz", Integrity: sumB, Package: json.RawMessage(`{"name":"b","version":"1.2.0"}`)},
		{Dir: "node_modules/lib", Link: "packages/lib"},
		{Dir: "node_modules/old", Kept: true},
		{Dir: "packages/lib"},
	} {
		out[p.Dir] = &p
	}
	return out
}

func npmAnswer(placed map[string]*wire.Placed, more ...wire.Placed) string {
	done := &wire.Done{Packages: 2, Placed: more, Warnings: []wire.Warning{{Code: "W", Message: "look out"}}}
	for _, p := range placed {
		done.Placed = append(done.Placed, *p)
	}
	return lineA + lineB + string((&wire.Frame{Done: done}).Append(nil))
}

func TestGoodNpmAnswer(t *testing.T) {
	var picked []string
	q := npmQuestion()
	q.Request.Picked = func(id graph.Key, res graph.Resolution) {
		picked = append(picked, string(id)+" "+res.Tarball)
	}
	res, err := says(t, npmAnswer(goodPlaced())).ResolveNpm(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(picked, ","); got != "a@1.0.0 https://registry.example/npm/a/-/a-1.0.0.tgz,b@1.2.0 https://registry.example/npm/b/-/b-1.2.0.tgz" {
		t.Errorf("picked %s", got)
	}
	for _, p := range res.Placed {
		if p.Dir == "node_modules/old" && (p.Resolved != "https://elsewhere.example/old.tgz" || p.Manifest.Version != "1.1.0") {
			t.Errorf("what the lockfile has is %+v", p)
		}
		if p.Dir == "packages/lib" && !strings.Contains(string(p.JSON), `"lib"`) {
			t.Errorf("the member is %+v", p)
		}
	}
	if len(res.Placed) != 6 || len(res.Warnings) != 1 {
		t.Errorf("%+v", res)
	}
}

// Whatever is wrong with a tree, the client resolves by itself.
func TestBadNpmAnswers(t *testing.T) {
	with := func(dir string, change func(p *wire.Placed)) string {
		placed := goodPlaced()
		change(placed[dir])
		return npmAnswer(placed)
	}
	without := func(dir string) string {
		placed := goodPlaced()
		delete(placed, dir)
		return npmAnswer(placed)
	}
	extra := func(p wire.Placed) string { return npmAnswer(goodPlaced(), p) }
	pkg := func(text string) func(*wire.Placed) {
		return func(p *wire.Placed) { p.Package = json.RawMessage(text) }
	}
	evil := wire.Placed{Resolved: registryURL + "/evil/-/evil-1.0.0.tgz", Integrity: sumA, Package: json.RawMessage(`{"name":"evil","version":"1.0.0"}`)}
	at := func(dir string) string {
		p := evil
		p.Dir = dir
		return extra(p)
	}
	const b = "node_modules/b"
	for name, c := range map[string]struct{ answer, why string }{
		"a lockfile of pnpm's":  {good, "lacks the project"},
		"twice the same":        {extra(*goodPlaced()[b]), "there twice"},
		"the project itself":    {at("."), "place of the project itself"},
		"no directory":          {at(""), "place of the project itself"},
		"outside":               {at("../evil"), "no project and no package"},
		"outside's modules":     {at("../node_modules/evil"), "outside of the project"},
		"an absolute path":      {at("/node_modules/evil"), "no path relative"},
		"a path of Windows":     {at(`node_modules\evil`), "no path relative"},
		"dots":                  {at("node_modules/../../evil"), "no path relative"},
		"dots for a name":       {at("node_modules/.."), "no path relative"},
		"no package's name":     {at("node_modules/.bin"), "has no name that a package can have"},
		"node_modules":          {at("node_modules"), "no project and no package"},
		"a directory":           {at("src"), "no project and no package"},
		"a project more":        {extra(wire.Placed{Dir: "packages/more"}), "no project and no package"},
		"in nothing":            {at("node_modules/x/node_modules/evil"), "in nothing that it has"},
		"in a link":             {at("node_modules/lib/node_modules/evil"), "in nothing that it has"},
		"nobody wants it":       {at("node_modules/evil"), "nobody depends on"},
		"a project less":        {without("packages/lib"), "lacks the project packages/lib"},
		"a dependency less":     {without("node_modules/a"), ""},
		"a link out":            {extra(wire.Placed{Dir: "node_modules/evil", Link: "../../etc"}), "nobody asked for"},
		"a link to a package":   {extra(wire.Placed{Dir: "node_modules/evil", Link: b}), "nobody asked for"},
		"a link in its place":   {with("packages/lib", func(p *wire.Placed) { p.Link = "packages/evil" }), ""},
		"keeps what was not":    {with(b, func(p *wire.Placed) { p.Kept = true }), "the lockfile does not have"},
		"keeps what is unasked": {extra(wire.Placed{Dir: "node_modules/gone/node_modules/x", Kept: true}), "the lockfile does not have"},
		"another version":       {with("node_modules/a", pkg(`{"name":"a","version":"2.0.0","dependencies":{"b":"1","c":"1"},"bundleDependencies":["c"]}`)), "does not satisfy"},
		"another name":          {with("node_modules/a", pkg(`{"name":"evil","version":"1.0.0","dependencies":{"b":"1","c":"1"},"bundleDependencies":["c"]}`)), "does not satisfy"},
		"no name":               {with(b, pkg(`{"version":"1.2.0"}`)), "node_modules/b"},
		"a bad name":            {with(b, pkg(`{"name":"../b","version":"1.2.0"}`)), "node_modules/b"},
		"no version":            {with(b, pkg(`{"name":"b"}`)), "has the version"},
		"no package.json":       {with(b, func(p *wire.Placed) { p.Package = nil }), ""},
		"a list":                {with(b, pkg(`[]`)), ""},
		"no tarball":            {with(b, func(p *wire.Placed) { p.Resolved = "" }), "where node_modules/b is from"},
		"another host":          {with(b, func(p *wire.Placed) { p.Resolved = "https://evil.example/b.tgz" }), "not below"},
		"a file":                {with(b, func(p *wire.Placed) { p.Resolved = "file:../b.tgz" }), "not below"},
		"a repository":          {with(b, func(p *wire.Placed) { p.Resolved = "git+ssh://git@evil.example/b.git#" + strings.Repeat("a", 40) }), "not below"},
		"no integrity":          {with(b, func(p *wire.Placed) { p.Integrity = "" }), "integrity"},
		"another integrity":     {with(b, func(p *wire.Placed) { p.Integrity = sumA }), "not what it was when it was picked"},
		"bundled in nothing":    {with(b, func(p *wire.Placed) { p.Bundled, p.Resolved, p.Integrity = true, "", "" }), "said to come with a package"},
		"short without reason":  {with(b, func(p *wire.Placed) { p.Short, p.Integrity = true, "" }), "integrity"},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := says(t, c.answer).ResolveNpm(t.Context(), npmQuestion())
			if !errors.As(err, new(*remote.UnusableError)) || !strings.Contains(err.Error(), c.why) || res != nil {
				t.Errorf("%v, %v", err, res)
			}
		})
	}
}

// A package.json that cannot be read is an error of this machine's, and nobody is
// asked.
func TestBrokenProject(t *testing.T) {
	q := npmQuestion()
	for i := range q.Request.Projects {
		q.Request.Projects[i].JSON = []byte("{")
	}
	if _, err := says(t, npmAnswer(goodPlaced())).ResolveNpm(t.Context(), q); !errors.As(err, new(*remote.UnusableError)) {
		t.Error(err)
	}
}
