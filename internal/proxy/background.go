package proxy

import (
	"context"
	"errors"
	"sync"
	"time"
)

// background is work that no request does itself, so that it goes on when who
// asked first goes away. It ends with the proxy, and none begins after that.
type background struct {
	life context.Context // that of all work
	end  context.CancelCauseFunc

	mu     sync.Mutex // a group must not grow from nothing while somebody waits for it
	closed bool
	work   sync.WaitGroup
}

var errClosed = errors.New("the proxy is shutting down")

// start does work behind the caller, for limit at most. The error is errClosed.
func (b *background) start(limit time.Duration, work func(context.Context)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errClosed
	}
	b.work.Go(func() {
		ctx, cancel := context.WithTimeout(b.life, limit)
		defer cancel()
		work(ctx)
	})
	return nil
}

// close stops all work and waits for its end.
func (b *background) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.end(errClosed)
	b.work.Wait()
}
