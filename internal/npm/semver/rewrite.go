package semver

import (
	"strconv"
	"strings"
)

// stripBuilds removes all build metadata.
func stripBuilds(s string) string {
	i := strings.IndexByte(s, '+')
	if i < 0 {
		return s
	}
	var b strings.Builder
	for i >= 0 {
		end := buildEnd(s, i)
		if end == i {
			end = i + 1
			b.WriteString(s[:end])
		} else {
			b.WriteString(s[:i])
		}
		s = s[end:]
		i = strings.IndexByte(s, '+')
	}
	b.WriteString(s)
	return b.String()
}

// buildEnd is scanBuild without the limit on the length of an identifier.
func buildEnd(s string, i int) int {
	end := i
	for end < len(s) && (end == i || s[end] == '.') {
		j := end + 1
		for j < len(s) && isIdent(s[j]) {
			j++
		}
		if j == end+1 {
			break
		}
		end = j
	}
	return end
}

// needsRewrite reports whether rewrite would change s: whether s has a hyphen
// range, white space after an operator, or a run of blanks.
func needsRewrite(s string) bool {
	for i := 1; i < len(s); i++ {
		if s[i] != ' ' {
			continue
		}
		switch s[i-1] {
		case '<', '>', '=', '~', '^', ' ', '-':
			return true
		}
	}
	return false
}

// rewrite applies node-semver's textual rewrites in its order.
func (p *rangeParser) rewrite(s string) string {
	s = p.rewriteHyphen(s)
	s = trimComparators(s)
	s = trimAfter(s, '~')
	return trimAfter(s, '^')
}

// rewriteHyphen turns "1.2 - 3" into ">=1.2.0 <4.0.0-0".
func (p *rangeParser) rewriteHyphen(s string) string {
	from, to, ok := strings.Cut(strings.TrimPrefix(s, " "), " - ")
	if !ok {
		return s
	}
	to = strings.TrimSuffix(to, " ")
	low, ok := p.parsePartial(from)
	if !ok {
		return s
	}
	high, ok := p.parsePartial(to)
	if !ok {
		return s
	}
	return strings.TrimSpace(p.hyphenLow(from, low) + " " + p.hyphenHigh(to, high))
}

func (p *rangeParser) hyphenLow(from string, v partial) string {
	z := ""
	if p.opts.IncludePrerelease {
		z = "-0"
	}
	switch {
	case isX(v.major):
		return ""
	case isX(v.minor):
		return ">=" + v.major + ".0.0" + z
	case isX(v.patch):
		return ">=" + v.major + "." + v.minor + ".0" + z
	case v.pre != "":
		return ">=" + from
	}
	return ">=" + from + z
}

func (p *rangeParser) hyphenHigh(to string, v partial) string {
	switch {
	case isX(v.major):
		return ""
	case isX(v.minor):
		return "<" + nextText(v.major) + ".0.0-0"
	case isX(v.patch):
		return "<" + v.major + "." + nextText(v.minor) + ".0-0"
	case v.pre != "":
		return "<=" + v.major + "." + v.minor + "." + v.patch + "-" + v.pre
	case p.opts.IncludePrerelease:
		return "<" + v.major + "." + v.minor + "." + nextText(v.patch) + "-0"
	}
	return "<=" + to
}

// nextText is digits+1 as JavaScript prints it, or text that node-semver
// refuses in the same way.
func nextText(digits string) string {
	if n := next(digits); n != exponential {
		return strconv.FormatUint(n, 10)
	}
	return "1e+21"
}

// trimAfter removes one blank after every mark, together with the ">" of "~>".
func trimAfter(s string, mark byte) string {
	if strings.IndexByte(s, mark) < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		b = append(b, s[i])
		if s[i] != mark {
			continue
		}
		end := i + 1
		if mark == '~' && end < len(s) && s[end] == '>' {
			end++
		}
		if end < len(s) && s[end] == ' ' {
			i = end
		}
	}
	return string(b)
}

// trimComparators removes one blank between an operator and its version, so
// that "> 1.2.3" becomes one word. It finds what node-semver's expression
// COMPARATORTRIM finds: an optional blank, operator and blank, any mix of "v",
// "=" and blanks, then a version; the search goes on where the version ends.
func trimComparators(s string) string {
	var b strings.Builder
	copied := 0
	for i := 0; i < len(s); {
		start := i
		if s[i] == '<' || s[i] == '>' {
			i++
		} else if !isPrefix(s[i]) && !isXStart(s[i]) {
			i++
			continue
		}
		for i < len(s) && isPrefix(s[i]) {
			i++
		}
		if i == len(s) || !isXStart(s[i]) {
			continue
		}
		if blank := blankAfterOperator(s, start); blank >= 0 {
			b.WriteString(s[copied:blank])
			copied = blank + 1
		}
		i = versionEnd(s, i)
	}
	if copied == 0 {
		return s
	}
	b.WriteString(s[copied:])
	return b.String()
}

func isPrefix(c byte) bool { return c == 'v' || c == '=' || c == ' ' }

func isXStart(c byte) bool { return isDigit(c) || c|0x20 == 'x' || c == '*' }

// blankAfterOperator is the index of the blank that follows an optional blank
// and an optional operator at s[i:], or -1.
func blankAfterOperator(s string, i int) int {
	if s[i] == ' ' {
		i++
	}
	if s[i] == '<' || s[i] == '>' {
		i++
	}
	if s[i] == '=' {
		i++
	}
	if s[i] == ' ' {
		return i
	}
	return -1
}

// versionEnd is the end of the version at s[i:]: a loose full one, else a
// strict partial one.
func versionEnd(s string, i int) int {
	if end, ok := looseEnd(s, i); ok {
		return end
	}
	end := scanXNumber(s, i, false)
	for range 2 {
		if end == len(s) || s[end] != '.' {
			return end
		}
		n := scanXNumber(s, end+1, false)
		if n == end+1 {
			return end
		}
		end = n
	}
	_, end = scanPrerelease(s, end, false)
	return scanBuild(s, end)
}

func looseEnd(s string, i int) (end int, ok bool) {
	for n := range 3 {
		end = scanNumber(s, i, true)
		if end == i {
			return 0, false
		}
		if n < 2 {
			if end == len(s) || s[end] != '.' {
				return 0, false
			}
			i = end + 1
		}
	}
	_, end = scanPrerelease(s, end, true)
	return scanBuild(s, end), true
}
