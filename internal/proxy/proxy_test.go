package proxy

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"godwit/internal/npm/integrity"
	"godwit/internal/registry"
	"godwit/internal/testreg"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// fixture is a proxy on loopback before a registry.
type fixture struct {
	*Proxy
	t        *testing.T
	URL      string
	upstream *testreg.Registry
	clock    *clock
	dir      string
}

const packages = `
-- packages --
left-pad@1.0.0
left-pad@1.3.0
@acme/core@1.0.0
old@1.0.0 hash:sha1
none@1.0.0 hash:none
wrong@1.0.0 hash:wrong
`

// begin starts a registry with packages and what archive adds, and a proxy.
func begin(t *testing.T, archive string, change func(*Options, *testreg.Registry)) *fixture {
	t.Helper()
	up := testreg.New(t, []byte(packages), []byte(archive))
	f := &fixture{t: t, upstream: up, clock: &clock{at: time.Now()}, dir: t.TempDir()}
	f.restart(change)
	return f
}

// restart begins a new proxy over the same cache.
func (f *fixture) restart(change func(*Options, *testreg.Registry)) {
	f.t.Helper()
	if f.Proxy != nil {
		f.Close()
	}
	o := Options{
		Upstream: registry.Options{
			Default: f.upstream.URL,
			Retry:   registry.Retry{Count: 1, Factor: 1, Min: time.Millisecond, Max: time.Millisecond},
		},
		Dir: f.dir, Log: slog.New(slog.DiscardHandler), Now: f.clock.now,
	}
	if change != nil {
		change(&o, f.upstream)
	}
	p, err := New(o)
	if err != nil {
		f.t.Fatal(err)
	}
	s := httptest.NewServer(p)
	f.Proxy, f.URL = p, s.URL
	f.t.Cleanup(func() {
		s.Close()
		if err := p.Close(); err != nil && !strings.Contains(err.Error(), "closed") {
			f.t.Errorf("close: %v", err)
		}
	})
}

// answer is an answer as a client sees it; broken if its body ended early.
type answer struct {
	status int
	header http.Header
	body   string
	broken bool
}

func (f *fixture) get(path string, header ...string) answer {
	f.t.Helper()
	return f.do(http.MethodGet, path, header...)
}

func (f *fixture) do(method, path string, header ...string) answer {
	f.t.Helper()
	req, err := http.NewRequest(method, f.URL+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return answer{broken: true}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body), err != nil}
}

