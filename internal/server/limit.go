package server

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// rate bounds what each client asks for: a bucket that fills at a rate, and
// from which each request takes one.
type rate struct {
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

// maxBuckets bounds the clients that are remembered. Full buckets are forgotten
// first, which changes nothing.
const maxBuckets = 10_000

func newRate(perSecond float64, burst int, now func() time.Time) *rate {
	return &rate{perSecond: perSecond, burst: float64(burst), now: now, buckets: map[string]*bucket{}}
}

// take reports whether client may go on, else how long it should wait.
func (r *rate) take(client string) (wait time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	b := r.buckets[client]
	if b == nil {
		if len(r.buckets) >= maxBuckets {
			r.forget(now)
		}
		b = &bucket{tokens: r.burst, at: now}
		r.buckets[client] = b
	}
	b.tokens, b.at = r.level(b, now), now
	if b.tokens < 1 {
		return time.Duration((1 - b.tokens) / r.perSecond * float64(time.Second)), false
	}
	b.tokens--
	return 0, true
}

func (r *rate) level(b *bucket, now time.Time) float64 {
	return min(r.burst, b.tokens+max(0, now.Sub(b.at).Seconds())*r.perSecond)
}

// forget makes room: full buckets go, or, where all are in use, all of them,
// which is a moment without a limit and not one without memory.
func (r *rate) forget(now time.Time) {
	for client, b := range r.buckets {
		if r.level(b, now) >= r.burst {
			delete(r.buckets, client)
		}
	}
	if len(r.buckets) >= maxBuckets {
		clear(r.buckets)
	}
}

// remoteHost is the address that a request comes from, without its port.
func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
