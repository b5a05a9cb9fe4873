package registry

import (
	"context"
	"sync"

	"godwit/internal/npm"
)

// flights lets callers who want the same document at the same time share one
// request. It remembers nothing: whoever wants a document twice keeps it.
type flights struct {
	mu sync.Mutex
	on map[flightKey]*flight
}

type flightKey struct {
	name       npm.Name
	form       Form
	revalidate bool
}

type flight struct {
	done    chan struct{} // closed when doc and err are set
	cancel  context.CancelFunc
	waiting int // guarded by flights.mu
	doc     Dated
	err     error
}

// do runs work, or joins the run that is on. The work does not run on one
// caller's context: it ends early only when every caller has given up, and the
// last of them waits for that end.
func (fs *flights) do(ctx context.Context, key flightKey, work func(context.Context) (Dated, error)) (Dated, error) {
	f := fs.join(ctx, key, work)
	select {
	case <-f.done:
		return f.doc, f.err
	case <-ctx.Done():
	}
	fs.mu.Lock()
	f.waiting--
	last := f.waiting == 0
	if last && fs.on[key] == f {
		delete(fs.on, key) // who comes now must not join what is being cancelled
	}
	fs.mu.Unlock()
	if last {
		f.cancel()
		<-f.done
	}
	return Dated{}, context.Cause(ctx)
}

func (fs *flights) join(ctx context.Context, key flightKey, work func(context.Context) (Dated, error)) *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.on[key]; f != nil {
		f.waiting++
		return f
	}
	if fs.on == nil {
		fs.on = map[flightKey]*flight{}
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel, waiting: 1}
	fs.on[key] = f
	go func() {
		defer cancel()
		f.doc, f.err = work(own)
		fs.mu.Lock()
		if fs.on[key] == f {
			delete(fs.on, key)
		}
		fs.mu.Unlock()
		close(f.done)
	}()
	return f
}