// document gets a packument and decodes it.
func (f *fixture) document(path string, header ...string) (d struct {
	Name     string
	Tags     map[string]string `json:"dist-tags"`
	Versions map[string]struct {
		Dist struct{ Tarball, Integrity, Shasum string }
	}
	Time map[string]string
}) {
	f.t.Helper()
	a := f.get(path, header...)
	if a.status != http.StatusOK || json.Unmarshal([]byte(a.body), &d) != nil {
		f.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	return d
}

// eventually waits for what happens behind an answer.
func (f *fixture) eventually(what string, ok func() bool) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			f.t.Fatalf("never: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

const short = registry.ShortType

func TestPackumentForms(t *testing.T) {
	f := begin(t, "", nil)
	full := f.document("/left-pad")
	if full.Time["1.0.0"] == "" || full.Versions["1.3.0"].Dist.Tarball != f.URL+"/left-pad/-/left-pad-1.3.0.tgz" {
		t.Errorf("%+v", full)
	}
	a := f.get("/left-pad", "Accept", short+"; q=1.0, application/json; q=0.8, */*")
	if a.header.Get("Content-Type") != short || strings.Contains(a.body, `"time"`) || !strings.Contains(a.body, f.URL) {
		t.Errorf("%v %s", a.header, a.body)
	}
	for _, path := range []string{"/@acme%2fcore", "/@acme/core"} {
		if d := f.document(path); d.Versions["1.0.0"].Dist.Tarball != f.URL+"/@acme/core/-/core-1.0.0.tgz" {
			t.Errorf("%+v", d)
		}
	}
	if n := f.upstream.Count("packument:*"); n != 3 {
		t.Errorf("%d requests upstream for 3 documents", n)
	}
}

func TestEncodingAndConditions(t *testing.T) {
	f := begin(t, "", nil)
	plain := f.get("/left-pad")
	packed := f.get("/left-pad", "Accept-Encoding", "gzip")
	z, err := gzip.NewReader(strings.NewReader(packed.body))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil || string(unpacked) != plain.body || packed.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%v: %s", err, unpacked)
	}
	etag := plain.header.Get("Etag")
	if a := f.get("/left-pad", "If-None-Match", `"x", `+etag); a.status != http.StatusNotModified || a.body != "" {
		t.Errorf("%d %q", a.status, a.body)
	}
	if a := f.get("/left-pad", "If-None-Match", etag, "Accept", short); a.status != http.StatusOK {
		t.Errorf("the tag of one form is taken for the other: %d", a.status)
	}
	if a := f.do(http.MethodHead, "/left-pad"); a.status != http.StatusOK || a.header.Get("Content-Length") != fmt.Sprint(len(plain.body)) || a.body != "" {
		t.Errorf("HEAD: %d %v", a.status, a.header)
	}
	if a := f.get("/left-pad", "Accept-Encoding", "gzip;q=0, br"); a.body != plain.body {
		t.Error("gzip was refused and sent")
	}
}

func TestTarballIsFetchedOnceAndServedFromTheCache(t *testing.T) {
	f := begin(t, "", nil)
	want := f.document("/left-pad").Versions["1.3.0"].Dist.Integrity
	for range 3 {
		a := f.get("/left-pad/-/left-pad-1.3.0.tgz")
		if a.status != http.StatusOK || a.broken || integrity.Of([]byte(a.body)).String() != want {
			t.Fatalf("%d %v", a.status, a.header)
		}
		f.behind.work.Wait() // until it is on disk
	}
	f.restart(nil)
	a := f.get("/left-pad/-/left-pad-1.3.0.tgz")
	if integrity.Of([]byte(a.body)).String() != want || f.upstream.Count("tarball:*") != 1 || f.upstream.Count("packument:*") != 1 {
		t.Errorf("%d, %d tarballs and %d documents fetched", a.status, f.upstream.Count("tarball:*"), f.upstream.Count("packument:*"))
	}
	if a := f.get("/left-pad/-/left-pad-1.3.0.tgz", "If-None-Match", a.header.Get("Etag")); a.status != http.StatusNotModified {
		t.Errorf("condition: %d", a.status)
	}
	if a := f.do(http.MethodHead, "/left-pad/-/left-pad-1.3.0.tgz"); a.status != http.StatusOK || a.body != "" {
		t.Errorf("HEAD: %d", a.status)
	}
}

func TestTarballWithoutItsDocument(t *testing.T) {
	f := begin(t, "", nil) // as in a frozen install: nobody asked for the document
	if a := f.get("/@acme/core/-/core-1.0.0.tgz"); a.status != http.StatusOK || a.broken {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.get("/@acme/core/-/@acme/core-1.0.0.tgz"); a.status != http.StatusOK {
		t.Errorf("the old spelling: %d", a.status)
	}
	for _, path := range []string{"/@acme/core/-/core-2.0.0.tgz", "/left-pad/-/core-1.0.0.tgz", "/nobody/-/nobody-1.0.0.tgz", "/left-pad/-/x"} {
		if a := f.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestWrongTarballIsNeitherServedNorKept(t *testing.T) {
	f := begin(t, "-- big@1.0.0/a --\n"+strings.Repeat("0123456789abcdef\n", 20000)+"-- faults --\ntarball:left-pad@* corrupt\n", nil)
	for _, path := range []string{"/wrong/-/wrong-1.0.0.tgz", "/left-pad/-/left-pad-1.0.0.tgz"} {
		for range 2 {
			if a := f.get(path); a.status != http.StatusBadGateway || !strings.Contains(a.body, "mismatch") {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	}
	if n := f.counts.Mismatches.Load(); n != 4 {
		t.Errorf("%d mismatches counted", n)
	}
	if _, disk, _ := f.Sizes(); disk == 0 {
		t.Error("the documents are not kept")
	}
	f.upstream.ClearFaults()
	if a := f.get("/left-pad/-/left-pad-1.0.0.tgz"); a.status != http.StatusOK {
		t.Errorf("after the fault: %d", a.status)
	}
}

// Between the failure of a download and its end somebody may come who has
// nothing to do with it.
func TestFailedDownloadIsNotJoined(t *testing.T) {
	f := begin(t, "", nil)
	failed, goOn := make(chan struct{}), make(chan struct{})
	first := f.join("a", func(_ context.Context, d *download) {
		d.finish(errors.New("broken"))
		close(failed)
		<-goOn
	})
	<-failed
	second := f.join("a", func(_ context.Context, d *download) { d.finish(nil) })
	if second == first {
		t.Error("an old failure is told")
	}
	close(goOn)
	first.leave()
	second.leave()
}

// A tarball so large that a client has a part of it before it is verified must
// break off.
func TestWrongLargeTarballBreaksOff(t *testing.T) {
	f := begin(t, "-- packages --\nbig@1.0.0\n-- big@1.0.0.tar --\nmanifest\nfile package/x zeros=3M\n-- faults --\n", nil)
	for _, fault := range []string{"tarball:big@* corrupt", "tarball:big@* truncate=2000", "tarball:big@* length=+10"} {
		if err := f.upstream.Fault(fault); err != nil {
			t.Fatal(err)
		}
		if a := f.get("/big/-/big-1.0.0.tgz"); a.status == http.StatusOK && !a.broken {
			t.Errorf("%s: %d bytes were sent as if they were right", fault, len(a.body))
		}
		f.upstream.ClearFaults()
	}
	if a := f.get("/big/-/big-1.0.0.tgz"); a.status != http.StatusOK || a.broken {
		t.Errorf("after the faults: %d", a.status)
	}
}

func TestOldAndMissingHashes(t *testing.T) {
	f := begin(t, "", nil)
	for path, fetched := range map[string]int{"/old/-/old-1.0.0.tgz": 1, "/none/-/none-1.0.0.tgz": 2} {
		for range 2 {
			if a := f.get(path); a.status != http.StatusOK || a.broken {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
			f.behind.work.Wait()
		}
		name, _, _ := strings.Cut(path[1:], "/")
		if n := f.upstream.Count("tarball:" + name + "@*"); n != fetched {
			t.Errorf("%s was fetched %d times, want %d", name, n, fetched)
		}
	}
}

func TestStaleWhileRevalidate(t *testing.T) {
	f := begin(t, "", nil)
	first := f.get("/left-pad")
	f.clock.add(4 * time.Minute)
	if a := f.get("/left-pad"); a.body != first.body || a.header.Get("Cache-Control") != "max-age=60" {
		t.Errorf("%v", a.header)
	}
	if n := f.upstream.Count("packument:*"); n != 1 {
		t.Fatalf("%d requests while it is fresh", n)
	}
	f.clock.add(2 * time.Minute)
	if err := f.upstream.Fault("left-pad hang"); err != nil { // the answer does not wait for it
		t.Fatal(err)
	}
	if a := f.get("/left-pad"); a.body != first.body {
		t.Errorf("%d %s", a.status, a.body)
	}
	f.eventually("asked behind the answer", func() bool { return f.upstream.Count("packument:*") == 2 })
	if r := f.upstream.Requests("packument:*")[1]; r.Header.Get("If-Modified-Since") == "" {
		t.Error("the request upstream has no condition")
	}
}

func TestNewVersionIsSeen(t *testing.T) {
	body := `{"name":"x","versions":{"1.0.0":{"dist":{}}}}`
	var conditions []string
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conditions = append(conditions, r.Header.Get("If-None-Match"))
		w.Header().Set("Etag", fmt.Sprintf(`"%d"`, len(body)))
		w.Header().Set("Cache-Control", "max-age=60")
		if r.Header.Get("If-None-Match") == w.Header().Get("Etag") {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", short)
		io.WriteString(w, body)
	}))
	defer up.Close()
	f := begin(t, "", func(o *Options, _ *testreg.Registry) { o.Upstream.Default, o.StaleFor = up.URL, -1 })
	see := func(want int, header ...string) {
		t.Helper()
		if d := f.document("/x", append([]string{"Accept", short}, header...)...); len(d.Versions) != want {
			t.Errorf("%d versions, want %d", len(d.Versions), want)
		}
	}
	see(1)
	f.clock.add(2 * time.Minute)
	see(1) // 304
	body = `{"name":"x","versions":{"1.0.0":{"dist":{}},"1.1.0":{"dist":{}}}}`
	see(1) // fresh for a minute more
	f.clock.add(2 * time.Second)
	see(2, "Cache-Control", "no-cache")
	if got := strings.Join(conditions, " "); got != ` "45" "45"` {
		t.Errorf("conditions: %s", got)
	}
}

func TestTheUpstreamFails(t *testing.T) {
	f := begin(t, "", nil)
	want := f.get("/left-pad").body
	f.clock.add(48 * time.Hour) // older than what is served without waiting
	for _, fault := range []string{"* 503", "* reset", "* malformed=html", "* truncate=10", "* status=429", "* body={"} {
		if err := f.upstream.Fault(fault); err != nil {
			t.Fatal(err)
		}
		if a := f.get("/left-pad"); a.status != http.StatusOK || a.body != want {
			t.Errorf("%s: %d %s", fault, a.status, a.body)
		}
		if a := f.get("/@acme/core"); a.status < 400 || a.body == "" {
			t.Errorf("%s: %d %s", fault, a.status, a.body)
		}
		f.behind.work.Wait()
		f.upstream.ClearFaults()
		f.clock.add(downFor)
	}
	f.clock.add(48 * time.Hour) // some of those were 304 and made it fresh
	if err := f.upstream.Fault("* 404"); err != nil {
		t.Fatal(err)
	}
	if a := f.get("/left-pad"); a.status != http.StatusNotFound {
		t.Errorf("unpublished: %d", a.status)
	}
	before := f.upstream.Count("packument:left-pad")
	f.get("/left-pad")
	if f.upstream.Count("packument:left-pad") != before {
		t.Error("a name that is not there is asked for each time")
	}
}

func TestARegistryThatIsDownIsNotWaitedFor(t *testing.T) {
	f := begin(t, "-- faults --\n", nil)
	f.get("/left-pad")
	f.clock.add(48 * time.Hour)
	if err := f.upstream.Fault("* 503"); err != nil {
		t.Fatal(err)
	}
	f.get("/left-pad")
	f.behind.work.Wait()
	f.upstream.ClearFaults()
	if err := f.upstream.Fault("* hang"); err != nil {
		t.Fatal(err)
	}
	if a := f.get("/left-pad"); a.status != http.StatusOK {
		t.Errorf("%d", a.status)
	}
}

// Many clients, one request upstream, and the first client to go away takes
// nothing from the others.
func TestOneRequestForMany(t *testing.T) {
	const clients = 20
	for path, held := range map[string]string{"/left-pad": "packument:*", "/left-pad/-/left-pad-1.0.0.tgz": "tarball:*"} {
		f := begin(t, "-- faults --\n"+held+" hold\n", nil)
		ctx, cancel := context.WithCancel(context.Background())
		first, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() {
			if res, err := http.DefaultTransport.RoundTrip(first); err == nil {
				res.Body.Close()
			}
		})
		f.eventually("the first is on its way", func() bool { return f.upstream.Count(held) == 1 })
		answers := make([]answer, clients)
		for i := range clients {
			all.Go(func() { answers[i] = f.get(path) })
		}
		cancel()
		f.upstream.ClearFaults() // whoever comes before or after that
		all.Wait()
		for _, a := range answers {
			if a.status != http.StatusOK || a.broken || a.body != answers[0].body {
				t.Errorf("%s: %d, broken %t, %s", path, a.status, a.broken, a.body)
			}
		}
		if d, tgz := f.upstream.Count("packument:*"), f.upstream.Count("tarball:*"); d != 1 || tgz > 1 {
			t.Errorf("%s: %d documents and %d tarballs upstream", path, d, tgz)
		}
	}
}

func TestRegistryWithoutShortForm(t *testing.T) {
	f := begin(t, "", nil)
	full := f.get("/left-pad").body
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, full)
	}))
	defer up.Close()
	g := begin(t, "", func(o *Options, _ *testreg.Registry) { o.Upstream.Default = up.URL })
	for range 2 {
		a := g.get("/left-pad", "Accept", short)
		if a.header.Get("Content-Type") != short || strings.Contains(a.body, `"time"`) || !strings.Contains(a.body, `"modified"`) {
			t.Errorf("%s", a.body)
		}
		if d := g.document("/left-pad"); d.Time["1.0.0"] == "" {
			t.Errorf("%+v", d)
		}
	}
	if n := g.counts.Upstream.Documents.Load(); n != 1 {
		t.Errorf("%d requests upstream", n)
	}
}

