package registry

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"godwit/internal/npm"
)

// clock is a time that tests move by hand.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) read() time.Time { return c.now }

// fetch asks a client of its own, so that what it wrote is on disk afterwards,
// and returns the latest version.
func fetch(t *testing.T, o Options, name npm.Name, form Form) (string, error) {
	t.Helper()
	c := client(t, o)
	doc, err := c.Packument(t.Context(), name, form)
	if closeErr := c.Close(); closeErr != nil {
		t.Errorf("close: %v", closeErr)
	}
	if err != nil {
		return "", err
	}
	latest := doc.DistTags["latest"]
	m, err := doc.Manifest(latest)
	if err != nil {
		t.Fatal(err)
	}
	return m.Version, nil
}

func mustFetch(t *testing.T, o Options, name npm.Name, form Form, want string) {
	t.Helper()
	if got, err := fetch(t, o, name, form); err != nil || got != want {
		t.Errorf("got %q, %v, want %s", got, err, want)
	}
}

func TestCacheFreshness(t *testing.T) {
	version, control := "1.0.0", ""
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Cache-Control", control)
		w.Header().Set("Etag", `"`+version+`"`)
		w.Header().Set("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
		if r.Header.Get("If-None-Match") == `"`+version+`"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, packumentOf("a", version))
	})
	now := newClock()
	o := Options{Default: server.URL, CacheDir: t.TempDir(), Now: now.read}
	step := func(what string, requests int, want string) {
		t.Helper()
		before := seen.count()
		mustFetch(t, o, "a", Short, want)
		if n := seen.count() - before; n != requests {
			t.Errorf("%s: %d requests, want %d", what, n, requests)
		}
	}
	step("first", 1, "1.0.0")
	step("at once", 0, "1.0.0")
	now.now = now.now.Add(defaultMaxAge - time.Second)
	step("still fresh", 0, "1.0.0")
	now.now = now.now.Add(time.Second)
	step("stale", 1, "1.0.0")
	if got := seen.last().Header.Get("If-Modified-Since"); got == "" {
		t.Error("the request was not conditional on the date")
	}
	step("confirmed", 0, "1.0.0")

	now.now = now.now.Add(time.Hour)
	version, control = "1.0.1", "public, max-age=60"
	step("changed", 1, "1.0.1")
	now.now = now.now.Add(59 * time.Second)
	step("fresh for as long as was said", 0, "1.0.1")
	now.now = now.now.Add(time.Second)
	control = "no-cache"
	step("stale when was said", 1, "1.0.1")
	step("no-cache", 1, "1.0.1")
	now.now = now.now.Add(-time.Hour)
	step("the clock was set back", 1, "1.0.1")

	o.PreferOffline = true
	step("prefer-offline", 0, "1.0.1")
	o.PreferOffline, o.Offline = false, true
	step("offline", 0, "1.0.1")
	var offline *OfflineError
	if _, err := fetch(t, o, "b", Short); !errors.As(err, &offline) || offline.Code() != "ERR_PNPM_NO_OFFLINE_META" {
		t.Errorf("offline and not there: got %v", err)
	}
	o.Offline, o.PreferOnline = false, true
	control = ""
	step("makes it fresh", 1, "1.0.1")
	step("prefer-online", 1, "1.0.1")

	o.PreferOnline = false
	step("fresh again", 0, "1.0.1")
	version = "1.0.2"
	c := client(t, o)
	if doc, err := c.Revalidate(t.Context(), "a", Short); err != nil || doc.DistTags["latest"] != "1.0.2" {
		t.Errorf("revalidate: got %v, %v", doc, err)
	}
}

func TestNoStore(t *testing.T) {
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Cache-Control", "private, no-store")
		io.WriteString(w, packumentOf("a", "1.0.0"))
	})
	o := Options{Default: server.URL, CacheDir: t.TempDir()}
	mustFetch(t, o, "a", Short, "1.0.0")
	mustFetch(t, o, "a", Short, "1.0.0")
	if seen.count() != 2 {
		t.Errorf("%d requests, want 2", seen.count())
	}
	if files, err := os.ReadDir(o.CacheDir); err != nil || len(files) > 0 {
		t.Errorf("stored all the same: %v, %v", files, err)
	}
}

func TestMaxAge(t *testing.T) {
	for _, test := range []struct {
		control, age string
		want         time.Duration
	}{
		{"", "", defaultMaxAge}, {"public", "", defaultMaxAge}, {"max-age=10", "", 10 * time.Second},
		{`MAX-AGE="10" , public`, "4", 6 * time.Second}, {"max-age=10", "11", 0}, {"max-age=x", "", 0}, {"max-age=-1", "", 0},
		{"max-age=99999999999999999999", "", 0}, {"max-age=10, no-cache", "", 0}, {"no-store, max-age=9", "", noStore},
	} {
		h := http.Header{"Cache-Control": {test.control}, "Age": {test.age}}
		if got := maxAge(h); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}

func TestFormsInCache(t *testing.T) {
	full := `{"name":"a","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{}},"time":{"1.0.0":"2020-01-01T00:00:00Z"}}`
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if strings.Contains(r.Header.Get("Accept"), shortType) && r.URL.Path != "/fullonly" {
			w.Header().Set("Content-Type", shortType)
			io.WriteString(w, packumentOf(r.URL.Path[1:], "1.0.0"))
			return
		}
		io.WriteString(w, strings.Replace(full, `"a"`, `"`+r.URL.Path[1:]+`"`, 1))
	})
	o := Options{Default: server.URL, CacheDir: t.TempDir()}
	for _, step := range []struct {
		name     npm.Name
		form     Form
		requests int
	}{
		{"a", Short, 1}, {"a", Short, 1}, {"a", Full, 2}, {"a", Short, 2}, {"a", Full, 2}, // the short form is not enough
		{"b", Full, 3}, {"b", Short, 3}, // the full one is
		{"fullonly", Short, 4}, {"fullonly", Full, 4}, // and is known when it comes unasked
	} {
		mustFetch(t, o, step.name, step.form, "1.0.0")
		if seen.count() != step.requests {
			t.Errorf("%+v: %d requests", step, seen.count())
		}
	}
	c := client(t, o)
	if _, err := c.Revalidate(t.Context(), "b", Short); err != nil {
		t.Fatal(err)
	}
	if got := seen.last().Header.Get("Accept"); got != "application/json" {
		t.Errorf("the full form in the cache was revalidated as %q", got)
	}
	doc, err := c.Packument(t.Context(), "fullonly", Full)
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := doc.Published("1.0.0"); !ok || at.Year() != 2020 {
		t.Errorf("published: got %v, %v", at, ok)
	}
}

