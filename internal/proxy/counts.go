package proxy

import "sync/atomic"

// Counts are what happened since the proxy began.
type Counts struct {
	Documents Outcomes
	Tarballs  Outcomes
	Upstream  struct {
		Documents, Tarballs, Passed atomic.Int64 // requests
		Failed                      atomic.Int64 // of them
		Bytes                       atomic.Int64 // of tarballs
	}
	Mismatches atomic.Int64 // tarballs that were not what the registry said
	NotKept    atomic.Int64 // the cache took no more
	Hidden     atomic.Int64 // answers that the policy refused
}

// Outcomes say where answers came from.
type Outcomes struct {
	Hit         atomic.Int64 // the cache
	Miss        atomic.Int64 // the upstream
	Stale       atomic.Int64 // the cache, while the upstream is asked
	Revalidated atomic.Int64 // the upstream was asked whether the cache is right
	Failover    atomic.Int64 // the cache, since the upstream failed
}

// Counts are live.
func (p *Proxy) Counts() *Counts { return &p.counts }

// Sizes are the bytes kept in memory and on disk, and how many files were
// removed to keep them few.
func (p *Proxy) Sizes() (memory, disk, evicted int64) {
	disk, evicted = p.disk.Bytes()
	return p.memory.size(), disk, evicted
}
