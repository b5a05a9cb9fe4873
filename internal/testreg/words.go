package testreg

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// words splits a line at white space. A piece in double quotes (Go escapes) or
// back quotes (as it stands) belongs to the word around it, so deprecated="use
// b" is one word. A word that begins with "#" ends the line.
func words(line string) ([]string, error) {
	var out []string
	var word strings.Builder
	open := false // a word has begun, perhaps with ""
	for line != "" {
		switch c := line[0]; {
		case c == ' ' || c == '\t' || c == '\r':
			if open {
				out = append(out, word.String())
				word.Reset()
			}
			open, line = false, line[1:]
		case c == '#' && !open:
			line = ""
		case c == '"' || c == '`':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, errors.New("a quote is not closed; write \"…\" with Go escapes, or back quotes")
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, fmt.Errorf("quoted text %s: %w", quoted, err)
			}
			word.WriteString(text)
			open, line = true, line[len(quoted):]
		default:
			word.WriteByte(c)
			open, line = true, line[1:]
		}
	}
	if open {
		out = append(out, word.String())
	}
	return out, nil
}

// eachLine calls f with the words of every line of text that has any.
// Errors carry the file's name and the line's number.
func eachLine(file, text string, f func(words []string) error) error {
	for i, line := range strings.Split(text, "\n") {
		w, err := words(line)
		if err == nil && len(w) > 0 {
			err = f(w)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
	}
	return nil
}

// glob reports whether s matches pattern, in which "*" stands for any run of
// characters, "/" included.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, last)
}

// parseSize reads a count of bytes: "512", "10K", "3M", "10G" (powers of 1024).
func parseSize(s string) (int64, error) {
	shift := 0
	digits := s
	if s != "" {
		if i := strings.IndexByte("KMGT", s[len(s)-1]); i >= 0 {
			shift, digits = 10*(i+1), s[:len(s)-1]
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n<<shift>>shift != n {
		return 0, fmt.Errorf("%q is no count of bytes; write 512, 10K, 3M or 10G", s)
	}
	return n << shift, nil
}

// splitAt divides "name@rest" at the "@" that is not a scope's.
// ok is false when there is none.
func splitAt(s string) (name, rest string, ok bool) {
	i := strings.IndexByte(s, '@')
	if i == 0 {
		if i = strings.IndexByte(s[1:], '@'); i >= 0 {
			i++
		}
	}
	if i < 1 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
