package registry

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"godwit/internal/npm"
)

func TestTarball(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		switch {
		case r.URL.Path == "/chunked.tgz":
			w.(http.Flusher).Flush()
		case n == 1:
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			w.Write(content[:len(content)/2]) // then the connection breaks
			return
		}
		w.Write(content)
	})
	c := client(t, Options{Default: server.URL})
	var progress int64
	got, err := c.Tarball(t.Context(), TarballRequest{URL: server.URL + "/a.tgz", Progress: func(n int64) { progress += n }})
	if err != nil || !bytes.Equal(got, content) || seen.count() != 2 {
		t.Fatalf("got %d bytes, %v after %d requests", len(got), err, seen.count())
	}
	if progress != int64(len(content)) {
		t.Errorf("progress adds up to %d, want %d: what a failed attempt reported is taken back", progress, len(content))
	}
	if ae := seen.last().Header.Get("Accept-Encoding"); ae != "" {
		t.Errorf("asked for encoding %q: the bytes must be those that were published", ae)
	}
	again, err := c.Tarball(t.Context(), TarballRequest{URL: server.URL + "/chunked.tgz", Room: func(int64) []byte { return got[:0] }})
	if err != nil || !bytes.Equal(again, content) || &again[0] != &got[0] {
		t.Errorf("the buffer was not used again: %v", err)
	}
}

func TestTarballLimit(t *testing.T) {
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if r.URL.Path == "/chunked.tgz" {
			w.(http.Flusher).Flush()
		}
		w.Write(make([]byte, 1001))
	})
	c := client(t, Options{Default: server.URL, MaxTarball: 1000})
	for _, path := range []string{"/a.tgz", "/chunked.tgz"} {
		var large *TooLargeError
		if _, err := c.Tarball(t.Context(), TarballRequest{URL: server.URL + path}); !errors.As(err, &large) || large.Limit != 1000 {
			t.Errorf("%s: got %v, want a TooLargeError", path, err)
		}
	}
}

// An error of the reader's own is returned as it is, and nothing is repeated.
func TestStreamReturnsTheReadersError(t *testing.T) {
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, n int) { w.Write(make([]byte, 1000)) })
	c := client(t, Options{Default: server.URL})
	own := errors.New("disk full")
	err := c.Stream(t.Context(), TarballRequest{URL: server.URL}, func(body io.Reader, size int64) error {
		if size != 1000 {
			t.Errorf("size %d, want 1000", size)
		}
		return own
	})
	if err != own || seen.count() != 1 {
		t.Errorf("got %v after %d requests", err, seen.count())
	}
}

