package yamltree

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// flow reads a value that is on the current line alone: a scalar, {…} or […].
// inside says that it stands in a flow collection, where "," and brackets end
// a plain scalar.
func (p *reader) flow(inside bool, depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, &Error{Line: p.line, Col: p.width - len(p.rest) + 1, Msg: "nested too deep"}
	}
	if p.rest == "" {
		return nil, errUnusual
	}
	switch p.rest[0] {
	case '{':
		return p.flowMap(depth)
	case '[':
		return p.flowSeq(depth)
	}
	return p.scalar(inside)
}

func (p *reader) flowMap(depth int) (*Node, error) {
	n := p.new(Map)
	base := len(p.stack)
	for open := true; ; open = false {
		done, err := p.flowNext('}', open)
		if err != nil {
			return nil, err
		}
		if done {
			return p.collect(n, base)
		}
		key, err := p.flowKey()
		if err != nil {
			return nil, err
		}
		value, err := p.flow(true, depth+1)
		if err != nil {
			return nil, err
		}
		p.stack = append(p.stack, Item{key, value})
	}
}

func (p *reader) flowSeq(depth int) (*Node, error) {
	n := p.new(Seq)
	base := len(p.stack)
	for open := true; ; open = false {
		done, err := p.flowNext(']', open)
		if err != nil {
			return nil, err
		}
		if done {
			return p.collect(n, base)
		}
		value, err := p.flow(true, depth+1)
		if err != nil {
			return nil, err
		}
		p.stack = append(p.stack, Item{Value: value})
	}
}

// flowNext consumes the bracket that opens the collection (the first time) or
// the ", " before another child, and reports whether end came instead.
func (p *reader) flowNext(end byte, open bool) (done bool, err error) {
	switch {
	case open:
		p.rest = p.rest[1:]
		done = p.rest != "" && p.rest[0] == end
	case p.rest != "" && p.rest[0] == end:
		done = true
	case strings.HasPrefix(p.rest, ", "):
		p.rest = p.rest[2:]
	default:
		return false, errUnusual
	}
	if done {
		p.rest = p.rest[1:]
	}
	return done, nil
}

func (p *reader) flowKey() (string, error) {
	s, err := p.scalar(true)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(p.rest, ": ") || s.Plain && strings.HasSuffix(s.Text, ":") {
		return "", errUnusual
	}
	p.rest = p.rest[2:]
	return s.Text, nil
}

// scalar reads a quoted or plain scalar.
func (p *reader) scalar(inside bool) (*Node, error) {
	if p.rest == "" {
		return nil, errUnusual
	}
	n := p.new(Scalar)
	if p.rest[0] == '\'' || p.rest[0] == '"' {
		s, err := p.quoted()
		n.Text = s
		return n, err
	}
	if !startsPlain(p.rest[0]) && !startsNumber(p.rest) {
		return nil, errUnusual
	}
	end, err := plainEnd(p.rest, inside)
	if err != nil {
		return nil, err
	}
	n.Text, n.Plain = p.rest[:end], true
	p.rest = p.rest[end:]
	return n, nil
}

// startsNumber: a minus sign is the one indicator that pnpm itself writes
// plain, in front of digits.
func startsNumber(s string) bool { return len(s) > 1 && s[0] == '-' && isDigit(s[1]) }

// inPlain are the characters that plainEnd has to look at; a table, since this
// loop sees nearly every byte of a lockfile.
var inPlain = [256]bool{':': true, '#': true, ',': true, '[': true, ']': true, '{': true, '}': true}

// plainEnd is where the plain scalar at the start of s ends. Outside flow
// collections that must be the end of the line.
func plainEnd(s string, inside bool) (int, error) {
	i := 0
scan:
	for ; i < len(s); i++ {
		if !inPlain[s[i]] {
			continue
		}
		switch s[i] {
		case ':':
			last := i+1 == len(s) || s[i+1] == ' '
			if inside && last {
				break scan
			}
			if last || inside && strings.IndexByte(",[]{}", s[i+1]) >= 0 {
				return 0, errUnusual
			}
		case '#':
			if i > 0 && s[i-1] == ' ' {
				return 0, errUnusual
			}
		case ',', ']', '}':
			if inside {
				break scan
			}
		default:
			if inside {
				return 0, errUnusual
			}
		}
	}
	if i == 0 || s[i-1] == ' ' {
		return 0, errUnusual
	}
	return i, nil
}

