package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
)

// Registries says which registry a name comes from and what to show it.
type Registries struct {
	Default string // URL with a slash at its end; "" when none is known

	entries []registryEntry // @scope:registry and //host/path/:field, strongest level only
	scopes  map[string]string
	named   map[string]string    // prefix -> URL
	hosts   map[string]*hostAuth // by "host[:port]/path" without a slash at its end
}

// registryEntry is one line about a registry, as listings show it.
type registryEntry struct {
	key, shown string
	src        Source
}

// shownText hides all credentials but names of users and files.
func shownText(key, text string) string {
	if strings.HasPrefix(key, "//") && !slices.Contains([]string{"username", "email", "certfile", "keyfile", "always-auth"}, fieldOf(key)) {
		return hidden
	}
	return text
}

// hostAuth is what the configuration has for URLs that begin with a prefix.
type hostAuth struct {
	prefix              string
	token, basic        Secret
	username            string
	password            Secret // in base64, as npm stores it
	certfile, keyfile   string
	tokenSrc, basicSrc  Source
	passwordSrc, keySrc Source
}

// Credentials is what to show a server.
type Credentials struct {
	Authorization Secret // value of that header; empty sends none
	CertFile      string // client certificate and its key, paths of PEM; both or neither
	KeyFile       string
	Source        Source // where Authorization, or else the certificate, is from
	Prefix        string // "//host/path/" that the URL matched; "" when nothing did
}

// ErrNoRegistry is returned when nothing names a registry.
var ErrNoRegistry = errors.New("no registry is configured: write registry=https://… to ~/.npmrc, or pass --registry")

// For is the base URL of the registry for a name, with a slash at its end.
func (r *Registries) For(name npm.Name) (string, error) {
	if u, ok := r.scopes[name.Scope()]; ok {
		return u, nil
	}
	if r.Default == "" {
		return "", ErrNoRegistry
	}
	return r.Default, nil
}

// Scopes are the scopes that have a registry of their own.
func (r *Registries) Scopes() map[string]string { return r.scopes }

// Prefixes are the registries that have a prefix (namedRegistries), by that.
func (r *Registries) Prefixes() map[string]string { return r.named }

// prefixKey ends the key of an entry that gives a registry a prefix.
const prefixKey = ":\x00" // which no file can have

// AuthError is a line about credentials that cannot be used.
type AuthError struct {
	Key     string
	Source  Source
	Problem string
}

// Error says which line, what is wrong with it and what to write instead.
func (e *AuthError) Error() string { return fmt.Sprintf("%s: %s: %s", e.Source, e.Key, e.Problem) }

// bareAuth are the keys that npm stopped reading without a registry before
// them, because they would go to every registry.
var bareAuth = []string{"_auth", "_authToken", "_authtoken", "-authtoken", "_password"}

// hostFields are the fields of a "//host/path/" key that mean something.
var hostFields = []string{"_authToken", "_auth", "username", "_password", "certfile", "keyfile", "email", "always-auth", "tokenHelper", "registry"}

func isRegistryKey(key string) bool {
	return strings.HasSuffix(key, prefixKey) || strings.HasPrefix(key, "//") || strings.HasPrefix(key, "@") && strings.HasSuffix(key, ":registry")
}

// fieldOf is what follows the last colon.
func fieldOf(key string) string { return key[strings.LastIndexByte(key, ':')+1:] }

// refuseBare is the error for a credential that names no registry. In the
// environment, where npm ignores it, it is ignored.
func (r *Registries) refuseBare(e entry, src Source) error {
	if src.Level == FromEnv {
		return nil
	}
	return &AuthError{Key: e.key, Source: src,
		Problem: fmt.Sprintf("a credential must name its registry: write //host/path/:%s=… with the host and path of the registry it is for", strings.TrimLeft(e.key, "-"))}
}

