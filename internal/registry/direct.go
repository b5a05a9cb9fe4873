package registry

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// direct is a pool of HTTP/1.1 connections for requests that only ask and pass no
// proxy, which is nearly all of them. The request is written and its answer is
// read by who asks, where net/http's transport has two goroutines for each
// connection and wakes both for each request: for 1,143 packuments over loopback
// that is a quarter of the user cycles, and two thirds of the time.
//
// Messages are written and parsed by net/http.
type direct struct {
	dial      func(ctx context.Context, network, addr string) (net.Conn, error)
	tls       *tls.Config   // for https
	handshake time.Duration // the longest one
	widest    int           // idle connections that are kept for each address

	mu   sync.Mutex
	idle map[string][]*wire // by scheme and address; the one used last is the last
}

// wire is a connection. One exchange at a time uses it.
type wire struct {
	net.Conn          // with TLS around it
	raw      net.Conn // without: to close it waits for nobody
	r        *bufio.Reader
	w        *bufio.Writer
	left     int64 // bytes that may still be received
	used     bool  // it has answered before
	since    time.Time
}

const (
	// An idle connection is used again for so long, as by http.DefaultTransport.
	maxIdle = 90 * time.Second
	// Far above the headers of any registry; Node takes 16 KiB.
	maxAnswerHeader = 1 << 20
	// Longer reads than this go past the buffer: it has to hold the header and the
	// usual packument. The one for writing holds a request.
	readBuffer, writeBuffer = 16 << 10, 4 << 10
	// As http.Transport: more answers of 1xx are an attack.
	maxInformational = 5
)

// fits reports whether r is one for a direct pool: sent twice it asks the same, and
// it has no body to send again. Names of hosts that are not ASCII are left to
// net/http, which knows how they are written.
func fits(r *http.Request) bool {
	if r.Body != nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	for i := range len(r.URL.Host) {
		if r.URL.Host[i] >= 0x80 {
			return false
		}
	}
	return true
}

// RoundTrip implements http.RoundTripper for requests that fit. A connection that
// was idle may be closed by now, or be told that nobody spoke on it for too long:
// then another one is tried.
func (d *direct) RoundTrip(r *http.Request) (*http.Response, error) {
	key := r.URL.Scheme + "//" + address(r.URL)
	for {
		w, err := d.open(r.Context(), key, r.URL)
		if err != nil {
			return nil, cause(r.Context(), err)
		}
		resp, err := d.exchange(w, key, r)
		switch {
		case err != nil && w.used && r.Context().Err() == nil:
			continue
		case err != nil:
			return nil, cause(r.Context(), err)
		case resp.StatusCode == http.StatusRequestTimeout && w.used:
			resp.Body.Close()
			continue
		}
		return resp, nil
	}
}

// cause is why ctx ended, else err.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// address is where to connect to for u.
func address(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// open takes an idle connection or makes one.
func (d *direct) open(ctx context.Context, key string, u *url.URL) (*wire, error) {
	if w := d.take(key); w != nil {
		return w, nil
	}
	raw, err := d.dial(ctx, "tcp", address(u))
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: raw, raw: raw}
	if u.Scheme == "https" {
		if w.Conn, err = d.secure(ctx, raw, u.Hostname()); err != nil {
			raw.Close()
			return nil, err
		}
	}
	w.r, w.w = bufio.NewReaderSize(w, readBuffer), bufio.NewWriterSize(w.Conn, writeBuffer)
	return w, nil
}

func (d *direct) secure(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	config := d.tls.Clone()
	config.ServerName, config.NextProtos = host, []string{"http/1.1"}
	c := tls.Client(raw, config)
	ctx, cancel := context.WithTimeoutCause(ctx, d.handshake, errHandshake)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, cause(ctx, err)
	}
	return c, nil
}

var errHandshake = errors.New("the server does not finish the TLS handshake")

// take is the idle connection that was used last: the others may rest and end.
func (d *direct) take(key string) *wire {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.idle[key]
	if len(list) == 0 {
		return nil
	}
	w := list[len(list)-1]
	d.idle[key] = list[:len(list)-1]
	if time.Since(w.since) < maxIdle {
		return w
	}
	w.raw.Close()
	return nil // the others are older, and dropped behind the next answer
}

// give keeps a connection for the next request, and closes those that nobody
// wanted for long.
func (d *direct) give(key string, w *wire) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w.used, w.since = true, time.Now()
	list := d.idle[key]
	if len(list) > 0 && w.since.Sub(list[len(list)-1].since) > maxIdle {
		d.drop(key)
	}
	if len(d.idle[key]) == d.widest {
		w.raw.Close()
		return
	}
	if d.idle == nil {
		d.idle = map[string][]*wire{}
	}
	d.idle[key] = append(d.idle[key], w)
}

func (d *direct) drop(key string) {
	for _, w := range d.idle[key] {
		w.raw.Close()
	}
	delete(d.idle, key)
}

// exchange sends r and reads the header of its answer. The body that it returns
// gives the connection back at its end.
func (d *direct) exchange(w *wire, key string, r *http.Request) (*http.Response, error) {
	stop := context.AfterFunc(r.Context(), func() { w.raw.Close() })
	w.left = maxAnswerHeader
	resp, err := w.ask(r)
	if err != nil {
		stop()
		w.raw.Close()
		return nil, err
	}
	w.left = math.MaxInt64
	body := &directBody{ReadCloser: resp.Body, wire: w, stop: stop, give: func() { d.give(key, w) }, close: resp.Close}
	if resp.Body == http.NoBody {
		body.end(true)
	}
	resp.Body = body
	return resp, nil
}

// ask writes r and reads the header of the answer that is final.
func (w *wire) ask(r *http.Request) (*http.Response, error) {
	if err := r.Write(w.w); err != nil {
		return nil, err
	}
	if err := w.w.Flush(); err != nil {
		return nil, err
	}
	for range maxInformational {
		resp, err := http.ReadResponse(w.r, r)
		switch {
		case err != nil && w.left <= 0:
			return nil, errHeader
		case err != nil:
			return nil, err
		case resp.StatusCode == http.StatusSwitchingProtocols:
			return nil, errSwitched
		case resp.StatusCode/100 != 1:
			return resp, nil
		}
	}
	return nil, errInformational
}

var (
	errSwitched      = errors.New("the server speaks another protocol unasked")
	errInformational = errors.New("the server announces its answer again and again")
	errHeader        = errors.New("the header of the answer is too long")
)

// Read receives up to the limit.
func (w *wire) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errHeader
	}
	n, err := w.Conn.Read(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	return n, err
}

// directBody is the body of an answer.
type directBody struct {
	io.ReadCloser
	wire  *wire
	stop  func() bool
	give  func()
	close bool // the server will close the connection
	ended bool
}

func (b *directBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.end(err == io.EOF)
	}
	return n, err
}

// Close ends the connection if the body was not read to its end: the rest may be
// long.
func (b *directBody) Close() error {
	b.end(false)
	return nil
}

// end gives the connection back if whole is true and nothing speaks against it:
// neither side closes it, and nothing was received that nobody asked for.
func (b *directBody) end(whole bool) {
	if b.ended {
		return
	}
	b.ended = true
	if b.stop() && whole && !b.close && b.wire.r.Buffered() == 0 {
		b.give()
		return
	}
	b.wire.raw.Close()
}
