package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"godwit/internal/testreg"
)

// writePair makes a certificate of its own authority for loopback, with a serial
// number to know it by.
func writePair(t *testing.T, dir string, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return cert, key
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A certificate is read again when its files change, and stays while they do not
// belong together.
func TestCertificateIsReadAgain(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	cert, key := writePair(t, dir, 1)
	var log safeBuffer
	c, err := newCertificate(cert, key, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		t.Helper()
		pair, err := c.current(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.Int64()
	}
	writePair(t, dir, 22) // a number of another length, so that the size is another whatever the file system's clock
	if got := serial(); got != 1 {
		t.Errorf("at once it is %d: the files are looked at with each handshake", got)
	}
	now = now.Add(lookEvery)
	if got := serial(); got != 22 {
		t.Errorf("later it is %d", got)
	}
	elsewhere, _ := writePair(t, t.TempDir(), 333)
	other, err := os.ReadFile(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert, string(other)+"\n")
	now = now.Add(lookEvery)
	if got := serial(); got != 22 || !strings.Contains(log.String(), "the new certificate is not used") {
		t.Errorf("half replaced it is %d; log: %s", got, log.String())
	}
	writePair(t, dir, 4444)
	now = now.Add(-time.Hour) // the clock was set back
	if got := serial(); got != 4444 {
		t.Errorf("in the end it is %d", got)
	}
}

// npmInstall installs left-pad and @acme/core with npm from a registry, and
// returns what package-lock.json says of the tarballs.
func npmInstall(t *testing.T, registry string, npmrc ...string) []string {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not there")
	}
	home := t.TempDir()
	dir := filepath.Join(home, "project")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "package.json"), `{"name":"app","dependencies":{"left-pad":"^1.0.0","@acme/core":"^1.0.0"}}`)
	write(t, filepath.Join(dir, ".npmrc"), "registry="+registry+"\naudit=false\nfund=false\nupdate-notifier=false\n"+strings.Join(npmrc, "\n")+"\n")
	cmd := exec.Command(npm, "install", "--ignore-scripts")
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "npm_config_cache=" + filepath.Join(home, "cache"), "npm_config_fetch_retries=0"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@acme", "core", "package.json")); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Resolved string }
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	return []string{lock.Packages["node_modules/@acme/core"].Resolved, lock.Packages["node_modules/left-pad"].Resolved}
}

const npmPackages = "-- packages --\nleft-pad@1.0.0\n@acme/core@1.0.0\n"

// wantTarballs compares what npm wrote with where a registry has the tarballs.
func wantTarballs(t *testing.T, got []string, base string) {
	t.Helper()
	for i, want := range []string{base + "/@acme/core/-/core-1.0.0.tgz", base + "/left-pad/-/left-pad-1.0.0.tgz"} {
		if got[i] != want {
			t.Errorf("%s, want %s", got[i], want)
		}
	}
}

// With TLS and a path of its own the server is a registry for npm, resolves for
// godwit, and answers probes where they always are.
func TestNpmWithTLSBelowAPath(t *testing.T) {
	up := testreg.New(t, []byte(npmPackages))
	cert, key := writePair(t, t.TempDir(), 1)
	r := start(t, up, t.TempDir(), fmt.Sprintf("tls: {cert: %q, key: %q}\nbase-path: /team/npm/\ntokens: [\"0123456789abcdef\"]\n", cert, key))
	at := strings.TrimPrefix(r.URL, "http://")
	base := "https://" + at + "/team/npm"
	wantTarballs(t, npmInstall(t, base+"/", "cafile="+cert, "//"+at+"/team/npm/:_authToken=0123456789abcdef"), base)

	pool := x509.NewCertPool()
	text, err := os.ReadFile(cert)
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	for path, want := range map[string]int{"/healthz": 200, "/team/npm/healthz": 200, "/left-pad": 404, "/team/npm/left-pad": 401} {
		res, err := client.Get("https://" + at + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
	question := `{"version":1,"registries":{"":{"url":"` + base + `/"}},"options":{},"importers":[{"dir":".","manifest":{"dependencies":[["left-pad","^1.0.0"]]}}]}`
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, base+"/-/godwit/v1/resolve", strings.NewReader(question))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer 0123456789abcdef")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	frames, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(frames), `{"done":{"packages":1,`) {
		t.Errorf("%s, %v: %s", res.Status, err, frames)
	}
}

// behind is a reverse proxy that takes /npm off and says so, or not.
func behind(t *testing.T, target string, says bool) string {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.StripPrefix("/npm", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		if says {
			r.SetXForwarded()
			r.Out.Header.Set("X-Forwarded-Prefix", "/npm")
		}
	}}))
	t.Cleanup(s.Close)
	return s.URL + "/npm"
}

// A reverse proxy before the server: its URL stands in what clients are told if
// the configuration names it, or says that the proxy is to be believed.
func TestNpmBehindAProxy(t *testing.T) {
	up := testreg.New(t, []byte(npmPackages))
	r := start(t, up, t.TempDir(), "trusted-proxies: [127.0.0.1]\n")
	base := behind(t, r.URL, true)
	wantTarballs(t, npmInstall(t, base+"/"), base)

	silent := start(t, up, t.TempDir(), "")
	for header, value := range map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil"} {
		if _, body := get(t, silent.URL+"/left-pad", header, value); strings.Contains(body, "evil") || strings.Contains(body, "https:") {
			t.Errorf("%s from anybody counts: %s", header, body)
		}
	}
	named := start(t, up, t.TempDir(), "public-url: https://npm.example/npm/\n")
	if _, body := get(t, behind(t, named.URL, false)+"/left-pad"); !strings.Contains(body, `"https://npm.example/npm/left-pad/-/left-pad-1.0.0.tgz"`) {
		t.Error(body)
	}
}
