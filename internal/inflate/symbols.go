package inflate

import (
	"encoding/binary"
	"unsafe"
)

const (
	// inSlack is what one round of fast may read: three loads of 8 bytes, each at
	// most 7 bytes behind the one before.
	inSlack = 22
	// outSlack is what one round of fast may write: three literals, or two and a
	// match of 258 with the overshoot of its copy.
	outSlack = 2 + 258 + 15
)

// portable decodes symbols of a compressed block while both ends are far. It
// returns more at the end of the block (phase says so) or of the slack.
//
// It goes through pointers: the loop's conditions keep in and pos in bounds,
// and with the compiler's own checks it took a quarter longer (typescript).
func (d *Decoder) portable() status {
	src, out := unsafe.Pointer(unsafe.SliceData(d.src)), unsafe.Pointer(unsafe.SliceData(d.out))
	in, pos, buf, n := d.in, d.pos, d.buf, d.n
	lit, dist, floor := &d.lit, &d.dist, d.floor
	lastIn, lastOut := len(d.src)-inSlack, len(d.out)-outSlack
	st := more
	for in <= lastIn && pos <= lastOut {
		// 56 bits at least: two literals out of the first table (11 each), then
		// a length (15 and 5), before the next load.
		buf |= load(src, in) << (n & 63)
		in += int((63 - n) >> 3)
		n |= 56
		e := lit[buf&(1<<litBits-1)]
		if e&literal != 0 {
			buf >>= e & 63
			n -= uint(e & 0xff)
			*(*byte)(unsafe.Add(out, pos)) = byte(e >> 16)
			pos++
			e = lit[buf&(1<<litBits-1)]
			if e&literal != 0 {
				buf >>= e & 63
				n -= uint(e & 0xff)
				*(*byte)(unsafe.Add(out, pos)) = byte(e >> 16)
				pos++
				e = lit[buf&(1<<litBits-1)]
			}
		}
		if e&exceptional != 0 {
			if e&subtable != 0 {
				buf >>= litBits
				n -= litBits
				e = lit[uint(e>>16)+uint(buf)&(1<<(e>>8&0xf)-1)]
			}
			if e&exceptional != 0 {
				if e&endOfBlock == 0 {
					st = corrupt
					break
				}
				buf >>= e & 63
				n -= uint(e & 0xff)
				d.phase = atBlock
				break
			}
		}
		if e&literal != 0 {
			buf >>= e & 63
			n -= uint(e & 0xff)
			*(*byte)(unsafe.Add(out, pos)) = byte(e >> 16)
			pos++
			continue
		}
		length := int(e>>16) + int(buf&(1<<(e&63)-1)>>(e>>8&0xf))
		buf >>= e & 63
		n -= uint(e & 0xff)

		buf |= load(src, in) << (n & 63)
		in += int((63 - n) >> 3)
		n |= 56
		e = dist[buf&(1<<distBits-1)]
		if e&exceptional != 0 {
			if e&subtable != 0 {
				buf >>= distBits
				n -= distBits
				e = dist[uint(e>>16)+uint(buf)&(1<<(e>>8&0xf)-1)]
			}
			if e&exceptional != 0 {
				st = corrupt
				break
			}
		}
		back := int(e>>16) + int(buf&(1<<(e&63)-1)>>(e>>8&0xf))
		buf >>= e & 63
		n -= uint(e & 0xff)
		if back > pos-floor {
			st = corrupt
			break
		}
		if to := unsafe.Add(out, pos); back >= 16 {
			copy16(to, back, length)
		} else {
			repeat(to, back, length)
		}
		pos += length
	}
	d.in, d.pos, d.buf, d.n = in, pos, buf, n
	return st
}

func load(p unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

// copy16 copies length bytes from back ≥ 16 bytes before to. It writes up to
// 15 bytes more.
func copy16(to unsafe.Pointer, back, length int) {
	for i := 0; i < length; i += 16 {
		p := unsafe.Add(to, i)
		*(*[16]byte)(p) = *(*[16]byte)(unsafe.Add(p, -back))
	}
}

// repeat writes length bytes that continue the period of back < 16 bytes
// before to. It writes up to 15 bytes more.
func repeat(to unsafe.Pointer, back, length int) {
	if back >= 8 {
		for i := 0; i < length; i += 8 {
			p := unsafe.Add(to, i)
			*(*[8]byte)(p) = *(*[8]byte)(unsafe.Add(p, -back))
		}
		return
	}
	// Make a word of the period and store it again and again: loads that
	// overlap stores just made would stall.
	width := uint(back) * 8
	word := load(to, -back) & (1<<width - 1)
	word |= word << width
	word |= word << (2 * width)
	word |= word << (4 * width)
	step := 8 - 8%back
	for i := 0; i < length; i += step {
		binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(to, i))[:], word)
	}
}

// careful decodes symbols of a compressed block up to the last byte of input
// and output. A symbol that does not fit leaves no trace.
func (d *Decoder) careful() status {
	for {
		d.refill()
		sym := symbol{buf: d.buf, n: d.n}
		if st := sym.read(d.lit[:], litBits); st != more {
			return st
		}
		switch {
		case sym.entry&literal != 0:
			if d.pos == len(d.out) {
				return full
			}
			d.out[d.pos] = byte(sym.entry >> 16)
			d.pos++
		case sym.entry&exceptional != 0:
			d.buf, d.n = sym.buf, sym.n
			d.phase = atBlock
			return more
		default:
			length := sym.value
			if st := sym.read(d.dist[:], distBits); st != more {
				return st
			}
			if st := d.carefulCopy(sym.value, length); st != more {
				return st
			}
		}
		d.buf, d.n = sym.buf, sym.n
	}
}

// symbol is one symbol read from a bit buffer, and what is left of the buffer.
// 56 bits are enough for a length and its distance (15+5 and 15+13).
type symbol struct {
	buf   uint64
	n     uint
	entry uint32
	value int // base and extra bits, unless the entry is a literal
}

func (s *symbol) read(table []uint32, tableBits uint) status {
	e := table[s.buf&(1<<tableBits-1)]
	if e&(exceptional|literal) == exceptional && e&subtable != 0 {
		if s.n < tableBits {
			return short
		}
		s.buf >>= tableBits
		s.n -= tableBits
		e = table[uint(e>>16)+uint(s.buf)&(1<<(e>>8&0xf)-1)]
	}
	switch {
	case uint(e&0xff) > s.n || s.n == 0:
		return short
	case e&(exceptional|literal|endOfBlock) == exceptional:
		return corrupt
	}
	s.entry = e
	s.value = int(e>>16) + int(s.buf&(1<<(e&63)-1)>>(e>>8&0xf))
	s.buf >>= e & 63
	s.n -= uint(e & 0xff)
	return more
}

func (d *Decoder) carefulCopy(back, length int) status {
	switch {
	case back > d.pos-d.floor:
		return corrupt
	case length > len(d.out)-d.pos:
		return full
	}
	for range length {
		d.out[d.pos] = d.out[d.pos-back]
		d.pos++
	}
	return more
}
