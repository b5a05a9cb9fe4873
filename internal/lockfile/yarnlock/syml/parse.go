package syml

import (
	"errors"
	"fmt"
	"strings"

	"godwit/internal/npm/jsonscan"
)

// maxDepth is how deep fields may nest. Yarn's files have three levels.
const maxDepth = 16

// SyntaxError says what is wrong, and where.
type SyntaxError struct {
	Line int // the first is 1
	Err  error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Parse reads a file. What it returns has no keys, only fields. Comments are left
// out.
func Parse(text string, d Dialect) (*Field, error) {
	p := parser{dialect: d, rest: strings.ToValidUTF8(text, "\ufffd")} // as node reads a text
	root := &Field{Map: true}
	p.next()
	var err error
	root.Fields, err = p.fields(0, 0)
	if err == nil && !p.end {
		err = fmt.Errorf("it is indented by %d spaces, which fits no field above", p.indent)
	}
	if err != nil {
		return nil, &SyntaxError{p.number, err}
	}
	return root, nil
}

// parser is at one line of the file, which has something on it.
type parser struct {
	dialect Dialect
	rest    string // behind the line
	number  int
	indent  int
	line    string // without indentation
	end     bool   // there is no such line
}

// next goes to the next line that has something on it.
func (p *parser) next() {
	for p.rest != "" {
		var line string
		line, p.rest, _ = strings.Cut(p.rest, "\n")
		p.number++
		line = strings.TrimRight(line, " \t\r")
		text := strings.TrimLeft(line, " ")
		if text != "" && text[0] != '#' {
			p.indent, p.line = len(line)-len(text), text
			return
		}
	}
	p.end = true
}

// fields reads lines that are indented by exactly indent.
func (p *parser) fields(indent, depth int) ([]Field, error) {
	if depth > maxDepth {
		return nil, errors.New("fields are nested too deeply")
	}
	var out []Field
	for !p.end && p.indent == indent {
		f, err := p.field(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (p *parser) field(depth int) (f Field, err error) {
	indent, line := p.indent, p.line
	if long, ok := strings.CutPrefix(line, "? "); ok && p.dialect == Berry {
		// A key of more than 1024 bytes has a line of its own; what it stands for
		// follows behind the colon of the next one.
		p.next()
		if p.end || p.indent != indent || p.line[0] != ':' {
			return f, errors.New("a long key has nothing behind it")
		}
		line = long + p.line
	}
	var value string
	if p.dialect == Classic {
		f.Keys, value, f.Map, err = classicKeys(line)
	} else {
		f.Keys, value, f.Map, err = berryKey(line)
	}
	if err != nil {
		return f, err
	}
	if !f.Map {
		f.Text, f.Bare, err = p.text(value)
		p.next()
		return f, err
	}
	p.next()
	if !p.end && p.indent > indent {
		f.Fields, err = p.fields(p.indent, depth+1)
	}
	return f, err
}

// classicKeys splits `a@1, "b@2":` or `a "1"`.
func classicKeys(line string) (keys []string, value string, isMap bool, err error) {
	for {
		var key string
		if key, line, err = word(line, ",: "); err != nil {
			return nil, "", false, err
		}
		keys = append(keys, key)
		switch rest := strings.TrimLeft(line, " "); {
		case strings.HasPrefix(rest, ","):
			line = strings.TrimLeft(rest[1:], " ")
		case rest == ":":
			return keys, "", true, nil
		case rest != "" && rest != line && len(keys) == 1:
			return keys, rest, false, nil
		default:
			return nil, "", false, fmt.Errorf("%.40q is neither a field nor its keys", line)
		}
	}
}

// berryKey splits `a:`, `"a": 1` and `a: 1`.
func berryKey(line string) (keys []string, value string, isMap bool, err error) {
	var key, rest string
	if line[0] == '"' {
		if key, rest, err = word(line, ""); err != nil {
			return nil, "", false, err
		}
	} else if i := strings.Index(line+" ", ": "); i > 0 {
		key, rest = line[:i], line[i:]
	}
	switch {
	case rest == ":":
		return []string{key}, "", true, nil
	case strings.HasPrefix(rest, ": "):
		return []string{key}, strings.TrimLeft(rest[2:], " "), false, nil
	}
	return nil, "", false, fmt.Errorf("%.40q is no field", line)
}

// word takes a quoted text off the line, or one up to any of the characters.
func word(line, until string) (text, rest string, err error) {
	if line == "" {
		return "", "", errors.New("the line ends where a key has to be")
	}
	if line[0] != '"' {
		i := strings.IndexAny(line, until)
		if i <= 0 {
			return "", "", fmt.Errorf("%.40q has no key", line)
		}
		return line[:i], line[i:], nil
	}
	for i := 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			text, ok := jsonscan.String([]byte(line[:i+1]))
			if !ok {
				return "", "", fmt.Errorf("%.40q is no quoted text", line[:i+1])
			}
			return text, line[i+1:], nil
		}
	}
	return "", "", fmt.Errorf("the quote of %.40q is not closed", line)
}

// text reads what is behind a key.
func (p *parser) text(value string) (text string, bare bool, err error) {
	if value[0] != '"' {
		if p.dialect == Berry && strings.ContainsRune("|>&*!%@`{[']", rune(value[0])) {
			return "", false, fmt.Errorf("%.40q is YAML that yarn does not write", value)
		}
		return value, p.dialect == Berry || isBare(value), nil
	}
	text, rest, err := word(value, "")
	if err == nil && rest != "" {
		err = fmt.Errorf("%.40q stands behind a quoted text", rest)
	}
	return text, false, err
}

// isBare reports whether a classic value is a number, true or false.
func isBare(s string) bool {
	return s == "true" || s == "false" || s != "" && strings.Trim(s, "0123456789") == ""
}
