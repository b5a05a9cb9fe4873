package semver

import (
	"strings"
	"unicode/utf8"
)

// White space is what \s matches in JavaScript, which differs from
// unicode.IsSpace: U+FEFF is in, U+0085 is not.

// spaceLen is the length in bytes of the white space character s starts with,
// 0 if it starts with something else.
func spaceLen(s string) int {
	if s == "" {
		return 0
	}
	if c := s[0]; c < utf8.RuneSelf {
		if c == ' ' || '\t' <= c && c <= '\r' {
			return 1
		}
		return 0
	}
	if r, n := utf8.DecodeRuneInString(s); isWideSpace(r) {
		return n
	}
	return 0
}

func isWideSpace(r rune) bool {
	switch {
	case r == 0xa0, r == 0x1680, 0x2000 <= r && r <= 0x200a:
		return true
	case r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000, r == 0xfeff:
		return true
	}
	return false
}

// trimSpace is String.prototype.trim.
func trimSpace(s string) string {
	if s == "" || isGraph(s[0]) && isGraph(s[len(s)-1]) {
		return s
	}
	for {
		n := spaceLen(s)
		if n == 0 {
			break
		}
		s = s[n:]
	}
	for s != "" {
		_, n := utf8.DecodeLastRuneInString(s)
		if spaceLen(s[len(s)-n:]) == 0 {
			break
		}
		s = s[:len(s)-n]
	}
	return s
}

func isGraph(c byte) bool { return ' ' < c && c < utf8.RuneSelf }

// collapseSpace trims s and makes every run of white space one blank.
func collapseSpace(s string) string {
	s = trimSpace(s)
	if isCollapsed(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		n := spaceLen(s[i:])
		if n == 0 {
			b.WriteByte(s[i])
			i++
			continue
		}
		b.WriteByte(' ')
		for n > 0 {
			i += n
			n = spaceLen(s[i:])
		}
	}
	return b.String()
}

// isCollapsed reports whether the only white space in s is single blanks. It
// may answer no for other text that is not ASCII.
func isCollapsed(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c >= utf8.RuneSelf || c == ' ' && i+1 < len(s) && s[i+1] == ' ' {
			return false
		}
	}
	return true
}

// utf16Len is the length of s as JavaScript counts it.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}
