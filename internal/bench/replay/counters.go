package replay

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// Stats is what the registry saw since it started or was last reset.
type Stats struct {
	Requests    int64 `json:"requests"`
	Packuments  int64 `json:"packuments"`
	Manifests   int64 `json:"manifests"`
	Tarballs    int64 `json:"tarballs"`
	Other       int64 `json:"other"`        // requests no recording could answer: pings, audits
	NotModified int64 `json:"notModified"`  // answered 304
	NotFound    int64 `json:"notFound"`     // answered 404 because the upstream did
	BytesIn     int64 `json:"bytesIn"`      // from clients, headers included
	BytesOut    int64 `json:"bytesOut"`     // to clients, headers included
	Connections int64 `json:"connections"`  // accepted
	Peak        int64 `json:"peakRequests"` // answered at the same time
	PeakTarball int64 `json:"peakTarballs"`
	Upstream    int64 `json:"upstream"` // requests that had to go to the upstream
	Misses      int64 `json:"misses"`   // requests a frozen recording should have held
	// Missing names the paths of the misses, without repeats, at most
	// maxMissing of them.
	Missing []string `json:"missing,omitempty"`
}

// maxMissing bounds Stats.Missing: enough to see what was not recorded.
const maxMissing = 200

// gauge is a count of what is going on now and the most there was.
type gauge struct {
	now, peak atomic.Int64
}

func (g *gauge) enter() {
	n := g.now.Add(1)
	for {
		p := g.peak.Load()
		if n <= p || g.peak.CompareAndSwap(p, n) {
			return
		}
	}
}

func (g *gauge) leave() { g.now.Add(-1) }

// counters are the live values behind Stats. The atomics are touched by every
// request and the mutex only by misses.
type counters struct {
	requests, packuments, manifests, tarballs, other atomic.Int64
	notModified, notFound, upstream, misses          atomic.Int64
	bytesIn, bytesOut, connections                   atomic.Int64
	active, activeTarballs                           gauge

	mu      sync.Mutex
	missing []string
	seen    map[string]bool
}

func (c *counters) miss(path string) {
	c.misses.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[path] || len(c.missing) == maxMissing {
		return
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[path] = true
	c.missing = append(c.missing, path)
}

func (c *counters) stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Requests: c.requests.Load(), Packuments: c.packuments.Load(), Manifests: c.manifests.Load(),
		Tarballs: c.tarballs.Load(), Other: c.other.Load(), NotModified: c.notModified.Load(),
		NotFound: c.notFound.Load(), BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
		Connections: c.connections.Load(), Peak: c.active.peak.Load(), PeakTarball: c.activeTarballs.peak.Load(),
		Upstream: c.upstream.Load(), Misses: c.misses.Load(), Missing: append([]string(nil), c.missing...),
	}
}

// reset starts every count at zero; peaks start from what is going on now.
func (c *counters) reset() {
	for _, n := range []*atomic.Int64{&c.requests, &c.packuments, &c.manifests, &c.tarballs, &c.other,
		&c.notModified, &c.notFound, &c.upstream, &c.misses, &c.bytesIn, &c.bytesOut, &c.connections} {
		n.Store(0)
	}
	c.active.peak.Store(c.active.now.Load())
	c.activeTarballs.peak.Store(c.activeTarballs.now.Load())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.missing, c.seen = nil, nil
}

// countingListener counts the connections it accepts and their bytes.
type countingListener struct {
	net.Listener
	counts *counters
}

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.counts.connections.Add(1)
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &countingConn{TCPConn: tcp, counts: l.counts}, nil
	}
	return conn, nil
}

// countingConn counts bytes; it keeps ReadFrom so that files still leave by
// sendfile.
type countingConn struct {
	*net.TCPConn
	counts *counters
}

func (c *countingConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.counts.bytesIn.Add(int64(n))
	return n, err
}

func (c *countingConn) Write(b []byte) (int, error) {
	n, err := c.TCPConn.Write(b)
	c.counts.bytesOut.Add(int64(n))
	return n, err
}

func (c *countingConn) ReadFrom(r io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(r)
	c.counts.bytesOut.Add(n)
	return n, err
}
