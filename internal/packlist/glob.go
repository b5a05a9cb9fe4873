package packlist

import (
	"strings"
	"unicode/utf8"
)

// maxAlternatives bounds what {a,b}{c,d}… expands to. Rules that a person wrote
// have a handful.
const maxAlternatives = 256

// braces expands {a,b} in a pattern, nested ones too. Alternatives beyond
// maxAlternatives are dropped; a brace without a comma is a character.
func braces(pattern string) []string {
	pending, out := []string{pattern}, []string(nil)
	for work := 0; len(pending) > 0 && len(out)+len(pending) <= maxAlternatives && work < 4*maxAlternatives; work++ {
		p := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		open, end, commas := alternation(p)
		if commas == nil {
			out = append(out, p)
			continue
		}
		from := open + 1
		for _, comma := range append(commas, end) {
			pending = append(pending, p[:open]+p[from:comma]+p[end+1:])
			from = comma + 1
		}
	}
	return out
}

// alternation finds the first innermost {…} with a comma.
func alternation(p string) (open, end int, commas []int) {
	type group struct {
		open   int
		commas []int
	}
	var groups []group
	for i := 0; i < len(p); i++ {
		switch last := len(groups) - 1; p[i] {
		case '\\':
			i++
		case '{':
			groups = append(groups, group{open: i})
		case ',':
			if last >= 0 {
				groups[last].commas = append(groups[last].commas, i)
			}
		case '}':
			if last >= 0 {
				if g := groups[last]; g.commas != nil {
					return g.open, i, g.commas
				}
				groups = groups[:last]
			}
		}
	}
	return 0, 0, nil
}

// matchSegment matches one segment of a path against a pattern of *, ?, [a-z]
// and \x. It takes time in the product of their lengths at most.
func matchSegment(pattern, name string) bool {
	if name == "" {
		return pattern == "" // a star takes one character at least
	}
	// Where the last star stood, and how much of name it took.
	star, taken := -1, 0
	p, n := 0, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			star, taken = p, n
			p++
			continue
		}
		if size, width, ok := matchOne(pattern[p:], name[n:]); ok {
			p, n = p+size, n+width
			continue
		}
		if star < 0 {
			return false
		}
		_, width := utf8.DecodeRuneInString(name[taken:])
		taken += width
		p, n = star+1, taken
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne matches the first character of name against the first element of
// pattern; size and width are their lengths.
func matchOne(pattern, name string) (size, width int, ok bool) {
	if pattern == "" {
		return 0, 0, false
	}
	r, width := utf8.DecodeRuneInString(name)
	switch pattern[0] {
	case '?':
		return 1, width, true
	case '[':
		if size, in := matchClass(pattern, r); size > 0 {
			return size, width, in
		}
	case '\\':
		if len(pattern) > 1 {
			want, n := utf8.DecodeRuneInString(pattern[1:])
			return 1 + n, width, want == r
		}
	}
	want, n := utf8.DecodeRuneInString(pattern)
	return n, width, want == r
}

// matchClass matches [abc], [a-z], [!a]. size is 0 if the bracket is not
// closed, and so is a character.
func matchClass(pattern string, r rune) (size int, in bool) {
	body := pattern[1:]
	not := strings.HasPrefix(body, "!") || strings.HasPrefix(body, "^")
	if not {
		body = body[1:]
	}
	end := strings.IndexByte(body, ']')
	if end == 0 { // "[]]": the first bracket stands for itself
		if end = strings.IndexByte(body[1:], ']') + 1; end == 0 {
			return 0, false
		}
	}
	if end < 0 {
		return 0, false
	}
	size = len(pattern) - len(body) + end + 1
	runes := []rune(body[:end])
	for i := 0; i < len(runes); i++ {
		lo, hi := runes[i], runes[i]
		if i+2 < len(runes) && runes[i+1] == '-' {
			hi = runes[i+2]
			i += 2
		}
		if lo <= r && r <= hi {
			return size, !not
		}
	}
	return size, not
}

// pattern is a glob in segments; "**" takes any number of them.
type pattern []string

// splitRuns splits at runs of slashes. One at the beginning or the end leaves an
// empty segment there.
func splitRuns(s string) []string {
	parts := strings.Split(s, "/")
	out := parts[:0]
	for i, part := range parts {
		if part != "" || i == 0 || i == len(parts)-1 {
			out = append(out, part)
		}
	}
	return out
}

// match matches the segments of a path. With partial, a path that ends before
// the pattern does matches, too: something below it may.
func (p pattern) match(segments []string, partial bool) bool {
	m := matcher{p, segments, partial, map[[2]int]bool{}}
	return m.from(0, 0)
}

// matcher remembers what did not match, so that many "**" cost the product of
// the lengths and not more.
type matcher struct {
	pattern  pattern
	segments []string
	partial  bool
	failed   map[[2]int]bool
}

func (m *matcher) from(p, s int) bool {
	for ; p < len(m.pattern); p, s = p+1, s+1 {
		if m.pattern[p] == "**" {
			return m.globstar(p, s)
		}
		if s == len(m.segments) {
			return m.partial
		}
		if !matchSegment(m.pattern[p], m.segments[s]) {
			return false
		}
	}
	return s == len(m.segments) || s == len(m.segments)-1 && m.segments[s] == ""
}

func (m *matcher) globstar(p, s int) bool {
	if s == len(m.segments) {
		return m.partial
	}
	for p+1 < len(m.pattern) && m.pattern[p+1] == "**" {
		p++
	}
	if p+1 == len(m.pattern) {
		return true
	}
	for ; s < len(m.segments); s++ {
		at := [2]int{p, s}
		if m.failed[at] {
			return false
		}
		if m.from(p+1, s) {
			return true
		}
		m.failed[at] = true
	}
	return m.partial
}

// MatchPath matches a path with slashes against a glob, in which "**" takes any
// number of directories, "*" names with a dot in front, too, and "{a,b}" either.
func MatchPath(glob, path string) bool {
	segments := splitRuns(path)
	for _, alternative := range braces(glob) {
		if pattern(splitRuns(alternative)).match(segments, false) {
			return true
		}
	}
	return false
}
