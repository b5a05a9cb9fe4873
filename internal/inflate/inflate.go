// Package inflate decompresses gzip data that is in memory as a whole.
//
// It exists because nothing else in pure Go is fast enough for an install's
// hot path (compress/gzip gives a third of its speed), and it is fast for
// three reasons that hold only when the input is a slice:
//
//   - bits are taken from a 64-bit buffer that is refilled by one unaligned
//     load; a whole length/distance pair fits into one or two refills;
//   - a table entry packs what is needed to finish a symbol: how many bits go,
//     the literal or the base value, and where its extra bits are;
//   - while input and output both have slack left ([Decoder.fast]) nothing is
//     checked per byte and matches are copied in words that may overshoot. On
//     amd64 that loop is also there in machine code, half as fast again.
//
// Near an end of input or output [Decoder.careful] takes over, symbol by symbol.
// The layout of the tables follows libdeflate, the format RFC 1951 and 1952.
package inflate

import (
	"errors"
	"io"
)

// Errors of this package. A stream that ends early is [io.ErrUnexpectedEOF].
var (
	ErrCorrupt  = errors.New("corrupt deflate data")
	ErrHeader   = errors.New("not gzip data")
	ErrChecksum = errors.New("gzip checksum or length mismatch")
	ErrTooBig   = errors.New("decompressed data exceeds the limit")
)

// status is why the decoder of a deflate stream stopped.
type status uint8

const (
	more    status = iota // go on: a block ended, or slack ran out
	full                  // the next symbol does not fit into out
	done                  // the last block ended
	corrupt               // no deflate data
	short                 // src ended inside the stream
)

// phase is what the next bit of src belongs to.
type phase uint8

const (
	atBlock   phase = iota // a block's header
	inStored               // the bytes of a stored block
	inHuffman              // the symbols of a compressed block
)

// Decoder holds the tables and the position in one stream. Its zero value is
// ready, it may be reused for any number of streams (worth it: 12 KiB), and it
// belongs to one goroutine at a time.
type Decoder struct {
	src []byte
	in  int    // next byte of src
	buf uint64 // bits taken from src, the next one lowest; above n either zero or what follows
	n   uint   // how many of them count

	out   []byte // matches reach back into it; its whole length may be overwritten
	pos   int    // bytes of out written
	floor int    // matches may not reach below: where the member begins

	phase  phase
	final  bool // this block is the last
	stored int  // bytes left of a stored block
	plain  bool // only portable code, for tests
	fixed  bool // lit and dist hold the tables of RFC 1951, 3.2.6

	lit  [litSize]uint32
	dist [distSize]uint32
	pre  [preSize]uint32
	lens [maxLit + maxDist]uint8
	syms [maxLit]uint16 // work space of build
}

// begin starts a deflate stream at d.in; output goes on at d.pos.
func (d *Decoder) begin() {
	d.buf, d.n = 0, 0
	d.phase, d.final = atBlock, false
	d.floor = d.pos
}

// run decodes until the stream ends, out is full or the data turns out bad.
// After full it may be called again once out has room.
func (d *Decoder) run() status {
	for {
		st := more
		switch d.phase {
		case atBlock:
			if d.final {
				d.unread()
				return done
			}
			st = d.header()
		case inStored:
			st = d.copyStored()
		case inHuffman:
			if st = d.fast(); st == more && d.phase == inHuffman {
				st = d.careful()
			}
		}
		if st != more {
			return st
		}
	}
}

// unread gives whole bytes in the bit buffer back to src and drops the rest of
// the current one.
func (d *Decoder) unread() {
	d.in -= int(d.n / 8)
	d.buf, d.n = 0, 0
}

// refill tops the bit buffer up to at least 56 bits, or to what src still has.
func (d *Decoder) refill() {
	for d.n < 56 && d.in < len(d.src) {
		d.buf |= uint64(d.src[d.in]) << d.n
		d.in++
		d.n += 8
	}
}

// take removes k ≤ 16 bits that refill made available.
func (d *Decoder) take(k uint) uint {
	v := uint(d.buf) & (1<<k - 1)
	d.buf >>= k
	d.n -= k
	return v
}

// copyStored copies what it can of a stored block.
func (d *Decoder) copyStored() status {
	k := min(d.stored, len(d.src)-d.in, len(d.out)-d.pos)
	copy(d.out[d.pos:], d.src[d.in:d.in+k])
	d.in, d.pos, d.stored = d.in+k, d.pos+k, d.stored-k
	switch {
	case d.stored == 0:
		d.phase = atBlock
		return more
	case d.in == len(d.src):
		return short
	}
	return full
}

func (st status) err() error {
	switch st {
	case corrupt:
		return ErrCorrupt
	case short:
		return io.ErrUnexpectedEOF
	}
	return nil
}
