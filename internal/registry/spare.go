package registry

import (
	"context"
	"net"
	"sync"
	"time"

	"godwit/internal/npm"
)

// spares are connections that were opened ahead of need: whoever knows that
// downloads are about to begin saves them the first round trip. A pool that has
// to dial takes one of these first.
type spares struct {
	dial    func(ctx context.Context, network, addr string) (net.Conn, error)
	ctx     context.Context // ends with close
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu   sync.Mutex
	open map[string][]spare // by address; nil when closed
}

type spare struct {
	net.Conn
	since time.Time
}

// maxSpare is how long a connection may wait: servers close one on which nothing
// is said, the hastiest after five seconds (Node's), and who takes it then has a
// request that fails.
const maxSpare = 3 * time.Second

func newSpares(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *spares {
	ctx, cancel := context.WithCancel(context.Background())
	return &spares{dial: dial, ctx: ctx, cancel: cancel, open: map[string][]spare{}}
}

// DialContext is that of a pool.
func (s *spares) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if c := s.take(addr); c != nil {
		return c, nil
	}
	return s.dial(ctx, network, addr)
}

// take is a connection that waits for addr, or nil.
func (s *spares) take(addr string) net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	for list := s.open[addr]; len(list) > 0; {
		last := list[len(list)-1]
		list = list[:len(list)-1]
		s.open[addr] = list
		if time.Since(last.since) < maxSpare {
			return last.Conn
		}
		last.Close()
	}
	return nil
}

// prepare opens n connections. Those that fail are nobody's loss.
func (s *spares) prepare(addr string, n int) {
	for range n {
		s.running.Go(func() { // ends with close at the latest
			c, err := s.dial(s.ctx, "tcp", addr)
			if err != nil {
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.open == nil {
				c.Close()
				return
			}
			s.open[addr] = append(s.open[addr], spare{c, time.Now()})
		})
	}
}

// close closes what nobody took.
func (s *spares) close() {
	s.cancel()
	s.mu.Lock()
	for _, list := range s.open {
		for _, c := range list {
			c.Close()
		}
	}
	s.open = nil
	s.mu.Unlock()
	s.running.Wait()
}

// Prepare opens connections for up to n tarballs at one time of the registry of
// name, and does not wait for them. A proxy is left alone: it has its own.
func (c *Client) Prepare(name npm.Name, n int) {
	u := c.registryOf(name)
	if c.spares == nil || c.opts.Offline {
		return
	}
	if c.opts.Proxy != nil {
		if proxy, err := c.opts.Proxy(u); err != nil || proxy != nil {
			return
		}
	}
	width, _ := c.opts.sockets()
	c.spares.prepare(address(u), min(n, width))
}
