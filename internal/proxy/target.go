package proxy

import (
	"net/http"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/proxy/render"
)

// target is what a request is about.
type target struct {
	kind    kind
	name    npm.Name
	version string // manifest: a version or dist-tag; tarball: a version
	file    string // tarball
	path    string // passed on: escaped, without the slash before it
}

type kind uint8

const (
	packumentKind kind = iota
	manifestKind
	tarballKind
	distTagsKind
	matureKind // what the policy leaves, see mature
	pingKind
	passKind // upstream's answer as it is
)

// maxURL is far above the longest name, version and file together; only
// searches come near it.
const maxURL = 2048

// passed are the paths whose answers are the default registry's: reading only.
var passed = []struct{ method, path string }{
	{http.MethodGet, "-/v1/search"},
	{http.MethodGet, "-/npm/v1/keys"},
	{http.MethodPost, "-/npm/v1/security/advisories/bulk"},
	{http.MethodPost, "-/npm/v1/security/audits"},
	{http.MethodPost, "-/npm/v1/security/audits/quick"},
}

// attestations is the path of what proves where a version was built; a
// name and a version follow.
const attestations = "-/npm/v1/attestations/"

// parseTarget reads method and path. What a registry has and this one does not
// (publishing, accounts) is an error that says so.
func parseTarget(r *http.Request) (target, error) {
	if len(r.RequestURI) > maxURL {
		return target{}, problem(http.StatusRequestURITooLong, "the URL is longer than %d bytes", maxURL)
	}
	path := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if t, ok := passedTarget(r, path); ok {
		return t, nil
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return target{}, problem(http.StatusMethodNotAllowed,
			"%s %s: this registry is a read-only proxy: publish, log in and change dist-tags at the registry behind it", r.Method, cut(r.URL.Path))
	}
	if path == "-/ping" {
		return target{kind: pingKind}, nil
	}
	if rest, ok := strings.CutPrefix(path, "-/package/"); ok {
		if name, ok := strings.CutSuffix(rest, "/dist-tags"); ok {
			return named(target{kind: distTagsKind}, name)
		}
	}
	if name, ok := strings.CutPrefix(path, maturePath); ok {
		return named(target{kind: matureKind}, name)
	}
	if path == "" || strings.HasPrefix(path, "-/") || path == "-" {
		return target{}, problem(http.StatusNotFound, "%s: this registry has no such endpoint", cut(r.URL.Path))
	}
	return packageTarget(path)
}

// packageTarget reads /name, /name/version and /name/-/file.
func packageTarget(path string) (target, error) {
	name, rest, deeper := strings.Cut(path, "/")
	if strings.HasPrefix(name, "@") {
		var base string
		base, rest, deeper = strings.Cut(rest, "/")
		name += "/" + base
	}
	if !deeper {
		return named(target{kind: packumentKind}, name)
	}
	t := target{kind: manifestKind, version: rest}
	if file, ok := strings.CutPrefix(rest, "-/"); ok {
		// npm also writes @scope/name/-/@scope/name-1.0.0.tgz in old lockfiles.
		if scope, _, scoped := strings.Cut(name, "/"); scoped {
			file = strings.TrimPrefix(file, scope+"/")
		}
		t = target{kind: tarballKind, file: file}
	}
	t, err := named(t, name)
	if err != nil {
		return t, err
	}
	ok := true
	if t.kind == tarballKind {
		t.version, ok = render.TarballVersion(t.name, t.file)
	}
	if !ok || strings.ContainsAny(t.version, `/\`) {
		return t, problem(http.StatusNotFound, "%s has no %s", t.name, cut(rest))
	}
	return t, nil
}

// named parses the name of a package.
func named(t target, name string) (target, error) {
	var err error
	if t.name, err = npm.ParseName(name); err != nil {
		return t, problem(http.StatusBadRequest, "%v", err)
	}
	return t, nil
}

// passedTarget finds what is passed on to a registry.
func passedTarget(r *http.Request, path string) (target, bool) {
	t := target{kind: passKind, path: path}
	for _, p := range passed {
		if r.Method == p.method && path == p.path {
			if r.URL.RawQuery != "" {
				t.path += "?" + r.URL.RawQuery
			}
			return t, true
		}
	}
	spec, ok := strings.CutPrefix(path, attestations)
	at := strings.LastIndexByte(spec, '@')
	if !ok || at < 1 || r.Method != http.MethodGet {
		return t, false
	}
	name, err := npm.ParseName(spec[:at])
	version, good := render.TarballVersion(name, render.TarballFile(name, spec[at+1:]))
	if err != nil || !good {
		return t, false
	}
	t.name, t.path = name, attestations+strings.Replace(string(name), "/", "%2f", 1)+"@"+version
	return t, true
}

// cut shortens what a client sent for a message.
func cut(s string) string {
	const most = 200
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
