package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// wrench is what an upstream says about a name: full, uncompressed, no ETag.
const wrench = `{"_id":"wrench","name":"wrench","dist-tags":{"latest":"2.0.0"},"readme":"long",` +
	`"versions":{` +
	`"10.0.0-rc.1":{"name":"wrench","version":"10.0.0-rc.1","dependencies":[],"dist":{"shasum":"a","tarball":"BASE/wrench/-/wrench-10.0.0-rc.1.tgz"}},` +
	`"2.0.0":{"name":"wrench","version":"2.0.0","description":"x","scripts":{"install":"make"},"dependencies":{"nut":"^1"},` +
	`"libc":["musl"],"dist":{"integrity":"sha512-AA==","tarball":"BASE/wrench/-/wrench-2.0.0.tgz"}}},` +
	`"time":{"2.0.0":"2020-01-02T03:04:05.000Z","modified":"2021-01-02T03:04:05.000Z"}}`

// wrenchShort is the abbreviated form of it, as served by HOST.
const wrenchShort = `{"name":"wrench","dist-tags":{"latest":"2.0.0"},"versions":{` +
	`"10.0.0-rc.1":{"name":"wrench","version":"10.0.0-rc.1","dist":{"shasum":"a","tarball":"http://HOST/wrench/-/wrench-10.0.0-rc.1.tgz"}},` +
	`"2.0.0":{"name":"wrench","version":"2.0.0","dependencies":{"nut":"^1"},` +
	`"libc":["musl"],"dist":{"integrity":"sha512-AA==","tarball":"http://HOST/wrench/-/wrench-2.0.0.tgz"},"hasInstallScript":true}},` +
	`"modified":"2021-01-02T03:04:05.000Z"}`

// big is a tarball that leaves by sendfile.
var big = bytes.Repeat([]byte("godwit"), inMemory)

// newUpstreamServer serves wrench, and counts what it is asked.
func newUpstreamServer(t *testing.T, asked *atomic.Int64) *httptest.Server {
	t.Helper()
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/base/wrench", "/base/@scope/Wrench":
			_, _ = io.WriteString(w, strings.ReplaceAll(wrench, "BASE", s.URL+"/base"))
		case "/base/away":
			_, _ = io.WriteString(w, `{"name":"away","versions":{"1.0.0":{"dist":{"tarball":"`+strings.Replace(s.URL, "127.0.0.1", "localhost", 1)+`/files/away.tgz"}}}}`)
		case "/base/wrench/-/wrench-2.0.0.tgz":
			_, _ = w.Write(big)
		case "/files/away.tgz":
			_, _ = io.WriteString(w, "away")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// serve starts a registry on the recording in dir.
func serve(t *testing.T, dir, upstream string) (*Registry, string) {
	t.Helper()
	rec, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(rec, Options{Upstream: upstream})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(g)
	s.Listener = g.Listener(s.Listener)
	s.Start()
	t.Cleanup(s.Close)
	return g, s.URL
}

// get asks for a URL as a client with these headers would.
func get(t *testing.T, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity") // else the transport unpacks silently
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, b
}

func TestRecordsOnceAndServesFrozen(t *testing.T) {
	var asked atomic.Int64
	up := newUpstreamServer(t, &asked)
	dir := t.TempDir()
	g, url := serve(t, dir, up.URL+"/base")
	g.Thaw()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { get(t, url+"/wrench") })
	}
	wg.Wait()
	get(t, url+"/wrench/-/wrench-2.0.0.tgz")
	if n := asked.Load(); n != 2 {
		t.Errorf("the upstream was asked %d times for two things", n)
	}

	g, url = serve(t, dir, "")
	host := strings.TrimPrefix(url, "http://")
	res, body := get(t, url+"/wrench", "Accept", shortType+"; q=1.0, */*")
	if want := strings.ReplaceAll(wrenchShort, "HOST", host); string(body) != want {
		t.Errorf("short form:\n%s\nwant:\n%s", body, want)
	}
	if got := res.Header.Get("Content-Type"); got != shortType {
		t.Errorf("Content-Type %q", got)
	}
	if got := res.Header.Get("Last-Modified"); got != "Sat, 02 Jan 2021 03:04:05 GMT" {
		t.Errorf("Last-Modified %q", got)
	}
	_, body = get(t, url+"/wrench")
	if !bytes.Contains(body, []byte(`"readme":"long"`)) || !bytes.Contains(body, []byte(`"http://`+host+`/wrench/-/wrench-2.0.0.tgz"`)) {
		t.Errorf("full form: %s", body)
	}
	if _, body = get(t, url+"/wrench/-/wrench-2.0.0.tgz"); !bytes.Equal(body, big) {
		t.Errorf("the tarball has %d bytes, want %d", len(body), len(big))
	}
	if s := g.Stats(); s.Requests != 3 || s.Packuments != 2 || s.Tarballs != 1 || s.Misses != 0 || s.Upstream != 0 {
		t.Errorf("counts: %+v", s)
	}
	if s := g.Stats(); s.BytesOut < int64(len(big)) || s.BytesIn == 0 || s.Connections == 0 || s.Peak == 0 || s.PeakTarball == 0 {
		t.Errorf("counts: %+v", s)
	}
	g.Reset()
	if s := g.Stats(); s.Requests != 0 || s.BytesOut != 0 {
		t.Errorf("counts after Reset: %+v", s)
	}
}

