package registry

import (
	"net/url"
	"strings"
	"unicode"
)

// maskString replaces the userinfo of every URL in s, well formed or not.
func maskString(s string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "//")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		out.WriteString("//")
		end := strings.IndexAny(rest, "/ \t\r\n\"'")
		if end < 0 {
			end = len(rest)
		}
		if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
			out.WriteString("***")
			rest = rest[at:]
		}
		s = rest
	}
}

// maskURL is u for messages: without userinfo, and without the query, where
// signed URLs carry their signature.
func maskURL(u *url.URL) string {
	m := *u
	m.Fragment = ""
	if m.RawQuery != "" {
		m.RawQuery = "***"
	}
	return maskString(m.String())
}

// maxQuote is how much of a registry's own words a message repeats: two lines
// of a terminal.
const maxQuote = 200

// printable makes a registry's words safe for a terminal: one line without
// control characters.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxQuote {
		s = strings.ToValidUTF8(s[:maxQuote], "") + "…"
	}
	return maskString(s)
}