func TestTarballOffline(t *testing.T) {
	c := client(t, Options{Default: "https://registry.example", Offline: true})
	_, err := c.Tarball(t.Context(), TarballRequest{URL: "https://u:secret@registry.example/a.tgz"})
	var offline *OfflineError
	if !errors.As(err, &offline) || offline.Code() != "ERR_PNPM_NO_OFFLINE_TARBALL" || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestReplaceHost(t *testing.T) {
	const public = "public.example"
	for _, test := range []struct {
		rule     ReplaceHost
		registry string
		name     npm.Name
		url      string
		want     string
	}{
		{ReplaceHost{}, "https://mine.example", "a", "https://public.example/a/-/a-1.0.0.tgz", "https://public.example/a/-/a-1.0.0.tgz"},
		{ReplaceHost{Public: true}, "https://mine.example/npm", "@s/a", "https://public.example/@s/a/-/a-1.0.0.tgz", "https://mine.example/npm/@s/a/-/a-1.0.0.tgz"},
		{ReplaceHost{Public: true}, "https://mine.example", "a", "https://other.example/npm/a/-/a-1.0.0.tgz", "https://other.example/npm/a/-/a-1.0.0.tgz"},
		{ReplaceHost{Public: true}, "https://mine.example", "a", "https://other.example:8443/a/-/a-1.0.0.tgz", "https://other.example:8443/a/-/a-1.0.0.tgz"},
		{ReplaceHost{Public: true}, "https://mine.example", "a", "https://other.example/b/-/b-1.0.0.tgz", "https://other.example/b/-/b-1.0.0.tgz"},
		{ReplaceHost{Host: public}, "https://mine.example", "a", "https://Public.example/a/-/a-1.0.0.tgz?x=1", "https://mine.example/a/-/a-1.0.0.tgz?x=1"},
		{ReplaceHost{Host: public}, "http://mine.example:4873/npm/", "@s/a", "https://public.example/@s%2fa/-/a-1.0.0.tgz", "http://mine.example:4873/npm/@s%2fa/-/a-1.0.0.tgz"},
		{ReplaceHost{Host: public}, "https://mine.example/npm", "a", "https://public.example/npm/a/-/a-1.0.0.tgz", "https://mine.example/npm/a/-/a-1.0.0.tgz"},
		{ReplaceHost{Host: public}, "https://mine.example", "a", "https://other.example/a.tgz", "https://other.example/a.tgz"},
		{ReplaceHost{Always: true}, "https://mine.example", "a", "https://other.example/a.tgz", "https://mine.example/a.tgz"},
		{ReplaceHost{Always: true}, "https://mine.example", "", "https://other.example/a.tgz", "https://other.example/a.tgz"},
		{ReplaceHost{Always: true}, "https://mine.example", "a", "https://u:p@mine.example/a.tgz", "https://mine.example/a.tgz"},
	} {
		c := client(t, Options{Default: test.registry, ReplaceHost: test.rule})
		if got := c.replaceHost(test.name, test.url); got != test.want {
			t.Errorf("%+v: got %s", test, got)
		}
	}
}

// keyAndCert makes a self-signed identity in PEM.
func keyAndCert(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

// secure starts a TLS registry that answers with protocol and whether the
// client showed a certificate.
func secure(t *testing.T) (server *httptest.Server, ca []byte) {
	t.Helper()
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".tgz") {
			fmt.Fprintf(w, "%s %d", r.Proto, len(r.TLS.PeerCertificates))
			return
		}
		fmt.Fprintf(w, `{"name":"a","dist-tags":{"proto":%q}}`, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func TestTLS(t *testing.T) {
	server, ca := secure(t)
	cert, key := keyAndCert(t)
	prefix := strings.TrimPrefix(server.URL, "https:")
	for name, test := range map[string]struct {
		o    Options
		want string
	}{
		"unknown authority": {Options{}, ""},
		"ca":                {Options{TLS: TLS{CA: ca}}, "HTTP/1.1 0"},
		"extra ca":          {Options{TLS: TLS{ExtraCA: ca}}, "HTTP/1.1 0"},
		"strict-ssl=false":  {Options{TLS: TLS{Insecure: true}}, "HTTP/1.1 0"},
		"cert":              {Options{TLS: TLS{CA: ca, Cert: cert, Key: key}}, "HTTP/1.1 1"},
		"cert of the host":  {Options{TLS: TLS{CA: ca}, Credentials: []Credential{{Prefix: prefix, Cert: cert, Key: key}}}, "HTTP/1.1 1"},
		"cert of a path":    {Options{TLS: TLS{CA: ca}, Credentials: []Credential{{Prefix: prefix + "/npm", Token: "t", Cert: cert, Key: key}}}, "HTTP/1.1 0"},
	} {
		test.o.Default = server.URL
		c := client(t, test.o)
		got, err := c.Tarball(t.Context(), TarballRequest{URL: server.URL + "/a.tgz"})
		if test.want == "" {
			var network *NetworkError
			if !errors.As(err, &network) || network.Attempts != 1 || !strings.Contains(err.Error(), "cafile") {
				t.Errorf("%s: got %q, %v, want a refusal that names cafile", name, got, err)
			}
			continue
		}
		if err != nil || string(got) != test.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, test.want)
		}
		doc, err := c.Packument(t.Context(), "a", Short)
		if err != nil || doc.DistTags["proto"] != "HTTP/2.0" {
			t.Errorf("%s: packuments came by %v, %v, want HTTP/2", name, doc, err)
		}
	}
}

// With credentials there is no way down from https to http.
func TestNoDowngrade(t *testing.T) {
	plain, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) { io.WriteString(w, "plain") })
	server := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	t.Cleanup(server.Close)
	for _, credentials := range [][]Credential{nil, {{Prefix: strings.TrimPrefix(server.URL, "https:"), Token: "t"}}} {
		c := client(t, Options{Default: server.URL, TLS: TLS{Insecure: true}, Credentials: credentials})
		got, err := c.Tarball(t.Context(), TarballRequest{URL: server.URL})
		if credentials == nil && (err != nil || string(got) != "plain") {
			t.Errorf("without credentials: got %q, %v", got, err)
		}
		if credentials != nil && (err == nil || !strings.Contains(err.Error(), "from https to http")) {
			t.Errorf("with credentials: got %q, %v", got, err)
		}
	}
}

func TestProxy(t *testing.T) {
	proxy, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) { io.WriteString(w, "by proxy") })
	c := client(t, Options{Default: "http://registry.example", Proxy: func(*url.URL) (*url.URL, error) {
		return url.Parse(strings.Replace(proxy.URL, "//", "//u:p@", 1))
	}})
	got, err := c.Tarball(t.Context(), TarballRequest{URL: "http://registry.example/a.tgz"})
	if err != nil || string(got) != "by proxy" || seen.last().RequestURI != "http://registry.example/a.tgz" {
		t.Errorf("got %q, %v", got, err)
	}
	if seen.last().Header.Get("Proxy-Authorization") == "" {
		t.Error("the proxy's credentials were not sent")
	}
}

func TestMaxSockets(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
	})
	c := client(t, Options{Default: server.URL, MaxSockets: 3})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Tarball(t.Context(), TarballRequest{URL: server.URL}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most > 3 {
		t.Errorf("%d requests at once, want at most 3", most)
	}
}
