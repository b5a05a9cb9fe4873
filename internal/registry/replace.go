package registry

import (
	"net/url"
	"strings"

	"godwit/internal/npm"
)

// ReplaceHost says which tarball URLs lead to the configured registry instead
// (npm's replace-registry-host), so that a lockfile written against one
// registry installs from another. The zero value replaces nothing.
type ReplaceHost struct {
	Always bool
	Host   string // replaced if a URL has this host name; what npm means by "npmjs" is filled in by config
}

// replaceHost rewrites raw for name. The registry's path goes before the URL's
// unless it is there (@npmcli/arborist, registryResolved).
func (c *Client) replaceHost(name npm.Name, raw string) string {
	rule := c.opts.ReplaceHost
	if name == "" || !rule.Always && rule.Host == "" {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil || !rule.Always && !strings.EqualFold(u.Hostname(), rule.Host) {
		return raw
	}
	registry := c.registryOf(name)
	u.Scheme, u.Host, u.User = registry.Scheme, registry.Host, nil
	prefix, path := registry.EscapedPath(), u.EscapedPath()
	if path == prefix || strings.HasPrefix(path, prefix+"/") {
		return u.String()
	}
	return registry.String() + path + query(u)
}

func query(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	return "?" + u.RawQuery
}
