package server

import (
	"container/list"
	"context"
	"sync"
	"time"

	"godwit/internal/npm"
	"godwit/internal/registry"
)

// documents keeps packuments decoded in memory, in front of the registry's cache
// on disk: the least recently used go when there are too many bytes. It shares
// no more than the registry client does: who asks for the same at the same time
// gets one request's answer.
type documents struct {
	registry *registry.Client
	limit    int64
	now      func() time.Time

	mu    sync.Mutex
	bytes int64
	used  list.List // of *document, most recently used first
	by    map[documentKey]*list.Element
}

type documentKey struct {
	name npm.Name
	form registry.Form
}

type document struct {
	key documentKey
	registry.Dated
	bytes int64
}

func newDocuments(r *registry.Client, limit int64, now func() time.Time) *documents {
	return &documents{registry: r, limit: limit, now: now, by: map[documentKey]*list.Element{}}
}

// get is what the registry of name says about it.
func (d *documents) get(ctx context.Context, name npm.Name, form registry.Form) (registry.Dated, error) {
	key := documentKey{name, form}
	if doc, ok := d.held(key); ok {
		return doc, nil
	}
	doc, err := d.registry.Dated(ctx, name, form)
	if err == nil {
		d.hold(key, doc)
	}
	return doc, err
}

func (d *documents) held(key documentKey) (registry.Dated, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.by[key]
	if e == nil {
		return registry.Dated{}, false
	}
	doc := e.Value.(*document)
	if !doc.Until.After(d.now()) {
		return registry.Dated{}, false
	}
	d.used.MoveToFront(e)
	return doc.Dated, true
}

func (d *documents) hold(key documentKey, dated registry.Dated) {
	doc := &document{key: key, Dated: dated, bytes: dated.Memory()}
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.by[key]; e != nil {
		d.drop(e)
	}
	d.by[key] = d.used.PushFront(doc)
	d.bytes += doc.bytes
	for d.bytes > d.limit && d.used.Len() > 0 {
		d.drop(d.used.Back())
	}
}

func (d *documents) drop(e *list.Element) {
	doc := d.used.Remove(e).(*document)
	delete(d.by, doc.key)
	d.bytes -= doc.bytes
}
