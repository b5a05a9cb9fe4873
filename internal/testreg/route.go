package testreg

import (
	"net/http"
	"strings"
)

// The kinds of request, as patterns and the log call them.
const (
	kindPackument = "packument"
	kindManifest  = "manifest" // of one version: /left-pad/1.3.0
	kindTarball   = "tarball"
	kindDistTags  = "dist-tags"
	kindPublish   = "publish"
	kindPing      = "ping"
	kindWhoami    = "whoami"
	kindAudit     = "audit"
	kindRevision  = "revision" // what changes a document of a known revision
	kindLogin     = "login"    // in the browser
	kindDone      = "done"     // and whether that is done
	kindUser      = "user"
	kindToken     = "token"
	kindExchange  = "exchange" // of a CI service's word for a token
	kindIDToken   = "id-token" // the CI service itself
	kindKeys      = "keys"     // that the registry signs with
	kindSearch    = "search"
	kindPublic    = "public"  // whether everybody may see a package
	kindAttest    = "attest"  // what was signed about a version
	kindNotary    = "notary"  // the services that sign, and the document that trusts them
	kindNode      = "node"    // a mirror of Node's releases
	kindTokens    = "tokens"  // those that the user has
	kindProfile   = "profile" // what the registry knows of the user
	kindStage     = "stage"   // what waits for approval
	kindOther     = "other"
)

// A route is what a request is about.
type route struct {
	kind string
	name string // of the package; "" when it is about none
	rest string // version or tag of a manifest, version of a tarball, dist-tag
}

// subject is what patterns match: "left-pad", or "left-pad@1.3.0" for a tarball
// or a manifest. A request about no package has its path.
func (rt route) subject(path string) string {
	switch {
	case rt.name == "":
		return path
	case rt.kind == kindTarball || rt.kind == kindManifest:
		return rt.name + "@" + rt.rest
	}
	return rt.name
}

// routeOf reads a request's method and decoded path, in which "@scope%2fname"
// and "@scope/name" look the same.
func routeOf(method, path string) route {
	if rest, ok := strings.CutPrefix(path, "/-/"); ok {
		return routeOfService(rest)
	}
	name, rest := splitHead(strings.Trim(path, "/"))
	rt := route{kind: kindOther, name: name, rest: rest}
	switch file, isTarball := strings.CutPrefix(rest, "-/"); {
	case name == "":
	case strings.Contains(rest, "-rev/"):
		rt.kind = kindRevision
	case isTarball:
		rt.kind, rt.rest = kindTarball, versionIn(file, name)
	case rest == "" && method == http.MethodPut:
		rt.kind = kindPublish
	case rest == "":
		rt.kind = kindPackument
	case !strings.Contains(rest, "/"):
		rt.kind = kindManifest
	}
	return rt
}

// routeOfService reads what follows "/-/".
func routeOfService(path string) route {
	switch path {
	case "ping":
		return route{kind: kindPing}
	case "whoami":
		return route{kind: kindWhoami}
	case "npm/v1/security/advisories/bulk":
		return route{kind: kindAudit}
	case "npm/v1/keys":
		return route{kind: kindKeys}
	case "v1/search":
		return route{kind: kindSearch}
	case "v1/login":
		return route{kind: kindLogin}
	case "v1/done":
		return route{kind: kindDone}
	case "test/id-token":
		return route{kind: kindIDToken}
	case "npm/v1/user":
		return route{kind: kindProfile}
	case "stage":
		return route{kind: kindStage}
	}
	if rest, ok := strings.CutPrefix(path, "npm/v1/tokens"); ok {
		return route{kind: kindTokens, rest: strings.TrimPrefix(rest, "/token/")}
	}
	if name, ok := strings.CutPrefix(path, "stage/package/"); ok {
		return route{kind: kindStage, name: name}
	}
	if rest, ok := strings.CutPrefix(path, "stage/"); ok {
		return route{kind: kindStage, rest: rest}
	}
	if rest, ok := strings.CutPrefix(path, "user/token/"); ok {
		return route{kind: kindToken, rest: rest}
	}
	if rest, ok := strings.CutPrefix(path, "user/"); ok {
		return route{kind: kindUser, rest: rest}
	}
	if rest, ok := strings.CutPrefix(path, "npm/v1/oidc/token/exchange/package/"); ok {
		return route{kind: kindExchange, name: rest}
	}
	if rest, ok := strings.CutPrefix(path, "npm/v1/attestations/"); ok {
		name, ver, _ := splitAt(rest)
		return route{kind: kindAttest, name: name, rest: ver}
	}
	if rest, ok := strings.CutPrefix(path, "test/notary/"); ok {
		return route{kind: kindNotary, rest: rest}
	}
	if rest, ok := strings.CutPrefix(path, "test/node/"); ok {
		return route{kind: kindNode, rest: rest}
	}
	if rest, ok := strings.CutPrefix(path, "package/"); ok {
		if name, ok := strings.CutSuffix(rest, "/visibility"); ok {
			return route{kind: kindPublic, name: name}
		}
		if name, tags, ok := strings.Cut(rest, "/dist-tags"); ok {
			return route{kind: kindDistTags, name: name, rest: strings.Trim(tags, "/")}
		}
	}
	return route{kind: kindOther}
}

// open reports whether whoever asks need not have a token yet.
func (rt route) open() bool {
	switch rt.kind {
	case kindLogin, kindDone, kindUser, kindExchange, kindIDToken, kindNotary, kindNode:
		return true
	}
	return false
}

// versionIn takes the version out of a tarball's file name: "1.3.0" of
// "left-pad-1.3.0.tgz".
func versionIn(file, name string) string {
	base := name[strings.LastIndexByte(name, '/')+1:]
	return strings.TrimSuffix(strings.TrimPrefix(file, base+"-"), ".tgz")
}

// A pattern selects requests: "/path*" by their path, "tarball:*" by kind and
// subject, "left-pad@*" by subject alone.
type pattern string

func (p pattern) matches(rt route, path string) bool {
	s := string(p)
	if strings.HasPrefix(s, "/") {
		return glob(s, path)
	}
	if kind, rest, ok := strings.Cut(s, ":"); ok {
		return kind == rt.kind && glob(rest, rt.subject(path))
	}
	return glob(s, rt.subject(path))
}
