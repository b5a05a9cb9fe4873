package server

import (
	"bytes"

	"godwit/internal/resolve/wire"
)

// hints are packages that the last answer to the same question had. A run begins
// with them, so that whoever asks downloads while packuments that were right a
// few minutes ago are asked for again: of more than a thousand, hardly one has
// changed. A client that is told of a package which is in no lockfile then has
// fetched it in vain, and that is all. The nil hints are none.
type hints struct {
	said  map[string]wire.Package // by ID
	log   []byte                  // lines of the packages that were picked indeed
	count int                     // of them
	done  *wire.Done
}

// hint begins the log of r with the packages of an answer that is no longer good;
// nil is none.
func (r *run) hint(old *run) {
	if old == nil {
		return
	}
	r.hints = &hints{said: make(map[string]wire.Package, old.packages)}
	for in := wire.NewReader(bytes.NewReader(old.log)); ; {
		f, err := in.Next()
		if err != nil || f.Package == nil {
			return
		}
		r.hints.said[f.Package.ID] = *f.Package
		r.log = f.Append(r.log)
		r.packages++
	}
}

// take notes what the run itself says, and reports whether it was said already.
// Of a package that has another tarball now nothing more can be said; the client
// finds that out by the last frame.
func (h *hints) take(f *wire.Frame) (said bool) {
	switch {
	case h == nil:
		return false
	case f.Package != nil:
		h.log = f.Append(h.log)
		h.count++
		_, said = h.said[f.Package.ID]
		return said
	}
	h.done = f.Done
	return false
}

// lasting is the run as it is to be told again: without hints that led to nothing.
func (r *run) lasting() *run {
	if r.hints == nil || r.hints.done == nil {
		return r
	}
	done := *r.hints.done
	done.Packages = r.hints.count
	ended := make(chan struct{})
	close(ended)
	return &run{
		question: r.question, cancel: func() {}, ended: ended, said: true, until: r.until, holds: r.holds,
		log: (&wire.Frame{Done: &done}).Append(r.hints.log), packages: done.Packages,
	}
}