// What one credential may see is not shown to another, nor to nobody.
func TestCacheIsPerCredential(t *testing.T) {
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		version := map[string]string{"": "1.0.0", "Bearer one": "1.0.1", "Bearer two": "1.0.2"}[r.Header.Get("Authorization")]
		io.WriteString(w, packumentOf("a", version))
	})
	prefix := strings.TrimPrefix(server.URL, "http:")
	dir := t.TempDir()
	for range 2 {
		for token, want := range map[string]string{"": "1.0.0", "one": "1.0.1", "two": "1.0.2"} {
			o := Options{Default: server.URL, CacheDir: dir}
			if token != "" {
				o.Credentials = []Credential{{Prefix: prefix, Token: token}}
			}
			mustFetch(t, o, "a", Short, want)
		}
	}
	if seen.count() != 3 {
		t.Errorf("%d requests, want one for each credential", seen.count())
	}
}

func TestDamagedCacheFiles(t *testing.T) {
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		io.WriteString(w, packumentOf("a", "1.0.0"))
	})
	o := Options{Default: server.URL, CacheDir: t.TempDir()}
	mustFetch(t, o, "a", Short, "1.0.0")
	file := onlyFile(t, o.CacheDir)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string]func([]byte) []byte{
		"empty":     func(b []byte) []byte { return nil },
		"cut":       func(b []byte) []byte { return b[:len(b)-1] },
		"prefix":    func(b []byte) []byte { return b[:prefixLen] },
		"longer":    func(b []byte) []byte { return append(b, ' ') },
		"magic":     func(b []byte) []byte { b[7]++; return b },
		"header":    func(b []byte) []byte { b[24]++; return b },
		"huge":      func(b []byte) []byte { b[31], b[39] = 0xff, 0xff; return b },
		"index":     func(b []byte) []byte { b[prefixLen+30]++; return b },
		"zeros":     func(b []byte) []byte { clear(b); return b },
		"other sum": func(b []byte) []byte { b[40]++; return b },
	}
	for name, harm := range damage {
		if err := os.WriteFile(file, harm([]byte(string(good))), 0o644); err != nil {
			t.Fatal(err)
		}
		before := seen.count()
		mustFetch(t, o, "a", Short, "1.0.0")
		if seen.count() != before+1 {
			t.Errorf("%s: the damaged file was used", name)
		}
	}
}

