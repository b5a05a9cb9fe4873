package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"godwit/internal/registry"
	"godwit/internal/resolve/wire"
	"godwit/internal/server"
	"godwit/internal/testreg"
)

func (b *bench) refused(resp *http.Response, status int, code string) {
	b.Helper()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != status || !strings.Contains(string(text), code) {
		b.Errorf("%s: %.300s", resp.Status, text)
	}
}

// What is no request is refused before anything is asked of a registry.
func TestBadRequests(t *testing.T) {
	b := start(t, server.Options{})
	good := `{"version":1,"registries":{"":{"url":"` + b.registry.URL + `"}},"options":{},"importers":[{"dir":".","manifest":{}}]}`
	if _, last := b.frames(b.raw(strings.NewReader(good))); last.Done == nil {
		t.Fatalf("the request to spoil is none: %+v", last.Error)
	}
	swap := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	importers := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"dir":"p%d","manifest":{}}`, i))
		}
		return swap(`{"dir":".","manifest":{}}`, strings.Join(list, ","))
	}
	for name, body := range map[string]string{
		"nothing":             ``,
		"no JSON":             `<html>`,
		"cut off":             good[:40],
		"two":                 good + good,
		"another version":     swap(`"version":1`, `"version":2`),
		"no version":          swap(`"version":1,`, ``),
		"an unknown field":    swap(`"options":{}`, `"options":{"resolveBackwards":true}`),
		"an unknown value":    swap(`"options":{}`, `"options":{"linkWorkspace":"sideways"}`),
		"no projects":         swap(`{"dir":".","manifest":{}}`, ``),
		"a project outside":   swap(`"dir":"."`, `"dir":"../x"`),
		"an absolute path":    swap(`"dir":"."`, `"dir":"/etc"`),
		"a path of Windows":   swap(`"dir":"."`, `"dir":"a\\b"`),
		"a path with dots":    swap(`"dir":"."`, `"dir":"a/../../b"`),
		"a line end":          swap(`"dir":"."`, `"dir":"a\nb"`),
		"a project twice":     swap(`{"dir":".","manifest":{}}`, `{"dir":".","manifest":{}},{"dir":".","manifest":{}}`),
		"10,001 projects":     importers(10_001),
		"a name with a slash": swap(`"manifest":{}`, `"manifest":{"name":"../x"}`),
		"a bad lockfile":      swap(`"options":{}`, `"options":{},"lockfile":"importers: ["`),
		"deep JSON":           swap(`"options":{}`, `"options":`+strings.Repeat("[", 100_000)),
		"a bad override":      swap(`"options":{}`, `"options":{},"shape":{"overrides":[["a>b>","1"]]}`),
		"a bad strategy":      swap(`"options":{}`, `"options":{},"npm":{"strategy":"sideways"}`),
		"a bad Node":          swap(`"options":{}`, `"options":{},"npm":{"node":"x"}`),
		"an empty place":      swap(`"options":{}`, `"options":{},"npm":{"locked":[{"dir":"node_modules/a"}]}`),
		"a kept place":        swap(`"options":{}`, `"options":{},"npm":{"locked":[{"dir":"node_modules/a","link":"x","kept":true}]}`),
		"a bad patch key":     swap(`"options":{}`, `"options":{},"patched":[["a@nonsense","00"]]`),
	} {
		t.Run(name, func(t *testing.T) {
			(&bench{T: t, URL: b.URL}).refused(b.raw(strings.NewReader(body)), http.StatusBadRequest, wire.CodeRequest)
		})
	}
	if n := len(b.registry.Requests()); n != 0 {
		t.Errorf("the registry was asked %d times", n)
	}
}

func TestTooLarge(t *testing.T) {
	b := start(t, server.Options{Limits: server.Limits{Body: 64 << 10}})
	long := `{"version":1,"lockfile":"` + strings.Repeat("x", 1<<20) + `"}`
	b.refused(b.raw(strings.NewReader(long)), http.StatusRequestEntityTooLarge, wire.CodeTooLarge)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	io.WriteString(z, long)
	z.Close()
	req, err := http.NewRequest(http.MethodPost, b.URL+wire.ResolvePath, &bomb)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b.refused(resp, http.StatusRequestEntityTooLarge, wire.CodeTooLarge)
	for encoding, status := range map[string]int{"br": http.StatusUnsupportedMediaType, "gzip": http.StatusBadRequest} {
		req, _ := http.NewRequest(http.MethodPost, b.URL+wire.ResolvePath, strings.NewReader("no gzip"))
		req.Header.Set("Content-Encoding", encoding)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b.refused(resp, status, wire.CodeRequest)
	}
}

// The workspace that the limit allows is resolved.
func TestManyProjects(t *testing.T) {
	b := start(t, server.Options{Limits: server.Limits{Resolve: time.Hour}}) // however much else the machine has to do
	req := b.request(`{"name":"root","dependencies":{"left-pad":"^1.0.0"}}`)
	for i := range 9_999 {
		req.Importers = append(req.Importers, wire.Importer{
			Dir: fmt.Sprintf("packages/p%04d", i),
			Manifest: wire.Manifest{
				Name: fmt.Sprintf("p%04d", i), Version: "1.0.0",
				Prod: wire.Deps{{"left-pad", "^1.0.0"}, {"p0000", "workspace:*"}},
			},
		})
	}
	_, last := b.frames(b.post(req))
	if last.Done == nil || strings.Count(last.Done.Lockfile, "\n  packages/p") != 9_999 {
		t.Errorf("it ends with %+v", last.Error)
	}
}

// There are as many resolutions as are allowed; some more wait, and all others
// are told to come again.
func TestBusy(t *testing.T) {
	b := start(t, server.Options{Limits: server.Limits{Resolves: 1, Queue: 1}}, "-- faults --\na hang\n")
	ctx, stop := context.WithCancel(t.Context())
	var open sync.WaitGroup
	for _, project := range []string{`{"name":"one","dependencies":{"a":"*"}}`, `{"name":"two","dependencies":{"a":"*"}}`} {
		var body bytes.Buffer
		if err := b.request(project).Encode(&body); err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.URL+wire.ResolvePath, &body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req) // answered when it is admitted
		if err != nil {
			t.Fatal(err)
		}
		open.Go(func() { io.Copy(io.Discard, resp.Body); resp.Body.Close() })
	}
	resp := b.post(b.request(`{"name":"three","dependencies":{"a":"*"}}`))
	b.refused(resp, http.StatusServiceUnavailable, wire.CodeBusy)
	if resp.Header.Get("Retry-After") != "1" {
		t.Errorf("it is to come again after %q", resp.Header.Get("Retry-After"))
	}
	stop() // and whoever is no longer waited for makes room
	open.Wait()
	b.registry.ClearFaults()
	for {
		resp := b.post(b.request(`{"name":"three","dependencies":{"a":"*"}}`))
		if resp.StatusCode == http.StatusOK {
			if _, last := b.frames(resp); last.Done == nil {
				t.Errorf("it ends with %+v", last.Error)
			}
			return
		}
	}
}

func TestTimeLimit(t *testing.T) {
	b := start(t, server.Options{Limits: server.Limits{Resolve: 50 * time.Millisecond}}, "-- faults --\na hang\n")
	_, last := b.frames(b.post(b.request(`{"dependencies":{"a":"*"}}`)))
	if last.Error == nil || last.Error.Code != wire.CodeTimeout || last.Error.Verdict {
		t.Errorf("it ends with %+v", last)
	}
}

func TestRate(t *testing.T) {
	var clock atomic.Int64 // seconds
	b := start(t, server.Options{
		Limits: server.Limits{Rate: 1, Burst: 2}, Now: func() time.Time { return time.Unix(clock.Load(), 0) },
		Client: func(r *http.Request) string { return r.Header.Get("Content-Type") },
	})
	client := "one"
	ask := func() *http.Response {
		b.Helper()
		resp, err := http.Post(b.URL+wire.ResolvePath, client, strings.NewReader("{}")) // refused, but later
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	for range 2 {
		b.refused(ask(), http.StatusBadRequest, wire.CodeRequest)
	}
	resp := ask()
	b.refused(resp, http.StatusTooManyRequests, wire.CodeBusy)
	if resp.Header.Get("Retry-After") != "1" {
		t.Errorf("it is to come again after %q", resp.Header.Get("Retry-After"))
	}
	client = "two"
	b.refused(ask(), http.StatusBadRequest, wire.CodeRequest)
	client = "one"
	clock.Add(1)
	b.refused(ask(), http.StatusBadRequest, wire.CodeRequest)
	b.refused(ask(), http.StatusTooManyRequests, wire.CodeBusy)
}

// deaf is a client that does not read: nothing that is written to it is taken
// before the deadline, which comes when it is told to.
type deaf struct {
	http.ResponseWriter
	late  <-chan struct{}
	until time.Time
}

func (d *deaf) SetWriteDeadline(until time.Time) error {
	d.until = until
	return nil
}

func (d *deaf) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d *deaf) Write([]byte) (int, error) {
	<-d.late
	return 0, os.ErrDeadlineExceeded
}

// A client that does not read is left, and whoever asked for the same gets all.
func TestClientThatDoesNotRead(t *testing.T) {
	b := start(t, server.Options{Limits: server.Limits{Write: time.Minute}}, "-- faults --\nleft-pad hold\n")
	late := make(chan struct{})
	b.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("User-Agent") != "deaf" {
			b.server.ServeHTTP(w, r)
			return
		}
		d := &deaf{ResponseWriter: w, late: late}
		began := time.Now()
		b.server.ServeHTTP(d, r)
		if d.until.Before(began.Add(time.Minute)) || d.until.After(time.Now().Add(time.Minute)) {
			t.Errorf("it was to take its answer until %v", d.until)
		}
	})
	var body bytes.Buffer
	if err := b.request(`{"dependencies":{"a":"*","left-pad":"*"}}`).Encode(&body); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, b.URL+wire.ResolvePath, bytes.NewReader(body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "deaf")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	reads := b.raw(bytes.NewReader(body.Bytes()))
	close(late)
	b.await(1)
	b.registry.ClearFaults()
	if _, last := b.frames(reads); last.Done == nil || last.Done.Packages < 2 {
		t.Errorf("it ends with %+v", last.Error)
	}
	if kinds := b.kinds(); len(kinds) != 2 || countKinds(kinds, server.Joined) != 1 { // returns when both handlers have
		t.Errorf("the requests were %v", kinds)
	}
}

// A registry that is down, slow, or lies, ends a resolution with an error that is
// not about the project; nothing of it stays.
func TestUpstreamFaults(t *testing.T) {
	for _, fault := range []string{
		"503", "reset", "truncate=20", "malformed=html", "malformed=truncated", "length=+10", "redirect=http://169.254.169.254/latest",
	} {
		t.Run(fault, func(t *testing.T) {
			b := start(t, server.Options{}, "-- faults --\npackument:b "+fault+"\n")
			req := b.request(`{"dependencies":{"a":"*"}}`)
			_, last := b.frames(b.post(req))
			if last.Error == nil || last.Error.Verdict || last.Error.Code != wire.CodeUpstream {
				t.Errorf("it ends with %+v", last)
			}
			if strings.HasPrefix(fault, "redirect") && !strings.Contains(last.Error.Message, "not one of ours") {
				t.Errorf("the redirect was followed: %s", last.Error.Message)
			}
			b.registry.ClearFaults()
			if _, last := b.frames(b.post(req)); last.Done == nil {
				t.Errorf("later it ends with %+v", last.Error)
			}
		})
	}
}

// A cache that takes nothing costs only time.
func TestCacheDiskFull(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	reg := testreg.New(t, testreg.Common())
	client, err := registry.New(registry.Options{Default: reg.URL, CacheDir: cache})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := os.RemoveAll(cache); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cache, nil, 0o600); err != nil { // nothing can be made in it
		t.Fatal(err)
	}
	b := start(t, server.Options{Registry: client, Limits: server.Limits{Documents: 1, Replays: 1}}) // nor is there memory
	for range 2 {
		req := b.request(`{"dependencies":{"a":"*","react-dom":"*"}}`)
		req.Registries[""] = wire.Registry{URL: reg.URL}
		if _, last := b.frames(b.post(req)); last.Done == nil {
			t.Errorf("it ends with %+v", last.Error)
		}
	}
}

// Many clients at one time, some of whom ask for the same: all get their answer.
func TestManyClients(t *testing.T) {
	b := start(t, server.Options{Limits: server.Limits{Queue: 100}})
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			resp := b.post(b.request(fmt.Sprintf(`{"name":"app%d","dependencies":{"a":"*","react-dom":"*","lib":"1"}}`, i%10)))
			if _, last := b.frames(resp); last.Done == nil {
				t.Errorf("%d ends with %+v", i, last.Error)
			}
		})
	}
	all.Wait()
}
