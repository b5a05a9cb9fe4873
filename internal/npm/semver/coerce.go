package semver

import "unicode/utf8"

// CoerceOptions choose what [Coerce] looks for.
type CoerceOptions struct {
	Options          // IncludePrerelease keeps prerelease and build metadata
	RightToLeft bool // take the rightmost version, not the leftmost
}

// maxCoerced is the number of digits in a number worth finding: node-semver's
// MAX_SAFE_COMPONENT_LENGTH.
const maxCoerced = 16

// Coerce finds something like a version in s: "v2" is 2.0.0, "release-1.4 (b)"
// is 1.4.0.
func Coerce(s string, o CoerceOptions) (Version, bool) {
	m, ok := nextCoercible(s, 0, o.IncludePrerelease)
	if ok && o.RightToLeft {
		m = lastCoercible(s, m, o.IncludePrerelease)
	}
	if !ok {
		return Version{}, false
	}
	v, err := Parse(m.text(s), o.Options)
	return v, err == nil
}

// coercible is where a match is: half-open intervals, empty where absent.
type coercible struct {
	major, minor, patch, pre, build [2]int
	end                             int // after the one character that delimits the match
}

func (m *coercible) text(s string) string {
	or0 := func(at [2]int) string {
		if at[0] == at[1] {
			return "0"
		}
		return s[at[0]:at[1]]
	}
	text := or0(m.major) + "." + or0(m.minor) + "." + or0(m.patch)
	if m.pre[0] < m.pre[1] {
		text += "-" + s[m.pre[0]:m.pre[1]]
	}
	if m.build[0] < m.build[1] {
		text += "+" + s[m.build[0]:m.build[1]]
	}
	return text
}

// nextCoercible finds the first match that begins at or after from. Beyond the
// start of s it begins with the character that precedes its first digit.
func nextCoercible(s string, from int, full bool) (m coercible, ok bool) {
	for i := from; i < len(s); i++ {
		if !isDigit(s[i]) || i > 0 && (i == from || isDigit(s[i-1])) {
			continue
		}
		if end := scanDigits(s, i, len(s)); end-i <= maxCoerced {
			m.major = [2]int{i, end}
			m.finish(s, full)
			return m, true
		}
	}
	return m, false
}

// finish reads what follows the major number.
func (m *coercible) finish(s string, full bool) {
	i := m.major[1]
	for _, at := range [...]*[2]int{&m.minor, &m.patch} {
		if i == len(s) || s[i] != '.' {
			break
		}
		end := scanDigits(s, i+1, len(s))
		if end == i+1 || end-(i+1) > maxCoerced {
			break
		}
		*at = [2]int{i + 1, end}
		i = end
	}
	if full {
		if i < len(s) && s[i] == '-' {
			if end := coerceList(s, i+1, coerceIdentifier); end > i+1 {
				m.pre = [2]int{i + 1, end}
				i = end
			}
		}
		if i < len(s) && s[i] == '+' {
			if end := coerceList(s, i+1, coerceBuild); end > i+1 {
				m.build = [2]int{i + 1, end}
				i = end
			}
		}
	}
	m.end = i
	if r, n := utf8.DecodeRuneInString(s[i:]); r <= 0xffff {
		m.end += n
	} else {
		m.end++ // JavaScript takes one half of a surrogate pair
	}
}

// lastCoercible finds the rightmost match that does not end where one further
// to the left ends: in "1.2.3.4" that is 2.3.4, not 4.
func lastCoercible(s string, m coercible, full bool) coercible {
	next, ok := m, true
	for ok && m.end != len(s) {
		if next, ok = nextCoercible(s, next.major[1], full); ok && next.end != m.end {
			m = next
		}
	}
	return m
}

// coerceList reads identifiers between dots. one returns the end of an
// identifier at s[i:] that no digit follows, or i.
func coerceList(s string, i int, one func(s string, i int) int) int {
	end := one(s, i)
	if end == i {
		return i
	}
	for end < len(s) && s[end] == '.' {
		next := one(s, end+1)
		if next == end+1 {
			break
		}
		end = next
	}
	return end
}

func coerceIdentifier(s string, i int) int {
	if end := scanDigits(s, i, maxDigits); end < len(s) && (isLetter(s[end]) || s[end] == '-') {
		min := end + 1
		end = scanBuildIdentifier(s, min)
		for ; end >= min; end-- {
			if !digitAt(s, end) {
				return end
			}
		}
	}
	if end := scanNumber(s, i, false); !digitAt(s, end) {
		return end
	}
	return i
}

func coerceBuild(s string, i int) int {
	end := scanBuildIdentifier(s, i)
	for end > i && digitAt(s, end) {
		end--
	}
	return end
}

func digitAt(s string, i int) bool { return i < len(s) && isDigit(s[i]) }
