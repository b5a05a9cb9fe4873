package cli

import (
	"net/url"
	"strings"
	"testing"
)

func TestHostsWithoutProxy(t *testing.T) {
	for _, c := range []struct {
		list, url string
		want      bool
	}{
		{"", "https://a.example/", false},
		{"", "http://localhost:4873/", true},
		{"", "http://[::1]/", true},
		{"*", "https://a.example/", true},
		{"*", "https://192.0.2.1/", true},
		{"a.example", "https://A.Example/", true},
		{"A.EXAMPLE", "https://a.example/", true},
		{"example", "https://a.example/", true},
		{".example", "https://a.example/", true},
		{"*.example", "https://a.example/", true},
		{".a.example", "https://a.example/", true},
		{"b.example", "https://ab.example/", false},
		{"a.example:443", "https://a.example/", true},
		{"a.example:80", "http://a.example/", true},
		{"a.example:8443", "https://a.example:8443/", true},
		{"a.example:8443", "https://a.example/", false},
		{"192.0.2.1", "https://192.0.2.1:8443/", true},
		{"192.0.2.1:8443", "https://192.0.2.1:8443/", true},
		{"192.0.2.1:8444", "https://192.0.2.1:8443/", false},
		{".1", "https://192.0.2.1/", false},
		{"192.0.2.0/24", "https://192.0.2.1/", true},
		{"192.0.2.0/24", "https://192.0.3.1/", false},
		{"192.0.2.0/24", "https://a.example/", false},
		{"2001:db8::/32", "https://[2001:db8::1]:4873/", true},
		{"2001:db8::1", "https://[2001:db8:0::1]/", true},
		{"[2001:db8::1]", "https://[2001:db8::1]/", true},
		{"[2001:db8::1]:443", "https://[2001:db8::1]/", true},
		{"192.0.2.0/24", "https://[::ffff:192.0.2.1]/", true},
		{"b.example a.example", "https://a.example/", true},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := direct(u, strings.Fields(c.list)); got != c.want {
			t.Errorf("%q and %s: %v", c.list, c.url, got)
		}
	}
}

func TestProxyURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://proxy.example:3128":      "http://proxy.example:3128",
		"proxy.example:3128":             "http://proxy.example:3128",
		"192.0.2.1:3128":                 "http://192.0.2.1:3128",
		"user:pa55@proxy.example:3128":   "http://user:pa55@proxy.example:3128",
		"socks5h://proxy.example:1080":   "socks5h://proxy.example:1080",
		"https://proxy.example":          "https://proxy.example",
		"socks4://user:pa55@proxy:1080":  "",
		"http://user:pa55@proxy:port":    "",
		"http://user:pa5%5@proxy:3128":   "",
		"://user:pa55@proxy.example:312": "",
	} {
		u, err := parseProxy("https-proxy", text)
		switch {
		case want == "" && (err == nil || strings.Contains(err.Error(), "pa5") || !strings.Contains(err.Error(), "https-proxy")):
			t.Errorf("%s: %v, %v", text, u, err)
		case want != "" && (err != nil || u.String() != want):
			t.Errorf("%s: %v, %v", text, u, err)
		}
	}
}
