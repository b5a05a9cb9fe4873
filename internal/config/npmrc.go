package config

import (
	"encoding/json"
	"strconv"
	"strings"
)

// entry is one setting as a source has it: untyped, and for files before
// variables are expanded.
type entry struct {
	key   string
	texts []string // one, or the items of a list
	list  bool
	line  int    // 0 when the source has no lines
	from  string // the flag or variable, when each entry has its own
}

// parseNpmrc reads a file by the rules of npm's ini module, version 5
// (decode): no line can be wrong, what does not look like a setting is read
// past. Sections hold settings of nobody and are skipped. A key that comes
// twice has the last value, unless one of them was written "key[]".
func parseNpmrc(text string) []entry {
	var entries []entry
	index := map[string]int{}
	section := false
	line := 0
	for rest, more := text, true; more; {
		var s string
		s, rest, more = cutLine(rest)
		line++
		if body := trim(s); body == "" || body[0] == ';' || body[0] == '#' {
			continue
		}
		if isSection(s) {
			section = true
			continue
		}
		name, value, hasValue := strings.Cut(s, "=")
		if section || name == "" || strings.ContainsAny(value, "\u2028\u2029") {
			continue // a dot in ini's pattern matches no line separator
		}
		key, bracket := arrayKey(name)
		if key == "" || key == "__proto__" {
			continue
		}
		e := entry{key: key, texts: []string{"true"}, list: bracket, line: line}
		if hasValue {
			e.texts, e.list = iniValue(value, bracket)
		}
		i, seen := index[key]
		switch {
		case !seen:
			index[key] = len(entries)
			entries = append(entries, e)
		case bracket || entries[i].list:
			entries[i].texts = append(entries[i].texts, e.texts...)
			entries[i].list, entries[i].line = true, line
		default:
			entries[i] = e
		}
	}
	return entries
}

// cutLine cuts at the next line end, which is \n, \r\n or a lone \r.
func cutLine(s string) (line, rest string, more bool) {
	i := strings.IndexAny(s, "\r\n")
	if i < 0 {
		return s, "", false
	}
	rest = s[i+1:]
	if s[i] == '\r' {
		rest = strings.TrimPrefix(rest, "\n")
	}
	return s[:i], rest, true
}

// isSection is ini's /^\[([^\]]*)\]\s*$/.
func isSection(s string) bool {
	end := strings.IndexByte(s, ']')
	return end > 0 && s[0] == '[' && trim(s[end+1:]) == ""
}

// arrayKey is the key of a line, and whether it ends in "[]".
func arrayKey(name string) (key string, list bool) {
	key, _ = unquote(name)
	if len(key) > 2 && strings.HasSuffix(key, "[]") {
		return key[:len(key)-2], true
	}
	return key, false
}

// iniValue is the value of a line. A quoted JSON array is a list.
func iniValue(s string, bracket bool) (texts []string, list bool) {
	text, quoted := unquote(s)
	if quoted && !bracket && strings.HasPrefix(text, "[") {
		if items, ok := jsonList(text); ok {
			return items, true
		}
	}
	return []string{text}, bracket
}

// jsonList reads a JSON array of scalars.
func jsonList(text string) ([]string, bool) {
	var items []any
	if json.Unmarshal([]byte(text), &items) != nil {
		return nil, false
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		switch v := item.(type) {
		case string:
			out = append(out, v)
		case float64:
			out = append(out, strconv.FormatFloat(v, 'g', -1, 64))
		case bool:
			out = append(out, strconv.FormatBool(v))
		}
	}
	return out, true
}

// unquote is ini's unsafe(): a quoted text is JSON, if it is valid, without
// its single quotes if it had those; any other text ends at a comment sign
// that has no backslash before it.
func unquote(s string) (text string, quoted bool) {
	s = trim(s)
	if s == "" {
		return "", false
	}
	first, last := s[0], s[len(s)-1]
	if first == last && (first == '"' || first == '\'') {
		if first == '\'' {
			s = s[min(1, len(s)-1):max(1, len(s)-1)]
			if len(s) == 1 && s[0] == '\'' {
				return "", true // a lone quote is its own first and last
			}
		}
		var decoded string
		if strings.HasPrefix(strings.TrimLeft(s, " \t"), `"`) && json.Unmarshal([]byte(s), &decoded) == nil {
			return decoded, true
		}
		return s, true
	}
	if !strings.ContainsAny(s, `;#\`) {
		return s, false
	}
	return trim(unescape(s)), false
}

// unescape drops the comment at the end and the backslashes before signs that
// would begin one.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == ';' || c == '#' {
			break
		}
		if c == '\\' && i+1 < len(s) && strings.IndexByte(`\;#`, s[i+1]) >= 0 {
			i++
			c = s[i]
		}
		b.WriteByte(c)
	}
	return b.String()
}

// trim is JavaScript's String.prototype.trim: Unicode blanks, line ends and
// the byte order mark, but not U+0085.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		switch {
		case '\t' <= r && r <= '\r', r == ' ', r == 0xA0, r == 0x1680, 0x2000 <= r && r <= 0x200A,
			r == 0x2028, r == 0x2029, r == 0x202F, r == 0x205F, r == 0x3000, r == 0xFEFF:
			return true
		}
		return false
	})
}
