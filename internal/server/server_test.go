package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"godwit/internal/npm"
	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/resolve/wire"
	"godwit/internal/server"
	"godwit/internal/testreg"
)

// bench is a server in front of a registry.
type bench struct {
	*testing.T
	registry *testreg.Registry
	URL      string
	http     *httptest.Server
	server   *server.Server

	mu       sync.Mutex
	outcomes []server.Outcome
}

func start(t *testing.T, o server.Options, archives ...string) *bench {
	t.Helper()
	b := &bench{T: t}
	data := [][]byte{testreg.Common()}
	for _, a := range archives {
		data = append(data, []byte(a))
	}
	b.registry = testreg.New(t, data...)
	if o.Registry == nil {
		client, err := registry.New(registry.Options{
			Default: b.registry.URL, CacheDir: t.TempDir(), Now: o.Now, Retry: registry.Retry{Factor: 1, Min: time.Millisecond, Max: time.Millisecond},
			Allow: func(u *url.URL) error {
				if "http://"+u.Host != b.registry.URL {
					return errors.New("not one of ours")
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		o.Registry = client
	}
	o.Observe = func(out server.Outcome) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.outcomes = append(b.outcomes, out)
	}
	b.server = server.New(o)
	b.http = httptest.NewServer(b.server)
	b.URL = b.http.URL
	t.Cleanup(b.http.Close)
	return b
}

// request asks for what package.json, a JSON object, depends on.
func (b *bench) request(manifest string) *wire.Request {
	b.Helper()
	m, err := npm.DecodeManifest([]byte(manifest))
	if err != nil {
		b.Fatal(err)
	}
	req := &resolve.Request{
		Importers: []resolve.Importer{{Dir: ".", Manifest: m}}, Members: []resolve.Member{{Dir: ".", Manifest: m}},
		Options: resolve.Options{AutoInstallPeers: true, DedupePeerDependents: true, PeersFromRoot: true},
	}
	return wire.New(req, wire.Settings{Registries: map[string]wire.Registry{"": {URL: b.registry.URL}}, Platforms: []npm.Platform{{OS: "linux", CPU: "x64", Libc: "musl"}}})
}

func (b *bench) post(r *wire.Request) *http.Response {
	b.Helper()
	var body bytes.Buffer
	if err := r.Encode(&body); err != nil {
		b.Fatal(err)
	}
	return b.raw(&body)
}

func (b *bench) raw(body io.Reader) *http.Response {
	b.Helper()
	resp, err := http.Post(b.URL+wire.ResolvePath, wire.RequestType, body)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { resp.Body.Close() })
	return resp
}

// frames reads an answer to its end.
func (b *bench) frames(resp *http.Response) (packages []*wire.Package, last *wire.Frame) {
	b.Helper()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		b.Fatalf("%s: %s", resp.Status, text)
	}
	in := wire.NewReader(resp.Body)
	for {
		f, err := in.Next()
		if err == io.EOF {
			return packages, last
		}
		if err != nil {
			b.Fatal(err)
		}
		if f.Package != nil {
			packages = append(packages, f.Package)
		}
		last = f
	}
}

// await waits until so many requests have ended.
func (b *bench) await(n int) {
	for ended := 0; ended < n; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		ended = len(b.outcomes)
		b.mu.Unlock()
	}
}

func (b *bench) kinds() (kinds []server.Kind) {
	b.http.Close() // waits for the handlers
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.outcomes {
		kinds = append(kinds, o.Kind)
	}
	return kinds
}

func TestResolve(t *testing.T) {
	b := start(t, server.Options{})
	packages, last := b.frames(b.post(b.request(`{"dependencies":{"a":"^1.0.0","native":"1.0.0"}}`)))
	ids := map[string]*wire.Package{}
	for _, p := range packages {
		ids[p.ID] = p
	}
	if p := ids["c@1.0.1"]; p == nil || p.Tarball != "" || !strings.HasPrefix(p.Integrity, "sha512-") {
		t.Errorf("c is %+v", p)
	}
	if ids["@native/linux-x64-musl@1.0.0"] == nil || ids["@native/darwin-arm64@1.0.0"] != nil {
		t.Errorf("for Linux with musl there are %v", ids)
	}
	if last.Done == nil || !strings.Contains(last.Done.Lockfile, "\n  c@1.0.1:\n") || last.Done.Packages != len(packages) {
		t.Fatalf("it ends with %+v", last)
	}
	if strings.Contains(last.Done.Lockfile, "tarball:") {
		t.Error("the lockfile names tarballs that are where registries keep them")
	}
}

