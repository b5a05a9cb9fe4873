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
	// Public replaces URLs that are the public registry's by their shape: the
	// name follows the host. Other registries have a path before it.
	Public bool
	Host   string // replaced if a URL has this host name; what npm means by "npmjs" is filled in by config
}

// Leads is the URL that a tarball of name at raw is fetched from.
func (c *Client) Leads(name npm.Name, raw string) string { return c.replaceHost(name, raw) }

// replaceHost rewrites raw for name. The registry's path goes before the URL's
// unless it is there (@npmcli/arborist, registryResolved).
func (c *Client) replaceHost(name npm.Name, raw string) string {
	rule := c.opts.ReplaceHost
	if name == "" || rule == (ReplaceHost{}) {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil || !rule.Always && !(rule.Public && isPublic(name, u)) && (rule.Host == "" || !strings.EqualFold(u.Hostname(), rule.Host)) {
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

// isPublic reports whether a URL keeps a tarball of name where the public
// registry does: /name/-/base-version.tgz.
func isPublic(name npm.Name, u *url.URL) bool {
	file, ok := strings.CutPrefix(u.Path, "/"+string(name)+"/-/"+name.Base()+"-")
	return ok && u.Scheme == "https" && u.Port() == "" && !strings.Contains(file, "/") && strings.HasSuffix(file, ".tgz")
}

func query(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	return "?" + u.RawQuery
}
