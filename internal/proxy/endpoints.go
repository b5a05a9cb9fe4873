package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"godwit/internal/registry"
)

// serve answers one request. An error means that nothing was sent.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request, t target) error {
	switch t.kind {
	case pingKind:
		writeJSON(w, http.StatusOK, map[string]string{})
		return nil
	case passKind:
		return p.pass(w, r, t)
	case tarballKind:
		return p.serveTarball(w, r, t)
	case matureKind:
		return p.serveMature(w, r, t.name)
	}
	base, err := p.base(r)
	if err != nil {
		return err
	}
	a := ask{name: t.name, form: registry.Full, base: base, revalidate: insists(r)}
	switch t.kind {
	case manifestKind:
		return p.serveManifest(w, r, t, a)
	case distTagsKind:
		return p.serveDistTags(w, r, a)
	}
	contentType := "application/json"
	if wantsShort(r) {
		a.form, contentType = registry.Short, registry.ShortType
	}
	d, known, err := p.rendered(r.Context(), a)
	if err != nil {
		return err
	}
	p.setAge(w, known, d.until)
	return p.send(w, r, d, contentType)
}

// insists reports whether the client wants the registry to be asked.
func insists(r *http.Request) bool {
	for directive := range strings.SplitSeq(strings.ToLower(r.Header.Get("Cache-Control")), ",") {
		if d := strings.TrimSpace(directive); d == "no-cache" || d == "max-age=0" {
			return true
		}
	}
	return false
}

// setAge says how long clients need not ask again: what is left of the time
// that the upstream gave, or until a version matures.
func (p *Proxy) setAge(w http.ResponseWriter, r *record, until time.Time) {
	now := p.opts.Now()
	left := r.MaxAge - now.Sub(r.Checked)
	if !until.IsZero() {
		left = min(left, until.Sub(now))
	}
	left = max(0, left)
	w.Header().Set("Cache-Control", fmt.Sprintf("max-age=%d", left/time.Second))
}

// serveManifest answers with one version, named by itself or by a dist-tag.
func (p *Proxy) serveManifest(w http.ResponseWriter, r *http.Request, t target, a ask) error {
	all, known, err := p.rendered(r.Context(), a)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("manifest %s@%s %s", t.name, t.version, a.base)
	d, ok := p.memory.lookup(key).(*rendering)
	if !ok || d.of != all.etag {
		if d, err = p.makeManifest(r.Context(), t, all, a.base); err != nil {
			return err
		}
		p.memory.keep(key, d, int64(len(d.packed)))
	}
	p.setAge(w, known, all.until)
	return p.send(w, r, d, "application/json")
}

// makeManifest takes one version out of a document.
func (p *Proxy) makeManifest(ctx context.Context, t target, all *rendering, base string) (*rendering, error) {
	doc, done, err := p.parsed(ctx, t.name, all.packed, all.size)
	if err != nil {
		return nil, err
	}
	defer done() // before it is sent, which is as fast as the client
	version := t.version
	if target, tagged := doc.Packument().DistTags[version]; tagged {
		version = target
	}
	v, found := doc.Version(version)
	if !found {
		return nil, problem(http.StatusNotFound, "%s has no version and no dist-tag %s", t.name, cut(t.version))
	}
	d := pack(doc.Manifest(v, base))
	d.of = all.etag
	return d, nil
}

// serveDistTags answers with the dist-tags alone.
func (p *Proxy) serveDistTags(w http.ResponseWriter, r *http.Request, a ask) error {
	d, known, err := p.rendered(r.Context(), a)
	if err != nil {
		return err
	}
	doc, done, err := p.parsed(r.Context(), a.name, d.packed, d.size)
	if err != nil {
		return err
	}
	tags := doc.Packument().DistTags
	done()
	p.setAge(w, known, d.until)
	writeJSON(w, http.StatusOK, tags)
	return nil
}

const (
	// maxQuery bounds what a client may send with a question: the audit of a
	// project of 50,000 packages has 3 MB.
	maxQuery = 8 << 20
	// maxAnswer bounds what comes back.
	maxAnswer = 32 << 20
)

// pass asks the registry with what the client sent, but for what says who the
// client is.
func (p *Proxy) pass(w http.ResponseWriter, r *http.Request, t target) error {
	q := registry.RelayRequest{Name: t.name, Path: t.path, Method: r.Method, Header: http.Header{}, Limit: maxAnswer}
	for _, key := range []string{"Accept", "Content-Type", "Content-Encoding"} {
		if value := r.Header.Get(key); value != "" {
			q.Header.Set(key, value)
		}
	}
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxQuery))
		if err != nil {
			return problem(http.StatusRequestEntityTooLarge, "the request has more than %d bytes, or broke off", maxQuery)
		}
		q.Body = body
	}
	p.counts.Upstream.Passed.Add(1)
	return p.upstream.Relay(r.Context(), q, func(a registry.Relayed) error {
		body, err := io.ReadAll(a.Body)
		if err != nil {
			return err
		}
		for _, key := range []string{"Content-Type", "Content-Encoding"} {
			if value := a.Header.Get(key); value != "" {
				w.Header().Set(key, value)
			}
		}
		deadline(w, int64(len(body)))
		w.WriteHeader(a.Status)
		_, _ = w.Write(body) // a client that went away
		return nil
	})
}
