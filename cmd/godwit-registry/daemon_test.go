package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"godwit/internal/proxy/disk"
	"godwit/internal/resolve/wire"
	"godwit/internal/testreg"
)

// running is a daemon under way.
type running struct {
	URL    string
	log    *safeBuffer
	cancel context.CancelFunc
	ended  chan error
}

// safeBuffer is written by many goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start serves what up has with a configuration of the text.
func start(t *testing.T, up *testreg.Registry, cache, text string) *running {
	t.Helper()
	return startAt(t, up.URL, cache, text)
}

// startAt is start before any registry.
func startAt(t *testing.T, up, cache, text string) *running {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	text = "listen: 127.0.0.1:0\nupstream: {registry: \"" + up + "\"}\n" + text
	if !strings.Contains(text, "cache:") {
		text += "cache: {dir: \"" + cache + "\"}\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &running{log: &safeBuffer{}, ended: make(chan error, 1)}
	p := testProcess(t, nil)
	p.stderr = r.log
	address := make(chan string, 1)
	p.listening = func(at string) { address <- at }
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() { r.ended <- p.run(ctx, []string{"serve", "--config", path}) }()
	t.Cleanup(func() { cancel(); r.ended <- <-r.ended })
	select {
	case at := <-address:
		r.URL = "http://" + at
	case err := <-r.ended:
		r.ended <- err
		t.Fatalf("it did not start: %v", err)
	}
	return r
}

func get(t *testing.T, url string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestDaemon(t *testing.T) {
	up := testreg.New(t, []byte("-- packages --\nleft-pad@1.0.0\nmetrics@1.0.0\n"))
	r := start(t, up, t.TempDir(), "tokens: [\"0123456789abcdef\"]\n")
	token := []string{"Authorization", "Bearer 0123456789abcdef"}
	if status, body := get(t, r.URL+"/healthz"); status != 200 || body != "ok\n" {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := get(t, r.URL+"/readyz"); status != 200 {
		t.Errorf("%d", status)
	}
	for _, path := range []string{"/left-pad", "/left-pad/-/left-pad-1.0.0.tgz", "/metrics"} {
		if status, _ := get(t, r.URL+path); status != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d", path, status)
		}
		if status, _ := get(t, r.URL+path, token...); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
	// The package of that name is there for who asks as package managers do.
	if status, body := get(t, r.URL+"/metrics", append(token, "Accept", "application/json")...); status != 200 || !strings.Contains(body, `"name":"metrics"`) {
		t.Errorf("%d %s", status, body)
	}
	_, page := get(t, r.URL+"/metrics", token...)
	for _, line := range []string{`godwit_tarballs_total{from="upstream"} 1`, `godwit_request_duration_seconds_count{kind="tarball",status="4xx"} 1`, "godwit_requests_in_flight 1", `godwit_build_info{version="dev",goversion="` + runtime.Version() + `"} 1`} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("no %s in\n%s", line, page)
		}
	}
	if status, body := get(t, r.URL+"/-/godwit", token...); status != 200 || !strings.Contains(body, `"resolve":[`) {
		t.Errorf("the resolver: %d %s", status, body)
	}
	for _, request := range up.Requests() {
		if request.SentCredentials() {
			t.Errorf("%s upstream carried the client's credentials", request.URI)
		}
	}
	if s := r.log.String(); strings.Contains(s, "0123456789abcdef") || !strings.Contains(s, "request=") {
		t.Errorf("log:\n%s", s)
	}
}

// What is under way is finished, and what comes then finds nobody.
func TestGracefulShutdown(t *testing.T) {
	up := testreg.New(t, []byte("-- packages --\nleft-pad@1.0.0\n-- faults --\nleft-pad hold\n"))
	r := start(t, up, t.TempDir(), "")
	answered := make(chan int, 1)
	go func() {
		status, _ := get(t, r.URL+"/left-pad")
		answered <- status
	}()
	for up.Count() == 0 {
		time.Sleep(time.Millisecond)
	}
	r.cancel()
	for !strings.Contains(r.log.String(), "shutting down") {
		time.Sleep(time.Millisecond)
	}
	up.ClearFaults()
	if status := <-answered; status != http.StatusOK {
		t.Errorf("the request under way: %d", status)
	}
	err := <-r.ended
	r.ended <- err
	if err != nil {
		t.Errorf("%v\n%s", err, r.log)
	}
	if _, err := http.Get(r.URL + "/left-pad"); err == nil {
		t.Error("it still answers")
	}
}

// What takes too long is cut off, and has ended before what it uses is closed.
func TestCutOff(t *testing.T) {
	up := testreg.New(t, []byte("-- packages --\nleft-pad@1.0.0\n-- faults --\n* hold\n"))
	r := start(t, up, t.TempDir(), "limits: {shutdown: 1ms}\nlog: {requests: true}\n")
	const question = `{"version":1,"registries":{"":{"url":"REGISTRY"}},"options":{},"importers":[{"dir":".","manifest":{"dependencies":[["left-pad","*"]]}}]}`
	var asked sync.WaitGroup
	for range 10 {
		asked.Go(func() {
			if res, err := http.Get(r.URL + "/left-pad"); err == nil {
				t.Errorf("an answer to who was cut off: %s", res.Status)
				res.Body.Close()
			}
		})
		asked.Go(func() {
			res, err := http.Post(r.URL+wire.ResolvePath, wire.RequestType, strings.NewReader(strings.Replace(question, "REGISTRY", up.URL, 1)))
			if err == nil { // whose status comes before it is resolved
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		})
	}
	for page := ""; !strings.Contains(page, "godwit_requests_in_flight 21\n"); {
		_, page = get(t, r.URL+"/metrics")
	}
	r.cancel()
	err := <-r.ended
	r.ended <- err
	if log := r.log.String(); err != nil || strings.Count(log, "path=/left-pad") != 10 || strings.Count(log, " path="+wire.ResolvePath) != 10 {
		t.Errorf("%v\n%s", err, log)
	}
	asked.Wait()
}

func TestTwoServersCannotShareACache(t *testing.T) {
	up := testreg.New(t, []byte("-- packages --\nleft-pad@1.0.0\n"))
	cache := t.TempDir()
	start(t, up, cache, "")
	path := filepath.Join(t.TempDir(), "c.yaml")
	text := "listen: 127.0.0.1:0\nupstream: {registry: \"" + up.URL + "\"}\ncache: {dir: \"" + cache + "\"}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := testProcess(t, nil).run(context.Background(), []string{"serve", "--config", path}); !errors.Is(err, disk.ErrInUse) {
		t.Errorf("%v", err)
	}
}

func TestClientsAreSlowedDown(t *testing.T) {
	up := testreg.New(t, []byte("-- packages --\nleft-pad@1.0.0\n"))
	r := start(t, up, t.TempDir(), "limits: {rate: 0.001, burst: 2}\n")
	var got []int
	for range 3 {
		status, _ := get(t, r.URL+"/left-pad")
		got = append(got, status)
	}
	if got[1] != http.StatusOK || got[2] != http.StatusTooManyRequests {
		t.Errorf("%v", got)
	}
	if status, _ := get(t, r.URL+"/healthz"); status != http.StatusOK {
		t.Errorf("a probe: %d", status)
	}
}

// What a client may send is bounded.
func TestBoundedRequests(t *testing.T) {
	up := testreg.New(t, []byte("-- packages --\nleft-pad@1.0.0\n"))
	r := start(t, up, t.TempDir(), "")
	if status, _ := get(t, r.URL+"/left-pad", "X-Long", strings.Repeat("x", 2*maxHeader)); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a long header: %d", status)
	}
	if status, _ := get(t, r.URL+"/"+strings.Repeat("x", 5000)); status != http.StatusRequestURITooLong {
		t.Errorf("a long URL: %d", status)
	}
	res, err := http.Post(r.URL+"/-/npm/v1/security/advisories/bulk", "application/json", io.LimitReader(endless{}, 9<<20))
	if err == nil { // it may also close the connection on what is still being sent
		res.Body.Close()
		if res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("a long body: %d", res.StatusCode)
		}
	}
	if n := up.Count(); n != 0 {
		t.Errorf("the registry was asked %d times", n)
	}
}

// endless is a body of blanks.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}