// add takes one line, unless a stronger level has the key. known is false if
// the text holds a variable that is not set: a credential is then left out,
// but a scope without its registry would be asked of another one.
func (r *Registries) add(e entry, src Source, base, home string, known bool) error {
	text := e.texts[len(e.texts)-1]
	if slices.ContainsFunc(r.entries, func(old registryEntry) bool { return old.key == e.key }) || text == "" {
		return nil
	}
	if prefix, ok := strings.CutSuffix(e.key, prefixKey); ok {
		return r.addPrefixed(prefix, text, src, known)
	}
	if strings.HasPrefix(e.key, "@") {
		u, err := normalizeURL(text)
		if !known || err != nil {
			return &ValueError{Key: e.key, Text: hideUserinfo(text), Want: "a URL such as https://registry.example/", Source: src}
		}
		if r.scopes == nil {
			r.scopes = map[string]string{}
		}
		r.scopes[strings.TrimSuffix(e.key, ":registry")] = r.addUserinfo(u, src)
		text = r.scopes[strings.TrimSuffix(e.key, ":registry")]
	} else if known {
		if err := r.addHost(e.key, text, src, base, home); err != nil {
			return err
		}
	}
	if known {
		r.entries = append(r.entries, registryEntry{e.key, shownText(e.key, text), src})
	}
	return nil
}

// addPrefixed takes a registry with a prefix.
func (r *Registries) addPrefixed(prefix, text string, src Source, known bool) error {
	if specifier.Reserved(prefix) {
		return &PrefixError{Prefix: prefix, Source: src}
	}
	u, err := normalizeURL(text)
	if !known || err != nil {
		return &ValueError{Key: "named-registries", Text: hideUserinfo(text), Want: "a URL such as https://registry.example/", Source: src}
	}
	if r.named[prefix] == "" { // else a stronger level has it
		if r.named == nil {
			r.named = map[string]string{}
		}
		r.named[prefix] = r.addUserinfo(u, src)
	}
	return nil
}

// PrefixError is a prefix that no registry can have.
type PrefixError struct {
	Prefix string
	Source Source
}

func (e *PrefixError) Error() string {
	return fmt.Sprintf("%s: %q cannot be the prefix of a registry: in a dependency it means something else, or nothing", e.Source, e.Prefix)
}

// Code is pnpm's code for this error.
func (e *PrefixError) Code() string { return "ERR_PNPM_RESERVED_NAMED_REGISTRY_NAME" }

// Hint is what the user can do.
func (e *PrefixError) Hint() string { return "choose another word, of small letters" }

// addHost takes one "//host/path/:field" line.
func (r *Registries) addHost(key, text string, src Source, base, home string) error {
	field := fieldOf(key)
	if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7F }) {
		return &AuthError{Key: key, Source: src, Problem: "the value has a control character in it"}
	}
	h := r.host(strings.TrimSuffix(key, ":"+field))
	switch field {
	case "tokenHelper":
		return &AuthError{Key: key, Source: src, Problem: "running a program for a token is not supported: put the token in an environment variable and write :_authToken=${NAME}"}
	case "_authToken":
		h.token, h.tokenSrc = NewSecret(text), src
	case "_auth":
		h.basic, h.basicSrc = NewSecret(text), src
	case "username":
		h.username = text
	case "_password":
		h.password, h.passwordSrc = NewSecret(text), src
	case "certfile":
		h.certfile = absolute(text, base, home)
	case "keyfile":
		h.keyfile, h.keySrc = absolute(text, base, home), src
	}
	return nil
}

// host is the entry of a "//host/path/" prefix.
func (r *Registries) host(prefix string) *hostAuth {
	key := strings.TrimRight(strings.TrimPrefix(prefix, "//"), "/")
	if host, path, ok := strings.Cut(key, "/"); ok {
		key = strings.ToLower(host) + "/" + path
	} else {
		key = strings.ToLower(host)
	}
	if r.hosts == nil {
		r.hosts = map[string]*hostAuth{}
	}
	if r.hosts[key] == nil {
		r.hosts[key] = &hostAuth{prefix: "//" + key + "/"}
	}
	return r.hosts[key]
}

