package registry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// signed is a certificate for a host, which is its own authority.
func signed(t *testing.T, host string, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// tunnel is a proxy that makes a connection to one server only, to whichever host
// it is asked for, or answers with a status.
func tunnel(t *testing.T, to *httptest.Server, status int) *url.URL {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		there, err := new(net.Dialer).DialContext(r.Context(), "tcp", to.Listener.Addr().String())
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			io.Copy(there, here)
			there.Close()
		}()
		io.Copy(here, there)
		here.Close()
	}))
	t.Cleanup(proxy.Close)
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// always is a proxy for everything.
func always(proxy *url.URL) func(*url.URL) (*url.URL, error) {
	return func(*url.URL) (*url.URL, error) { return proxy, nil }
}

// What is wrong with a certificate decides what can be done.
func TestCertificateAdvice(t *testing.T) {
	soon := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		cert         tls.Certificate
		known, noTLS bool
		wants, lacks string
	}{
		"unknown":      {signed(t, "registry.example", soon), false, false, "NODE_EXTRA_CA_CERTS", "renewed"},
		"out of date":  {signed(t, "registry.example", time.Now().Add(-time.Hour)), true, false, "renewed, or the clock", "cafile"},
		"another host": {signed(t, "other.example", soon), true, false, "another host's", "cafile"},
		"no TLS":       {signed(t, "registry.example", soon), true, true, "http or https", "cafile"},
		"right":        {signed(t, "registry.example", soon), true, false, "", ""},
	} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "bytes") }))
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that leave
		if server.TLS = (&tls.Config{Certificates: []tls.Certificate{c.cert}}); c.noTLS {
			server.Start()
		} else {
			server.StartTLS()
		}
		t.Cleanup(server.Close)
		o := Options{Default: "https://registry.example", Proxy: always(tunnel(t, server, http.StatusOK))}
		if c.known {
			o.TLS.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Certificate[0]})
		}
		_, err := client(t, o).Tarball(t.Context(), TarballRequest{URL: "https://registry.example/a.tgz"})
		if c.wants == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var network *NetworkError
		if !errors.As(err, &network) || network.Attempts != 1 || !strings.Contains(err.Error(), c.wants) || strings.Contains(err.Error(), c.lacks) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A proxy that makes no connection is named, with what it wants.
func TestProxyAdvice(t *testing.T) {
	for _, c := range []struct {
		status   int
		user     *url.Userinfo
		attempts int
		wants    []string
	}{
		{http.StatusProxyAuthRequired, nil, 1, []string{"407 Proxy Authentication Required", "https-proxy=http://USER:PASSWORD@"}},
		{http.StatusProxyAuthRequired, url.UserPassword("u", "pa55"), 1, []string{"407 Proxy Authentication Required", "does not take the user"}},
		{http.StatusForbidden, nil, 1, []string{"403 Forbidden", "let registry.example:443 through", "noproxy"}},
		{http.StatusBadGateway, nil, 3, []string{"502 Bad Gateway", "proxy settings"}},
	} {
		proxy := tunnel(t, nil, c.status)
		proxy.User = c.user
		o := Options{Default: "https://registry.example", Proxy: always(proxy)}
		_, err := client(t, o).Packument(t.Context(), "a", Short)
		var network *NetworkError
		if !errors.As(err, &network) || network.Attempts != c.attempts {
			t.Errorf("%d: %v", c.status, err)
			continue
		}
		for _, want := range append(c.wants, "the proxy "+proxy.Host) {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pa55") {
				t.Errorf("%d: %v, want %q", c.status, err, want)
			}
		}
	}

	// Without TLS the proxy itself answers the request.
	o := Options{Default: "http://registry.example", Proxy: always(tunnel(t, nil, http.StatusProxyAuthRequired))}
	_, err := client(t, o).Packument(t.Context(), "a", Short)
	if err == nil || !strings.Contains(err.Error(), "a proxy wants to know who asks") || strings.Contains(err.Error(), "no credentials were sent") {
		t.Error(err)
	}
}

// A proxy that there cannot be is asked for once.
func TestWrongProxy(t *testing.T) {
	wrong := errors.New("https-proxy is not a URL")
	o := Options{Default: "https://registry.example", Proxy: func(*url.URL) (*url.URL, error) { return nil, wrong }}
	_, err := client(t, o).Packument(t.Context(), "a", Short)
	var network *NetworkError
	if !errors.As(err, &network) || network.Attempts != 1 || !errors.Is(err, wrong) {
		t.Error(err)
	}
}

// Whatever breaks HTTP/2 does not break HTTP/1.1.
func TestBrokenHTTP2(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			io.WriteString(w, `{"name":"a",`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler) // RST_STREAM
		}
		io.WriteString(w, packumentOf("a", "1.0.0"))
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	sink := &warnings{}
	c := client(t, Options{Default: server.URL, TLS: TLS{Insecure: true}, Sink: sink})
	doc, err := c.Packument(t.Context(), "a", Short)
	if err != nil || doc.DistTags["latest"] != "1.0.0" || len(sink.list) != 1 {
		t.Errorf("%+v, %v, %v", doc, err, sink.list)
	}
}

// A packument that was damaged on its way comes right the second time.
func TestBrokenOnce(t *testing.T) {
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, "<p>Please sign in")
			return
		}
		io.WriteString(w, packumentOf("a", "1.0.0"))
	})
	c := client(t, Options{Default: server.URL})
	if doc, err := c.Packument(t.Context(), "a", Short); err != nil || doc.DistTags["latest"] != "1.0.0" || seen.count() != 2 {
		t.Errorf("%+v, %v, asked %d times", doc, err, seen.count())
	}
}
