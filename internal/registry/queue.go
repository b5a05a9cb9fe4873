package registry

import "context"

// queue is where large documents wait until they are unpacked and read, one after the
// other: half a megabyte may become all of the limit, and a hostile registry sends
// many of them at once.
type queue chan struct{}

// turn is one document's way through the queue, or past it.
type turn struct {
	ctx  context.Context
	in   queue
	mine bool
}

// begin waits for the turn.
func (t *turn) begin() error {
	select {
	case t.in <- struct{}{}:
		t.mine = true
		return nil
	case <-t.ctx.Done():
		return context.Cause(t.ctx)
	}
}

// end lets the next one in.
func (t *turn) end() {
	if t.mine {
		<-t.in
	}
}
