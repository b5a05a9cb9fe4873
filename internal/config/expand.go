package config

import "strings"

// expand replaces variables in s, in one pass:
//
//	${VAR}           its value; left as it is when it is not set   (npm)
//	${VAR?}          its value, or nothing                         (npm)
//	${VAR-text}      its value, or text                            (pnpm)
//	${VAR:-text}     its value, or text when it is empty too       (pnpm)
//	\${VAR}          the text ${VAR}                               (npm)
//
// unset are the names that were left.
func expand(s string, env environ) (out string, unset []string) {
	if !strings.Contains(s, "${") {
		return s, nil
	}
	var b strings.Builder
	for {
		start := strings.Index(s, "${")
		if start < 0 {
			break
		}
		end, question := variableEnd(s[start+2:])
		if end < 0 { // not a variable: look on behind it
			b.WriteString(s[:start+2])
			s = s[start+2:]
			continue
		}
		name, after := s[start+2:start+2+end], s[start+3+end:]
		if question {
			after = after[1:]
		}
		before := strings.TrimRight(s[:start], `\`)
		escapes := start - len(before)
		b.WriteString(before)
		b.WriteString(s[len(before) : len(before)+escapes/2])
		value, ok := env.value(name)
		switch {
		case escapes%2 == 1:
			b.WriteString(s[start : len(s)-len(after)])
		case ok:
			b.WriteString(value)
		case !question:
			b.WriteString(s[start : len(s)-len(after)])
			unset = append(unset, name)
		}
		s = after
	}
	b.WriteString(s)
	return b.String(), unset
}

// variableEnd is the length of the name that s begins with and whether a
// question mark stands between it and the closing brace; -1 when s does not
// begin with a name and a brace. A name has none of the characters of "${}?".
func variableEnd(s string) (length int, question bool) {
	i := strings.IndexAny(s, "${}?")
	switch {
	case i <= 0:
		return -1, false
	case s[i] == '}':
		return i, false
	case s[i] == '?' && strings.HasPrefix(s[i+1:], "}"):
		return i, true
	}
	return -1, false
}

// value is the value of what stands between the braces.
func (e environ) value(name string) (string, bool) {
	if v, ok := e.lookup(name); ok {
		return v, true
	}
	variable, text, ok := strings.Cut(name, "-")
	if !ok {
		return "", false
	}
	variable, orEmpty := strings.CutSuffix(variable, ":")
	if v, set := e.lookup(variable); set && !(orEmpty && v == "") {
		return v, true
	}
	return text, true
}
