package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say where a registry may ask for what it has not recorded.
type Options struct {
	// Upstream is the URL of a registry; empty means that the recording is
	// all there is, and Thaw does nothing.
	Upstream string
	// Client makes the upstream requests; nil means http.DefaultClient.
	Client *http.Client
}

// Registry is the replay registry: an http.Handler. It starts frozen.
type Registry struct {
	rec    *Recording
	up     *upstream // nil without Upstream
	thawed atomic.Bool
	bodies bodies
	counts counters
	asks   flights // one upstream request for one thing
}

// New returns a registry that serves rec.
func New(rec *Recording, opts Options) (*Registry, error) {
	g := &Registry{rec: rec, bodies: bodies{rec: rec}}
	if opts.Upstream == "" {
		return g, nil
	}
	if opts.Client == nil {
		opts.Client = http.DefaultClient
	}
	up, err := newUpstream(opts.Upstream, opts.Client)
	g.up = up
	return g, err
}

// Thaw lets misses go to the upstream; Freeze stops it.
func (g *Registry) Thaw()   { g.thawed.Store(g.up != nil) }
func (g *Registry) Freeze() { g.thawed.Store(false) }

// Stats returns the counts since the last Reset.
func (g *Registry) Stats() Stats { return g.counts.stats() }

// Reset starts the counts at zero.
func (g *Registry) Reset() { g.counts.reset() }

// Listener counts what passes through ln; serve on the listener it returns.
func (g *Registry) Listener(ln net.Listener) net.Listener {
	return countingListener{ln, &g.counts}
}

// Prepare makes the compressed short packuments for clients that reach the
// registry as host ("127.0.0.1:4873"), so that no timed request has to. Other
// bodies are made when first asked for, and kept.
func (g *Registry) Prepare(ctx context.Context, host string) error {
	names, err := g.rec.Names()
	if err != nil {
		return err
	}
	work := make(chan string)
	errs := make([]error, runtime.GOMAXPROCS(0)) // compression is bound by the CPU
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for name := range work {
				if errs[i] == nil {
					_, errs[i] = g.bodies.packument(variant{host: host, name: name, form: short, gzip: true})
				}
			}
		})
	}
	for _, name := range names {
		if ctx.Err() != nil {
			break
		}
		work <- name
	}
	close(work)
	wg.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

// ServeHTTP answers one request from the recording.
func (g *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	g.counts.requests.Add(1)
	g.counts.active.enter()
	defer g.counts.active.leave()
	t := target{}
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		t = parse(req)
	}
	switch t.kind {
	case packument:
		g.counts.packuments.Add(1)
		gz := strings.Contains(req.Header.Get("Accept-Encoding"), "gzip")
		v := variant{host: req.Host, name: t.name, form: t.form, gzip: gz}
		g.answer(w, req, func() (*body, error) { return g.bodies.packument(v) },
			func() error { return g.recordPackument(req.Context(), t.name) })
	case tarball:
		g.counts.tarballs.Add(1)
		g.counts.activeTarballs.enter()
		defer g.counts.activeTarballs.leave()
		g.answer(w, req, func() (*body, error) { return g.bodies.tarball(t.name) },
			func() error { return g.recordTarball(req.Context(), t.name) })
	case manifest:
		g.counts.manifests.Add(1)
		g.serveManifest(w, req, t)
	default:
		g.counts.other.Add(1)
		g.serveOther(w, req)
	}
}

