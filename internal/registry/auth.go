package registry

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"sort"
	"strings"
)

// Credential is who we are to the registries below a URL prefix. As in .npmrc
// a token counts before Basic, and Basic before a user name; a certificate may
// come with any of them.
type Credential struct {
	Prefix   string // "//host[:port]/path", with or without a slash at its end
	Token    string // _authToken
	Basic    string // _auth: base64 of "user:password"
	Username string // username
	Password string // _password: base64
	Cert     []byte // PEM, from certfile
	Key      []byte // PEM, from keyfile
}

// String leaves the secrets out; so do all verbs of package fmt.
func (c Credential) String() string   { return "credential for " + maskString(c.Prefix) }
func (c Credential) GoString() string { return c.String() }

// authTable holds credentials, longest prefix first. Immutable.
type authTable []grant

// grant is a credential ready for use.
type grant struct {
	prefix string // host, port if it was written, and path without a slash at its end
	kind   string // for messages: "a token", "a user name and password"
	header string // Authorization, or ""
	cert   []byte
	key    []byte
}

func newAuthTable(credentials []Credential) (authTable, error) {
	var t authTable
	for _, c := range credentials {
		g, err := c.grant()
		if err != nil {
			return nil, err
		}
		t = append(t, g)
	}
	return t.sorted(), nil
}

func (c Credential) grant() (grant, error) {
	u, err := url.Parse("https:" + strings.TrimPrefix(strings.TrimPrefix(c.Prefix, "https:"), "http:"))
	if err != nil || u.Host == "" || u.User != nil {
		return grant{}, fmt.Errorf("%s: want //host/path/", c)
	}
	g := grant{prefix: strings.ToLower(u.Host) + pathOf(u), cert: c.Cert, key: c.Key}
	switch {
	case c.Token != "":
		g.kind, g.header = "a token", "Bearer "+c.Token
	case c.Basic != "":
		g.kind, g.header = "a user name and password", "Basic "+c.Basic
	case c.Username != "" && c.Password != "":
		password, err := decodeBase64(c.Password)
		if err != nil {
			return grant{}, fmt.Errorf("%s: _password is not base64; write the output of: printf %%s PASSWORD | base64", c)
		}
		g.kind, g.header = "a user name and password", basic(c.Username, password)
	case len(c.Cert) > 0 && len(c.Key) > 0:
		g.kind = "a client certificate"
	default:
		return grant{}, fmt.Errorf("%s: it is empty; give it _authToken, _auth, username and _password, or certfile and keyfile", c)
	}
	if strings.ContainsAny(g.header, "\r\n") {
		return grant{}, fmt.Errorf("%s: the secret contains a line break", c)
	}
	return g, nil
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// decodeBase64 accepts a missing padding, as Node does.
func decodeBase64(s string) (string, error) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(s), "="))
	return string(b), err
}

func (t authTable) sorted() authTable {
	sort.SliceStable(t, func(i, j int) bool { return len(t[i].prefix) > len(t[j].prefix) })
	return t
}

// withUserinfo adds the user and password of u, unless a credential covers u.
func (t authTable) withUserinfo(u *url.URL) authTable {
	g := userinfoGrant(u)
	if g == nil || t.lookup(u) != nil {
		return t
	}
	return append(t, *g).sorted()
}

// userinfoGrant makes a credential of "user:password@" in u, or nil.
func userinfoGrant(u *url.URL) *grant {
	if u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	return &grant{prefix: hostOf(u) + pathOf(u), kind: "a user name and password", header: basic(u.User.Username(), password)}
}

// lookup finds the credential with the longest prefix that u lies under, or
// nil. Prefixes end between path segments: //host/npm is no prefix of
// //host/npm-private.
//
// A path with dot segments lies under nothing: a server may read it as another
// path than the one compared here.
func (t authTable) lookup(u *url.URL) *grant {
	if hasDotSegment(u.Path) {
		return nil
	}
	path := pathOf(u)
	for i := range t {
		if under(hostOf(u)+path, t[i].prefix) || under(hostAndPort(u)+path, t[i].prefix) {
			return &t[i]
		}
	}
	return nil
}

func under(at, prefix string) bool {
	rest, ok := strings.CutPrefix(at, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// elsewhere lists the credentials for u's machine that do not cover u: of another
// path or port, a few of them.
func (t authTable) elsewhere(u *url.URL) []string {
	const most = 3 // as many as one compares
	var keys []string
	for i := range t {
		host, _, _ := strings.Cut(t[i].prefix, "/")
		if name := (&url.URL{Host: host}).Hostname(); strings.EqualFold(name, u.Hostname()) && len(keys) < most {
			keys = append(keys, t[i].name())
		}
	}
	return keys
}

// name is what stands in .npmrc before the name of a credential.
func (g *grant) name() string { return "//" + g.prefix + "/" }

func pathOf(u *url.URL) string { return strings.TrimRight(u.EscapedPath(), "/") }

// hostAndPort is the host in lower case with its port, written or not.
func hostAndPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPorts[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// hostOf is the host in lower case, with its port unless that is the scheme's.
func hostOf(u *url.URL) string {
	return strings.TrimSuffix(hostAndPort(u), ":"+defaultPorts[u.Scheme])
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// digest names what a credential lets us see, for keeping it apart on disk.
func (g *grant) digest() string {
	if g == nil {
		return ""
	}
	h := sha256.New()
	for _, part := range [][]byte{[]byte(g.header), g.cert} {
		fmt.Fprintf(h, "%d ", len(part))
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}
