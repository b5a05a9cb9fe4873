package link

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// between starts a link to a server that handles each connection with serve,
// and returns the address clients use.
func between(t *testing.T, o Options, serve func(*net.TCPConn)) string {
	t.Helper()
	listen := func() net.Listener {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return ln
	}
	server, front := listen(), listen()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); serve(c.(*net.TCPConn)) })
		}
	})
	wg.Go(func() {
		if err := Serve(ctx, front, server.Addr().String(), o); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); server.Close(); wg.Wait() })
	return front.Addr().String()
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// echoAfterEOF answers only when the client has closed its half.
func echoAfterEOF(c *net.TCPConn) {
	all, err := io.ReadAll(c)
	if err == nil {
		_, _ = c.Write(all)
	}
}

func TestHalfClosedConnectionStaysOpenTheOtherWay(t *testing.T) {
	addr := between(t, Options{Latency: time.Millisecond}, echoAfterEOF)
	c := dial(t, addr)
	want := bytes.Repeat([]byte("godwit "), 50_000)
	go func() { _, _ = c.Write(want); _ = c.CloseWrite() }()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got %d of %d bytes, %v", len(got), len(want), err)
	}
}

func TestResetReachesTheClient(t *testing.T) {
	addr := between(t, Options{}, func(c *net.TCPConn) {
		_, _ = io.ReadFull(c, make([]byte, 1))
		_ = c.SetLinger(0)
	})
	c := dial(t, addr)
	_, _ = c.Write([]byte("x"))
	if _, err := io.ReadAll(c); errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = Serve(ctx, front, dead.Addr().String(), Options{}) }()
	c, err := net.Dial("tcp", front.Addr().String())
	if err != nil {
		return // the reset came before the handshake was over
	}
	defer c.Close()
	if _, err := io.ReadAll(c); err == nil {
		t.Error("the client saw a clean end")
	}
}

// A round trip cannot be faster than the link; only lower bounds are asserted,
// for a loaded machine may be slower.
func TestLatencyIsPaidForTheHandshakeAndEachRoundTrip(t *testing.T) {
	const latency = 10 * time.Millisecond
	addr := between(t, Options{Latency: latency}, func(c *net.TCPConn) { _, _ = io.Copy(c, c) })
	start := time.Now() // before the handshake, which goes on while this goroutine may not
	c := dial(t, addr)
	for i, atLeast := range []time.Duration{4 * latency, 2 * latency, 2 * latency} {
		_, _ = c.Write([]byte{1})
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < atLeast {
			t.Errorf("round trip %d took %v, the link needs %v", i, took, atLeast)
		}
		start = time.Now()
	}
}

func TestBandwidthIsOneCapForAllConnections(t *testing.T) {
	const each, conns, mbit = 100_000, 8, 80.0
	addr := between(t, Options{Bandwidth: mbit}, func(c *net.TCPConn) { _, _ = c.Write(make([]byte, each)) })
	start := time.Now()
	var wg sync.WaitGroup
	for range conns {
		c := dial(t, addr)
		wg.Go(func() {
			if n, err := io.Copy(io.Discard, c); n != each || err != nil {
				t.Errorf("got %d bytes, %v", n, err)
			}
		})
	}
	wg.Wait()
	need := time.Duration(each * conns * 8 / (mbit * 1e6) * float64(time.Second))
	if took := time.Since(start); took < need {
		t.Errorf("%d connections took %v together, the wire needs %v", conns, took, need)
	}
}

func TestSlowStartNeedsRoundTrips(t *testing.T) {
	const latency = 5 * time.Millisecond
	addr := between(t, Options{Latency: latency, SlowStart: true}, func(c *net.TCPConn) {
		_, _ = c.Write(make([]byte, 100_000))
	})
	start := time.Now()
	if _, err := io.Copy(io.Discard, dial(t, addr)); err != nil {
		t.Fatal(err)
	}
	// 14.6 + 29.2 + 58.4 kB: the fourth window carries the rest, so three
	// round trips and one way pass.
	if took := time.Since(start); took < 7*latency {
		t.Errorf("100 kB took %v, slow start needs %v", took, 7*latency)
	}
}

func TestWindowDoublesUpToTheLink(t *testing.T) {
	w := newWindow(Options{Latency: 25 * time.Millisecond, Bandwidth: 200})
	past := time.Now().Add(-time.Second)
	var sizes []int
	for range 8 {
		for sent := 0; sent < w.size; sent += 1460 {
			w.sent(1460, past)
		}
		if err := w.admit(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, w.size)
	}
	if sizes[0] != 29200 {
		t.Errorf("after one round trip the window is %d, want 29200", sizes[0])
	}
	if want := 1_250_000; sizes[7] != want { // 200 Mbit/s × 50 ms
		t.Errorf("the window ends at %d, want %d", sizes[7], want)
	}
}
