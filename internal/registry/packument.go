package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"godwit/internal/npm"
)

// Form says how much of a packument is asked for.
type Form uint8

// The forms. A registry may answer with the full one in any case.
const (
	Short Form = iota // what an install needs
	Full              // with publication times, scripts and all else
)

func (f Form) String() string {
	if f == Full {
		return "full"
	}
	return "short"
}

// accept is what npm sends (pacote); the "*/*" is for registries that know
// neither form.
func (f Form) accept() string {
	if f == Full {
		return "application/json"
	}
	return shortType + "; q=1.0, application/json; q=0.8, */*"
}

const shortType = "application/vnd.npm.install-v1+json"

// Packument fetches what the registry of name says about it, from the cache if
// that is fresh. Callers at the same time share one request.
func (c *Client) Packument(ctx context.Context, name npm.Name, form Form) (*npm.Packument, error) {
	d, err := c.fly(ctx, name, form, c.opts.PreferOnline)
	return d.Packument, err
}

// Dated is a packument and until when it needs no other look at the registry.
type Dated struct {
	*npm.Packument
	Until time.Time
}

// Dated is Packument for who keeps what it gets.
func (c *Client) Dated(ctx context.Context, name npm.Name, form Form) (Dated, error) {
	return c.fly(ctx, name, form, c.opts.PreferOnline)
}

// Revalidate is Packument without trust in the cache's freshness, for when a
// version or dist-tag is not there that may have been published just now.
func (c *Client) Revalidate(ctx context.Context, name npm.Name, form Form) (*npm.Packument, error) {
	d, err := c.fly(ctx, name, form, true)
	return d.Packument, err
}

// Kept is the packument that the cache has, whatever its age; nil if it has none.
// It will do for what of a published version cannot change.
func (c *Client) Kept(name npm.Name, form Form) *npm.Packument {
	at, err := packumentURL(c.registryOf(name), name)
	if err != nil {
		return nil
	}
	if kept := c.cache.slot(c.registryOf(name), c.auth.lookup(at), name).load(form); kept != nil {
		return kept.doc
	}
	return nil
}

// Forget removes what the cache has of a name: whoever changes a package wants to
// see the change.
func (c *Client) Forget(name npm.Name) {
	at, err := packumentURL(c.registryOf(name), name)
	if c.cache == nil || err != nil {
		return
	}
	s := c.cache.slot(c.registryOf(name), c.auth.lookup(at), name)
	remove := func() error {
		for _, form := range []Form{Short, Full} {
			_ = os.Remove(s.path(form)) // one that cannot be removed is asked about again when it is old
		}
		return nil
	}
	_ = remove()
	c.cache.writer.add(0, remove) // behind a document that was fetched before the change, and is still to be written
}

func (c *Client) fly(ctx context.Context, name npm.Name, form Form, revalidate bool) (Dated, error) {
	return c.flights.do(ctx, flightKey{name, form, revalidate}, func(ctx context.Context) (Dated, error) {
		return c.packument(ctx, name, form, revalidate)
	})
}

func (c *Client) packument(ctx context.Context, name npm.Name, form Form, revalidate bool) (Dated, error) {
	at, err := packumentURL(c.registryOf(name), name)
	if err != nil {
		return Dated{}, err
	}
	slot := c.cache.slot(c.registryOf(name), c.auth.lookup(at), name)
	kept := slot.load(form)
	switch {
	case kept != nil && (c.opts.Offline || !revalidate && (c.opts.PreferOffline || kept.fresh(c.opts.Now()))):
		return Dated{kept.doc, kept.checked.Add(kept.maxAge)}, nil
	case c.opts.Offline:
		return Dated{}, &OfflineError{What: "packument of " + string(name)}
	}
	if kept != nil {
		form = kept.form // or its validators would be another document's
	}
	header := http.Header{"Accept": {form.accept()}, "Accept-Encoding": {"gzip"}}
	kept.addValidators(header)
	var doc Dated
	err = c.do(ctx, request{
		lane:     c.metadata,
		url:      at,
		header:   header,
		registry: c.registryOf(name),
		scope:    name.Scope(),
		limit:    c.opts.MaxPackument,
	}, func(a answer) error {
		var err error
		if doc, err = c.receive(ctx, a, name, form, slot, kept); errors.Is(err, ErrTooLarge) {
			return &TooLargeError{URL: maskURL(at), Limit: c.opts.MaxPackument}
		} else if err != nil && ctx.Err() != nil {
			return err
		} else if err != nil {
			return &BrokenError{URL: maskURL(at), Page: strings.HasPrefix(a.header.Get("Content-Type"), "text/html"), Err: err}
		}
		return nil
	})
	return doc, err
}

// packumentURL escapes the slash of a scoped name as npm does.
func packumentURL(registry *url.URL, name npm.Name) (*url.URL, error) {
	return parseURL(registry.String() + "/" + EscapedName(name))
}

// receive makes a packument of an answer and leaves a copy with the cache.
func (c *Client) receive(ctx context.Context, a answer, name npm.Name, form Form, slot *slot, kept *kept) (Dated, error) {
	age, now := maxAge(a.header), c.opts.Now()
	until := now.Add(max(age, 0))
	if a.status == http.StatusNotModified {
		if kept == nil {
			return Dated{}, errNotModified
		}
		slot.touch(kept, now, age)
		return Dated{kept.doc, until}, nil
	}
	done := func() {}
	defer func() { done() }() // it is parsed in the same turn
	body, err := c.decoded(a, func() (err error) { done, err = c.large.Take(ctx); return err })
	if err != nil {
		return Dated{}, err
	}
	doc, err := npm.ParsePackument(name, body)
	if err != nil {
		return Dated{}, err
	}
	if doc.Full && !strings.Contains(a.header.Get("Content-Type"), shortType) {
		form = Full // the registry has no short form
	}
	if age != noStore {
		slot.store(doc, body, validators{
			form:     form,
			etag:     a.header.Get("Etag"),
			modified: a.header.Get("Last-Modified"),
			checked:  now,
			maxAge:   age,
		})
	}
	return Dated{doc, until}, nil
}

// decoded reads a body and undoes its Content-Encoding. For large see gunzip.
func (c *Client) decoded(a answer, large func() error) ([]byte, error) {
	switch encoding := strings.ToLower(a.header.Get("Content-Encoding")); encoding {
	case "", "identity":
		return readAll(a.body, nil, a.size)
	case "gzip", "x-gzip":
		return gunzip(a, c.opts.MaxPackument, large)
	default:
		return nil, fmt.Errorf("encoded as %.20q, which was not asked for", encoding)
	}
}

const (
	// defaultMaxAge is for registries that say nothing: five minutes, as the
	// public registry says and bun assumes. pnpm revalidates every time, which
	// costs a round trip for each package of a project; who needs a version
	// published this minute has Revalidate and prefer-online.
	defaultMaxAge = 5 * time.Minute

	noStore time.Duration = -1
)

// maxAge is how long an answer needs no revalidation (RFC 9111), or noStore.
func maxAge(h http.Header) time.Duration {
	age := defaultMaxAge
	for directive := range strings.SplitSeq(strings.ToLower(h.Get("Cache-Control")), ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch key {
		case "no-store":
			return noStore
		case "no-cache":
			return 0
		case "max-age":
			age = seconds(strings.Trim(value, `"`))
		}
	}
	return max(0, age-seconds(h.Get("Age")))
}

// seconds reads a count of seconds; 0 if it is none. A century is for ever.
func seconds(s string) time.Duration {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}