func TestEndpoints(t *testing.T) {
	f := begin(t, "", nil)
	for path, want := range map[string]string{
		"/-/ping": "{}", "/-/package/left-pad/dist-tags": `{"latest":"1.3.0"}`, "/-/package/@acme%2fcore/dist-tags": `{"latest":"1.0.0"}`,
	} {
		if a := f.get(path); a.status != http.StatusOK || a.body != want {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/left-pad/latest", "/left-pad/1.3.0", "/left-pad/1.3.0"} {
		if a := f.get(path); a.status != http.StatusOK || !strings.Contains(a.body, `"version":"1.3.0"`) || !strings.Contains(a.body, `"`+f.URL+`/left-pad/-/`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for path, status := range map[string]int{
		"/": 404, "/-/whoami": 404, "/-/all": 404, "/left-pad/9.9.9": 404, "/left-pad/%5E1": 404, "/.x": 400, "/a%2f..%2fb": 404,
		"/@acme": 400, "/node_modules": 400, "/%00": 400, "/" + strings.Repeat("a", 215): 400, "/" + strings.Repeat("a", 3000): 414,
		"/..%2f..%2fetc%2fpasswd": 400, "/left-pad/-/..%2f..%2fx.tgz": 404,
	} {
		if a := f.get(path); a.status != status || !json.Valid([]byte(a.body)) {
			t.Errorf("%.40s: %d %s, want %d", path, a.status, a.body, status)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodPatch} {
		if a := f.do(method, "/left-pad"); a.status != http.StatusMethodNotAllowed || !strings.Contains(a.body, "read-only") {
			t.Errorf("%s: %d %s", method, a.status, a.body)
		}
	}
}

func TestPassedOn(t *testing.T) {
	var seen []string
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, fmt.Sprintf("%s %s %s %q", r.Method, r.RequestURI, body, r.Header.Get("Authorization")))
		w.Header().Set("Set-Cookie", "x=y")
		io.WriteString(w, `{"objects":[]}`)
	}))
	defer up.Close()
	f := begin(t, "", func(o *Options, _ *testreg.Registry) { o.Upstream.Default = up.URL })
	if a := f.get("/-/v1/search?text=a%20b&size=2", "Authorization", "Bearer client"); a.body != `{"objects":[]}` || a.header.Get("Set-Cookie") != "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	req, err := http.Post(f.URL+"/-/npm/v1/security/advisories/bulk", "application/json", strings.NewReader(`{"a":["1.0.0"]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Body.Close()
	f.get("/-/npm/v1/attestations/@acme%2fcore@1.0.0")
	want := `GET /-/v1/search?text=a%20b&size=2  ""` + "\n" + `POST /-/npm/v1/security/advisories/bulk {"a":["1.0.0"]} ""` + "\n" + `GET /-/npm/v1/attestations/@acme%2fcore@1.0.0  ""`
	if got := strings.Join(seen, "\n"); got != want {
		t.Errorf("upstream saw\n%s\nwant\n%s", got, want)
	}
}
