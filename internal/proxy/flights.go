package proxy

import (
	"context"
	"sync"
)

// flights lets those who want the same thing at the same time share the work
// for it. The work runs on the proxy's own context, not on that of who came
// first: what one client stops waiting for, others get.
type flights[V any] struct {
	mu sync.Mutex
	on map[string]*flight[V]
}

type flight[V any] struct {
	done  chan struct{} // closed when value and err are set
	value V
	err   error
}

// start runs work under key, or joins the run that is on. It does not wait.
func (fs *flights[V]) start(p *Proxy, key string, work func(context.Context) (V, error)) *flight[V] {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.on[key]; f != nil {
		return f
	}
	f := &flight[V]{done: make(chan struct{})}
	err := p.behind.start(flightLimit, func(ctx context.Context) {
		f.value, f.err = work(ctx)
		fs.mu.Lock()
		delete(fs.on, key)
		fs.mu.Unlock()
		close(f.done)
	})
	if err != nil {
		f.err = err
		close(f.done)
		return f
	}
	if fs.on == nil {
		fs.on = map[string]*flight[V]{}
	}
	fs.on[key] = f
	return f
}

// wait returns what the flight found, or why ctx ended before.
func (f *flight[V]) wait(ctx context.Context) (V, error) {
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none V
		return none, context.Cause(ctx)
	}
}
