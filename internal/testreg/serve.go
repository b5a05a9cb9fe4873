package testreg

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// maxBody bounds what a client may send. The public registry refuses a publish
// far below this.
const maxBody = 64 << 20

// ServeHTTP answers as the registry itself.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.serve(w, req, false)
}

// serveOther answers as the other host.
func (r *Registry) serveOther(w http.ResponseWriter, req *http.Request) {
	r.serve(w, req, true)
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request, other bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	x := r.exchange(req)
	logged := &Request{
		Method: req.Method, URI: req.RequestURI, Host: req.Host,
		Kind: x.route.kind, Subject: x.route.subject(x.path),
		Header: req.Header.Clone(), path: x.path, route: x.route,
	}
	r.mu.Lock()
	r.log.begin(logged)
	r.answer(x, body, other)
	x.finish()
	logged.Status = x.status
	cleared := r.cleared
	r.mu.Unlock()

	defer r.ended(logged) // for answers that break off
	x.delay(cleared, r.closing)
	if !x.hang {
		// Before the bytes go out: a client that has them may ask for more,
		// and must not be seen asking for two things at once.
		r.ended(logged)
	}
	x.send(w, r.closing)
}

// ended notes the end of a request, once.
func (r *Registry) ended(req *Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.ended == 0 {
		r.log.end(req)
	}
}

// exchange begins the answer to req.
func (r *Registry) exchange(req *http.Request) *exchange {
	x := &exchange{
		request: req, path: req.URL.Path, escapedPath: req.URL.EscapedPath(),
		route:  routeOf(req.Method, req.URL.Path),
		hosts:  hosts{r.URL, r.Other},
		header: http.Header{}, stop: -1,
	}
	if x.hosts.registry == "" {
		x.hosts = hosts{"http://" + req.Host, "http://" + req.Host}
	}
	return x
}

// answer fills in x as the fixtures say, then lets the faults spoil it. r.mu is
// held.
func (r *Registry) answer(x *exchange, body []byte, other bool) {
	sent := x.request.Header.Get("Authorization")
	status := 0
	if !other && !x.route.open() {
		status = authorize(r.fx.auth, x.route.name, sent)
	}
	if status != 0 {
		x.header.Set("Www-Authenticate", "Bearer")
		x.refuse(status, http.StatusText(status))
	} else if !other && !x.route.open() && wantsOTP(r.fx.auth, x.route.name, x.request) {
		x.header.Set("Www-Authenticate", "OTP")
		x.refuse(http.StatusUnauthorized, "You must provide a one-time pass. Upgrade your client to npm@latest in order to use 2FA.")
	} else {
		r.route(x, body)
	}
	if other {
		return
	}
	for _, f := range r.fx.faults {
		if !f.take(x) {
			continue
		}
		for _, e := range f.effects {
			e(x)
		}
	}
}

// route answers a request that is allowed.
func (r *Registry) route(x *exchange, body []byte) {
	switch x.route.kind {
	case kindPing:
		x.json(http.StatusOK, object{})
		return
	case kindWhoami:
		r.whoami(x)
		return
	case kindAudit:
		r.serveAudit(x, body)
		return
	case kindKeys:
		r.serveKeys(x)
		return
	case kindSearch:
		answer := r.fx.search
		if answer == nil {
			answer = json.RawMessage(`{"objects": []}`)
		}
		x.json(http.StatusOK, answer)
		return
	case kindPublish:
		r.publish(x, body)
		return
	case kindTokens:
		r.serveTokens(x, body)
		return
	case kindProfile:
		r.serveProfile(x, body)
		return
	case kindStage:
		r.serveStage(x, body)
		return
	case kindNotary:
		r.serveNotary(x, body)
		return
	case kindNode:
		r.serveNode(x)
		return
	}
	if x.route.open() || x.route.kind == kindToken {
		r.serveAccount(x, body)
		return
	}
	p := r.fx.packages[x.route.name]
	switch {
	case p == nil || x.route.kind == kindOther:
		x.refuse(http.StatusNotFound, "Not found")
	case x.route.kind == kindRevision:
		r.serveRevision(x, p, body)
	case x.route.kind == kindDistTags:
		p.serveTags(x, body)
	case x.request.Method != http.MethodGet && x.request.Method != http.MethodHead:
		x.refuse(http.StatusMethodNotAllowed, "Method not allowed")
	case x.route.kind == kindPublic:
		x.json(http.StatusOK, object{{"public", p.access != "restricted"}})
	case x.route.kind == kindAttest:
		r.serveAttestations(x, p.version(x.route.rest))
	case x.route.kind == kindPackument:
		p.servePackument(x)
	case x.route.kind == kindManifest:
		p.serveManifest(x)
	case x.route.kind == kindTarball:
		p.serveTarball(x)
	}
}

func (p *pkg) servePackument(x *exchange) {
	short := strings.Contains(x.request.Header.Get("Accept"), shortType)
	body, err := p.packument(x.hosts, short)
	if err != nil {
		x.refuse(http.StatusInternalServerError, err.Error())
		return
	}
	x.status, x.body = http.StatusOK, body
	x.header.Set("Content-Type", "application/json")
	if short {
		x.header.Set("Content-Type", shortType)
	}
	// Five minutes, and Vary, as the public registry says.
	x.header.Set("Cache-Control", "public, max-age=300")
	x.header.Set("Vary", "accept-encoding, accept")
	if t := p.modified(); !t.IsZero() {
		x.header.Set("Last-Modified", t.Format(http.TimeFormat))
	}
}

// serveManifest answers for one version, given as a version or a dist-tag.
func (p *pkg) serveManifest(x *exchange) {
	ver := x.route.rest
	if tagged := p.distTags()[ver]; tagged != "" {
		ver = tagged
	}
	v := p.version(ver)
	if v == nil {
		x.refuse(http.StatusNotFound, "version not found: "+ver)
		return
	}
	x.json(http.StatusOK, v.document(x.hosts, false))
}

func (p *pkg) serveTarball(x *exchange) {
	v := p.version(x.route.rest)
	if v == nil {
		x.refuse(http.StatusNotFound, "Not found")
		return
	}
	x.status, x.body = http.StatusOK, v.tarball
	x.header.Set("Content-Type", "application/octet-stream")
	// A year, as the public registry says: a published version never changes.
	x.header.Set("Cache-Control", "public, immutable, max-age=31557600")
}

// whoami gives every credential the same user: there are no accounts.
func (r *Registry) whoami(x *exchange) {
	sent := x.request.Header.Get("Authorization")
	if sent == "" {
		x.refuse(http.StatusUnauthorized, "Unauthorized")
		return
	}
	x.json(http.StatusOK, object{{"username", "tester"}})
}
