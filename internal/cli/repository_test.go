package cli

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"godwit/internal/git"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/specifier"
	"godwit/internal/registry"
)

// hosts stands for the git hosts: a proxy that answers for whatever host it is
// asked to connect to.
type hosts struct {
	archives map[string][]byte // by host and path
	mu       sync.Mutex
	asked    []string
	conns    chan net.Conn
	url      *url.URL
	ca       []byte
}

func (h *hosts) Accept() (net.Conn, error) {
	c, ok := <-h.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (h *hosts) Close() error   { return nil }
func (h *hosts) Addr() net.Addr { return &net.TCPAddr{} }

func (h *hosts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		conn, _, err := w.(http.Hijacker).Hijack() // before the client has reason to go on
		if err == nil {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
			h.conns <- conn
		}
		return
	}
	h.mu.Lock()
	h.asked = append(h.asked, r.Host+r.URL.Path)
	h.mu.Unlock()
	data, ok := h.archives[r.Host+r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Write(data)
}

func newHosts(t *testing.T) *hosts {
	t.Helper()
	h := &hosts{archives: map[string][]byte{}, conns: make(chan net.Conn)}
	issue := func(cert, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	caKey, leafKey := key(), key()
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	h.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issue(ca, ca, caKey, caKey)})
	leaf := issue(&x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"codeload.github.com", "gitlab.com", "bitbucket.org"},
	}, ca, leafKey, caKey)
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.url = &url.URL{Scheme: "http", Host: proxy.Addr().String()}
	secure := tls.NewListener(h, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf}, PrivateKey: leafKey}}})
	outer, inner := &http.Server{Handler: h}, &http.Server{Handler: h}
	go outer.Serve(proxy)
	go inner.Serve(secure)
	t.Cleanup(func() {
		outer.Close()
		close(h.conns) // which ends Accept, for which the other Close waits
		inner.Close()
	})
	return h
}

func (h *hosts) source(t *testing.T) *source {
	t.Helper()
	client, err := registry.New(registry.Options{
		Default: "https://registry.example/", TLS: registry.TLS{CA: h.ca},
		Proxy: func(*url.URL) (*url.URL, error) { return h.url, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	// A git that answers nothing: no repository is asked for what an archive has.
	repos := git.New(git.Options{Env: []string{"PATH="}, Dir: t.TempDir(), Now: time.Now})
	return &source{client: client, git: repos, arrived: &arrived{}, root: t.TempDir()}
}

// tgz packs files, PATH=TEXT, as hosts do.
func tgz(t *testing.T, files ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	tw := tar.NewWriter(zw)
	for _, f := range files {
		name, text, _ := strings.Cut(f, "=")
		if err := tw.WriteHeader(&tar.Header{Name: "r-0badf00d/" + name, Size: int64(len(text)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(tw, text)
	}
	tw.Close()
	zw.Close()
	return buf.Bytes()
}

const sha = "0123456789abcdef0123456789abcdef01234567"

func TestHostedRepositoriesComeAsArchives(t *testing.T) {
	data := tgz(t, `package.json={"name": "root", "version": "1.0.0"}`, `packages/a/package.json={"name": "a"}`)
	for _, c := range []struct{ raw, at, id, name, version string }{
		{"o/r#" + sha, "codeload.github.com/o/r/tar.gz/" + sha, "https://codeload.github.com/o/r/tar.gz/" + sha, "root", "1.0.0"},
		{"git+ssh://git@github.com/o/r.git#" + sha, "codeload.github.com/o/r/tar.gz/" + sha, "https://codeload.github.com/o/r/tar.gz/" + sha, "root", "1.0.0"},
		{"github:o/r#" + sha + "&path:/packages/a", "codeload.github.com/o/r/tar.gz/" + sha, "https://codeload.github.com/o/r/tar.gz/" + sha + "#path:/packages/a", "a", "0.0.0"},
		{"gitlab:g/r#" + sha, "gitlab.com/g/r/-/archive/" + sha + "/r-" + sha + ".tar.gz", "https://gitlab.com/g/r/-/archive/" + sha + "/r-" + sha + ".tar.gz", "root", "1.0.0"},
		{"bitbucket:o/r#" + sha, "bitbucket.org/o/r/get/" + sha + ".tar.gz", "https://bitbucket.org/o/r/get/" + sha + ".tar.gz", "root", "1.0.0"},
	} {
		h := newHosts(t)
		h.archives[c.at] = data
		src := h.source(t)
		spec, err := specifier.Parse("alias", c.raw)
		if err != nil {
			t.Fatal(err)
		}
		ext, err := src.External(t.Context(), spec, ".")
		if err != nil {
			t.Errorf("%s: %v", c.raw, err)
			continue
		}
		res := ext.Resolution
		if ext.ID != c.id || string(ext.Manifest.Name) != c.name || ext.Manifest.Version != c.version {
			t.Errorf("%s: %s is %s@%s", c.raw, ext.ID, ext.Manifest.Name, ext.Manifest.Version)
		}
		if !res.GitHosted || res.Integrity != integrity.Of(data).String() || res.Path != spec.Git.Dir || "https://"+c.at != res.Tarball {
			t.Errorf("%s: %+v", c.raw, res)
		}
		if got := src.arrived.take(res.Tarball); !bytes.Equal(got, data) {
			t.Errorf("%s: the archive is not kept for the install", c.raw)
		}
	}
}

// What nobody may have without credentials, and what is asked for with some, is
// left to git.
func TestPrivateRepositoriesAreLeftToGit(t *testing.T) {
	for raw, asked := range map[string]int{"o/private#" + sha: 1, "git+https://me:hunter2@github.com/o/r.git#" + sha: 0, "gist:" + sha + "#" + sha: 0} {
		h := newHosts(t)
		spec, err := specifier.Parse("alias", raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.source(t).External(t.Context(), spec, ".")
		if err == nil || !strings.Contains(err.Error(), "git ") || strings.Contains(err.Error(), "hunter2") || len(h.asked) != asked {
			t.Errorf("%s: %v, after asking for %q", raw, err, h.asked)
		}
	}
}
