package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"

	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/registry"
)

// downloads are the tarballs under way, by file.
type downloads struct {
	mu sync.Mutex
	on map[string]*download
}

// download is one tarball under way: one goroutine receives, and any number of
// clients are sent what came so far.
//
// The bytes of the last read are held back until all of them were verified.
// So a client gets a whole tarball only if it is the right one; of a wrong one
// its connection breaks before the end.
type download struct {
	mu       sync.Mutex
	spool    spool
	size     int64 // as the upstream promised; -1 if it did not
	released int64 // bytes that clients may have
	done     bool
	err      error
	changed  chan struct{} // closed, and replaced, when any of these changes
	users    int           // the goroutine and the clients
}

// join finds the download of file, or begins it with work. One that has failed
// is for those who were there when it did: who comes later tries again.
func (p *Proxy) join(file string, work func(context.Context, *download)) *download {
	ds := &p.downloads
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if d := ds.on[file]; d != nil && d.enter() {
		return d
	}
	d := &download{spool: spool{cache: p.disk, total: &p.spooled}, size: -1, changed: make(chan struct{}), users: 2}
	err := p.behind.start(downloadLimit, func(ctx context.Context) {
		work(ctx, d)
		ds.mu.Lock()
		if ds.on[file] == d {
			delete(ds.on, file)
		}
		ds.mu.Unlock()
		d.leave()
	})
	if err != nil {
		d.finish(err)
		d.leave()
		return d
	}
	if ds.on == nil {
		ds.on = map[string]*download{}
	}
	ds.on[file] = d
	return d
}

// enter adds a user, unless the download has failed.
func (d *download) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return false
	}
	d.users++
	return true
}

// leave is the end of a user; the last one frees the spool.
func (d *download) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users--; d.users == 0 {
		d.spool.close()
	}
}

// update changes d and wakes who waits.
func (d *download) update(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
	close(d.changed)
	d.changed = make(chan struct{})
}

// finish ends the download.
func (d *download) finish(err error) {
	d.update(func() {
		d.done, d.err = true, err
		if err == nil {
			d.released = d.spool.size
		}
	})
}

// chunk is what is read at once: what one read of a connection gives.
const chunk = 64 << 10

// chunks are reused by receivers and senders.
var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// receive reads a body to its end. Behind a connection that broke another one
// begins at the first byte: what is there already is only hashed again. sum is
// nil where nothing is known to check by.
func (d *download) receive(body io.Reader, size int64, sum *integrity.Verifier) error {
	d.mu.Lock()
	have := d.spool.size
	d.mu.Unlock()
	if have == 0 {
		d.update(func() { d.size = size })
	}
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	var at int64
	for {
		n, err := body.Read(buf[:])
		if sum != nil {
			sum.Write(buf[:n])
		}
		if fresh := at + int64(n) - have; fresh > 0 {
			if err := d.add(buf[n-int(min(fresh, int64(n))) : n]); err != nil {
				return err
			}
		}
		at += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if at < have {
		return fmt.Errorf("it has %d bytes, and %d when it was asked for first", at, have)
	}
	if sum == nil {
		return nil
	}
	return sum.Verify()
}

// add appends bytes and releases those before them.
func (d *download) add(b []byte) (err error) {
	d.update(func() {
		d.released = d.spool.size
		err = d.spool.append(b)
	})
	return err
}

// takeKept makes d of the file, if there is one by now: another download may have
// ended after who asks looked for the file, and before it looked for a download.
func (p *Proxy) takeKept(d *download, file string, t target) bool {
	e := p.keptTarball(file, t)
	if e == nil {
		return false
	}
	defer e.Close()
	d.finish(d.receive(io.LimitReader(e, e.Size), e.Size, nil))
	return true
}

// fetchTarball is the work of a download.
func (p *Proxy) fetchTarball(ctx context.Context, d *download, file, url string, name npm.Name, s source) {
	from := "tarballs " + p.upstream.Registry(name)
	if err := p.rested(from); err != nil {
		d.finish(err)
		return
	}
	want, err := s.expected()
	if err == nil {
		r := registry.TarballRequest{URL: url}
		p.counts.Upstream.Tarballs.Add(1)
		err = p.upstream.Stream(ctx, r, func(body io.Reader, size int64) error {
			var sum *integrity.Verifier
			if !want.IsZero() {
				var err error
				if sum, err = want.NewVerifier(); err != nil {
					return err
				}
			}
			return d.receive(body, size, sum)
		})
	}
	var mismatch *integrity.MismatchError
	switch {
	case errors.As(err, &mismatch):
		p.counts.Mismatches.Add(1)
		p.opts.Log.Error("tarball refused", "url", url, "err", err)
		err = problem(http.StatusBadGateway, "the tarball is not what the registry behind this one says of it: %v", err)
	case err != nil:
		p.counts.Upstream.Failed.Add(1)
		p.rest(from, err)
	}
	if err != nil {
		d.finish(err)
		return
	}
	d.mu.Lock()
	p.counts.Upstream.Bytes.Add(d.spool.size)
	d.mu.Unlock()
	d.finish(nil)
	if want.IsZero() {
		return // nobody could tell later whether it is right
	}
	d.mu.Lock()
	err = d.spool.commit(file, encodeTarball(s, want))
	d.mu.Unlock()
	if err != nil {
		p.notKept(err)
	}
}

// expected is what the bytes must hash to; zero if the registry does not say.
func (s source) expected() (integrity.Integrity, error) {
	switch {
	case s.integrity != "":
		in, err := integrity.Parse(s.integrity)
		if errors.Is(err, integrity.ErrNoHash) && s.shasum != "" {
			break
		}
		return in, err
	case s.shasum == "":
		return integrity.Integrity{}, nil
	}
	return integrity.FromShasum(s.shasum)
}

// send answers with the download as it comes. An error means that nothing was
// sent yet.
func (d *download) send(p *Proxy, w http.ResponseWriter, r *http.Request) error {
	defer d.leave()
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	for off := int64(0); ; {
		n, ended, err := d.next(r.Context(), buf[:], off)
		switch {
		case err != nil && off == 0:
			return err
		case err != nil:
			panic(http.ErrAbortHandler) // the client must not take it for whole
		case off == 0:
			d.header(w, ended)
			if r.Method == http.MethodHead {
				return nil
			}
		}
		deadline(w, int64(n))
		if _, err := w.Write(buf[:n]); err != nil {
			return nil // the client is gone
		}
		if off += int64(n); ended && n == 0 {
			return nil
		}
	}
}

// header announces the length where it is known.
func (d *download) header(w http.ResponseWriter, ended bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	size := d.size
	if d.done && d.err == nil {
		size = d.spool.size
	}
	if size >= 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	}
	w.Header().Set("Content-Type", "application/octet-stream")
}

// next waits for bytes from off on and copies some. ended says that there are no
// more than those.
func (d *download) next(ctx context.Context, b []byte, off int64) (n int, ended bool, err error) {
	for {
		d.mu.Lock()
		released, done, changed := d.released, d.done, d.changed
		switch {
		case d.err != nil:
			err = d.err
		case off < released:
			if left := released - off; int64(len(b)) > left {
				b = b[:left]
			}
			n, err = d.spool.readAt(b, off)
		}
		d.mu.Unlock()
		switch {
		case err != nil:
			return 0, false, err
		case n > 0 || done:
			return n, done && off+int64(n) == released, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, false, context.Cause(ctx)
		}
	}
}
