package yamltree

// resolves reports whether js-yaml's default schema would read the plain
// scalar s as something else than a string, so that the string s needs quotes.
// The patterns are those of js-yaml's type/{null,bool,int,float,timestamp,merge}.
func resolves(s string) bool {
	if s == "" {
		return true
	}
	switch c := s[0]; {
	case '0' <= c && c <= '9', c == '-', c == '+', c == '.':
		return isInt(s) || isFloat(s) || isTimestamp(s)
	}
	return isNull(s) || isBool(s) || s == "<<"
}

func isNull(s string) bool {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

func isBool(s string) bool {
	switch s {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return true
	}
	return false
}

// isInt matches binary, octal, hexadecimal and decimal numbers, "_" between
// digits allowed but not at the end.
func isInt(s string) bool {
	if s[0] == '-' || s[0] == '+' {
		s = s[1:]
	}
	if s == "" || s[0] == '_' {
		return false
	}
	if s[0] == '0' && len(s) > 1 {
		switch s[1] {
		case 'b':
			return digits(s[2:], func(c byte) bool { return c == '0' || c == '1' })
		case 'o':
			return digits(s[2:], func(c byte) bool { return '0' <= c && c <= '7' })
		case 'x':
			return digits(s[2:], isHex)
		}
		if s[1] == '_' {
			// js-yaml has consumed the "0" and refuses "_" as the next character.
			return false
		}
	}
	return digits(s, isDigit)
}

func digits(s string, ok func(byte) bool) bool {
	seen := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
		case ok(s[i]):
			seen = true
		default:
			return false
		}
	}
	return seen && s[len(s)-1] != '_'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// isFloat matches [-+]?[0-9][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?, \.[0-9_]+(e…)?
// without a sign, [-+]?.inf and .nan.
func isFloat(s string) bool {
	if s[len(s)-1] == '_' {
		return false
	}
	signed := s[0] == '-' || s[0] == '+'
	body := s
	if signed {
		body = s[1:]
	}
	switch body {
	case ".inf", ".Inf", ".INF":
		return true
	case ".nan", ".NaN", ".NAN":
		return !signed
	case "":
		return false
	}
	switch {
	case isDigit(body[0]):
		body = body[run(body, isDigitOr_):]
		if body != "" && body[0] == '.' {
			body = body[1:]
			body = body[run(body, isDigitOr_):]
		}
		return isExponent(body)
	case body[0] == '.' && !signed:
		n := run(body[1:], isDigitOr_)
		return n > 0 && isExponent(body[1+n:])
	}
	return false
}

func isDigitOr_(c byte) bool { return isDigit(c) || c == '_' }

// run is the length of the longest prefix of s that ok accepts.
func run(s string, ok func(byte) bool) int {
	for i := 0; i < len(s); i++ {
		if !ok(s[i]) {
			return i
		}
	}
	return len(s)
}

func isExponent(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return s != "" && run(s, isDigit) == len(s)
}

// isTimestamp matches YYYY-MM-DD and a full date with time and zone.
func isTimestamp(s string) bool {
	if len(s) == 10 {
		c := cursor{s}
		if c.digits(4, 4) && c.byte('-') && c.digits(2, 2) && c.byte('-') && c.digits(2, 2) {
			return true
		}
	}
	c := cursor{s}
	if !(c.digits(4, 4) && c.byte('-') && c.digits(1, 2) && c.byte('-') && c.digits(1, 2)) {
		return false
	}
	if !c.byte('T') && !c.byte('t') && c.spaces() == 0 {
		return false
	}
	if !(c.digits(1, 2) && c.byte(':') && c.digits(2, 2) && c.byte(':') && c.digits(2, 2)) {
		return false
	}
	if c.byte('.') {
		c.digits(0, len(s))
	}
	return c.zone()
}

// cursor consumes a string from its front.
type cursor struct{ rest string }

func (c *cursor) byte(b byte) bool {
	if c.rest == "" || c.rest[0] != b {
		return false
	}
	c.rest = c.rest[1:]
	return true
}

func (c *cursor) digits(least, most int) bool {
	n := min(run(c.rest, isDigit), most)
	c.rest = c.rest[n:]
	return n >= least
}

func (c *cursor) spaces() int {
	n := run(c.rest, isBlank)
	c.rest = c.rest[n:]
	return n
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// zone matches ([ \t]*(Z|[-+]dd?(:dd)?))? up to the end.
func (c *cursor) zone() bool {
	if c.rest == "" {
		return true
	}
	c.spaces()
	if c.byte('Z') {
		return c.rest == ""
	}
	if !c.byte('-') && !c.byte('+') || !c.digits(1, 2) {
		return false
	}
	if c.byte(':') && !c.digits(2, 2) {
		return false
	}
	return c.rest == ""
}