// normalizeURL is a registry's URL with a slash at its end.
func normalizeURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("not a URL with a scheme and a host")
	}
	u.RawQuery, u.Fragment = "", ""
	u.Host = strings.ToLower(u.Host)
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u, nil
}

// addUserinfo moves a user and password out of a URL, which is shown, to the
// credentials of its prefix, unless there are some, and returns the rest.
func (r *Registries) addUserinfo(u *url.URL, src Source) string {
	if u.User != nil {
		password, _ := u.User.Password()
		h := r.host("//" + u.Host + u.EscapedPath())
		if h.token.Empty() && h.basic.Empty() && h.password.Empty() {
			h.basic, h.basicSrc = NewSecret(base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))), src
		}
		u.User = nil
	}
	return u.String()
}

// Credentials is what to send to a URL: what the longest prefix of it has,
// host and port alike. If no prefix has anything and the URL is on the host of
// registry, the registry's credentials are sent, as npm does: tarballs may be
// beside the registry's path. registry may be "".
func (r *Registries) Credentials(rawURL, registry string) Credentials {
	u, err := url.Parse(rawURL)
	if err != nil || len(r.hosts) == 0 {
		return Credentials{}
	}
	if h := r.longest(u); h != nil {
		return h.credentials()
	}
	if base, err := url.Parse(registry); err == nil && base.Scheme == u.Scheme && strings.EqualFold(base.Host, u.Host) {
		if h := r.longest(base); h != nil {
			return h.credentials()
		}
	}
	return Credentials{}
}

// longest is the entry with credentials that has the most of u's path.
func (r *Registries) longest(u *url.URL) *hostAuth {
	host, path := strings.ToLower(u.Hostname()), strings.TrimRight(u.EscapedPath(), "/")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	hosts := []string{host + ":" + u.Port()}
	if port := map[string]string{"https": "443", "http": "80"}[u.Scheme]; u.Port() == "" || u.Port() == port {
		hosts = []string{host, host + ":" + port}
	}
	for {
		for _, host := range hosts {
			if h := r.hosts[host+path]; h != nil && h.usable() {
				return h
			}
		}
		if path == "" {
			return nil
		}
		path = path[:strings.LastIndexByte(path, '/')]
	}
}

func (h *hostAuth) usable() bool {
	return !h.token.Empty() || !h.basic.Empty() || h.username != "" && !h.password.Empty() || h.certfile != "" && h.keyfile != ""
}

// credentials prefers a token to _auth, and _auth to a name and password
// (npm-registry-fetch, auth.js).
func (h *hostAuth) credentials() Credentials {
	c := Credentials{Prefix: h.prefix}
	if h.certfile != "" && h.keyfile != "" {
		c.CertFile, c.KeyFile, c.Source = h.certfile, h.keyfile, h.keySrc
	}
	switch {
	case !h.token.Empty():
		c.Authorization, c.Source = NewSecret("Bearer "+h.token.Reveal()), h.tokenSrc
	case !h.basic.Empty():
		c.Authorization, c.Source = NewSecret("Basic "+h.basic.Reveal()), h.basicSrc
	case h.username != "" && !h.password.Empty():
		pair := h.username + ":" + string(lenientBase64(h.password.Reveal()))
		c.Authorization, c.Source = NewSecret("Basic "+base64.StdEncoding.EncodeToString([]byte(pair))), h.passwordSrc
	}
	return c
}

// lenientBase64 decodes as Node's Buffer.from does: both alphabets, padding
// or not, and whatever is neither is skipped.
func lenientBase64(s string) []byte {
	clean := strings.Map(func(c rune) rune {
		switch {
		case c == '-':
			return '+'
		case c == '_':
			return '/'
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
			return c
		}
		return -1
	}, strings.TrimRight(s, "="))
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out, _ := base64.RawStdEncoding.DecodeString(clean)
	return out
}
