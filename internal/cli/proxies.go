package cli

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"godwit/internal/config"
)

// proxyFor chooses the proxy of a request by its scheme, unless its host is on
// the list of those that are reached directly.
func proxyFor(n *config.Network) func(*url.URL) (*url.URL, error) {
	return func(u *url.URL) (*url.URL, error) {
		key, proxy := "proxy", n.HTTPProxy
		if u.Scheme == "https" {
			key, proxy = "https-proxy", n.HTTPSProxy
		}
		if proxy.Empty() || direct(u, n.NoProxy) {
			return nil, nil
		}
		return parseProxy(key, proxy.Reveal())
	}
}

// parseProxy reads what a setting, or a variable like HTTPS_PROXY, says. Without a
// scheme it is http, as for pnpm, curl and Go. Its errors do not repeat it: there
// may be a password in it.
func parseProxy(key, text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	p, err := url.Parse(text)
	if err != nil || p.Host == "" {
		return nil, fmt.Errorf("%s is not a URL; write http://HOST:PORT", key)
	}
	switch p.Scheme {
	case "http", "https", "socks5", "socks5h":
		return p, nil
	}
	return nil, fmt.Errorf("%s has the scheme %.10q; http, https, socks5 and socks5h are known", key, p.Scheme)
}

// loopback reports whether a URL leads to this machine, by its name or address.
func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || ip != nil && ip.IsLoopback()
}

// direct reports whether a host is on the list. Loopback is never behind a proxy.
func direct(u *url.URL, list []string) bool {
	if loopback(u) {
		return true
	}
	for _, entry := range list {
		if excepts(strings.ToLower(entry), u) {
			return true
		}
	}
	return false
}

// excepts reports whether an entry of noproxy, in lower case, means the host of u:
// "*" means all, a name itself and what is below it, with or without "." or "*."
// before it, an address itself, 10.0.0.0/8 all in it; ":443" behind a name or an
// address that port alone. These are the forms of curl and of Go's httpproxy, but that
// ".name" is the name itself, too, as for curl and npm (@npmcli/agent, isNoProxy).
func excepts(entry string, u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	addr, err := netip.ParseAddr(host)
	numeric := err == nil
	if net, err := netip.ParsePrefix(entry); err == nil {
		return numeric && net.Contains(addr.Unmap())
	}
	name := entry
	if h, port, err := net.SplitHostPort(entry); err == nil {
		if port != portOf(u) {
			return false
		}
		name = h
	}
	if numeric {
		other, err := netip.ParseAddr(strings.Trim(name, "[]"))
		return name == "*" || err == nil && other.Unmap() == addr.Unmap()
	}
	name = strings.TrimPrefix(strings.TrimPrefix(name, "*"), ".")
	return entry == "*" || host == name || name != "" && strings.HasSuffix(host, "."+name)
}

// portOf is the port that u is asked at.
func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
