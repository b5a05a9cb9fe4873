package proxy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"godwit/internal/npm"
	"godwit/internal/proxy/render"
	"godwit/internal/registry"
)

// ask says which document is wanted and how new it has to be.
type ask struct {
	name       npm.Name
	form       registry.Form
	base       string // for the rendering
	revalidate bool   // ask the upstream whatever is kept
}

// key names a document of the upstream; registries do not share.
func (p *Proxy) key(name npm.Name, form registry.Form) string {
	return p.upstream.Registry(name) + " " + form.String() + " " + string(name)
}

// file is where the document of that key is kept.
func file(kind, key string) string {
	sum := sha256.Sum256([]byte(key))
	hexed := hex.EncodeToString(sum[:16])
	return kind + "/" + hexed[:2] + "/" + hexed[2:]
}

// formOf is the form that the upstream is asked for. A policy needs the times
// of the full one; of a registry that has no short form the full one serves for
// both.
func (p *Proxy) formOf(a ask) registry.Form {
	if p.opts.Holds() {
		return registry.Full
	}
	if _, none := p.noShort.Load(p.upstream.Registry(a.name)); none {
		return registry.Full
	}
	return a.form
}

// record finds the record of a document: one that is fresh, or one that is
// being refreshed behind the caller, or a new one. When the upstream fails what
// there is serves, whatever its age.
func (p *Proxy) record(ctx context.Context, a ask) (*record, error) {
	a.form = p.formOf(a)
	key := p.key(a.name, a.form)
	have, err := p.kept(ctx, key)
	if err != nil {
		return nil, err
	}
	now := p.opts.Now()
	switch {
	case have == nil:
		p.counts.Documents.Miss.Add(1)
		return p.documents.start(p, key, func(ctx context.Context) (*record, error) { return p.fetch(ctx, a, nil) }).wait(ctx)
	case have.fresh(now) && !a.revalidate, have.recent(now):
		p.counts.Documents.Hit.Add(1)
		return have, nil
	}
	f := p.documents.start(p, key, func(ctx context.Context) (*record, error) { return p.fetch(ctx, a, have) })
	stale := now.Sub(have.Checked) - have.MaxAge
	if !a.revalidate && 0 <= stale && stale < p.opts.StaleFor || p.isDown(a.name) {
		p.counts.Documents.Stale.Add(1)
		return have, nil
	}
	p.counts.Documents.Revalidated.Add(1)
	patient, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	got, err := f.wait(patient)
	if err != nil && serves(err) && ctx.Err() == nil {
		p.counts.Documents.Failover.Add(1)
		return have, nil
	}
	return got, err
}

const (
	// defaultPatience is how long an answer waits for a registry when there is
	// something older to answer with.
	defaultPatience = 5 * time.Second
	// downFor is how long a registry that failed is not waited for.
	downFor = 10 * time.Second
)

// isDown reports whether the registry of name failed just now.
func (p *Proxy) isDown(name npm.Name) bool {
	until, ok := p.down.Load(p.upstream.Registry(name))
	return ok && p.opts.Now().Before(until.(time.Time))
}

// serves reports whether a kept document may stand in for an answer that failed
// so: not when the upstream said that there is none.
func serves(err error) bool {
	var status *registry.StatusError
	return !errors.As(err, &status) || status.Status >= 500 || status.Status == http.StatusTooManyRequests
}

// kept looks for a record in memory and on disk; nil if there is none.
func (p *Proxy) kept(ctx context.Context, key string) (*record, error) {
	if r, ok := p.memory.lookup(key).(*record); ok {
		return r, nil
	}
	return p.loads.start(p, key, func(context.Context) (*record, error) {
		e, err := p.disk.Open(file("docs", key))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			p.opts.Log.Warn("cache not readable", "err", err)
			return nil, nil
		}
		defer e.Close()
		r, err := decodeRecord(e.Meta)
		if err != nil {
			p.disk.Remove(file("docs", key))
			return nil, nil
		}
		p.memory.keep(key, r, r.bytes())
		return r, nil
	}).wait(ctx)
}

// missingFor is how long a name that the upstream does not have is not asked
// for again.
const missingFor = 10 * time.Second

// missing is such a name in memory.
type missing struct {
	until time.Time
	err   error
}