func TestHello(t *testing.T) {
	b := start(t, server.Options{Version: "1.2.3"})
	resp, err := http.Get(b.URL + wire.HelloPath)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var hello wire.Hello
	if err := json.NewDecoder(resp.Body).Decode(&hello); err != nil || hello.Server != "1.2.3" || hello.Resolve[0] != wire.Version {
		t.Errorf("%+v, %v", hello, err)
	}
}

// A second request is answered from memory: not even the registry is asked.
func TestReplay(t *testing.T) {
	b := start(t, server.Options{})
	req := b.request(`{"dependencies":{"a":"^1.0.0"}}`)
	first, _ := io.ReadAll(b.post(req).Body)
	asked := len(b.registry.Requests())
	second, _ := io.ReadAll(b.post(req).Body)
	if !bytes.Equal(first, second) || len(first) == 0 {
		t.Errorf("the answers differ:\n%s\n%s", first, second)
	}
	if n := len(b.registry.Requests()); n != asked {
		t.Errorf("the registry was asked %d times more", n-asked)
	}
	if k := b.kinds(); len(k) != 2 || k[0] != server.Resolved || k[1] != server.Replayed {
		t.Errorf("the requests were %v", k)
	}
}

// Those who ask for the same at the same time share one resolution, and it does
// not end with the one who began it.
func TestJoin(t *testing.T) {
	b := start(t, server.Options{}, "-- faults --\nc hold\n")
	req := b.request(`{"dependencies":{"a":"^1.0.0"}}`)
	var body bytes.Buffer
	if err := req.Encode(&body); err != nil {
		t.Fatal(err)
	}
	ctx, giveUp := context.WithCancel(context.Background())
	first, err := http.NewRequestWithContext(ctx, http.MethodPost, b.URL+wire.ResolvePath, bytes.NewReader(body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(first) // its status comes before any package
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	second := b.post(req)
	giveUp()
	b.await(1) // the first is gone
	b.registry.ClearFaults()
	if _, last := b.frames(second); last.Done == nil {
		t.Errorf("it ends with %+v", last)
	}
	kinds := map[server.Kind]int{}
	for _, k := range b.kinds() {
		kinds[k]++
	}
	if kinds[server.Resolved] != 1 || kinds[server.Joined] != 1 {
		t.Errorf("the requests were %v", kinds)
	}
	if n := len(b.registry.Requests("packument:c")); n != 1 {
		t.Errorf("c was asked for %d times", n)
	}
}

// Errors that are about the project are verdicts, in the resolver's own words.
func TestVerdicts(t *testing.T) {
	for manifest, code := range map[string]string{
		`{"name":"app","dependencies":{"a":"^9.0.0"}}`:           "ERR_PNPM_NO_MATCHING_VERSION",
		`{"name":"app","dependencies":{"a":"workspace:*"}}`:      "ERR_PNPM_WORKSPACE_PKG_NOT_FOUND",
		`{"name":"app","dependencies":{"a":"catalog:"}}`:         "ERR_PNPM_CATALOG_ENTRY_NOT_FOUND_FOR_SPEC",
		`{"name":"app","dependencies":{"uses-nothing":"1.0.0"}}`: "",
	} {
		b := start(t, server.Options{})
		_, last := b.frames(b.post(b.request(manifest)))
		if last.Error == nil {
			t.Fatalf("%s: it ends with %+v", manifest, last)
		}
		if code == "" { // not there: perhaps for the client it is
			if last.Error.Verdict || last.Error.Code != wire.CodeUpstream {
				t.Errorf("%s: %+v", manifest, last.Error)
			}
			continue
		}
		if e := last.Error; !e.Verdict || e.Code != code || e.Hint == "" {
			t.Errorf("%s: %+v", manifest, e)
		}
	}
}

// What does not come from a registry of the server is the client's to look at,
// even where a dependency is optional.
func TestUnreachable(t *testing.T) {
	b := start(t, server.Options{})
	for _, spec := range []string{"file:../secret", "file:/etc", "link:../x", "file:x.tgz", "http://127.0.0.1:1/x.tgz", "git+ssh://git@127.0.0.1/x.git", "github:a/b"} {
		_, last := b.frames(b.post(b.request(`{"optionalDependencies":{"x":"` + spec + `"}}`)))
		if last.Error == nil || last.Error.Verdict || last.Error.Code != wire.CodeUnreachable {
			t.Errorf("%s: %+v", spec, last.Error)
		}
	}
}

func TestForeignRegistry(t *testing.T) {
	b := start(t, server.Options{})
	req := b.request(`{"dependencies":{"a":"^1.0.0"}}`)
	for _, registries := range []map[string]wire.Registry{
		{},
		{"": {URL: b.registry.Other}},
		{"": {URL: "http://169.254.169.254"}},
	} {
		req.Registries = registries
		resp := b.post(req)
		text, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(text), wire.CodeRegistry) {
			t.Errorf("%v: %s: %s", registries, resp.Status, text)
		}
	}
	// A scope of another registry is no reason before something of it is wanted.
	req.Registries = map[string]wire.Registry{"": {URL: b.registry.URL}, "@acme": {URL: b.registry.Other}}
	if _, last := b.frames(b.post(req)); last.Done == nil {
		t.Errorf("it ends with %+v", last.Error)
	}
	req.Importers[0].Manifest.Prod = append(req.Importers[0].Manifest.Prod, [2]string{"@acme/core", "*"})
	if _, last := b.frames(b.post(req)); last.Error == nil || last.Error.Code != wire.CodeRegistry {
		t.Errorf("it ends with %+v", last)
	}
	if n := len(b.registry.Requests("packument:@acme/core")); n != 0 {
		t.Error("the server asked its own registry for it")
	}
}

// A client may call the server's registries by the address at which it finds the
// server, and gets tarballs there.
func TestOwnName(t *testing.T) {
	b := start(t, server.Options{Aliases: []string{"https://npm.example/proxy/"}}, "-- odd@1.0.0/index.js --\n-- packages --\nodd@1.0.0 tarball:{registry}/elsewhere/odd.tgz\n")
	for _, name := range []string{b.URL, "https://npm.example/proxy"} {
		req := b.request(`{"dependencies":{"odd":"*","a":"*"}}`)
		req.Registries[""] = wire.Registry{URL: name}
		packages, last := b.frames(b.post(req))
		if last.Done == nil {
			t.Fatalf("%s: %+v", name, last.Error)
		}
		for _, p := range packages {
			want := ""
			if p.ID == "odd@1.0.0" {
				want = "elsewhere/odd.tgz"
			}
			if p.Tarball != want {
				t.Errorf("%s: the tarball of %s is at %q", name, p.ID, p.Tarball)
			}
		}
		if !strings.Contains(last.Done.Lockfile, "tarball: "+name+"/elsewhere/odd.tgz") || strings.Contains(last.Done.Lockfile, b.registry.URL) {
			t.Errorf("%s: the lockfile is\n%s", name, last.Done.Lockfile)
		}
	}
}

// Where the client has a credential of its own, what is not there for the server
// may be there for the client: an optional dependency is not left out then.
func TestPrivate(t *testing.T) {
	b := start(t, server.Options{}, "-- auth --\n@acme bearer secret\n")
	for _, private := range []bool{false, true} {
		req := b.request(`{"optionalDependencies":{"@acme/core":"*","does-not-exist":"*"},"dependencies":{"a":"*"}}`)
		req.Registries["@acme"] = wire.Registry{URL: b.registry.URL, Private: private}
		_, last := b.frames(b.post(req))
		if want := map[bool]string{false: wire.CodeUpstream, true: wire.CodeUnreachable}[private]; last.Error == nil || last.Error.Code != want {
			t.Errorf("with a credential (%v) it ends with %+v", private, last)
		}
	}
	for _, r := range b.registry.Requests() {
		if r.SentCredentials() {
			t.Error("a credential was sent")
		}
	}
}
