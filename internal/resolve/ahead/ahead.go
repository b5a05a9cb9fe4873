// Package ahead fetches packuments before they are needed: each name once, and
// as soon as one arrives, what its likely version depends on. So a deep graph
// costs its depth in round trips at most, and whoever resolves one thing after
// the other finds everything there.
package ahead

import (
	"context"
	"sync"

	"godwit/internal/npm"
)

// Need is a packument that is likely to be wanted, and what of it.
type Need struct {
	Name npm.Name
	Spec string // range or dist-tag
}

// Fetch gets a packument; with fresh, from nobody's cache.
type Fetch func(ctx context.Context, name npm.Name, fresh bool) (*npm.Packument, error)

// Documents is owned by one goroutine; fetches report to it when it waits for
// one of them.
type Documents struct {
	ctx      context.Context
	cancel   context.CancelFunc
	fetch    Fetch
	likely   func(*npm.Packument, string) []Need
	byName   map[npm.Name]*document
	arrivals chan *document
	running  sync.WaitGroup
}

type document struct {
	name    npm.Name
	doc     *npm.Packument
	err     error
	arrived bool
	fresh   bool
	guesses []string // specifiers to look ahead for once it is here
	guessed map[string]bool
}

// New makes an empty set. fetch is called from several goroutines; likely is
// called by the owner, and says what the version depends on that a specifier
// probably means.
func New(ctx context.Context, fetch Fetch, likely func(*npm.Packument, string) []Need) *Documents {
	ctx, cancel := context.WithCancel(ctx)
	return &Documents{ctx: ctx, cancel: cancel, fetch: fetch, likely: likely, byName: map[npm.Name]*document{}, arrivals: make(chan *document)}
}

// Close stops the fetches that nobody waits for any more.
func (d *Documents) Close() {
	d.cancel()
	d.running.Wait()
}

// Ahead fetches name and, when it is here, what the version that spec
// probably means depends on.
func (d *Documents) Ahead(name npm.Name, spec string) {
	doc := d.request(name)
	if doc.guessed[spec] {
		return
	}
	doc.guessed[spec] = true
	if doc.arrived {
		d.look(doc, spec)
	} else {
		doc.guesses = append(doc.guesses, spec)
	}
}

// Request fetches name, to be had from Get later.
func (d *Documents) Request(name npm.Name) { d.request(name) }

func (d *Documents) request(name npm.Name) *document {
	doc := d.byName[name]
	if doc != nil {
		return doc
	}
	doc = &document{name: name, guessed: map[string]bool{}}
	d.byName[name] = doc
	d.running.Add(1)
	go func() {
		defer d.running.Done()
		doc.doc, doc.err = d.fetch(d.ctx, name, false)
		select {
		case d.arrivals <- doc:
		case <-d.ctx.Done():
		}
	}()
	return doc
}

// Get waits for the packument of name and meanwhile follows up on others.
func (d *Documents) Get(name npm.Name) (*npm.Packument, error) {
	doc := d.request(name)
	for !doc.arrived {
		select {
		case got := <-d.arrivals:
			got.arrived = true
			for _, spec := range got.guesses {
				d.look(got, spec)
			}
			got.guesses = nil
		case <-d.ctx.Done():
			return nil, context.Cause(d.ctx)
		}
	}
	return doc.doc, doc.err
}

// Fresh is the packument of name, which was waited for before, as the registry
// has it now: what is missing in it may have been published since a cache heard of
// it. The registry is asked once; where it does not answer, the old one has to do.
func (d *Documents) Fresh(name npm.Name) *npm.Packument {
	doc := d.byName[name]
	if !doc.fresh {
		doc.fresh = true
		if now, err := d.fetch(d.ctx, name, true); err == nil {
			doc.doc = now
		}
	}
	return doc.doc
}

// look asks for what the version depends on that spec probably means.
func (d *Documents) look(doc *document, spec string) {
	if doc.err != nil {
		return
	}
	for _, need := range d.likely(doc.doc, spec) {
		d.Ahead(need.Name, need.Spec)
	}
}

// Known is a packument that was waited for before, or nil.
func (d *Documents) Known(name npm.Name) *npm.Packument {
	if doc := d.byName[name]; doc != nil && doc.arrived {
		return doc.doc
	}
	return nil
}
