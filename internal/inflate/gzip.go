package inflate

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
)

const (
	// maxRatio is the most a byte of deflate data can stand for: 258 bytes by
	// a length and a distance code of one bit each. (zlib's documentation says
	// 1032.)
	maxRatio = 1032

	// trustedRatio is up to where the size in a gzip trailer is believed before
	// any data is seen: packages compress 3 to 10 times, source maps and the
	// like 20 times. What is above grows step by step.
	trustedRatio = 32

	// unmeasured is up to where it grows: beyond it the steps would hold more
	// memory than the data, and what is refused in the end all of the limit. So
	// the data is decoded into a window first, which tells its size.
	unmeasured = 1 << 20
)

// Magic reports whether src begins like gzip data.
func Magic(src []byte) bool { return len(src) >= 2 && src[0] == 0x1f && src[1] == 0x8b }

// Size is what the trailer says about the decompressed size of src, or 0 if it
// says something unlikely. It is a hint, and an attacker's to choose: it speaks
// of the last member only, modulo 2^32, and garbage may follow the trailer.
func Size(src []byte) int64 {
	if len(src) < 18 { // header and trailer
		return 0
	}
	size := int64(binary.LittleEndian.Uint32(src[len(src)-4:]))
	if size > trustedRatio*int64(len(src)) {
		return 0
	}
	return size
}

// Gzip decompresses src, all its members, into buf's memory, which grows when
// needed, and returns the data; buf's content is overwritten. Checksum and
// length of each member are verified. What follows the last member and does not
// begin with gzip's magic number is ignored, as zlib's gunzip does (some
// packers pad).
//
// Data of more than limit bytes is [ErrTooBig]. Beyond what the data has, or
// trustedRatio times src, no more than twice unmeasured is allocated.
func (d *Decoder) Gzip(buf, src []byte, limit int) ([]byte, error) {
	limit = min(limit, maxRatio*len(src)) // keeps sums below small
	hint := min(Size(src), int64(limit))
	if want := int(hint) + outSlack; cap(buf) < want {
		buf = make([]byte, want)
	}
	d.src, d.in = src, 0
	d.out, d.pos = buf[:cap(buf)], 0
	defer d.drop()
	for first := true; first || Magic(src[d.in:]); first = false {
		if err := d.member(limit); err != nil {
			return d.out[:0], err
		}
	}
	return d.out[:d.pos], nil
}

// drop forgets the caller's memory.
func (d *Decoder) drop() { d.src, d.out = nil, nil }

func (d *Decoder) member(limit int) error {
	if err := d.gzipHeader(); err != nil {
		return err
	}
	d.begin()
	for {
		st := d.run()
		if st == done {
			break
		}
		if st != full {
			return st.err()
		}
		if err := d.grow(limit); err != nil {
			return err
		}
	}
	if d.pos > limit {
		return ErrTooBig
	}
	data := d.out[d.floor:d.pos]
	return d.trailer(crc32.ChecksumIEEE(data), uint32(len(data)))
}

// grow makes room for more data.
func (d *Decoder) grow(limit int) error {
	room := min(max(2*len(d.out), 4096), limit+outSlack)
	if room > unmeasured {
		whole, err := measure(d.src, limit)
		if err != nil {
			return err
		}
		room = whole + outSlack
	}
	if room <= len(d.out) {
		return ErrTooBig
	}
	grown := make([]byte, room)
	copy(grown, d.out[:d.pos])
	d.out = grown
	return nil
}

// measure is how many bytes src decompresses to, at most limit. It decodes all of
// them, and has a decoder of its own since it is called in the middle of another's
// work.
func measure(src []byte, limit int) (int, error) {
	r := NewReader(new(Decoder), nil, src)
	defer r.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(r, int64(limit)+1))
	if err == nil && n > int64(limit) {
		err = ErrTooBig
	}
	return int(n), err
}

// trailer reads the eight bytes behind a member and compares.
func (d *Decoder) trailer(sum, size uint32) error {
	b := d.src[d.in:]
	if len(b) < 8 {
		return io.ErrUnexpectedEOF
	}
	d.in += 8
	if binary.LittleEndian.Uint32(b) != sum || binary.LittleEndian.Uint32(b[4:]) != size {
		return ErrChecksum
	}
	return nil
}

// The flags of a gzip header (RFC 1952, 2.3.1).
const (
	hasHeaderSum = 1 << 1
	hasExtra     = 1 << 2
	hasName      = 1 << 3
	hasComment   = 1 << 4
)

func (d *Decoder) gzipHeader() error {
	b := d.src[d.in:]
	if len(b) < 10 {
		if Magic(b) {
			return io.ErrUnexpectedEOF
		}
		return ErrHeader
	}
	if !Magic(b) || b[2] != 8 { // 8 is deflate, the only method there is
		return ErrHeader
	}
	flags, n := b[3], 10
	if flags&hasExtra != 0 {
		if len(b)-n < 2 {
			return io.ErrUnexpectedEOF
		}
		n += 2 + int(binary.LittleEndian.Uint16(b[n:]))
	}
	for _, flag := range []byte{hasName, hasComment} {
		if flags&flag == 0 {
			continue
		}
		end := -1
		if n < len(b) {
			end = bytes.IndexByte(b[n:], 0)
		}
		if end < 0 {
			return io.ErrUnexpectedEOF
		}
		n += end + 1
	}
	if flags&hasHeaderSum != 0 {
		if len(b)-n < 2 {
			return io.ErrUnexpectedEOF
		}
		if binary.LittleEndian.Uint16(b[n:]) != uint16(crc32.ChecksumIEEE(b[:n])) {
			return ErrHeader
		}
		n += 2
	}
	if n > len(b) {
		return io.ErrUnexpectedEOF
	}
	d.in += n
	return nil
}
