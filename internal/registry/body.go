package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// watchdog ends a context when nothing moved for a while.
type watchdog struct {
	timer   *time.Timer
	limit   time.Duration
	silence error
	ctx     context.Context
	cancel  context.CancelCauseFunc
}

var errSilence = errors.New("the server fell silent")

func newWatchdog(parent context.Context, limit time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(parent)
	w := &watchdog{limit: limit, ctx: ctx, cancel: cancel, silence: fmt.Errorf("%w: no data for %s", errSilence, limit)}
	w.timer = time.AfterFunc(limit, func() { cancel(w.silence) })
	return ctx, w
}

// moved says that something did.
func (w *watchdog) moved() { w.timer.Reset(w.limit) }

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
	b.watch.moved()
	if b.left -= int64(n); b.left < 0 {
		b.large, b.err = true, ErrTooLarge
		return 0, b.err
	}
	if err != nil && err != io.EOF {
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