// answer sends what ready returns; where that is not recorded, record may
// fetch it first.
func (g *Registry) answer(w http.ResponseWriter, req *http.Request, ready func() (*body, error), record func() error) {
	b, err := ready()
	if errors.Is(err, fs.ErrNotExist) {
		if err = record(); err == nil {
			b, err = ready()
		}
	}
	if err != nil {
		g.refuse(w, req, err)
		return
	}
	h := w.Header()
	for name, value := range b.header {
		h[name] = value
	}
	if match := req.Header.Get("If-None-Match"); match != "" && strings.Contains(match, b.etag) {
		g.counts.notModified.Add(1)
		delete(h, "Content-Length")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if req.Method == http.MethodHead {
		return
	}
	// An error here is the client's: it went away.
	_ = b.send(w)
}

// errNotRecorded is a miss: the recording should have held it.
var errNotRecorded = errors.New("not recorded")

// refuse answers an error, and counts it when it is a miss.
func (g *Registry) refuse(w http.ResponseWriter, req *http.Request, err error) {
	status := http.StatusBadGateway
	switch {
	case errors.Is(err, errAbsent):
		g.counts.notFound.Add(1)
		status = http.StatusNotFound
	case errors.Is(err, errNotRecorded):
		g.counts.miss(req.URL.Path)
		status = http.StatusNotFound
	default:
		g.counts.miss(req.URL.Path)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, "{\"error\":%q}\n", err.Error())
}

// recordPackument fetches and stores what the upstream says about name.
func (g *Registry) recordPackument(ctx context.Context, name string) error {
	folder := fold(name)
	if g.rec.has("packuments", folder, "absent") {
		return errAbsent
	}
	if !g.thawed.Load() {
		return errNotRecorded
	}
	defer g.asks.lock("packument " + name)()
	if g.rec.has("packuments", folder, "short.json") {
		return nil
	}
	g.counts.upstream.Add(1)
	doc, err := g.up.packument(ctx, name)
	if errors.Is(err, errAbsent) {
		return errors.Join(err, g.rec.write(nil, "packuments", folder, "absent"))
	}
	if err != nil {
		return err
	}
	if err := g.rec.keep(name, doc, g.up.base); err != nil {
		return fmt.Errorf("record %s: %w", name, err)
	}
	return nil
}

// keep stores both forms of the packument doc. short.json comes last: where it
// is, everything is.
func (r *Recording) keep(name string, doc []byte, base *url.URL) error {
	var away []string
	doc, err := neutral(doc, func(u string) string {
		p := tarballPath(base, u)
		if strings.HasPrefix(p, elsewhere) {
			away = append(away, p)
		}
		return p
	})
	if err != nil {
		return err
	}
	brief, err := shorten(doc)
	if err != nil {
		return err
	}
	for _, p := range away {
		if err := r.write(nil, "elsewhere", fold(p)); err != nil {
			return err
		}
	}
	at := changed(brief)
	if err := r.copy(bytes.NewReader(doc), at, "packuments", fold(name), full.file()); err != nil {
		return err
	}
	return r.copy(bytes.NewReader(brief), at, "packuments", fold(name), short.file())
}

// changed is when the packument last changed, or zero where it does not say.
// The files get this time, and Last-Modified says it.
func changed(doc []byte) time.Time {
	top, err := members(doc)
	if err != nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text(modified(top)))
	if err != nil {
		return time.Time{}
	}
	return at
}

// recordTarball fetches and stores the tarball with the URL path p. A path on
// another host is fetched only if a recorded packument names it.
func (g *Registry) recordTarball(ctx context.Context, p string) error {
	if !g.thawed.Load() {
		return errNotRecorded
	}
	if strings.HasPrefix(p, elsewhere) && !g.rec.has("elsewhere", fold(p)) {
		return errNotRecorded
	}
	defer g.asks.lock("tarball " + p)()
	if g.rec.has("tarballs", fold(p)) {
		return nil
	}
	g.counts.upstream.Add(1)
	return g.up.get(ctx, tarballURL(g.up.base, p), func(src io.Reader) error {
		return g.rec.copy(src, time.Time{}, "tarballs", fold(p))
	})
}

// serveManifest answers a request for one version of a package, out of its
// packument.
func (g *Registry) serveManifest(w http.ResponseWriter, req *http.Request, t target) {
	if !g.rec.has("packuments", fold(t.name), "short.json") {
		if err := g.recordPackument(req.Context(), t.name); err != nil {
			g.refuse(w, req, err)
			return
		}
	}
	m, err := g.rec.manifest(t, req.Host)
	if errors.Is(err, fs.ErrNotExist) {
		err = errAbsent // no such version: the upstream would say the same
	}
	if err != nil {
		g.refuse(w, req, err)
		return
	}
	w.Header().Set("Content-Type", t.form.contentType())
	_, _ = w.Write(m)
}

// serveOther answers pings; anything else no recording can hold.
func (g *Registry) serveOther(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if p := strings.Trim(req.URL.Path, "/"); p != "" && p != "-/ping" {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = io.WriteString(w, "{}\n")
}
