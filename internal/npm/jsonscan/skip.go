package jsonscan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// skip returns the offset just behind the value that starts at buf[i], or -1.
func skip(buf []byte, i int) int {
	switch buf[i] {
	case '"':
		return skipString(buf, i+1)
	case '{', '[':
		return skipContainer(buf, i)
	}
	return skipScalar(buf, i)
}

// skipContainer counts brackets outside strings. It does not tell one kind
// from the other: a document that mixes them up is broken either way, and is
// found out when it is decoded.
func skipContainer(buf []byte, i int) int {
	depth := 0
	for i < len(buf) {
		c := buf[i]
		i++
		if c == '"' {
			// Most strings are short and end at the first quote.
			if i+8 <= len(buf) {
				if m := quoteMask(binary.LittleEndian.Uint64(buf[i:])); m != 0 {
					q := i + bits.TrailingZeros64(m)>>3
					if buf[q-1] != '\\' {
						i = q + 1
						continue
					}
				}
			}
			if i = skipString(buf, i); i < 0 {
				return -1
			}
			continue
		}
		switch c | 0x20 { // [ and { differ in this bit only, and so do ] and }
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

const (
	ones   = 0x0101010101010101
	highs  = 0x8080808080808080
	quotes = '"' * ones

	// shortString is how far to look with eight-byte words before calling
	// bytes.IndexByte: keys and versions end within it, integrity strings and
	// URLs do not.
	shortString = 32
)

// skipString returns the offset just behind the closing quote of the string
// whose content starts at buf[i], or -1.
func skipString(buf []byte, i int) int {
	for start := i; ; {
		q := indexQuote(buf, i)
		if q < 0 {
			return -1
		}
		// An odd number of backslashes before it makes it part of the string.
		// Runs of backslashes never overlap, so this stays linear.
		n := q
		for n > start && buf[n-1] == '\\' {
			n--
		}
		if i = q + 1; (q-n)&1 == 0 {
			return i
		}
		start = i
	}
}

// indexQuote returns the offset of the first quote at or behind buf[i], or -1.
func indexQuote(buf []byte, i int) int {
	for limit := i + shortString; i < limit && i+8 <= len(buf); i += 8 {
		if m := quoteMask(binary.LittleEndian.Uint64(buf[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	if n := bytes.IndexByte(buf[i:], '"'); n >= 0 {
		return i + n
	}
	return -1
}

// quoteMask sets the high bit of the first byte of w that is a quote, and
// perhaps of later ones: the subtraction borrows upwards only.
func quoteMask(w uint64) uint64 {
	w ^= quotes
	return (w - ones) &^ w & highs
}

// skipScalar accepts true, false, null and numbers as JSON writes them.
func skipScalar(buf []byte, i int) int {
	end := i
	for end < len(buf) && !isDelimiter(buf[end]) {
		end++
	}
	switch string(buf[i:end]) {
	case "true", "false", "null":
		return end
	}
	if !isNumber(buf[i:end]) {
		return -1
	}
	return end
}

func isDelimiter(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ':' || c == '"' || isSpace(c)
}

// isNumber checks the grammar of RFC 8259, section 6.
func isNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole := digits(b)
	if whole == 0 || whole > 1 && b[0] == '0' {
		return false
	}
	b = b[whole:]
	if len(b) > 0 && b[0] == '.' {
		n := digits(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		if b = b[1:]; len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n := digits(b)
		if n == 0 {
			return false
		}
		b = b[n:]
	}
	return len(b) == 0
}

// digits counts the leading decimal digits of b.
func digits(b []byte) int {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return n
}
