package registry

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"godwit/internal/event"
	"godwit/internal/npm"
)

// seen records requests.
type seen struct {
	mu       sync.Mutex
	requests []*http.Request
}

func (s *seen) add(r *http.Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	return len(s.requests)
}

func (s *seen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *seen) last() *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[len(s.requests)-1]
}

// serve starts a registry on loopback; handle gets the number of the request.
func serve(t *testing.T, handle func(w http.ResponseWriter, r *http.Request, n int)) (*httptest.Server, *seen) {
	t.Helper()
	s := &seen{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handle(w, r, s.add(r))
	}))
	t.Cleanup(server.Close)
	return server, s
}

// client makes a client that retries at once and closes it at the end.
func client(t *testing.T, o Options) *Client {
	t.Helper()
	if o.Retry == (Retry{}) {
		o.Retry = Retry{Count: 2, Factor: 1, Min: time.Millisecond, Max: time.Millisecond}
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

func packumentOf(name, version string) string {
	return fmt.Sprintf(`{"name":%q,"dist-tags":{"latest":%q},"versions":{%q:{"name":%q,"version":%q}}}`, name, version, version, name, version)
}

// warnings collects events.
type warnings struct {
	mu   sync.Mutex
	list []event.Warning
}

func (w *warnings) Emit(e event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, e.(event.Warning))
}

func TestPackumentRequest(t *testing.T) {
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Npm-Notice", "planned\u202e maintenance")
		z := gzip.NewWriter(w)
		io.WriteString(z, packumentOf("@acme/x", "1.2.3"))
		z.Close()
	})
	sink := &warnings{}
	c := client(t, Options{
		Default:   "https://registry.example/",
		Scopes:    map[string]string{"@acme": server.URL + "/npm/"},
		UserAgent: "godwit/1 npm/? node/v20", Command: "install", Session: "0123456789abcdef",
		Sink: sink,
	})
	for range 2 {
		doc, err := c.Packument(t.Context(), "@acme/x", Short)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := doc.Manifest("1.2.3"); err != nil || m.Name != "@acme/x" {
			t.Errorf("got %+v, %v", m, err)
		}
	}
	r := seen.last()
	if got, want := r.RequestURI, "/npm/@acme%2fx"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	for key, want := range map[string]string{
		"Accept":          "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*",
		"User-Agent":      "godwit/1 npm/? node/v20",
		"Npm-Command":     "install",
		"Npm-Session":     "0123456789abcdef",
		"Accept-Encoding": "gzip",
		"Authorization":   "",
	} {
		if got := r.Header.Get(key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if got := c.Registry("@acme/x"); got != server.URL+"/npm" {
		t.Errorf("registry: got %s", got)
	}
	if len(sink.list) != 1 || sink.list[0].Message != "planned maintenance" {
		t.Errorf("notices: got %+v, want one that is printable", sink.list)
	}
	if _, err := c.Packument(t.Context(), "@acme/x", Full); err != nil {
		t.Fatal(err)
	}
	if got := seen.last().Header.Get("Accept"); got != "application/json" {
		t.Errorf("full form: Accept is %q", got)
	}
}

func TestRefusals(t *testing.T) {
	const token = "npm_secret"
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		status := 404
		fmt.Sscanf(r.URL.Path, "/%d/", &status)
		w.WriteHeader(status)
		io.WriteString(w, `{"error":"no\u001b such thing"}`)
	})
	host := strings.TrimPrefix(server.URL, "http:")
	for _, test := range []struct {
		name        npm.Name
		registry    string
		credentials []Credential
		want        []string
	}{
		{"a", "/404", nil, []string{"/404/a: 404 Not Found (no such thing); no credentials were sent", "check the name"}},
		{"@acme/a", "/404", nil, []string{"if @acme is a private scope", host + "/404/:_authToken"}},
		{"@acme/a", "/404", []Credential{{Prefix: host, Token: token}}, []string{"a token was sent, of " + host + "/", "the token may read it"}},
		{"@acme/a", "/404", []Credential{{Prefix: host + "/elsewhere", Token: token}}, []string{"no credentials were sent", "a credential of " + host + "/elsewhere/, which does not cover this URL"}},
		{"a", "/401", []Credential{{Prefix: "//127.0.0.1:1/", Token: token}}, []string{"no credentials were sent", "a credential of //127.0.0.1:1/, which"}},
		{"a", "/401", nil, []string{"401 Unauthorized", "set " + host + "/401/:_authToken"}},
		{"a", "/403", []Credential{{Prefix: host + "/403", Username: "u", Password: "c2VjcmV0"}}, []string{"a user name and password was sent, of " + host + "/403/", "log in again"}},
		{"a", "/410", nil, []string{"410 Gone"}},
	} {
		before := seen.count()
		c := client(t, Options{Default: server.URL + test.registry, Credentials: test.credentials})
		_, err := c.Packument(t.Context(), test.name, Short)
		var status *StatusError
		if !errors.As(err, &status) || status.Code() != "ERR_PNPM_FETCH_"+test.registry[1:] || status.Registry != server.URL+test.registry {
			t.Fatalf("%s: got %#v", test.registry, err)
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s of %s: %q does not say %q", test.name, test.registry, err, want)
			}
		}
		if strings.Contains(err.Error(), "secret") || strings.ContainsRune(err.Error(), '\x1b') {
			t.Errorf("%q shows a secret or a control character", err)
		}
		if n := seen.count() - before; n != 1 {
			t.Errorf("%s: asked %d times", test.registry, n)
		}
	}
}