func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	docs, err := Documents(dir)
	if err != nil || len(docs) != 1 {
		t.Fatalf("got documents %+v, %v, want one", docs, err)
	}
	return docs[0].Path
}

func TestDocuments(t *testing.T) {
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		io.WriteString(w, packumentOf("a", "1.0.0"))
	})
	o := Options{Default: strings.Replace(server.URL, "//", "//me:secret@", 1), CacheDir: t.TempDir()}
	mustFetch(t, o, "a", Full, "1.0.0")
	docs, err := Documents(o.CacheDir)
	if err != nil || len(docs) != 1 {
		t.Fatalf("got %+v, %v", docs, err)
	}
	d := docs[0]
	if d.Name != "a" || d.Form != Full || d.Size == 0 || strings.TrimRight(d.Registry, "/") != server.URL {
		t.Errorf("got %+v; the registry is %s", d, server.URL)
	}
	if doc, checked, ok := d.Open(); !ok || doc.Key(0) != "1.0.0" || checked.IsZero() {
		t.Errorf("opened %v, %v, %v", doc, checked, ok)
	}
	for range 2 { // nothing there is no error
		if err := d.Remove(); err != nil {
			t.Error(err)
		}
	}
	if _, _, ok := d.Open(); ok {
		t.Error("what was removed could be opened")
	}
	if docs, err := Documents(filepath.Join(o.CacheDir, "none")); docs != nil || err != nil {
		t.Errorf("an empty cache has %+v, %v", docs, err)
	}
}

// A big document stays on disk: written down, it is read from its file, and so
// it is by the next run.
func TestBigDocumentsStayOnDisk(t *testing.T) {
	body := packumentOf("a", "1.0.0")
	body = body[:len(body)-1] + `,"readme":"` + strings.Repeat("x", bigBody) + `"}`
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) { io.WriteString(w, body) })
	o := Options{Default: server.URL, CacheDir: t.TempDir()}
	for run := range 2 {
		c := client(t, o)
		doc, err := c.Packument(t.Context(), "a", Short)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if n := c.cache.open.Load(); n != 1 {
			t.Errorf("run %d: %d documents are read from their file, want 1", run, n)
		}
		if m, err := doc.Manifest("1.0.0"); err != nil || m.Version != "1.0.0" {
			t.Errorf("run %d: got %+v, %v", run, m, err)
		}
	}
	c := client(t, o)
	c.cache.open.Store(maxOpen)
	doc, err := c.Packument(t.Context(), "a", Short)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := doc.Manifest("1.0.0"); err != nil || m.Version != "1.0.0" {
		t.Errorf("beyond the limit on open files: got %+v, %v", m, err)
	}
}

func TestCacheCannotBeWritten(t *testing.T) {
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) { io.WriteString(w, packumentOf("a", "1.0.0")) })
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Default: server.URL, CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Packument(t.Context(), "a", Short); err != nil {
		t.Errorf("got %v although the cache costs only time", err)
	}
	if err := c.Close(); err == nil {
		t.Error("close does not say that nothing was written")
	}
}

func TestFileName(t *testing.T) {
	seen := map[string]npm.Name{}
	long := npm.Name(strings.Repeat("A", 214))
	for name, want := range map[npm.Name]string{
		"a": "a", "@s/a": "@s%2fa", "JSONStream": "%4a%53%4f%4eStream", "lodash.merge": "lodash.merge", "a.": "a%2e", "a*": "a%2a", long: "",
	} {
		got := fileName(name)
		if want == "%4a%53%4f%4eStream" {
			want = "%4a%53%4f%4e%53tream"
		}
		if want != "" && got != want || len(got) > maxFileName || seen[strings.ToLower(got)] != "" {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		seen[strings.ToLower(got)] = name
	}
}

// Callers at the same time share one request; those who give up do not take it
// from the others.
func TestSingleFlight(t *testing.T) {
	release, arrived := make(chan struct{}), make(chan struct{}, 9)
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		arrived <- struct{}{}
		<-release
		io.WriteString(w, packumentOf("a", "1.0.0"))
	})
	c := client(t, Options{Default: server.URL})
	impatient, giveUp := context.WithCancel(t.Context())
	type result struct {
		doc *npm.Packument
		err error
	}
	results := make(chan result)
	ask := func(ctx context.Context) {
		doc, err := c.Packument(ctx, "a", Short)
		results <- result{doc, err}
	}
	go ask(impatient)
	<-arrived
	for range 3 {
		go ask(t.Context())
	}
	waitFor(t, func() bool { return c.waiting("a") == 4 })
	giveUp()
	if r := <-results; !errors.Is(r.err, context.Canceled) {
		t.Errorf("who gave up got %v", r.err)
	}
	close(release)
	var first *npm.Packument
	for range 3 {
		r := <-results
		if first == nil {
			first = r.doc
		}
		if r.err != nil || r.doc != first {
			t.Errorf("got %v, %v, want the same document", r.doc, r.err)
		}
	}
	if seen.count() != 1 {
		t.Errorf("%d requests, want 1", seen.count())
	}
}

