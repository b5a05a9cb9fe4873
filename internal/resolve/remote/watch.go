package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// errLate is a server that keeps its client waiting.
var errLate = errors.New("it does not answer in time")

// watchdog ends a context when no frame comes for too long, or no end.
type watchdog struct {
	timer  *time.Timer
	end    *time.Timer
	idle   time.Duration
	cancel context.CancelCauseFunc
}

func (c *Client) watch(parent context.Context) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(parent)
	first := cmp.Or(c.Patience.First, defaultFirst)
	w := &watchdog{idle: cmp.Or(c.Patience.Idle, defaultIdle), cancel: cancel}
	w.timer, w.end = w.after(first), w.after(cmp.Or(c.Patience.Whole, defaultWhole))
	return ctx, w
}

// after gives up when d is over.
func (w *watchdog) after(d time.Duration) *time.Timer {
	return time.AfterFunc(d, func() { w.cancel(fmt.Errorf("%w (%s)", errLate, d)) })
}

// moved says that a frame came.
func (w *watchdog) moved() {
	if w.timer.Stop() {
		w.timer = w.after(w.idle)
	}
}

// enough is how much of a long frame counts as one: less in the same time is a
// link on which the lockfile of a large workspace would take minutes.
const enough = 1 << 20

// atOnce is how much of an answer is read at one time, two or three frames. HTTP's
// chunks are not frames, and net/http fills what it is given for as long as a chunk
// goes on: with room for many frames the first of them came three round trips
// late, when all of a chunk had.
const atOnce = 512

// reading lets the watchdog see that something of a long frame comes.
type reading struct {
	io.Reader
	watch *watchdog
	n     int // since it was told
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p[:min(len(p), atOnce)])
	if r.n += n; r.n >= enough {
		r.n = 0
		r.watch.moved()
	}
	return n, err
}

func (w *watchdog) stop() {
	w.timer.Stop()
	w.end.Stop()
	w.cancel(nil)
}
