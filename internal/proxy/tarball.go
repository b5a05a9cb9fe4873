package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"godwit/internal/npm/integrity"
	"godwit/internal/proxy/disk"
	"godwit/internal/proxy/render"
	"godwit/internal/registry"
)

// tarball is the meta of a tarball's file.
type tarball struct {
	Integrity string    `json:"integrity"`
	Published time.Time `json:"published,omitzero"`
}

func encodeTarball(s source, in integrity.Integrity) []byte {
	meta, err := json.Marshal(tarball{Integrity: in.String(), Published: s.published})
	if err != nil {
		panic("proxy: " + err.Error()) // strings and a time in this era
	}
	return meta
}

// immutable is what a tarball's bytes are: a version is published once.
const immutable = "max-age=31536000, immutable"

// serveTarball answers with the file of a version.
func (p *Proxy) serveTarball(w http.ResponseWriter, r *http.Request, t target) error {
	ctx := r.Context()
	w.Header().Set("Cache-Control", immutable)
	name := file("tarballs", p.upstream.Registry(t.name)+" "+string(t.name)+" "+t.version)
	if e := p.keptTarball(name, t); e != nil {
		defer e.Close()
		var meta tarball
		if err := json.Unmarshal(e.Meta, &meta); err == nil {
			if err := p.admit(ctx, r, t, meta.Published); err != nil {
				return err
			}
			p.counts.Tarballs.Hit.Add(1)
			return p.sendFile(w, r, e, meta)
		}
	}
	s, err := p.source(ctx, r, t)
	if err != nil {
		return err
	}
	if err := p.admit(ctx, r, t, s.published); err != nil {
		return err
	}
	p.counts.Tarballs.Miss.Add(1)
	d := p.join(name, func(ctx context.Context, d *download) {
		if !p.takeKept(d, name, t) {
			p.fetchTarball(ctx, d, name, p.tarballURL(t, s.tarball), t.name, s)
		}
	})
	return d.send(p, w, r)
}

// keptTarball opens the file of a tarball, unless the registry is known to have
// published another one since.
func (p *Proxy) keptTarball(name string, t target) *disk.Entry {
	e, err := p.disk.Open(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			p.opts.Log.Warn("cache not readable", "err", err)
		}
		return nil
	}
	for _, form := range []registry.Form{registry.Short, registry.Full} {
		known, ok := p.memory.lookup(p.key(t.name, form)).(*record)
		if !ok {
			continue
		}
		var meta tarball
		s, there := known.source(t.version)
		want, err := s.expected()
		if there && err == nil && json.Unmarshal(e.Meta, &meta) == nil && meta.Integrity != want.String() {
			e.Close()
			p.disk.Remove(name)
			return nil
		}
	}
	return e
}

// sendFile answers from the cache. The server copies from file to connection
// without reading it.
func (p *Proxy) sendFile(w http.ResponseWriter, r *http.Request, e *disk.Entry, meta tarball) error {
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Etag", strconv.Quote(meta.Integrity))
	if matches(r, h.Get("Etag")) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Length", strconv.FormatInt(e.Size, 10))
	if r.Method == http.MethodHead {
		return nil
	}
	deadline(w, e.Size)
	_, _ = io.Copy(w, io.LimitReader(e.File, e.Size)) // a client that went away
	return nil
}

// source finds where the upstream has a version. A document that does not have
// it is asked for again: someone knows more than we do.
func (p *Proxy) source(ctx context.Context, r *http.Request, t target) (source, error) {
	base, err := p.base(r)
	if err != nil {
		return source{}, err
	}
	a := ask{name: t.name, form: registry.Short, base: base}
	if have, _ := p.kept(ctx, p.key(t.name, registry.Short)); have == nil {
		if have, _ = p.kept(ctx, p.key(t.name, registry.Full)); have != nil {
			a.form = registry.Full
		}
	}
	for {
		known, err := p.record(ctx, a)
		if err != nil {
			return source{}, err
		}
		if s, ok := known.source(t.version); ok {
			return s, nil
		}
		if a.revalidate {
			return source{}, problem(http.StatusNotFound, "%s@%s: the registry behind this one has no such version", t.name, t.version)
		}
		a.revalidate = true
	}
}

// tarballURL is where to fetch from: where the document says, if that is one of
// our registries, else where registries have it by convention. A mirror often
// repeats the URLs of what it mirrors.
func (p *Proxy) tarballURL(t target, said string) string {
	if u, err := url.Parse(said); err == nil && u.Host != "" && p.CheckOrigin(u) == nil {
		return said
	}
	return render.TarballURL(p.upstream.Registry(t.name), t.name, t.version)
}