func TestBrokenPackuments(t *testing.T) {
	body := ""
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) { io.WriteString(w, body) })
	c := client(t, Options{Default: server.URL, CacheDir: t.TempDir(), MaxPackument: 1000})
	for _, body = range []string{"", "<html>log in</html>", `{"name":"a","versions":{`, packumentOf("b", "1.0.0")} {
		var broken *BrokenError
		if _, err := c.Packument(t.Context(), "a", Short); !errors.As(err, &broken) || !strings.Contains(err.Error(), server.URL) {
			t.Errorf("%q: got %v, want a BrokenError that names the URL", body, err)
		}
	}
	body = packumentOf("a", strings.Repeat("1", 1000))
	var large *TooLargeError
	if _, err := c.Packument(t.Context(), "a", Short); !errors.As(err, &large) {
		t.Errorf("got %v, want a TooLargeError", err)
	}
	if seen.count() != 9 {
		t.Errorf("asked %d times, want 9: once more for each that is broken, and nothing cached", seen.count())
	}
}

// A small answer may decode to a large document.
func TestGzipBomb(t *testing.T) {
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, strings.Repeat(" ", 10<<20))
		z.Close()
	})
	c := client(t, Options{Default: server.URL, MaxPackument: 1 << 20})
	var large *TooLargeError
	if _, err := c.Packument(t.Context(), "a", Short); !errors.As(err, &large) {
		t.Errorf("got %v, want a TooLargeError", err)
	}
}

// Many such answers at once must not take the limit many times over.
func TestLargeDocumentsTakeTurns(t *testing.T) {
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		name := r.URL.Path[1:]
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprintf(z, `{"name":%q,"versions":{}}`, name)
		if name != "small" {
			io.WriteString(z, strings.Repeat(" ", 200<<10))
		}
		z.Close()
	})
	c := client(t, Options{Default: server.URL, MaxPackument: 1 << 20})
	c.large <- struct{}{} // somebody else has the turn
	if _, err := c.Packument(t.Context(), "small", Short); err != nil {
		t.Errorf("a small one: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Packument(ctx, "waits", Short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a large one: %v, want that it waits", err)
	}
	<-c.large
	for _, name := range []npm.Name{"one", "other"} {
		if _, err := c.Packument(t.Context(), name, Short); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNetworkErrors(t *testing.T) {
	server, _ := serve(t, func(http.ResponseWriter, *http.Request, int) {})
	server.Close()
	c := client(t, Options{Default: strings.Replace(server.URL, "//", "//user:secret@", 1)})
	_, err := c.Packument(t.Context(), "a", Short)
	var network *NetworkError
	if !errors.As(err, &network) || network.Attempts != 3 {
		t.Fatalf("got %v, want a NetworkError after 3 attempts", err)
	}
	if text := err.Error(); !strings.Contains(text, server.URL+"/a") || !strings.Contains(text, "tried 3 times") || strings.Contains(text, "secret") {
		t.Errorf("got %q", text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Packument(ctx, "a", Short); !errors.Is(err, context.Canceled) || errors.As(err, &network) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"no registry":       {},
		"not http":          {Default: "ftp://user:hunter2@registry.example/"},
		"not a URL":         {Default: "https://user:hunter2@registry.example:port/"},
		"scope":             {Default: "https://registry.example", Scopes: map[string]string{"@a": "registry.example"}},
		"prefix":            {Default: "https://registry.example", Credentials: []Credential{{Prefix: "/", Token: "hunter2"}}},
		"empty credential":  {Default: "https://registry.example", Credentials: []Credential{{Prefix: "//registry.example/"}}},
		"password":          {Default: "https://registry.example", Credentials: []Credential{{Prefix: "//registry.example/", Username: "u", Password: "hunter2!"}}},
		"header injection":  {Default: "https://registry.example", Credentials: []Credential{{Prefix: "//registry.example/", Token: "hunter2\r\nX: y"}}},
		"ca":                {Default: "https://registry.example", TLS: TLS{CA: []byte("hunter2")}},
		"client cert":       {Default: "https://registry.example", TLS: TLS{Cert: []byte("hunter2")}},
		"client cert of //": {Default: "https://registry.example", Credentials: []Credential{{Prefix: "//registry.example/", Cert: []byte("hunter2"), Key: []byte("hunter2")}}},
	} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestCredentialHidesItsSecrets(t *testing.T) {
	c := Credential{Prefix: "//user:secret@registry.example/", Token: "secret", Basic: "secret", Password: "secret", Key: []byte("secret")}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(format, c); strings.Contains(s, "secret") {
			t.Errorf("%s shows %s", format, s)
		}
	}
}
