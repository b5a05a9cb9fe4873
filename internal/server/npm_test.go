package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"godwit/internal/npm"
	"godwit/internal/resolve/npmtree"
	"godwit/internal/resolve/wire"
	"godwit/internal/server"
)

// npmRequest asks for npm's tree of what package.json depends on.
func (b *bench) npmRequest(manifest string) *wire.Request {
	b.Helper()
	m, err := npm.DecodeManifest([]byte(manifest))
	if err != nil {
		b.Fatal(err)
	}
	r, err := wire.NewNpm(&npmtree.Request{Name: "app", Projects: []npmtree.Project{{Dir: ".", Manifest: m, JSON: []byte(manifest)}}}, wire.Settings{
		Registries: map[string]wire.Registry{"": {URL: b.registry.URL}}, Platforms: []npm.Platform{{OS: "linux", CPU: "x64", Libc: "musl"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func TestResolveNpm(t *testing.T) {
	b := start(t, server.Options{})
	req := b.npmRequest(`{"dependencies":{"a":"^1.0.0","native":"1.0.0","bundler":"1"}}`)
	resp := b.post(req)
	packages, last := b.frames(resp)
	ids := map[string]*wire.Package{}
	for _, p := range packages {
		ids[p.ID] = p
	}
	if p := ids["c@1.0.1"]; p == nil || p.Tarball != "" || !strings.HasPrefix(p.Integrity, "sha512-") {
		t.Errorf("c is %+v", p)
	}
	if ids["@native/linux-x64-musl@1.0.0"] == nil || ids["@native/darwin-arm64@1.0.0"] != nil || ids["innermost@1.0.0"] != nil {
		t.Errorf("for Linux with musl there are %v", ids)
	}
	if last.Done == nil || last.Done.Packages != len(packages) {
		t.Fatalf("it ends with %+v", last.Error)
	}
	placed := map[string]wire.Placed{}
	for _, p := range last.Done.Placed {
		placed[p.Dir] = p
	}
	if p := placed["node_modules/c"]; p.Resolved != b.registry.URL+"/c/-/c-1.0.1.tgz" || !strings.Contains(string(p.Package), `"version":"1.0.1"`) {
		t.Errorf("c is %+v", p)
	}
	if p := placed["node_modules/bundler/node_modules/innermost"]; !p.Bundled || p.Resolved != "" {
		t.Errorf("innermost is %+v", p)
	}
	// Another project that has it, too: nobody looks into the tarball again.
	if _, last := b.frames(b.post(b.npmRequest(`{"dependencies":{"bundler":"1"}}`))); last.Done == nil {
		t.Errorf("it ends with %+v", last.Error)
	}
	if n := len(b.registry.Requests("tarball:bundler@1.0.0")); n != 1 {
		t.Errorf("the tarball of bundler was fetched %d times", n)
	}
	// And the same question is answered from memory.
	asked := len(b.registry.Requests())
	if _, last := b.frames(b.post(req)); last.Done == nil || len(b.registry.Requests()) != asked {
		t.Errorf("the registry was asked %d times more, and it ends with %+v", len(b.registry.Requests())-asked, last.Error)
	}
	if k := b.kinds(); !slices.Equal(k, []server.Kind{server.Resolved, server.Resolved, server.Replayed}) {
		t.Errorf("the requests were %v", k)
	}
}

// A tarball that the server cannot look into is left to the client, whatever is
// wrong with it.
func TestBundledFaults(t *testing.T) {
	for _, fault := range []string{"corrupt", "503", "reset", "truncate=20", "length=+10", "redirect=http://169.254.169.254/latest"} {
		t.Run(fault, func(t *testing.T) {
			b := start(t, server.Options{}, "-- faults --\ntarball:bundler@1.0.0 "+fault+"\n")
			req := b.npmRequest(`{"dependencies":{"bundler":"1"}}`)
			_, last := b.frames(b.post(req))
			if last.Error == nil || last.Error.Verdict || last.Error.Code != wire.CodeUpstream {
				t.Errorf("it ends with %+v", last)
			}
			b.registry.ClearFaults()
			if _, last := b.frames(b.post(req)); last.Done == nil {
				t.Errorf("later it ends with %+v", last.Error)
			}
		})
	}
}

// A workspace as large as the limit allows is resolved by npm's rules, too, anew
// and by a lockfile that is half of it.
func TestManyNpmProjects(t *testing.T) {
	const members = 9_999
	b := start(t, server.Options{Limits: server.Limits{Resolve: time.Hour}})
	req := b.npmRequest(`{"name":"root","workspaces":["packages/*"],"dependencies":{"left-pad":"^1.0.0"}}`)
	for i := range members {
		m := wire.Manifest{Name: fmt.Sprintf("p%04d", i), Version: "1.0.0", Prod: wire.Deps{{"left-pad", "^1.0.0"}, {"p0000", "*"}}}
		dir := "packages/" + m.Name
		req.Importers = append(req.Importers, wire.Importer{Dir: dir, Manifest: m})
		if i%2 == 0 {
			req.Npm.Locked = append(req.Npm.Locked, wire.Placed{Dir: "node_modules/" + m.Name, Link: dir}, wire.Placed{Dir: dir, Manifest: &m})
		}
	}
	for range 2 {
		_, last := b.frames(b.post(req))
		if last.Done == nil || len(last.Done.Placed) != 2*members+1 {
			t.Errorf("it ends with %+v", last.Error)
		}
		req.Npm.Locked = nil
	}
}

// A request makes the server fetch nothing but what its registries have.
func TestNpmUnreachable(t *testing.T) {
	b := start(t, server.Options{})
	secret := start(t, server.Options{})
	for name, change := range map[string]func(r *wire.Request){
		"a directory": func(r *wire.Request) { r.Importers[0].Manifest.Prod = wire.Deps{{"x", "file:../secret"}} },
		"the root":    func(r *wire.Request) { r.Importers[0].Manifest.Prod = wire.Deps{{"x", "file:/"}} },
		"an archive":  func(r *wire.Request) { r.Importers[0].Manifest.Prod = wire.Deps{{"x", "file:x.tgz"}} },
		"a URL":       func(r *wire.Request) { r.Importers[0].Manifest.Prod = wire.Deps{{"x", secret.registry.URL + "/x.tgz"}} },
		"a repository": func(r *wire.Request) {
			r.Importers[0].Manifest.Prod = wire.Deps{{"x", "git+ssh://git@127.0.0.1:1/x.git"}}
		},
		"an override": func(r *wire.Request) { r.Npm.Overrides = json.RawMessage(`{"b":"` + secret.registry.URL + `/x.tgz"}`) },
		"a link of the lockfile": func(r *wire.Request) {
			r.Npm.Locked = []wire.Placed{{Dir: "secret", Manifest: &wire.Manifest{}}, {Dir: "node_modules/x", Link: "secret"}}
		},
		// An old lockfile makes the server ask what a package depends on, and look into
		// the tarball that the lockfile names.
		"a tarball of the lockfile": func(r *wire.Request) {
			r.Importers[0].Manifest.Prod, r.Npm.Inflate = wire.Deps{{"bundler", "1"}}, true
			r.Npm.Locked = []wire.Placed{{Dir: "node_modules/bundler", Resolved: secret.registry.URL + "/bundler/-/bundler-1.0.0.tgz", Manifest: &wire.Manifest{Version: "1.0.0", Prod: wire.Deps{{"gone", "1"}}}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			req := b.npmRequest(`{"name":"app","dependencies":{"a":"1"}}`)
			change(req)
			_, last := (&bench{T: t}).frames(b.post(req))
			if last.Error == nil || last.Error.Verdict || last.Error.Code != wire.CodeUnreachable {
				t.Errorf("it ends with %+v", last)
			}
		})
	}
	if n := len(secret.registry.Requests()); n != 0 {
		t.Errorf("somebody else's registry was asked %d times", n)
	}
}

// A client that knows the server's registry by another address gets that back,
// and what its lockfile has from there is the same package.
func TestNpmOwnName(t *testing.T) {
	b := start(t, server.Options{Aliases: []string{"https://npm.example/proxy/"}})
	const theirs = "https://npm.example/proxy"
	req := b.npmRequest(`{"dependencies":{"a":"*","left-pad":"^1.0.0"}}`)
	req.Registries[""] = wire.Registry{URL: theirs}
	req.Npm.Locked = []wire.Placed{{Dir: "node_modules/left-pad", Resolved: theirs + "/left-pad/-/left-pad-1.0.0.tgz", Manifest: &wire.Manifest{Version: "1.0.0"}}}
	_, last := b.frames(b.post(req))
	if last.Done == nil {
		t.Fatalf("it ends with %+v", last.Error)
	}
	text, _ := json.Marshal(last.Done)
	if bytes.Contains(text, []byte(b.registry.URL)) || !bytes.Contains(text, []byte(theirs+"/c/-/c-1.0.1.tgz")) || !bytes.Contains(text, []byte(`{"dir":"node_modules/left-pad","kept":true}`)) {
		t.Errorf("it ends with %s", text)
	}
}

// What is wrong with a project is a verdict, in npm's words.
func TestNpmVerdicts(t *testing.T) {
	b := start(t, server.Options{})
	for manifest, code := range map[string]string{
		`{"dependencies":{"a":"^9.0.0"}}`:                     "ETARGET",
		`{"dependencies":{"a":"workspace:*"}}`:                "EUNSUPPORTEDPROTOCOL",
		`{"dependencies":{"use-thing-too":"2","react":"16"}}`: "ERESOLVE",
		`{"dependencies":{"a":"1"},"overrides":{"b":"$x"}}`:   "EOVERRIDE",
	} {
		_, last := b.frames(b.post(b.npmRequest(manifest)))
		if last.Error == nil || !last.Error.Verdict || last.Error.Code != code || last.Error.Hint == "" {
			t.Errorf("%s: %+v", manifest, last.Error)
		}
	}
}