func TestCompressesAndAnswersNotModified(t *testing.T) {
	var asked atomic.Int64
	g, url := serve(t, t.TempDir(), newUpstreamServer(t, &asked).URL+"/base")
	g.Thaw()
	res, packed := get(t, url+"/wrench", "Accept", shortType, "Accept-Encoding", "gzip, br")
	if res.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("headers: %v", res.Header)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil || !json.Valid(body) {
		t.Errorf("%v: %s", err, body)
	}
	for _, match := range []string{res.Header.Get("Etag"), "W/" + res.Header.Get("Etag")} {
		again, body := get(t, url+"/wrench", "Accept", shortType, "If-None-Match", match)
		if again.StatusCode != http.StatusNotModified || len(body) != 0 {
			t.Errorf("%s: %s, %d bytes", match, again.Status, len(body))
		}
	}
	if again, _ := get(t, url+"/wrench", "Accept", shortType, "If-None-Match", `"other"`); again.StatusCode != http.StatusOK {
		t.Errorf("another ETag: %s", again.Status)
	}
	if s := g.Stats(); s.NotModified != 2 {
		t.Errorf("counts: %+v", s)
	}
}

func TestURLsFollowTheHostOfTheRequest(t *testing.T) {
	var asked atomic.Int64
	g, url := serve(t, t.TempDir(), newUpstreamServer(t, &asked).URL+"/base")
	g.Thaw()
	req, _ := http.NewRequest(http.MethodGet, url+"/wrench", nil)
	req.Host = "link.test:81"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); !bytes.Contains(body, []byte("http://link.test:81/wrench/-/")) {
		t.Errorf("%s", body)
	}
}

func TestMissesAreNamed(t *testing.T) {
	var asked atomic.Int64
	up := newUpstreamServer(t, &asked)
	dir := t.TempDir()
	g, url := serve(t, dir, up.URL+"/base")
	for range 2 {
		if res, _ := get(t, url+"/wrench"); res.StatusCode != http.StatusNotFound {
			t.Errorf("frozen: %s", res.Status)
		}
	}
	get(t, url+"/wrench/-/wrench-2.0.0.tgz")
	s := g.Stats()
	if s.Misses != 3 || fmt.Sprint(s.Missing) != "[/wrench /wrench/-/wrench-2.0.0.tgz]" || asked.Load() != 0 {
		t.Errorf("counts: %+v", s)
	}

	g.Thaw()
	g.Reset()
	get(t, url+"/nothing") // the upstream says 404: recorded as such, and not a miss
	g.Freeze()
	get(t, url+"/nothing")
	if s := g.Stats(); s.Misses != 0 || s.NotFound != 2 || s.Upstream != 1 {
		t.Errorf("counts: %+v", s)
	}
}

