package specifier

import (
	"errors"
	"strings"
)

// cutScheme splits off "scheme:" in lower case. A single letter is a drive.
func cutScheme(s string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(s, ":")
	if !ok || len(scheme) < 2 || !isAlnum(scheme[0]) {
		return "", "", false
	}
	for i := 0; i < len(scheme); i++ {
		if c := scheme[i]; !isAlnum(c) && c != '+' && c != '-' && c != '.' {
			return "", "", false
		}
	}
	return strings.ToLower(scheme), rest, true
}

func supported() string {
	names := make([]string, 0, len(protocols))
	for _, p := range protocols {
		names = append(names, p.name+":")
	}
	return strings.Join(names, " ")
}

// address is a URL in parts, none of them decoded.
type address struct {
	scheme   string // lower case
	auth     string // "user" or "user:password"
	host     string // lower case, with port
	path     string // with its leading slash
	query    string // with its "?"
	fragment string
}

// parseAddress reads scheme://[auth@]host[/path][?query][#fragment]. Git's
// "host:path" is taken for host/path where what follows the colon is no port.
// net/url is of no use here: it refuses what git accepts.
func parseAddress(s string) (a address, ok bool) {
	var rest string
	if a.scheme, rest, ok = cutScheme(s); !ok || !strings.HasPrefix(rest, "//") {
		return address{}, false
	}
	rest, a.fragment, _ = strings.Cut(rest[2:], "#")
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		rest, a.query = rest[:i], rest[i:]
	}
	authority, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		a.auth, authority = authority[:i], authority[i+1:]
	}
	host, port, hasPort := strings.Cut(authority, ":")
	if hasPort && !strings.HasPrefix(authority, "[") && strings.Trim(port, "0123456789") != "" {
		authority, path = host, "/"+port+path
	}
	a.host, a.path = strings.ToLower(authority), path
	return a, !hasControl(s) && !strings.ContainsAny(a.host, ` \<>^|%`) && !strings.ContainsAny(a.auth, "/ ")
}

// String is the URL without fragment.
func (a address) String() string {
	auth := a.auth
	if auth != "" {
		auth += "@"
	}
	return a.scheme + "://" + auth + a.host + a.path + a.query
}

// remote: a tarball at a URL, unless the URL is that of a repository of a known
// host, or ends in ".git": pnpm takes that for a repository of any host, npm for
// a tarball.
func (s *Specifier) remote(raw, _ string) error {
	a, ok := parseAddress(raw)
	if !ok || a.host == "" {
		return errors.New("malformed URL: want https://host/path")
	}
	if repo, ok, err := hostedAt(a); ok || err != nil {
		return s.git(repo, err)
	}
	if strings.HasSuffix(a.path, ".git") && a.query == "" {
		fragment := a.fragment
		repo := Repository{URL: a.String()}
		return s.git(repo, repo.setFragment(fragment))
	}
	s.Kind, s.URL = Tarball, raw
	return nil
}

// redact hides the credentials of URLs and shortens what is long, so that raw
// may stand in a message.
func redact(raw string) string {
	head, _, _ := strings.Cut(raw, "#")
	at := strings.LastIndexByte(head, '@')
	start := 0
	if scheme, rest, ok := cutScheme(raw); ok && isProtocol(scheme) {
		start = len(raw) - len(rest)
	}
	if slashes := strings.Index(raw, "//"); slashes >= 0 && slashes < at {
		raw = raw[:slashes+2] + "***" + raw[at:]
	} else if start < at && strings.Contains(raw[start:at], ":") { // user:password@host
		raw = raw[:start] + "***" + raw[at:]
	}
	const enough = 200 // to recognize a line of package.json
	if len(raw) > enough {
		raw = raw[:enough] + "…"
	}
	return raw
}

func isProtocol(scheme string) bool {
	for _, p := range protocols {
		if p.name == scheme {
			return true
		}
	}
	return false
}
