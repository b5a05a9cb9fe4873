package link

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// direction carries the bytes of one connection one way.
type direction struct {
	from, to  *net.TCPConn
	pace      *pacer
	o         Options
	notBefore time.Time // when the first byte may be delivered
}

// parcel is a chunk on its way.
type parcel struct {
	data []byte // nil: the sender is done
	at   time.Time
}

// run carries bytes until the sender closes its half, and then closes the
// receiver's: the other direction may go on.
func (d *direction) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	way := make(chan parcel, d.o.queue())
	empty := make(chan []byte, d.o.queue()+1) // buffers to use again
	var reader sync.WaitGroup
	defer reader.Wait()
	var readErr error
	reader.Go(func() {
		defer close(way)
		readErr = d.read(ctx, way, empty)
	})
	for p := range way {
		if err := wait(ctx, p.at); err != nil {
			return err
		}
		if p.data == nil {
			return d.to.CloseWrite()
		}
		if _, err := d.to.Write(p.data); err != nil {
			cancel()
			d.from.Close() // wakes the reader
			return err
		}
		select {
		case empty <- p.data[:0]:
		default:
		}
	}
	return readErr
}

// read takes chunks from the sender and puts each on its way.
func (d *direction) read(ctx context.Context, way chan<- parcel, empty <-chan []byte) error {
	var w *window
	if d.o.SlowStart {
		w = newWindow(d.o)
	}
	for {
		buf := d.buffer(empty, w)
		n, err := d.from.Read(buf)
		p := parcel{data: buf[:n]}
		switch {
		case n > 0:
			if p.at, err = d.schedule(ctx, w, n); err != nil {
				return err
			}
		case errors.Is(err, io.EOF):
			p = parcel{at: time.Now().Add(d.o.Latency)}
		case err != nil:
			return err
		}
		if p.at.Before(d.notBefore.Add(d.o.Latency)) {
			p.at = d.notBefore.Add(d.o.Latency)
		}
		select {
		case way <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
		if p.data == nil {
			return nil
		}
	}
}

// schedule says when n bytes, read just now, arrive.
func (d *direction) schedule(ctx context.Context, w *window, n int) (time.Time, error) {
	if w != nil {
		if err := w.admit(ctx, n); err != nil {
			return time.Time{}, err
		}
	}
	passed, err := d.pace.send(ctx, n)
	if err != nil {
		return time.Time{}, err
	}
	if w != nil {
		w.sent(n, passed.Add(2*d.o.Latency))
	}
	return passed.Add(d.o.Latency), nil
}

// buffer is where the next chunk goes: at most one window at a time, so that a
// small window is not passed at one go.
func (d *direction) buffer(empty <-chan []byte, w *window) []byte {
	var buf []byte
	select {
	case buf = <-empty:
	default:
		buf = make([]byte, 0, chunkSize)
	}
	if w != nil {
		return buf[:min(chunkSize, w.size)]
	}
	return buf[:chunkSize]
}
