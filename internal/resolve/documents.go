package resolve

import (
	"context"
	"sync"

	"godwit/internal/npm"
	"godwit/internal/resolve/policy"
)

// documents fetches packuments ahead of need. Each name is fetched once. As
// soon as one arrives, the packuments its likely version depends on are asked
// for too, so that a deep graph costs its depth in round trips at most and
// the tree pass, which must go level by level, finds everything there.
//
// Owned by the resolving goroutine; fetches report through arrivals.
type documents struct {
	ctx      context.Context
	cancel   context.CancelFunc
	src      Source
	view     func(*npm.Packument) *policy.View
	byName   map[npm.Name]*document
	arrivals chan *document
	running  sync.WaitGroup
}

type document struct {
	name    npm.Name
	doc     *npm.Packument
	err     error
	arrived bool
	guesses []string // specifiers to look ahead for once it is here
	guessed map[string]bool
}

func newDocuments(ctx context.Context, src Source, view func(*npm.Packument) *policy.View) *documents {
	ctx, cancel := context.WithCancel(ctx)
	return &documents{ctx: ctx, cancel: cancel, src: src, view: view, byName: map[npm.Name]*document{}, arrivals: make(chan *document)}
}

// close stops the fetches that nobody waits for any more.
func (d *documents) close() {
	d.cancel()
	d.running.Wait()
}

// ahead fetches name and, when it is here, what the version that spec
// probably means depends on.
func (d *documents) ahead(name npm.Name, spec string) {
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

func (d *documents) request(name npm.Name) *document {
	doc := d.byName[name]
	if doc != nil {
		return doc
	}
	doc = &document{name: name, guessed: map[string]bool{}}
	d.byName[name] = doc
	d.running.Add(1)
	go func() {
		defer d.running.Done()
		doc.doc, doc.err = d.src.Packument(d.ctx, name)
		select {
		case d.arrivals <- doc:
		case <-d.ctx.Done():
		}
	}()
	return doc
}

// get waits for the packument of name and meanwhile follows up on others.
func (d *documents) get(name npm.Name) (*npm.Packument, error) {
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

// look asks for the dependencies of the version that spec probably means.
func (d *documents) look(doc *document, spec string) {
	if doc.err != nil {
		return
	}
	version := pickVersion(doc.doc, spec, nil, nil, picking{}, d.view(doc.doc))
	if version == "" {
		return
	}
	m, err := doc.doc.Manifest(version)
	if err != nil {
		return
	}
	for _, deps := range []npm.Deps{m.Dependencies, m.OptionalDependencies} {
		for _, dep := range deps {
			if m.Bundled.Has(dep.Alias) {
				continue
			}
			if name, rng, ok := registrySpec(dep); ok {
				d.ahead(name, rng)
			}
		}
	}
}

// known is a packument that was waited for before, or nil.
func (d *documents) known(name npm.Name) *npm.Packument {
	if doc := d.byName[name]; doc != nil && doc.arrived {
		return doc.doc
	}
	return nil
}
