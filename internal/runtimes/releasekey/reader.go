package releasekey

import "encoding/binary"

// reader takes OpenPGP's values from bytes. What is not there reads as zeros, and
// short says so.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.rest, r.short = nil, true
		return make([]byte, min(n, 4)) // the callers that look at what they took ask for no more
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) byte() byte { return r.take(1)[0] }

// number is a multiprecision integer: its length in bits, then its bytes.
func (r *reader) number() []byte {
	bits := int(binary.BigEndian.Uint16(r.take(2)))
	return r.take((bits + 7) / 8)
}

// packet is the type and the body of the next packet, in the old form of headers or
// the new one (RFC 9580, section 4.2). Bodies of unknown length are not for signatures.
func (r *reader) packet() (tag byte, body []byte) {
	head := r.byte()
	if head&0x80 == 0 {
		r.short = true
		return 0, nil
	}
	if head&0x40 == 0 {
		size := 1 << (head & 3)
		if size == 8 {
			r.short = true
			return 0, nil
		}
		n := 0
		for _, b := range r.take(size) {
			n = n<<8 | int(b)
		}
		return head >> 2 & 15, r.take(n)
	}
	n := int(r.byte())
	switch {
	case n == 255:
		n = int(binary.BigEndian.Uint32(r.take(4)))
	case n >= 224:
		r.short = true
		return 0, nil
	case n >= 192:
		n = (n-192)<<8 + int(r.byte()) + 192
	}
	return head & 0x3f, r.take(n)
}
