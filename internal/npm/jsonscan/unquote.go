package jsonscan

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// String decodes raw, a value as [Scanner.Value] returned it. It reports false
// when raw is no string or a malformed one. What is not UTF-8 and lone
// surrogates become U+FFFD, as in encoding/json.
func String(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	body, ok := unquote(raw)
	return string(body), ok
}

// unquote decodes the string raw; the result aliases raw where nothing is
// escaped.
func unquote(raw []byte) ([]byte, bool) {
	body := raw[1 : len(raw)-1]
	if plain(body) {
		return body, true
	}
	return unescape(body)
}

// plain reports whether body stands for itself.
func plain(body []byte) bool {
	for _, c := range body {
		if c < ' ' || c == '\\' {
			return false
		}
		if c >= utf8.RuneSelf {
			return bytes.IndexByte(body, '\\') < 0 && !hasControl(body) && utf8.Valid(body)
		}
	}
	return true
}

func hasControl(body []byte) bool {
	for _, c := range body {
		if c < ' ' {
			return true
		}
	}
	return false
}

func unescape(body []byte) ([]byte, bool) {
	out := make([]byte, 0, len(body))
	for len(body) > 0 {
		switch c := body[0]; {
		case c < ' ':
			return nil, false
		case c == '\\':
			var n int
			if out, n = appendEscape(out, body); n == 0 {
				return nil, false
			}
			body = body[n:]
		default:
			r, n := utf8.DecodeRune(body) // RuneError for invalid bytes
			out = utf8.AppendRune(out, r)
			body = body[n:]
		}
	}
	return out, true
}

// appendEscape decodes the escape at the start of body and returns its length,
// or 0.
func appendEscape(out, body []byte) ([]byte, int) {
	if len(body) < 2 {
		return out, 0
	}
	switch c := body[1]; c {
	case '"', '\\', '/':
		return append(out, c), 2
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'n':
		return append(out, '\n'), 2
	case 'r':
		return append(out, '\r'), 2
	case 't':
		return append(out, '\t'), 2
	}
	r := hexRune(body)
	if r < 0 {
		return out, 0
	}
	if utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, hexRune(body[6:])); pair != utf8.RuneError {
			return utf8.AppendRune(out, pair), 12
		}
		r = utf8.RuneError
	}
	return utf8.AppendRune(out, r), 6
}

// hexRune reads \uXXXX, or returns -1.
func hexRune(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}
