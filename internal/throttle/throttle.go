// Package throttle bounds how often each of many clients may do something.
package throttle

import (
	"sync"
	"time"
)

// Throttle is a bucket for each client, which fills at a rate, and from which
// each request takes one. It is safe for concurrent use.
type Throttle struct {
	perSecond float64
	burst     float64
	now       func() time.Time

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// maxBuckets bounds the clients that are remembered: 2 MB.
const maxBuckets = 10_000

// New makes a Throttle that lets each client have perSecond requests in the
// long run and burst at once.
func New(perSecond float64, burst int, now func() time.Time) *Throttle {
	return &Throttle{perSecond: perSecond, burst: float64(burst), now: now, buckets: map[string]*bucket{}}
}

// Take reports whether client may go on, else how long it should wait.
func (t *Throttle) Take(client string) (wait time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	b := t.buckets[client]
	if b == nil {
		if len(t.buckets) >= maxBuckets {
			t.forget(now)
		}
		b = &bucket{tokens: t.burst, at: now}
		t.buckets[client] = b
	}
	b.tokens, b.at = t.level(b, now), now
	if b.tokens < 1 {
		return time.Duration((1 - b.tokens) / t.perSecond * float64(time.Second)), false
	}
	b.tokens--
	return 0, true
}

func (t *Throttle) level(b *bucket, now time.Time) float64 {
	return min(t.burst, b.tokens+max(0, now.Sub(b.at).Seconds())*t.perSecond)
}

// forget makes room. To forget a full bucket changes nothing; where none is
// full all go, which is a moment without a bound and not one without memory.
func (t *Throttle) forget(now time.Time) {
	for client, b := range t.buckets {
		if t.level(b, now) >= t.burst {
			delete(t.buckets, client)
		}
	}
	if len(t.buckets) >= maxBuckets {
		clear(t.buckets)
	}
}
