package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// errLate is a server that keeps its client waiting.
var errLate = errors.New("it does not answer in time")

// watchdog ends a context when no frame comes for too long.
type watchdog struct {
	timer  *time.Timer
	idle   time.Duration
	cancel context.CancelCauseFunc
}

func (c *Client) watch(parent context.Context) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(parent)
	first := cmp.Or(c.Patience.First, defaultFirst)
	w := &watchdog{idle: cmp.Or(c.Patience.Idle, defaultIdle), cancel: cancel}
	w.timer = time.AfterFunc(first, func() { cancel(fmt.Errorf("%w (%s)", errLate, first)) })
	return ctx, w
}

// moved says that a frame came.
func (w *watchdog) moved() {
	if w.timer.Stop() {
		w.timer = time.AfterFunc(w.idle, func() { w.cancel(fmt.Errorf("%w (%s)", errLate, w.idle)) })
	}
}

func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}
