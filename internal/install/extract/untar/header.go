package untar

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

const blockSize = 512

// Fields of a header block (POSIX.1 ustar; V7 ends at linkname).
const (
	nameEnd         = 100
	modeAt          = 100
	modeEnd         = 108
	sizeAt          = 124
	sizeEnd         = 136
	sumAt           = 148
	linkAt, linkEnd = 157, 257
	kindAt          = 156
	magicAt         = 257
	prefixAt        = 345
	prefixEnd       = 500
)

// block is one header.
type block *[blockSize]byte

// sums adds up a header's bytes, the checksum field taken as spaces: unsigned
// as POSIX says, and signed as some old tars did.
func sums(b block) (unsigned, signed int64) {
	const low = 0x00ff00ff00ff00ff
	var total, high uint64
	for i := 0; i < blockSize; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		// Four 16-bit lanes; 64 rounds of two bytes stay below 2^16.
		total += w&low + w>>8&low
		high += uint64(bits.OnesCount64(w & 0x8080808080808080))
	}
	total = total&0xffff + total>>16&0xffff + total>>32&0xffff + total>>48
	unsigned = int64(total)
	signed = unsigned - 256*int64(high)
	for _, c := range b[sumAt:kindAt] {
		unsigned += ' ' - int64(c)
		signed += ' ' - int64(int8(c))
	}
	return unsigned, signed
}

// valid reports whether b is a header, and whether it is all zeros.
func valid(b block) (ok, null bool) {
	unsigned, signed := sums(b)
	want, ok := octal(b[sumAt:kindAt])
	if !ok {
		return false, unsigned == 8*' '
	}
	return want == unsigned || want == signed, false
}

// octal reads a number as tars write them: blanks, octal digits, then anything.
// ok is false where there is no digit.
func octal(field []byte) (v int64, ok bool) {
	i := 0
	for i < len(field) && field[i] == ' ' {
		i++
	}
	for ; i < len(field) && '0' <= field[i] && field[i] <= '7'; i++ {
		v, ok = v<<3|int64(field[i]-'0'), true // twelve digits at most: 36 bits
	}
	return v, ok
}

// maxSize is the largest size believed: what JavaScript can count to, so that
// we take and leave what node-tar does.
const maxSize = 1<<53 - 1

// number reads a numeric field: octal, or base 256 (GNU) where the first bit is
// set. Negative numbers count as 0, and a field without digits too, as in node-tar.
func number(field []byte) (n int64, ok bool) {
	switch {
	case field[0] < 0x80:
		n, _ = octal(field)
		return n, true
	case field[0] == 0xff:
		return 0, true
	case field[0] != 0x80:
		return 0, false
	}
	for _, c := range field[1:] {
		if n > maxSize>>8 {
			return 0, false
		}
		n = n<<8 | int64(c)
	}
	return n, true
}

// executable reports whether anybody may execute the file: owner's, group's
// and others' bits count alike, since some packages are published with 0640.
func executable(mode int64) bool { return mode&0o111 != 0 }

// name returns the two parts of the path in the header itself. A prefix is only
// where POSIX says so: GNU tar, whose magic differs, keeps times there, and so
// does star, but behind the NUL that ends a shorter prefix.
func name(b block) (prefix, base []byte) {
	base = untilNUL(b[:nameEnd])
	if string(b[magicAt:magicAt+6]) != "ustar\x00" {
		return nil, base
	}
	return untilNUL(b[prefixAt:prefixEnd]), base
}

func untilNUL(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}
