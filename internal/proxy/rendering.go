package proxy

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"godwit/internal/proxy/render"
	"godwit/internal/registry"
)

// rendering is a document as it is sent. Immutable.
type rendering struct {
	of     string // Tag of the record it was made from; "" if it is the stored document itself
	etag   string
	packed []byte    // gzip
	size   int       // bytes unpacked
	from   time.Time // when it was made, as far as that matters: a clock set back makes versions young again
	until  time.Time // when a version gets old enough to be in it; zero: never
}

// want is a form of a record's document.
type want struct {
	short bool
	base  string
}

// plain is the form that is stored with the record.
func plain(r *record, base string) want { return want{short: !r.Full, base: base} }

func renderKey(key string, w want) string { return fmt.Sprintf("%s %t %s", key, w.short, w.base) }

// rendered finds the document that a asks for, or makes it of the stored one.
func (p *Proxy) rendered(ctx context.Context, a ask) (*rendering, *record, error) {
	d, r, err := p.tryRendered(ctx, a)
	if errors.Is(err, errDrivenOut) {
		d, r, err = p.tryRendered(ctx, a)
	}
	return d, r, err
}

func (p *Proxy) tryRendered(ctx context.Context, a ask) (*rendering, *record, error) {
	r, err := p.record(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	if !r.Full && a.form == registry.Full {
		return nil, nil, problem(http.StatusBadGateway, "the registry behind this one has the short form of %s only", a.name)
	}
	w := want{short: a.form == registry.Short, base: a.base}
	key := p.key(a.name, p.formOf(a))
	at := renderKey(key, w)
	if p.opts.Holds() {
		at = "aged " + at // the stored document, which has all versions, is kept under the other
	}
	if d, ok := p.memory.lookup(at).(*rendering); ok && p.current(d, r) {
		return d, r, nil
	}
	d, err := p.renderings.start(p, at+" "+r.Tag, func(ctx context.Context) (*rendering, error) {
		d, err := p.make(ctx, a, r, w, key)
		if err == nil {
			p.memory.keep(at, d, int64(len(d.packed)))
		}
		return d, err
	}).wait(ctx)
	return d, r, err
}

func (p *Proxy) current(d *rendering, r *record) bool {
	now := p.opts.Now()
	return (d.of == r.Tag || d.etag == r.Tag) && !now.Before(d.from) && (d.until.IsZero() || now.Before(d.until))
}

// make makes a rendering of the stored document.
func (p *Proxy) make(ctx context.Context, a ask, r *record, w want, key string) (*rendering, error) {
	packed, err := p.stored(r, key)
	if err != nil {
		return nil, err
	}
	asStored := w == plain(r, r.Base)
	if asStored && !p.opts.Holds() {
		return &rendering{of: r.Tag, etag: r.Tag, packed: packed, size: r.Size}, nil
	}
	doc, done, err := p.parsed(ctx, a.name, packed, r.Size)
	if err != nil {
		return nil, err
	}
	defer done()
	o := render.Options{Base: w.base, Short: w.short}
	from := p.opts.Now()
	until, err := p.hide(doc, &o)
	if err != nil {
		return nil, err
	}
	text, err := doc.Render(o)
	if err != nil {
		return nil, err
	}
	d := pack(text)
	d.of, d.until = r.Tag, until
	if p.opts.Holds() {
		d.from = from
	}
	return d, nil
}

// stored is the packed document of a record.
func (p *Proxy) stored(r *record, key string) ([]byte, error) {
	if r.body != nil {
		return r.body, nil
	}
	if d, ok := p.memory.lookup(renderKey(key, plain(r, r.Base))).(*rendering); ok && d.etag == r.Tag {
		return d.packed, nil
	}
	e, err := p.disk.Open(file("docs", key))
	if err != nil {
		p.memory.forget(key) // the next who asks finds no record, and asks the upstream
		return nil, errors.Join(errDrivenOut, err)
	}
	defer e.Close()
	if now, err := decodeRecord(e.Meta); err != nil {
		return nil, errors.Join(errDrivenOut, err)
	} else if now.Tag != r.Tag { // replaced since; who did it may still have to say so
		p.memory.keep(key, now, now.bytes())
		return nil, errDrivenOut
	}
	return e.Body()
}

var errDrivenOut = errors.New("the document was driven out of the cache")

// packers are reused: one has 800 kB of tables.
var packers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(io.Discard, packLevel)
	if err != nil {
		panic("proxy: " + err.Error())
	}
	return w
}}

// packLevel is where a packument takes half the time of the default level and
// gets 4 % larger.
const packLevel = 4

// pack makes a rendering of a document's text.
func pack(text []byte) *rendering {
	var out bytes.Buffer
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&out)
	_, err := w.Write(text)
	if err = errors.Join(err, w.Close()); err != nil {
		panic("proxy: " + err.Error()) // a buffer takes everything
	}
	sum := sha256.Sum256(text)
	return &rendering{
		etag:   `W/"` + hex.EncodeToString(sum[:16]) + `"`,
		packed: bytes.Clone(out.Bytes()), // a buffer has up to twice what it needs
		size:   len(text),
	}
}

// unpack undoes pack; size is known.
func unpack(packed []byte, size int) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text := make([]byte, size)
	_, err = io.ReadFull(r, text)
	return text, err
}
