package replay

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// form is which of the two documents about a name a client asks for.
type form int

const (
	short form = iota // abbreviated: what an install needs
	full              // everything the registry knows
)

func (f form) file() string {
	if f == full {
		return "full.json"
	}
	return "short.json"
}

func (f form) contentType() string {
	if f == full {
		return "application/json"
	}
	return shortType
}

// kind is what a request path means.
type kind int

const (
	other     kind = iota // nothing a recording holds
	packument             // /name, /@scope/name
	manifest              // /name/version, /name/tag
	tarball               // /name/-/file.tgz, /-/elsewhere/…
)

// target is a request, understood.
type target struct {
	kind kind
	name string // of the package; for a tarball its path without the first slash
	tag  string // a manifest's version or dist-tag
	form form
}

// parse says what a GET or HEAD request is about.
func parse(req *http.Request) target {
	p := strings.Trim(path.Clean(req.URL.Path), "/")
	if strings.Contains("/"+p, "/-/") {
		if strings.HasSuffix(p, ".tgz") || strings.HasSuffix(p, ".tar.gz") || strings.HasPrefix(p, elsewhere) {
			return target{kind: tarball, name: p}
		}
		return target{}
	}
	parts := strings.SplitN(p, "/", 3)
	if strings.HasPrefix(p, "@") {
		parts = strings.SplitN(p, "/", 4)
		if len(parts) < 2 {
			return target{}
		}
		parts = append([]string{parts[0] + "/" + parts[1]}, parts[2:]...)
	}
	t := target{name: parts[0], form: full}
	if strings.Contains(req.Header.Get("Accept"), shortType) {
		t.form = short
	}
	switch {
	case t.name == "" || t.name == "-":
		return target{}
	case len(parts) == 1:
		t.kind = packument
	case len(parts) == 2:
		t.kind, t.tag = manifest, parts[1]
	default:
		return target{}
	}
	return t
}

// elsewhere starts the path of a tarball that the upstream keeps on another
// host; scheme, host and path follow.
const elsewhere = "-/elsewhere/"

// tarballPath is the path under which the tarball at u is recorded.
func tarballPath(base *url.URL, u string) string {
	if rest, ok := strings.CutPrefix(u, base.String()); ok {
		return rest
	}
	parsed, err := url.Parse(u)
	if err != nil || parsed.Host == "" {
		return elsewhere + "invalid/" + url.PathEscape(u)
	}
	// A mirror may say http where it was asked by https, or name its port.
	if parsed.Hostname() == base.Hostname() && strings.HasPrefix(parsed.Path, base.Path) {
		return strings.TrimPrefix(parsed.Path, base.Path)
	}
	return elsewhere + parsed.Scheme + "/" + parsed.Host + parsed.Path
}

// tarballURL is the inverse of tarballPath.
func tarballURL(base *url.URL, p string) string {
	rest, ok := strings.CutPrefix(p, elsewhere)
	if !ok {
		return base.JoinPath(p).String()
	}
	scheme, rest, _ := strings.Cut(rest, "/")
	return scheme + "://" + rest
}
