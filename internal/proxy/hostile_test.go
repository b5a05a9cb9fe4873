package proxy

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"godwit/internal/npm"
	"godwit/internal/registry"
	"godwit/internal/testreg"
)

// Neither a document, nor a redirect, nor a client makes the proxy ask a host
// that is not configured.
func TestOnlyConfiguredHostsAreAsked(t *testing.T) {
	asked := 0
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		io.WriteString(w, `{"name":"x","versions":{"1.0.0":{"dist":{"tarball":"secret"}}}}`)
	}))
	defer inside.Close()
	archive := fmt.Sprintf("-- packages --\nelsewhere@1.0.0 tarball:%s/elsewhere.tgz\n-- faults --\n/left-pad* redirect=%s/\n", inside.URL, inside.URL)
	f := begin(t, archive, nil)
	for _, path := range []string{"/left-pad", "/left-pad/-/left-pad-1.0.0.tgz"} {
		if a := f.get(path); a.status != http.StatusBadGateway || strings.Contains(a.body, "secret") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	// The URL in the document is passed over for the one that registries have by
	// convention.
	f.get("/elsewhere/-/elsewhere-1.0.0.tgz")
	if n := f.upstream.Count("/elsewhere/-/*"); n != 1 {
		t.Errorf("the registry was asked %d times", n)
	}
	for _, path := range []string{"/" + inside.URL, "//" + strings.TrimPrefix(inside.URL, "http://") + "/x", "/-/v1/search?url=" + inside.URL} {
		f.get(path)
	}
	if asked != 0 {
		t.Errorf("the other host was asked %d times", asked)
	}
}