// quoted reads a quoted scalar that ends on its line.
func (p *reader) quoted() (string, error) {
	quote, s := p.rest[0], p.rest[1:]
	if quote == '"' {
		return p.double(s)
	}
	end := strings.IndexByte(s, '\'')
	if end < 0 {
		return "", errUnusual
	}
	if !strings.HasPrefix(s[end+1:], "'") {
		p.rest = s[end+1:]
		return s[:end], nil
	}
	var b strings.Builder
	for {
		b.WriteString(s[:end])
		if !strings.HasPrefix(s[end+1:], "'") {
			p.rest = s[end+1:]
			return b.String(), nil
		}
		b.WriteByte('\'')
		s = s[end+2:]
		if end = strings.IndexByte(s, '\''); end < 0 {
			return "", errUnusual
		}
	}
}

// double reads a double-quoted scalar after its opening quote.
func (p *reader) double(s string) (string, error) {
	var b strings.Builder
	for {
		i := strings.IndexAny(s, "\"\\")
		if i < 0 {
			return "", errUnusual
		}
		b.WriteString(s[:i])
		if s[i] == '"' {
			p.rest = s[i+1:]
			return b.String(), nil
		}
		r, n := unescape(s[i+1:])
		if n == 0 {
			return "", errUnusual
		}
		b.WriteRune(r)
		s = s[i+1+n:]
	}
}

// unescape is the character for the escape whose text after the backslash s
// starts with, and the length of that; 0 if it is none that the writer makes.
func unescape(s string) (rune, int) {
	if s == "" {
		return 0, 0
	}
	width := 0
	switch s[0] {
	case 'x':
		width = 2
	case 'u':
		width = 4
	case 'U':
		width = 8
	default:
		for r, esc := range shortEscapes {
			if esc[1] == s[0] {
				return r, 1
			}
		}
		return 0, 0
	}
	if len(s) < 1+width {
		return 0, 0
	}
	v, err := strconv.ParseUint(s[1:1+width], 16, 32)
	if err != nil || !utf8.ValidRune(rune(v)) {
		return 0, 0
	}
	return rune(v), 1 + width
}

// literal reads a "|" block that belongs to a key or a dash at the given indent.
func (p *reader) literal(indent int) (*Node, error) {
	n := p.new(Scalar)
	header := p.rest[1:]
	content := 0
	if header != "" && '1' <= header[0] && header[0] <= '9' {
		content = indent + int(header[0]-'0')
		header = header[1:]
	}
	if header != "" && header != "-" && header != "+" {
		return nil, errUnusual
	}
	var b strings.Builder
	blank := 0 // the most spaces of a line before the content
	for p.text != "" {
		line, tail, ended := strings.Cut(p.text, "\n")
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		if !ended || content == 0 && spaces < len(line) && blank > spaces {
			return nil, errUnusual
		}
		if content == 0 && spaces < len(line) && spaces > indent {
			content = spaces
		}
		if spaces < len(line) && (content == 0 || spaces < content) {
			break
		}
		if content == 0 {
			blank = max(blank, spaces)
		} else if len(line) > content {
			b.WriteString(line[content:])
		}
		b.WriteByte('\n')
		p.text = tail
		p.line++
	}
	n.Text = chomp(b.String(), header)
	p.advance()
	if header == "+" && !p.eof && p.indent <= indentOfEntries {
		// The blank line that the writer puts between entries would become part
		// of the text, which would grow with every write.
		n.Text = strings.TrimSuffix(n.Text, "\n")
	}
	return n, nil
}

// indentOfEntries is that of the entries of packages and snapshots, the
// deepest that blank lines separate.
const indentOfEntries = 2

func chomp(s, header string) string {
	switch header {
	case "-":
		return strings.TrimRight(s, "\n")
	case "+":
		return s
	}
	trimmed := strings.TrimRight(s, "\n")
	if trimmed == "" {
		return ""
	}
	return trimmed + "\n"
}