func TestTarballOnAnotherHost(t *testing.T) {
	var asked atomic.Int64
	g, url := serve(t, t.TempDir(), newUpstreamServer(t, &asked).URL+"/base")
	g.Thaw()
	// Without a packument that names it, the registry is no open proxy.
	stray := url + "/" + elsewhere + "http/" + strings.TrimPrefix(url, "http://") + "/secret.tgz"
	if res, _ := get(t, stray); res.StatusCode != http.StatusNotFound {
		t.Errorf("it fetched what nothing names: %s", res.Status)
	}
	_, body := get(t, url+"/away")
	var doc struct {
		Versions map[string]struct{ Dist struct{ Tarball string } }
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	at := doc.Versions["1.0.0"].Dist.Tarball
	if !strings.HasPrefix(at, url) {
		t.Fatalf("tarball at %s", at)
	}
	if _, body := get(t, at); string(body) != "away" {
		t.Errorf("%s", body)
	}
}

func TestScopedNamesAndManifests(t *testing.T) {
	var asked atomic.Int64
	g, url := serve(t, t.TempDir(), newUpstreamServer(t, &asked).URL+"/base")
	g.Thaw()
	for path, want := range map[string]int{
		"/@scope%2fWrench":       200,
		"/@scope/Wrench":         200,
		"/@scope/Wrench/2.0.0":   200,
		"/@scope%2fWrench/2.0.0": 200,
		"/wrench/latest":         200,
		"/wrench/2.0.0":          200,
		"/wrench/^2":             404,
		"/wrench/9.9.9":          404,
		"/-/ping":                200,
		"/-/v1/search":           404,
		"/@scope":                404,
	} {
		if res, body := get(t, url+path); res.StatusCode != want {
			t.Errorf("%s: %s, want %d: %s", path, res.Status, want, body)
		}
	}
	if s := g.Stats(); s.Misses != 0 {
		t.Errorf("misses: %v", s.Missing)
	}
	_, body := get(t, url+"/wrench/latest")
	if !bytes.Contains(body, []byte(`"tarball":"`+url+`/wrench/-/wrench-2.0.0.tgz"`)) {
		t.Errorf("manifest: %s", body)
	}
}

func TestPrepareMakesBodiesForAHost(t *testing.T) {
	var asked atomic.Int64
	dir := t.TempDir()
	g, url := serve(t, dir, newUpstreamServer(t, &asked).URL+"/base")
	g.Thaw()
	get(t, url+"/wrench")
	if err := g.Prepare(context.Background(), "other:1"); err != nil {
		t.Fatal(err)
	}
	rec, _ := Open(dir)
	if !rec.has("hosts", fold("other:1"), "wrench", "short.json.gz") {
		t.Error("no body was prepared")
	}
	if err := rec.write([]byte("other format\n"), "format"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a recording of another format was opened")
	}
}

func TestControl(t *testing.T) {
	var asked atomic.Int64
	g, url := serve(t, t.TempDir(), newUpstreamServer(t, &asked).URL+"/base")
	control := httptest.NewServer(g.Control())
	defer control.Close()
	post := func(action string) (s Stats) {
		res, err := http.Post(control.URL+"/"+action, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	post("thaw")
	get(t, url+"/wrench")
	post("freeze")
	get(t, url+"/away")
	if s := post("reset"); s.Requests != 2 || s.Upstream != 1 || s.Misses != 1 {
		t.Errorf("counts: %+v", s)
	}
	if s := post("reset"); s.Requests != 0 {
		t.Errorf("after reset: %+v", s)
	}
}

func TestFold(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"JSONStream", "jsonstream", "@a/b", "a%2fb", "..", ".", "a!b", "x:1", "café"} {
		f := fold(name)
		if unfold(f) != name {
			t.Errorf("unfold(fold(%q)) is %q", name, unfold(f))
		}
		if strings.ContainsAny(f, "/\\:") || f == ".." || f == "." {
			t.Errorf("fold(%q) is %q", name, f)
		}
		if other, ok := seen[strings.ToLower(f)]; ok {
			t.Errorf("%q and %q are one file", name, other)
		}
		seen[strings.ToLower(f)] = name
	}
}

func FuzzDocument(f *testing.F) {
	for _, s := range []string{wrench, `{}`, `[]`, `{"versions":[]}`, `{"versions":{"1.0.0":null}}`,
		`{"versions":{"1.0.0":{"dist":7,"scripts":[]}},"time":"x"}`, `{"versions":{"a":{"dist":{"tarball":1}}}}`,
		`{"a":1,"a":2}`, "{\"\xff\":1}", strings.Repeat(`{"versions":`, 100)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		out, err := neutral(doc, func(string) string { return "p" })
		if err != nil {
			return
		}
		brief, err := shorten(out)
		if err != nil {
			t.Fatalf("a neutral document cannot be shortened: %v\n%s", err, out)
		}
		if again, err := shorten(brief); err != nil || len(again) != len(brief) {
			t.Fatalf("shortening twice differs: %v\n%s\n%s", err, brief, again)
		}
	})
}
