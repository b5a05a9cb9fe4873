package link

import (
	"context"
	"sync"
	"time"
)

// pacer is one direction of the wire: it says when bytes have passed.
type pacer struct {
	rate    float64       // bytes per second; 0 means no limit
	backlog time.Duration // how far ahead the wire may be booked

	mu   sync.Mutex
	free time.Time // when the wire has passed all it was given; guarded by mu
}

// minBacklog keeps the wire busy while a sender is waiting to run: several
// scheduler ticks.
const minBacklog = 10 * time.Millisecond

func newPacer(o Options) *pacer {
	return &pacer{rate: o.bytesPerSecond(), backlog: max(minBacklog, 2*o.Latency)}
}

// send books n bytes and returns when the last of them has passed. It waits
// while the wire is booked too far ahead: a router's queue is finite, and
// senders slow down when it is full.
func (p *pacer) send(ctx context.Context, n int) (time.Time, error) {
	now := time.Now()
	if p.rate == 0 {
		return now, nil
	}
	p.mu.Lock()
	if p.free.Before(now) {
		p.free = now
	}
	p.free = p.free.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))
	passed := p.free
	p.mu.Unlock()
	return passed, wait(ctx, passed.Add(-p.backlog))
}

// wait returns at the time t, or with an error when ctx ends.
func wait(ctx context.Context, t time.Time) error {
	d := time.Until(t)
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// window is the congestion window of one direction of one connection in slow
// start. It belongs to one goroutine.
type window struct {
	size    int // bytes that may be unacknowledged
	limit   int // the size at which the link is full
	flying  int
	flights []flight // oldest first
}

// flight is a chunk that will be acknowledged.
type flight struct {
	n     int
	acked time.Time
}

const (
	// initialWindow is ten segments of 1,460 bytes (RFC 6928).
	initialWindow = 14600
	// openLimit ends slow start where no bandwidth is set: above any
	// bandwidth-delay product met in practice.
	openLimit = 16 << 20
)

func newWindow(o Options) *window {
	limit := openLimit
	if o.Bandwidth > 0 {
		limit = max(initialWindow, o.bdp())
	}
	return &window{size: initialWindow, limit: limit}
}

// admit waits until n bytes may be sent. Each acknowledgement opens the window
// by what it acknowledges, which doubles it every round trip.
func (w *window) admit(ctx context.Context, n int) error {
	for {
		now := time.Now()
		for len(w.flights) > 0 && !w.flights[0].acked.After(now) {
			w.flying -= w.flights[0].n
			w.size = min(w.limit, w.size+w.flights[0].n)
			w.flights = w.flights[1:]
		}
		if w.flying == 0 || w.flying+n <= w.size {
			return nil
		}
		if err := wait(ctx, w.flights[0].acked); err != nil {
			return err
		}
	}
}

// sent notes a chunk that is acknowledged at the given time.
func (w *window) sent(n int, acked time.Time) {
	w.flying += n
	w.flights = append(w.flights, flight{n, acked})
}