// waiting counts the callers of the flight for name.
func (c *Client) waiting(name npm.Name) int {
	c.flights.mu.Lock()
	defer c.flights.mu.Unlock()
	if f := c.flights.on[flightKey{name: name}]; f != nil {
		return f.waiting
	}
	return 0
}

// waitFor polls; only a failing test waits long.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for range 5000 {
		if done() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("waited in vain")
}

// When all have given up, so does the request, before the last of them returns.
func TestFlightEndsWithItsCallers(t *testing.T) {
	arrived, over := make(chan struct{}), atomic.Bool{}
	c := client(t, Options{Default: "https://registry.example", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		close(arrived)
		<-r.Context().Done()
		over.Store(true)
		return nil, r.Context().Err()
	})})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if _, err := c.Packument(ctx, "a", Short); !errors.Is(err, context.Canceled) || !over.Load() {
		t.Errorf("got %v; the request is over: %v", err, over.Load())
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Whatever is in a file of the cache, reading it ends in a document or in none.
func FuzzCacheFile(f *testing.F) {
	dir := f.TempDir()
	registry, err := url.Parse("https://registry.example")
	if err != nil {
		f.Fatal(err)
	}
	s := newCache(dir).slot(registry, nil, "a")
	body := []byte(packumentOf("a", "1.0.0"))
	doc, err := npm.ParsePackument("a", body)
	if err != nil {
		f.Fatal(err)
	}
	if err := s.write(doc, body, validators{etag: `"x"`, modified: "then"}); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(s.path(Short))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, input []byte) {
		content := bytes.Clone(input)
		if len(content) >= prefixLen { // or the fuzzer never gets past the sum
			if p, ok := parsePrefix(content, int64(len(content))); ok {
				binary.LittleEndian.PutUint32(content[40:], sumOf(content, p.bodyAt()))
			}
		}
		if err := os.WriteFile(s.path(Short), content, 0o644); err != nil {
			t.Fatal(err)
		}
		if k := s.load(Short); k != nil {
			for i := range k.doc.Versions() {
				k.doc.At(i)
			}
		}
	})
}

// Who keeps a packument learns how long it is good for, be it new, cached or
// confirmed.
func TestDated(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Etag", `"x"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, packumentOf("a", "1.0.0"))
	})
	dir := t.TempDir()
	for _, step := range []struct{ at, until int }{{0, 60}, {20, 60}, {70, 130}} {
		c := client(t, Options{Default: server.URL, CacheDir: dir, Now: func() time.Time { return now.Add(time.Duration(step.at) * time.Second) }})
		doc, err := c.Dated(t.Context(), "a", Short)
		if err != nil || !doc.Until.Equal(now.Add(time.Duration(step.until)*time.Second)) {
			t.Errorf("after %d s: %v, %v", step.at, doc.Until.Sub(now), err)
		}
		c.Close()
	}
}

// What was fetched before a change, and is written down after it, is forgotten, too.
func TestForgetWhatIsNotWrittenYet(t *testing.T) {
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		io.WriteString(w, packumentOf("a", "1.0.0"))
	})
	o := Options{Default: server.URL, CacheDir: t.TempDir()}
	c := client(t, o)
	stalled := make(chan struct{})
	c.cache.writer.add(0, func() error { <-stalled; return nil })
	if _, err := c.Packument(t.Context(), "a", Short); err != nil {
		t.Fatal(err)
	}
	c.Forget("a")
	close(stalled)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if doc := client(t, o).Kept("a", Short); doc != nil || seen.count() != 1 {
		t.Errorf("it is kept: %v", doc.Versions())
	}
}
