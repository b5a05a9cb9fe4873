package testreg

import (
	"encoding/json"
	"net/http"
	"strings"

	"godwit/internal/testreg/notary"
)

// token is the one that this registry gives out: that of the first rule about a
// name, so that whoever logs in may do what the rule allows.
func (r *Registry) token(name string) string {
	for _, rule := range r.fx.auth {
		if rule.covers(name) {
			return strings.TrimPrefix(rule.want, "Bearer ")
		}
	}
	return "test-token"
}

// serveAccount answers what has to do with users. What is asked before there is
// a token needs none. r.mu is held.
func (r *Registry) serveAccount(x *exchange, body []byte) {
	switch x.route.kind {
	case kindLogin: // in the browser
		x.json(http.StatusOK, object{{"loginUrl", x.hosts.registry + "/login/1"}, {"doneUrl", x.hosts.registry + "/-/v1/done?id=1"}})
	case kindDone: // the first question comes too early
		if r.asked++; r.asked == 1 {
			x.header.Set("Retry-After", "1")
			x.json(http.StatusAccepted, object{})
			return
		}
		x.json(http.StatusOK, object{{"token", r.token("")}})
	case kindUser:
		r.serveUser(x, body)
	case kindToken:
		x.json(http.StatusOK, object{})
	case kindIDToken: // as GitHub's service, for its word about a job
		if x.request.Header.Get("Authorization") != "Bearer job-secret" {
			x.refuse(http.StatusUnauthorized, "Unauthorized")
			return
		}
		x.json(http.StatusOK, object{{"value", notary.Token("job", x.request.URL.Query().Get("audience"), map[string]string{"repository_visibility": "public"})}})
	case kindExchange:
		token, _ := strings.CutPrefix(x.request.Header.Get("Authorization"), "Bearer ")
		if _, audience, err := notary.Claims(token); err != nil || !strings.HasPrefix(audience, "npm:") {
			x.refuse(http.StatusUnauthorized, "no trusted publisher is configured")
			return
		}
		x.json(http.StatusCreated, object{{"token", r.token(x.route.name)}})
	}
}

// serveUser logs in with a name and a password, of which every pair is right but
// those with the password "wrong"; or tells about a user.
func (r *Registry) serveUser(x *exchange, body []byte) {
	name := strings.TrimPrefix(x.route.rest, "org.couchdb.user:")
	if x.request.Method == http.MethodGet {
		if name == "nobody" {
			x.refuse(http.StatusNotFound, "Not found")
			return
		}
		x.json(http.StatusOK, object{{"name", name}, {"email", name + "@registry.example"}})
		return
	}
	var sent struct{ Name, Password string }
	if err := json.Unmarshal(body, &sent); err != nil || sent.Name != name || sent.Password == "" {
		x.refuse(http.StatusBadRequest, "the body is not a user")
		return
	}
	if sent.Password == "wrong" {
		x.refuse(http.StatusUnauthorized, "bad username or password")
		return
	}
	x.json(http.StatusCreated, object{{"ok", true}, {"id", x.route.rest}, {"token", r.token("")}})
}

// revision is the only one that a document has: nobody here writes at one time.
const revision = "1-test"

// serveRevision changes or removes a package, or the tarball of a version, of a
// known revision. r.mu is held.
func (r *Registry) serveRevision(x *exchange, p *pkg, body []byte) {
	what, rev, _ := strings.Cut(x.route.rest, "-rev/")
	switch {
	case rev != revision:
		x.refuse(http.StatusConflict, "the document has another revision")
		return
	case x.request.Method == http.MethodDelete && what == "":
		delete(r.fx.packages, p.name)
	case x.request.Method == http.MethodDelete: // the tarball: the version went before it
	case x.request.Method == http.MethodPut:
		if !r.rewrite(x, p, body) {
			return
		}
	default:
		x.refuse(http.StatusMethodNotAllowed, "Method not allowed")
		return
	}
	x.json(http.StatusOK, object{{"ok", true}})
}

// rewrite keeps of p what a document still has: versions, dist-tags, owners.
func (r *Registry) rewrite(x *exchange, p *pkg, body []byte) bool {
	var doc struct {
		Versions    map[string]object `json:"versions"`
		Tags        map[string]string `json:"dist-tags"`
		Maintainers []object          `json:"maintainers"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		x.refuse(http.StatusBadRequest, "the body is not a packument")
		return false
	}
	if doc.Maintainers != nil {
		p.owners = doc.Maintainers
	}
	if doc.Versions == nil {
		return true
	}
	kept := p.versions[:0]
	for _, v := range p.versions {
		if doc.Versions[v.version] != nil {
			kept = append(kept, v)
		}
	}
	p.versions = kept
	p.tags = map[string]string{}
	for tag, ver := range doc.Tags {
		p.tags[tag] = ver
	}
	return true
}

// maintainers are those who may publish a package; at first the one user there is.
func (p *pkg) maintainers() any {
	if p.owners != nil {
		return p.owners
	}
	return []object{{{"name", "tester"}, {"email", "tester@registry.example"}}}
}
