package inflate

import (
	"hash/crc32"
	"io"
)

const (
	window = 32 << 10 // how far back a match may reach (RFC 1951)

	// readerBuf keeps the window, the decoder's tables and the input being read
	// within a 1 MiB L2 cache, and makes moving the window 1/7 of the copying.
	readerBuf = 256 << 10
)

// Reader is an [io.Reader] of what gzip data in memory decompresses to. It is
// as strict and as lenient as [Decoder.Gzip], but holds a window only.
type Reader struct {
	d     *Decoder
	read  int    // bytes of d.out handed out
	sum   uint32 // of the member so far
	size  uint32
	state readerState
	err   error
}

type readerState uint8

const (
	beforeMember readerState = iota
	inMember
	afterMember // decoded, but not yet handed out
)

// NewReader returns a reader of src. It uses d, and buf's memory if that is
// large enough, until it is closed.
func NewReader(d *Decoder, buf, src []byte) *Reader {
	if cap(buf) < readerBuf {
		buf = make([]byte, readerBuf)
	}
	d.src, d.in = src, 0
	d.out, d.pos = buf[:readerBuf], 0
	return &Reader{d: d}
}

// Read returns [io.EOF] only after all checksums were found right.
func (r *Reader) Read(p []byte) (int, error) {
	for r.read == r.d.pos && r.err == nil && len(p) > 0 {
		r.err = r.advance()
	}
	n := copy(p, r.d.out[r.read:r.d.pos])
	r.sum = crc32.Update(r.sum, crc32.IEEETable, p[:n])
	r.size += uint32(n)
	r.read += n
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, r.err
}

// Close lets go of src. Nothing may be read after it.
func (r *Reader) Close() { r.d.drop() }

// advance takes the next step once all output was handed out.
func (r *Reader) advance() error {
	d := r.d
	switch r.state {
	case beforeMember:
		if err := d.gzipHeader(); err != nil {
			return err
		}
		d.begin()
		r.sum, r.size, r.state = 0, 0, inMember
	case inMember:
		r.slide()
		switch st := d.run(); st {
		case done:
			r.state = afterMember
		case full:
		default:
			return st.err()
		}
	case afterMember:
		if err := d.trailer(r.sum, r.size); err != nil {
			return err
		}
		if !Magic(d.src[d.in:]) {
			return io.EOF
		}
		r.state = beforeMember
	}
	return nil
}

// slide moves the window to the front of the buffer.
func (r *Reader) slide() {
	d := r.d
	if d.pos <= len(d.out)/2 {
		return
	}
	shift := d.pos - window
	copy(d.out, d.out[shift:d.pos])
	d.pos, r.read = window, window
	d.floor = max(0, d.floor-shift)
}
