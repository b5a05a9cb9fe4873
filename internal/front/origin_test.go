package front

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestOrigin(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, test := range []struct {
		name, from, want string
		tls              bool
		header           []string
	}{
		{"plain", "192.0.2.1:5", "http://npm.example:80", false, nil},
		{"TLS", "192.0.2.1:5", "https://npm.example:80", true, nil},
		{"not trusted", "192.0.2.1:5", "http://npm.example:80", false, []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "other.example", "X-Forwarded-Prefix", "/npm"}},
		{"trusted", "10.1.2.3:5", "https://other.example/npm", false, []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "Other.example", "X-Forwarded-Prefix", "/npm/"}},
		{"several", "10.1.2.3:5", "https://b.example", false, []string{"X-Forwarded-Proto", "http, https", "X-Forwarded-Host", "a.example", "X-Forwarded-Host", "b.example"}},
		{"hostile", "10.1.2.3:5", "http://npm.example:80", false, []string{"X-Forwarded-Proto", "javascript", "X-Forwarded-Host", "a.example/x", "X-Forwarded-Prefix", "/../\"x"}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/left-pad", nil)
		r.Host, r.RemoteAddr = "NPM.example:80", test.from
		if test.tls {
			r.TLS = &tls.ConnectionState{}
		}
		for i := 0; i < len(test.header); i += 2 {
			r.Header.Add(test.header[i], test.header[i+1])
		}
		if got := Origin(r, trusted); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestBelow(t *testing.T) {
	h := Below("/a/npm", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.URL.Path)) }),
		func(r *http.Request) bool { return r.URL.Path == "/healthz" })
	for path, want := range map[string]string{
		"/a/npm": "/", "/a/npm/": "/", "/a/npm/left-pad": "/left-pad", "/a/npm/@acme%2fcore": "/@acme/core", "/a/npm/healthz": "/healthz", "/healthz": "/healthz",
		"/a/npmx/left-pad": "", "/left-pad": "", "/": "",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code == http.StatusOK && w.Body.String() != want || (w.Code == http.StatusNotFound) != (want == "") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for text, want := range map[string]bool{"/npm": true, "/a/b-c": true, "": false, "/": false, "npm": false, "/npm/": false, "/a//b": false, "/a/../b": false, "/a b": false, "/ä": false} {
		if IsPath(text) != want {
			t.Errorf("%q", text)
		}
	}
}