func TestTarballsOfAnAllowedHost(t *testing.T) {
	bytes := begin(t, "", nil).get("/left-pad/-/left-pad-1.0.0.tgz").body
	cdn := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the registry's credential went to another host")
		}
		io.WriteString(w, bytes)
	}))
	defer cdn.Close()
	f := begin(t, "-- faults --\ntarball:left-pad@* redirect="+cdn.URL+"/x.tgz\n", func(o *Options, up *testreg.Registry) {
		o.Allow = []string{cdn.URL + "/"}
		o.Upstream.Credentials = []registry.Credential{{Prefix: strings.TrimPrefix(up.URL, "http:"), Token: "ours"}}
	})
	if a := f.get("/left-pad/-/left-pad-1.0.0.tgz"); a.status != http.StatusOK || a.body != bytes {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Each registry gets its own credential, and none the client's.
func TestCredentials(t *testing.T) {
	private := testreg.New(t, []byte("-- packages --\n@secret/x@1.0.0\n-- auth --\n* bearer inner\n"))
	f := begin(t, "", func(o *Options, up *testreg.Registry) {
		o.Upstream.Scopes = map[string]string{"@secret": private.URL}
		o.Upstream.Credentials = []registry.Credential{{Prefix: strings.TrimPrefix(private.URL, "http:"), Token: "inner"}}
	})
	client := []string{"Authorization", "Bearer client", "Cookie", "a=b", "Npm-Otp", "123456"}
	for _, path := range []string{"/left-pad", "/left-pad/-/left-pad-1.0.0.tgz", "/@secret/x", "/@secret/x/-/x-1.0.0.tgz", "/-/v1/search?text=x"} {
		if a := f.get(path, client...); a.status != http.StatusOK && !strings.Contains(path, "search") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, r := range f.upstream.Requests() {
		if r.SentCredentials() {
			t.Errorf("%s carries credentials", r.URI)
		}
	}
	for _, r := range private.Requests() {
		if r.Header.Get("Authorization") != "Bearer inner" || r.Header.Get("Cookie") != "" || r.Header.Get("Npm-Otp") != "" {
			t.Errorf("%s carries %q", r.URI, r.Header)
		}
	}
	// A refusal of ours is not the client's, and tells no secret.
	private.Fault("* 401")
	if a := f.get("/@secret/y", client...); a.status != http.StatusBadGateway || strings.Contains(a.body, "inner") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestHostIsChecked(t *testing.T) {
	f := begin(t, "", func(o *Options, _ *testreg.Registry) { o.Hosts = []string{"registry.internal"} })
	for host, ok := range map[string]bool{
		"": true, "localhost": true, "127.0.0.1:80": true, "[::1]:80": true, "registry.internal": true, "REGISTRY.internal:4873": true,
		"evil.example": false, "localhost:0": false, "localhost:x": false, "localhost.evil.example": false,
	} {
		a := f.get("/left-pad", "Host", host)
		if (a.status == http.StatusOK) != ok {
			t.Errorf("%q: %d %s", host, a.status, a.body)
		}
		if host != "" && ok && !strings.Contains(a.body, `"http://`+strings.ToLower(host)+`/left-pad/-/`) {
			t.Errorf("%q: %s", host, a.body)
		}
	}
	if n := f.upstream.Count("packument:*"); n != 1 {
		t.Errorf("%d requests upstream for one document at several addresses", n)
	}
	f.restart(func(o *Options, _ *testreg.Registry) { o.PublicURL = "https://npm.example/x" })
	if d := f.document("/left-pad", "Host", "evil.example"); d.Versions["1.0.0"].Dist.Tarball != "https://npm.example/x/left-pad/-/left-pad-1.0.0.tgz" {
		t.Errorf("%+v", d)
	}
}

// A disk that takes nothing costs only time.
func TestDiskFull(t *testing.T) {
	f := begin(t, "-- packages --\nbig@1.0.0\n-- big@1.0.0.tar --\nplain\nmanifest\nfile package/x zeros=2M\n", nil)
	if err := os.RemoveAll(filepath.Join(f.dir, "tmp")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.dir, "tmp"), nil, 0o600); err != nil { // nothing can be made in it
		t.Fatal(err)
	}
	for range 2 {
		for _, path := range []string{"/left-pad", "/left-pad/-/left-pad-1.0.0.tgz", "/big/-/big-1.0.0.tgz"} {
			if a := f.get(path); a.status != http.StatusOK || a.broken || a.body == "" {
				t.Errorf("%s: %d", path, a.status)
			}
		}
		f.behind.work.Wait()
	}
	if f.counts.NotKept.Load() == 0 || f.spooled.Load() != 0 {
		t.Errorf("%d not kept, %d bytes still in memory", f.counts.NotKept.Load(), f.spooled.Load())
	}
	if n := f.upstream.Count("packument:left-pad"); n > 2 {
		t.Errorf("the document was fetched %d times: memory does not hold it", n)
	}
}

// A slow client of a tarball under way neither holds the others up nor the
// tarball in memory.
func TestSlowClient(t *testing.T) {
	f := begin(t, "-- packages --\nbig@1.0.0\n-- big@1.0.0.tar --\nplain\nmanifest\nfile package/x zeros=16M\n", nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /big/-/big-1.0.0.tgz HTTP/1.1\r\nHost: localhost\r\n\r\n") // and reads nothing
	f.eventually("it is on its way", func() bool { return f.upstream.Count("tarball:*") == 1 })
	if a := f.get("/big/-/big-1.0.0.tgz"); a.status != http.StatusOK || a.broken || len(a.body) < 16<<20 {
		t.Errorf("%d, %d bytes", a.status, len(a.body))
	}
	conn.Close()
	f.behind.work.Wait()
	if a := f.get("/big/-/big-1.0.0.tgz"); a.header.Get("Etag") == "" {
		t.Error("it is not in the cache")
	}
}

// What a killed server leaves is whole or not there.
func TestKilledInBetween(t *testing.T) {
	f := begin(t, "", nil)
	want := f.get("/left-pad/-/left-pad-1.0.0.tgz").body
	f.behind.work.Wait()
	if err := os.WriteFile(filepath.Join(f.dir, "tmp", "half"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.restart(nil)
	if _, err := os.Stat(filepath.Join(f.dir, "tmp", "half")); err == nil {
		t.Error("what was on its way is still there")
	}
	// A file that a power cut tore.
	files, err := filepath.Glob(filepath.Join(f.dir, "tarballs", "*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	f.restart(nil)
	if err := os.Truncate(files[0], 100); err != nil {
		t.Fatal(err)
	}
	if a := f.get("/left-pad/-/left-pad-1.0.0.tgz"); a.body != want {
		t.Errorf("%d, %d bytes", a.status, len(a.body))
	}
	if n := f.upstream.Count("tarball:*"); n != 2 {
		t.Errorf("fetched %d times", n)
	}
}

// The registry published other bytes under an old version, as private ones let
// their users do.
func TestRepublished(t *testing.T) {
	f := begin(t, "", func(o *Options, _ *testreg.Registry) { o.StaleFor = -1 })
	f.document("/left-pad")
	f.get("/left-pad/-/left-pad-1.0.0.tgz")
	f.behind.work.Wait()
	if err := f.upstream.Fault("packument:left-pad wrong-integrity"); err != nil {
		t.Fatal(err)
	}
	f.clock.add(time.Hour)
	f.upstream.Fault("packument:left-pad header=Etag:new")
	f.document("/left-pad", "Cache-Control", "no-cache")
	a := f.get("/left-pad/-/left-pad-1.0.0.tgz")
	if a.status == http.StatusOK && f.document("/left-pad").Versions["1.0.0"].Dist.Integrity != strings.Trim(a.header.Get("Etag"), `"`) {
		t.Errorf("the old bytes are served for the new document: %d", a.status)
	}
}

// A registry that does not answer keeps nobody waiting who can have something
// older.
func TestUpstreamSlow(t *testing.T) {
	f := begin(t, "", nil)
	f.patience = 10 * time.Millisecond
	want := f.get("/left-pad").body
	f.clock.add(48 * time.Hour)
	if err := f.upstream.Fault("* hang"); err != nil {
		t.Fatal(err)
	}
	if a := f.get("/left-pad"); a.status != http.StatusOK || a.body != want || f.counts.Documents.Failover.Load() != 1 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Caches that hold next to nothing make answers slow and not wrong.
func TestTinyCaches(t *testing.T) {
	archive := "-- packages --\n"
	for i := range 30 {
		archive += fmt.Sprintf("many-%d@1.0.0\nmany-%d@1.1.0\n", i, i)
	}
	f := begin(t, archive, func(o *Options, _ *testreg.Registry) { o.MemoryBytes, o.DiskBytes = 12<<10, 12<<10 })
	var all sync.WaitGroup
	for c := range 8 {
		all.Go(func() {
			for i := range 60 {
				name := fmt.Sprintf("many-%d", (c*7+i*i)%30)
				if a := f.get("/"+name, "Accept", []string{short, "application/json"}[i%2]); a.status != http.StatusOK || !strings.Contains(a.body, `"`+name+`"`) {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				}
				if a := f.get("/" + name + "/-/" + name + "-1.1.0.tgz"); a.status != http.StatusOK || a.broken {
					t.Errorf("the tarball of %s: %d %s", name, a.status, a.body)
				}
			}
		})
	}
	all.Wait()
	if memory, _, evicted := f.Sizes(); memory > 12<<10 || evicted == 0 {
		t.Errorf("%d bytes in memory, %d files evicted", memory, evicted)
	}
}

func FuzzTarget(f *testing.F) {
	for _, path := range []string{"/@s%2fa", "/a/-/a-1.0.0.tgz", "/-/v1/search?text=x", "/@/", "//", "/-/npm/v1/attestations/@s%2fa@1.0.0", "/-/package/a/dist-tags", "/a/b/c/d", `/a/\`} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		target, err := parseTarget(&http.Request{Method: http.MethodGet, URL: u, RequestURI: path})
		if err != nil {
			return
		}
		if target.name != "" {
			if _, err := npm.ParseName(string(target.name)); err != nil {
				t.Errorf("%q names %q", path, target.name)
			}
		}
		if strings.ContainsAny(target.version, "/\\") || strings.Contains(target.path, "..") && target.kind != passKind {
			t.Errorf("%q leads to %+v", path, target)
		}
	})
}

// withLarge starts a proxy before a registry that has a document which is large.
func withLarge(t *testing.T) *fixture {
	t.Helper()
	noise := make([]byte, 2*largePacked)
	rand.NewChaCha8([32]byte{}).Read(noise)
	return begin(t, "-- packages --\nlarge@1.0.0\n-- large/packument.json --\n"+
		`{"name":"large","readme":"`+hex.EncodeToString(noise)+`","time":{"1.0.0":"2026-01-01T00:00:00.000Z"},"dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"large","version":"1.0.0","dist":{"tarball":"{tarball:1.0.0}","integrity":"{integrity:1.0.0}"}}}}`+"\n", nil)
}

// watched is a client: write is called when it is sent something.
type watched struct {
	http.ResponseWriter
	write func()
}

func (w *watched) Write(b []byte) (int, error) {
	w.write()
	return w.ResponseWriter.Write(b)
}

// A client that is slow to take what it is sent keeps no large document from being
// unpacked.
func TestTurnsEndBeforeAnswers(t *testing.T) {
	f := withLarge(t)
	for _, path := range []string{"/large", "/large/1.0.0", "/-/package/large/dist-tags"} {
		sent := httptest.NewRecorder()
		f.ServeHTTP(&watched{sent, func() {
			if n := len(f.large); n != 0 {
				t.Errorf("%s: %d turns are taken while it is sent", path, n)
			}
		}}, httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil))
		if sent.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, sent.Code, sent.Body)
		}
	}
}

// Large documents are unpacked two at a time, whichever way they are asked for,
// and small ones do not wait for them.
func TestLargeDocumentsTakeTurns(t *testing.T) {
	f := withLarge(t)
	f.document("/large")
	for range largeTurns {
		f.large <- struct{}{}
	}
	f.document("/left-pad")
	answered := make(chan int, 1)
	go func() { answered <- f.get("/large/1.0.0").status }()
	select {
	case status := <-answered:
		t.Errorf("out of turn: %d", status)
	case <-time.After(20 * time.Millisecond): // or later; it is not what is tested
	}
	<-f.large
	if status := <-answered; status != http.StatusOK {
		t.Errorf("in its turn: %d", status)
	}
	<-f.large
	if n := len(f.large); n != 0 {
		t.Errorf("%d turns are not over", n)
	}
}

// A registry that says how long to stay away is not asked in that time, and
// clients are told the same.
func TestUpstreamWantsRest(t *testing.T) {
	f := begin(t, "-- packages --\nother@1.0.0\n", nil)
	f.document("/left-pad")
	if err := f.upstream.Fault("* 429 retry-after=20"); err != nil {
		t.Fatal(err)
	}
	if a := f.get("/@acme/core"); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "20" {
		t.Errorf("%d, again after %s: %s", a.status, a.header.Get("Retry-After"), a.body)
	}
	asked := f.upstream.Count()
	f.clock.add(5 * time.Second)
	if a := f.get("/other"); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "15" {
		t.Errorf("%d, again after %s: %s", a.status, a.header.Get("Retry-After"), a.body)
	}
	f.document("/left-pad", "Cache-Control", "no-cache") // older than wanted, and there
	if n := f.upstream.Count(); n != asked {
		t.Errorf("it was asked %d times all the same", n-asked)
	}
	f.upstream.ClearFaults()
	if a := f.get("/left-pad/-/left-pad-1.0.0.tgz"); a.status != http.StatusOK {
		t.Errorf("a tarball, which may come from elsewhere: %d %s", a.status, a.body)
	}
	f.clock.add(15 * time.Second)
	f.document("/other")
}