// fetch asks the upstream, on condition that it is not what have is of.
func (p *Proxy) fetch(ctx context.Context, a ask, have *record) (*record, error) {
	key := p.key(a.name, a.form)
	if r, ok := p.memory.lookup(key).(*record); ok && r.recent(p.opts.Now()) {
		return r, nil // another flight ended between the caller's look at what is kept and this
	}
	if m, ok := p.memory.lookup("missing " + key).(*missing); ok && p.opts.Now().Before(m.until) {
		return nil, m.err
	}
	header := http.Header{"Accept": {a.form.Accept()}, "Accept-Encoding": {"gzip"}}
	if have != nil && have.Etag != "" {
		header.Set("If-None-Match", have.Etag)
	}
	if have != nil && have.Modified != "" {
		header.Set("If-Modified-Since", have.Modified)
	}
	from := "documents " + p.upstream.Registry(a.name)
	if err := p.rested(from); err != nil {
		return nil, err
	}
	var got *record
	p.counts.Upstream.Documents.Add(1)
	err := p.upstream.Relay(ctx, registry.RelayRequest{
		Name: a.name, Path: registry.EscapedName(a.name), Header: header, Limit: maxDocument,
	}, func(answer registry.Relayed) error {
		var err error
		got, err = p.receive(ctx, answer, a, have)
		return err
	})
	if err == nil {
		return got, nil
	}
	p.counts.Upstream.Failed.Add(1)
	p.rest(from, err)
	var status *registry.StatusError
	if serves(err) && ctx.Err() == nil {
		p.down.Store(p.upstream.Registry(a.name), p.opts.Now().Add(downFor))
	}
	if errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusGone) {
		p.memory.keep("missing "+key, &missing{p.opts.Now().Add(missingFor), err}, 64)
		p.memory.forget(key)
		p.disk.Remove(file("docs", key))
	}
	return nil, err
}

// receive makes a record of an answer and keeps it.
func (p *Proxy) receive(ctx context.Context, answer registry.Relayed, a ask, have *record) (*record, error) {
	age, keep := answer.Freshness()
	if !keep {
		age = 0 // kept all the same, for the next condition; asked for each time
	}
	if answer.Status == http.StatusNotModified {
		if have == nil {
			return nil, errors.New("it answered 304 (not modified) without having been asked")
		}
		again := *have
		again.Checked, again.MaxAge = p.opts.Now(), age
		p.memory.keep(p.key(a.name, a.form), &again, again.bytes())
		return &again, nil
	}
	packed, err := io.ReadAll(answer.Body) // before its turn: it may come slowly
	if err != nil {
		return nil, err
	}
	done, err := p.turn(ctx, len(packed))
	if err != nil {
		return nil, err
	}
	defer done()
	answer.Body = bytes.NewReader(packed)
	body, err := answer.Decoded()
	if err != nil {
		return nil, err
	}
	doc, err := render.Parse(a.name, body)
	if err != nil {
		return nil, err
	}
	if doc.Full() && a.form == registry.Short && !strings.Contains(answer.Header.Get("Content-Type"), registry.ShortType) {
		p.noShort.Store(p.upstream.Registry(a.name), true)
		a.form = registry.Full
	}
	r := &record{
		Full: doc.Full(), Etag: answer.Header.Get("Etag"), Modified: answer.Header.Get("Last-Modified"),
		Checked: p.opts.Now(), MaxAge: age, Base: a.base, index: makeIndex(doc.Versions),
	}
	return r, p.keep(a, r, doc)
}

// keep renders a new document for the base it was first asked at, and writes it
// down.
func (p *Proxy) keep(a ask, r *record, doc *render.Document) error {
	text, err := doc.Render(render.Options{Base: a.base, Short: !r.Full})
	if err != nil {
		return err
	}
	d := pack(text)
	r.Tag, r.Size = d.etag, d.size
	key := p.key(a.name, a.form)
	if err := p.disk.Put(file("docs", key), r.encode(), d.packed); err != nil {
		p.notKept(err)
		r.body = d.packed
	}
	// The rendering before the record: who sees the record finds it.
	p.memory.keep(renderKey(key, plain(r, a.base)), d, int64(len(d.packed)))
	p.memory.keep(key, r, r.bytes())
	return nil
}

// notKept says that the cache takes nothing, which costs only time.
func (p *Proxy) notKept(err error) {
	p.counts.NotKept.Add(1)
	p.opts.Log.Warn("not kept in the cache", "err", err)
}
