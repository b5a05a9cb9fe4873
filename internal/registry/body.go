package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// watchdog ends an answer of which nothing comes for a while, or too little.
type watchdog struct {
	timer   *time.Timer
	limit   time.Duration
	silence error
	ctx     context.Context
	cancel  context.CancelCauseFunc

	// All that the client received, and what that was at the time since. Only
	// moved uses these.
	received *atomic.Int64
	before   int64
	since    time.Time
}

var (
	errSilence = errors.New("the server fell silent")
	errSlow    = errors.New("the server sends next to nothing")
)

// slowest is the bytes a second that all answers together bring, or the line is
// dead however it twitches: a fifth of what a telephone line does. One answer
// alone may be slower, since it may share the line with a hundred others. (Cargo
// wants 10 bytes a second of all together; npm's and pnpm's fetch-timeout is of
// silence, and pnpm's fetch-min-speed-ki-bps only warns.)
const slowest = 1 << 10

func newWatchdog(parent context.Context, limit time.Duration, received *atomic.Int64) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(parent)
	w := &watchdog{
		limit: limit, ctx: ctx, cancel: cancel, silence: fmt.Errorf("%w: no data for %s", errSilence, limit),
		received: received, before: received.Load(), since: time.Now(),
	}
	w.timer = time.AfterFunc(limit, func() { cancel(w.silence) })
	return ctx, w
}

// moved says that n bytes came. It returns an error if that is too little, with
// all that the client received within the limit.
func (w *watchdog) moved(n int) error {
	w.timer.Reset(w.limit)
	total := w.received.Add(int64(n))
	now := time.Now()
	took := now.Sub(w.since)
	if took < w.limit {
		return nil
	}
	if got := total - w.before; float64(got) < slowest*took.Seconds() {
		return fmt.Errorf("%w: %d bytes in %s", errSlow, got, took.Round(time.Millisecond))
	}
	w.before, w.since = total, now
	return nil
}

func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// explain replaces a cancellation that was the watchdog's by its reason.
func (w *watchdog) explain(err error) error {
	if context.Cause(w.ctx) == w.silence {
		return w.silence
	}
	return err
}

// bodyReader keeps the watchdog quiet and remembers why reading ended, so that
// a handler's wrapping does not hide it.
type bodyReader struct {
	r     io.Reader
	left  int64
	watch *watchdog
	err   error // other than io.EOF
	large bool
}

func (b *bodyReader) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	slow := b.watch.moved(n)
	if b.left -= int64(n); b.left < 0 {
		b.large, b.err = true, ErrTooLarge
		return 0, b.err
	}
	switch {
	case err == nil && slow != nil:
		err = slow
		b.err = err
	case err != nil && err != io.EOF:
		err = b.watch.explain(err)
		b.err = err
	}
	return n, err
}

// ErrTooLarge says that decoding was stopped at the limit.
var ErrTooLarge = errors.New("larger than the limit")

// trusted is the largest body for which there is memory before it comes: larger
// than nearly every tarball, and free of cost until it is written to.
const trusted = 16 << 20

// readAll reads r to its end into buf, growing it by what really comes: size
// is only what the other side says, and is believed up to trusted, or up to four
// times what has come.
func readAll(r io.Reader, buf []byte, size int64) ([]byte, error) {
	buf = buf[:0]
	if want := min(size, trusted); int64(cap(buf)) <= want {
		buf = make([]byte, 0, want+1) // one more, so that the end is seen without growing
	}
	for {
		if len(buf) == cap(buf) {
			room := max(2*cap(buf), 32<<10)
			if whole := size + 1; int64(room) < whole && whole <= 4*int64(cap(buf)) {
				room = int(whole)
			}
			grown := make([]byte, len(buf), room)
			copy(grown, buf)
			buf = grown
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}
