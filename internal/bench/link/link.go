// Package link is a network link made to order, between a client and a server
// on this machine.
//
// A byte that arrives at one end waits for its turn on the wire, takes its time
// to pass, and then travels:
//
//	read → [slow start: one window per connection] → [pacer: one per direction] → latency → write
//
// The pacer belongs to the whole link. A cap for each connection would give
// most to whoever opens most of them.
package link

import (
	"context"
	"net"
	"sync"
	"time"
)

// Options describe the link. The zero value is a plain relay.
type Options struct {
	Latency   time.Duration // one way; a round trip takes twice as long
	Bandwidth float64       // of the whole link in each direction, in Mbit/s; 0 means no limit
	SlowStart bool          // each connection starts with a small window
}

// bytesPerSecond is the capacity, or 0 for no limit.
func (o Options) bytesPerSecond() float64 { return o.Bandwidth * 1e6 / 8 }

// bdp is the bandwidth-delay product: what is on its way when the link is full.
func (o Options) bdp() int { return int(o.bytesPerSecond() * 2 * o.Latency.Seconds()) }

const (
	// chunkSize is the unit of fairness between connections; at 200 Mbit/s one
	// takes 0.65 ms.
	chunkSize = 16 << 10
	// minQueue is the least a connection may have under way, in bytes: a common
	// socket buffer limit (net.core.wmem_max with autotuning is above it).
	minQueue = 1 << 20
)

// queue is how many chunks of one connection may be under way.
func (o Options) queue() int { return max(minQueue, 2*o.bdp()) / chunkSize }

// Serve relays connections from ln to the address to, until ctx ends. It
// returns when every connection is closed.
func Serve(ctx context.Context, ln net.Listener, to string, o Options) error {
	up, down := newPacer(o), newPacer(o)
	var open sync.WaitGroup
	defer open.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	for {
		client, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		open.Go(func() { relay(ctx, client.(*net.TCPConn), to, o, up, down) })
	}
}

// relay joins one client connection to a new one to the server.
func relay(ctx context.Context, client *net.TCPConn, to string, o Options, up, down *pacer) {
	defer client.Close()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		_ = client.SetLinger(0) // the client sees a reset, as from a dead server
		return
	}
	server := conn.(*net.TCPConn)
	defer server.Close()
	// Closing both ends is what wakes readers and writers when ctx ends.
	stop := context.AfterFunc(ctx, func() { client.Close(); server.Close() })
	defer stop()
	ctx, fail := context.WithCancel(ctx)
	defer fail()
	// The real handshake took no time; a TCP client learns that the server
	// accepted one round trip after it asked.
	open := time.Now().Add(2 * o.Latency)
	var both sync.WaitGroup
	for _, way := range []*direction{
		{from: client, to: server, pace: up, o: o, notBefore: open},
		{from: server, to: client, pace: down, o: o},
	} {
		both.Go(func() {
			if err := way.run(ctx); err != nil {
				fail() // one broken direction breaks the connection
				client.Close()
				server.Close()
			}
		})
	}
	both.Wait()
}
