package inflate

import "math/bits"

// The tables of a decoder. The low bits of the bit buffer are an index; the
// entry found there says what to do:
//
//	literal      1 · value<<16             · len<<8 · len
//	length/dist  base<<16                  · len<<8 · len+extra bits
//	subtable     start<<16 · exc · sub     · bits<<8 · bits of the first table
//	end of block exc · eob                 · len<<8 · len
//	no code      exc
//
// len is the length of the code, without the bits that selected a subtable.
// Sizes are what zlib's enough.c finds for the worst code of 15 bits.
const (
	literal     = 1 << 31
	exceptional = 1 << 15 // one of the three below
	subtable    = 1 << 14
	endOfBlock  = 1 << 13
	noCode      = exceptional

	maxLen = 15 // longest code of RFC 1951

	maxLit  = 288
	litBits = 11 // 8 KiB, a fourth of an L1 cache; longer codes are rare
	litSize = 2342

	maxDist  = 32
	distBits = 8
	distSize = 402

	preBits = 7 // the longest code there is: never a subtable
	preSize = 1 << preBits
)

// results holds the part of an entry that depends on the symbol alone.
type results [maxLit]uint32

var (
	litResults  = makeLitResults()
	distResults = makeDistResults()
	preResults  = makePreResults()
)

func makeLitResults() (r results) {
	for i := range 256 {
		r[i] = literal | uint32(i)<<16
	}
	r[256] = exceptional | endOfBlock
	base := uint32(3)
	for i := 257; i < 285; i++ { // RFC 1951, 3.2.5
		extra := uint32(0)
		if i >= 265 {
			extra = uint32(i-261) / 4
		}
		r[i] = base<<16 | extra
		base += 1 << extra
	}
	r[285] = 258 << 16
	r[286], r[287] = noCode, noCode
	return r
}

func makeDistResults() (r results) {
	base := uint32(1)
	for i := range 30 {
		extra := uint32(0)
		if i >= 4 {
			extra = uint32(i-2) / 2
		}
		r[i] = base<<16 | extra
		base += 1 << extra
	}
	r[30], r[31] = noCode, noCode
	return r
}

func makePreResults() (r results) {
	for i := range 19 {
		r[i] = uint32(i) << 16
	}
	r[16] |= 2
	r[17] |= 3
	r[18] |= 7
	return r
}

// build makes the table of the canonical code whose lengths are lens. Like
// zlib it accepts, besides complete codes, an empty one and a single code of
// one bit: what they leave open is an error only when it is met.
func (d *Decoder) build(table []uint32, tableBits uint, lens []uint8, res *results) bool {
	var count [maxLen + 1]int
	for _, l := range lens {
		count[l]++
	}
	left := 1 // codes not yet given away
	for l := 1; l <= maxLen; l++ {
		if left = left<<1 - count[l]; left < 0 {
			return false
		}
	}
	used := len(lens) - count[0]
	if left > 0 && used > 1 || left > 0 && used == 1 && count[1] == 0 {
		return false
	}
	d.sortSymbols(lens, &count)
	if left > 0 {
		for i := range 1 << tableBits {
			table[i] = noCode
			if used == 1 && i&1 == 0 {
				table[i] = entry(res[d.syms[0]], 1)
			}
		}
		return true
	}
	d.fill(table, tableBits, &count, res)
	return true
}

// sortSymbols lists in d.syms the symbols that have a code, by length, then value.
func (d *Decoder) sortSymbols(lens []uint8, count *[maxLen + 1]int) {
	var at [maxLen + 2]int
	for l := 1; l <= maxLen; l++ {
		at[l+1] = at[l] + count[l]
	}
	for sym, l := range lens {
		if l != 0 {
			d.syms[at[l]] = uint16(sym)
			at[l]++
		}
	}
}

func entry(result uint32, l uint) uint32 { return result + uint32(l<<8|l) }

// fill writes a complete code's table. Codes come in order of length, so the
// table for codes of up to l bits, doubled, is the one for up to l+1 bits.
func (d *Decoder) fill(table []uint32, tableBits uint, count *[maxLen + 1]int, res *results) {
	code, l, end := uint(0), uint(0), 1 // code has its first bit lowest
	next := 0
	for l < tableBits {
		l++
		copy(table[end:2*end], table[:end])
		end *= 2
		for range count[l] {
			table[code] = entry(res[d.syms[next]], l)
			next++
			if code == 1<<l-1 { // the last code of all
				for ; l < tableBits; l++ {
					copy(table[end:2*end], table[:end])
					end *= 2
				}
				return
			}
			code = successor(code, l)
		}
	}
	d.fillSubtables(table, tableBits, count, res, code, next)
}

// fillSubtables goes on where fill stopped: with codes longer than tableBits.
func (d *Decoder) fillSubtables(table []uint32, tableBits uint, count *[maxLen + 1]int, res *results, code uint, next int) {
	mask := uint(1)<<tableBits - 1
	prefix, start, end := ^uint(0), 0, 1<<tableBits
	for l := tableBits + 1; l <= maxLen; l++ {
		for left := count[l]; left > 0; left-- {
			if code&mask != prefix {
				prefix, start = code&mask, end
				sub := l - tableBits
				for space := left; space < 1<<sub; {
					sub++
					space = space<<1 + count[tableBits+sub]
				}
				end = start + 1<<sub
				table[prefix] = uint32(start)<<16 | exceptional | subtable | uint32(sub<<8|tableBits)
			}
			e := entry(res[d.syms[next]], l-tableBits)
			next++
			for i := start + int(code>>tableBits); i < end; i += 1 << (l - tableBits) {
				table[i] = e
			}
			if code == 1<<l-1 {
				return
			}
			code = successor(code, l)
		}
	}
}

// successor is the code of l bits after code, both with their first bit lowest.
// code is not the last one.
func successor(code, l uint) uint {
	bit := uint(1) << (bits.Len(code^(1<<l-1)) - 1)
	return code&(bit-1) | bit
}
