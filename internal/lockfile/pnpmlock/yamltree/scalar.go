package yamltree

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// place is where a scalar stands, which decides what it may look like. Only a
// value of a block collection may be a literal block.
type place struct {
	level int  // depth of the node, for the indent of literal blocks
	key   bool // of a map
	flow  bool // inside {} or []
}

// appendString writes s as js-yaml's writeScalar does: plain where that reads
// back as s, else single-quoted, a literal block when it has line feeds, and
// double-quoted when it has characters that only escapes can carry.
func appendString(dst []byte, s string, at place) []byte {
	if s == "" {
		return append(dst, "''"...)
	}
	printable, breaks, plain := scan(s, at)
	switch {
	case !printable:
		return appendEscaped(dst, s)
	case breaks:
		return appendLiteral(dst, s, indent*max(1, at.level))
	case plain && !resolves(s):
		return append(dst, s...)
	}
	dst = append(dst, '\'')
	for {
		head, tail, found := strings.Cut(s, "'")
		dst = append(dst, head...)
		if !found {
			return append(dst, '\'')
		}
		dst = append(dst, "''"...)
		s = tail
	}
}

// scan looks at every character once: are all printable (line feeds too, if a
// literal block is possible), is there a line feed, may s stand plain.
func scan(s string, at place) (printable, breaks, plain bool) {
	if ordinary(s) {
		return true, false, true
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	plain = plainFirst(first) && last != ' ' && last != '\t' && last != ':'
	prev := rune(-1)
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			return false, false, false // not UTF-8; escapes replace it
		}
		switch {
		case r == '\n' && !at.key && !at.flow:
			breaks, plain = true, false
		case !isPrintable(r):
			return false, false, false
		case plain:
			plain = plainNext(prev, r, at.flow)
		}
		prev = r
	}
	return true, breaks, plain
}

// ordinary reports whether s is made of characters only that mean nothing to YAML
// wherever they stand, as most names, versions and hashes are.
func ordinary(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '/', c == '+', c == '_', c == '^', c == '~', c == '(', c == ')':
		case c == '-', c == '=', c == '@':
			if i == 0 {
				return false
			}
		default:
			return false
		}
	}
	return s != ""
}

// isPrintable is YAML's c-printable without tab and line breaks, without the
// separators U+2028 and U+2029, which editors take for line breaks.
func isPrintable(r rune) bool {
	switch {
	case r < 0x7f:
		return r >= 0x20
	case r <= 0xd7ff:
		return r >= 0xa1 && r != 0x2028 && r != 0x2029
	case r <= 0xfffd:
		return r >= 0xe000 && r != 0xfeff
	}
	return r >= 0x10000
}

// plainFirst: no white space, no indicator.
func plainFirst(r rune) bool {
	return isPrintable(r) && !strings.ContainsRune(" -?:,[]{}#&*!|=>'\"%@`", r)
}

// plainNext reports whether r may follow prev in a plain scalar: no ": ", no
// " #", and no flow indicator inside a flow collection. Both are printable or
// a tab cannot occur, so white space is the space alone.
func plainNext(prev, r rune, flow bool) bool {
	switch {
	case prev == ':' && r != ' ':
		return true
	case r == '#':
		return prev != -1 && prev != ' '
	case prev == ':':
		return false
	}
	return !flow || !strings.ContainsRune(",[]{}", r)
}

// shortEscapes are the escapes that have a letter.
var shortEscapes = map[rune]string{
	0x00: `\0`, 0x07: `\a`, 0x08: `\b`, 0x09: `\t`, 0x0a: `\n`, 0x0b: `\v`,
	0x0c: `\f`, 0x0d: `\r`, 0x1b: `\e`, '"': `\"`, '\\': `\\`,
	0x85: `\N`, 0xa0: `\_`, 0x2028: `\L`, 0x2029: `\P`,
}

func appendEscaped(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		esc, short := shortEscapes[r]
		switch {
		case short:
			dst = append(dst, esc...)
		case isPrintable(r):
			dst = utf8.AppendRune(dst, r)
		case r <= 0xff:
			dst = fmt.Appendf(dst, `\x%02X`, r)
		case r <= 0xffff:
			dst = fmt.Appendf(dst, `\u%04X`, r)
		default:
			dst = fmt.Appendf(dst, `\U%08X`, r)
		}
	}
	return append(dst, '"')
}

// appendLiteral writes a "|" block. The last line feed is left to the caller,
// who ends the line anyway.
func appendLiteral(dst []byte, s string, spaces int) []byte {
	dst = append(dst, '|')
	if strings.HasPrefix(strings.TrimLeft(s, "\n"), " ") {
		dst = append(dst, '0'+indent)
	}
	switch {
	case !strings.HasSuffix(s, "\n"):
		dst = append(dst, '-')
	case s == "\n" || strings.HasSuffix(s, "\n\n"):
		dst = append(dst, '+')
	}
	dst = append(dst, '\n')
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		if line != "" {
			dst = appendSpaces(dst, spaces)
			dst = append(dst, line...)
		}
		dst = append(dst, '\n')
	}
	return dst[:len(dst)-1]
}
