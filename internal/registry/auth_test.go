package registry

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestCredentialByPrefix(t *testing.T) {
	table, err := newAuthTable([]Credential{
		{Prefix: "//registry.example/", Token: "host"},
		{Prefix: "//registry.example/npm/", Token: "npm"},
		{Prefix: "//registry.example/npm/private", Basic: "private"},
		{Prefix: "//Registry.example:8443", Token: "port"},
		{Prefix: "https://other.example:443/", Username: "u", Password: "cGFzcw"},
		{Prefix: "//[::1]:80/", Token: "six"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]string{
		"https://registry.example":                       "Bearer host",
		"https://REGISTRY.example/a":                     "Bearer host",
		"http://registry.example:80/a":                   "Bearer host",
		"https://registry.example/npm":                   "Bearer npm",
		"https://registry.example/npm/@s%2fa":            "Bearer npm",
		"https://registry.example/npm-other/a":           "Bearer host",
		"https://registry.example/npm/private/a/-/a.tgz": "Basic private",
		"https://registry.example/npm/private2":          "Bearer npm",
		"https://registry.example:8443/npm":              "Bearer port",
		"https://registry.example:9/a":                   "",
		"https://other.example/a":                        "Basic dTpwYXNz",
		"http://other.example/a":                         "",
		"http://other.example:443/a":                     "Basic dTpwYXNz",
		"https://registry.example.evil.example/a":        "",
		"https://evil.example/registry.example":          "",
		"https://registry.example/npm/../other":          "",
		"https://registry.example/npm/%2e%2e/other":      "",
		"https://registry.example@evil.example/npm":      "",
		"http://[::1]/a":                                 "Bearer six",
		"https://registry.example/npm/private/..%2f../a": "",
		"https://registry.example/npm%2fprivate/a":       "Bearer host",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if g := table.lookup(u); g != nil {
			got = g.header
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
}

// Credentials reach what lies under their prefix and nothing else, wherever a
// redirect leads.
func TestCredentialsAndRedirects(t *testing.T) {
	authorization := func(w http.ResponseWriter, r *http.Request, _ int) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		io.WriteString(w, r.Header.Get("Authorization"))
	}
	home, _ := serve(t, authorization)
	away, _ := serve(t, authorization)
	prefix := strings.TrimPrefix(home.URL, "http:") + "/npm/"
	c := client(t, Options{Default: home.URL, Credentials: []Credential{
		{Prefix: prefix, Token: "t"}, {Prefix: strings.TrimPrefix(away.URL, "http:"), Token: "away"},
	}})
	to := func(u string) string { return "?to=" + url.QueryEscape(u) }
	for name, test := range map[string]struct{ url, want string }{
		"under the prefix":             {home.URL + "/npm/a.tgz", "Bearer t"},
		"same host, other path":        {home.URL + "/files/a.tgz", ""},
		"to the same prefix":           {home.URL + "/npm/a.tgz" + to("b.tgz"), "Bearer t"},
		"out of the prefix":            {home.URL + "/npm/a.tgz" + to("/files/b.tgz"), ""},
		"to another host":              {home.URL + "/npm/a.tgz" + to(away.URL+"/b.tgz"), ""},
		"to another host and back":     {home.URL + "/npm/a.tgz" + to(away.URL+"/"+to(home.URL+"/npm/c.tgz")), ""},
		"from nowhere into the prefix": {home.URL + "/files/a.tgz" + to("/npm/b.tgz"), ""},
		"userinfo":                     {strings.Replace(home.URL, "//", "//u:p@", 1) + "/files/a.tgz", "Basic dTpw"},
		"userinfo, redirected home":    {strings.Replace(home.URL, "//", "//u:p@", 1) + "/files/a.tgz" + to("/b"), "Basic dTpw"},
		"userinfo, redirected away":    {strings.Replace(home.URL, "//", "//u:p@", 1) + "/files/a.tgz" + to(away.URL), ""},
		"userinfo in a redirect":       {home.URL + "/files/a.tgz" + to(strings.Replace(home.URL, "//", "//u:p@", 1)), ""},
	} {
		got, err := c.Tarball(t.Context(), TarballRequest{URL: test.url})
		if err != nil || string(got) != test.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, test.want)
		}
	}
}

func TestRedirectLimits(t *testing.T) {
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	c := client(t, Options{Default: server.URL})
	for _, test := range []struct {
		to, want string
		requests int
	}{
		{"", "no http URL", 1},
		{"file:///etc/passwd", "no http URL", 1},
		{"https://", "no http URL", 1},
		{"/%zz", "no http URL", 1},
		{"/?to=%2F", "no http URL", 3}, // /?to=/, then /, which says nothing
	} {
		before := seen.count()
		_, err := c.Tarball(t.Context(), TarballRequest{URL: server.URL + "/?to=" + url.QueryEscape(test.to)})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("to %q: got %v, want %q", test.to, err, test.want)
		}
		if n := seen.count() - before; n != test.requests {
			t.Errorf("to %q: %d requests, want %d", test.to, n, test.requests)
		}
	}
}

func TestRedirectLoop(t *testing.T) {
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		http.Redirect(w, r, "/again", http.StatusMovedPermanently)
	})
	c := client(t, Options{Default: server.URL})
	_, err := c.Tarball(t.Context(), TarballRequest{URL: server.URL})
	if err == nil || !strings.Contains(err.Error(), "more than 10 times") || seen.count() != 11 {
		t.Errorf("got %v after %d requests, want a refusal after 11", err, seen.count())
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"https://u:p@registry.example/a":              "https://***@registry.example/a",
		"dial https://u:p@@x/ and //v@y//w@z":         "dial https://***@x/ and //***@y//***@z",
		"https://registry.example/@scope/a":           "https://registry.example/@scope/a",
		`get "https://u:p@registry.example": refused`: `get "https://***@registry.example": refused`,
		"no URL": "no URL",
	} {
		if got := maskString(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	u, err := url.Parse("https://u:p@registry.example/a?signature=s#f")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := maskURL(u), "https://***@registry.example/a?***"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
