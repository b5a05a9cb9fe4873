package project

import (
	"bytes"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// json5Value is a value of a JSON5 document and where it stands.
type json5Value struct {
	node       Node
	start, end int           // offsets, from its first byte to behind its last
	members    []json5Member // of an object, as written
}

// json5Member is one member of an object and where its key begins.
type json5Member struct {
	name  string
	start int
	value json5Value
}

// json5Reader reads JSON5 (json5.org): JSON with comments, trailing commas, keys
// without quotes, and what else ES5 allows in numbers and strings.
type json5Reader struct {
	document
	pos    int
	offset int // raw[:offset] is counted in line and begin
	line   int
	begin  int // offset of the first byte of line
}

// parseJSON5 reads one JSON5 document; of duplicate keys the last wins. Numbers
// become the JSON that means the same. The error is a *SyntaxError.
func parseJSON5(file string, raw []byte) (json5Value, error) {
	r := &json5Reader{document: document{file, raw}, line: 1}
	if bytes.HasPrefix(raw, []byte(bom)) {
		r.pos = len(bom)
	}
	if err := r.blank(); err != nil {
		return json5Value{}, err
	}
	if r.pos == len(raw) {
		return json5Value{}, r.fail("the file is empty; a manifest is at least {}")
	}
	v, err := r.value(0)
	if err != nil {
		return v, err
	}
	if err := r.blank(); err != nil {
		return v, err
	}
	if r.pos < len(raw) {
		return v, r.fail("unexpected text after the end of the document")
	}
	return v, nil
}

// fail is an error at the next byte.
func (r *json5Reader) fail(format string, args ...any) error {
	line, column := r.place()
	return r.at(line, column, "invalid JSON5: "+format, args...)
}

// place is the line and column of the next byte.
func (r *json5Reader) place() (line, column int) {
	for ; r.offset < r.pos; r.offset++ {
		if r.raw[r.offset] == '\n' {
			r.line++
			r.begin = r.offset + 1
		}
	}
	return r.line, 1 + utf8.RuneCount(r.raw[r.begin:max(r.begin, r.pos)])
}

// peek is the next byte, 0 at the end.
func (r *json5Reader) peek() byte {
	if r.pos < len(r.raw) {
		return r.raw[r.pos]
	}
	return 0
}

// blank skips white space and comments.
func (r *json5Reader) blank() error {
	for r.pos < len(r.raw) {
		rest := r.raw[r.pos:]
		switch c, size := utf8.DecodeRune(rest); {
		case bytes.HasPrefix(rest, []byte("//")):
			end := bytes.IndexAny(rest, "\r\n\u2028\u2029")
			if end < 0 {
				end = len(rest)
			}
			r.pos += end
		case bytes.HasPrefix(rest, []byte("/*")):
			end := bytes.Index(rest[2:], []byte("*/"))
			if end < 0 {
				return r.fail("a comment has no end")
			}
			r.pos += end + 4
		case unicode.IsSpace(c) || c == '\uFEFF' || unicode.Is(unicode.Zs, c):
			r.pos += size
		default:
			return nil
		}
	}
	return nil
}

func (r *json5Reader) value(depth int) (json5Value, error) {
	line, column := r.place()
	v := json5Value{node: Node{Line: line, Column: column}, start: r.pos}
	if depth > maxDepth {
		return v, r.fail("nested deeper than %d levels", maxDepth)
	}
	var err error
	switch c := r.peek(); {
	case c == '{':
		v.node.Kind = Map
		err = r.object(&v, depth)
	case c == '[':
		v.node.Kind = List
		err = r.list(&v.node, depth)
	case c == '"' || c == '\'':
		v.node.Kind = String
		v.node.Text, err = r.text()
	case c != 0 && strings.IndexByte("+-.0123456789IN", c) >= 0:
		v.node.Kind = Number
		v.node.Text, err = r.number()
	default:
		err = r.word(&v.node)
	}
	v.end = r.pos
	return v, err
}

// word reads true, false or null.
func (r *json5Reader) word(n *Node) error {
	for word, kind := range map[string]Kind{"true": Bool, "false": Bool, "null": Null} {
		if bytes.HasPrefix(r.raw[r.pos:], []byte(word)) {
			r.pos += len(word)
			if n.Kind = kind; kind == Bool {
				n.Text = word
			}
			return nil
		}
	}
	if r.pos == len(r.raw) {
		return r.fail("the file ends in the middle")
	}
	return r.fail("expected a value")
}

// next reads what stands between two items; more says that there is another one.
func (r *json5Reader) next(first bool, end byte) (more bool, err error) {
	if err := r.blank(); err != nil {
		return false, err
	}
	if !first && r.peek() == ',' {
		r.pos++
		if err := r.blank(); err != nil {
			return false, err
		}
	} else if !first && r.peek() != end {
		return false, r.fail("expected a comma or %q", string(end))
	}
	if r.peek() == end {
		r.pos++
		return false, nil
	}
	return true, nil
}

func (r *json5Reader) list(n *Node, depth int) error {
	r.pos++
	for first := true; ; first = false {
		more, err := r.next(first, ']')
		if err != nil || !more {
			return err
		}
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item.node)
	}
}

func (r *json5Reader) object(v *json5Value, depth int) error {
	r.pos++
	index := map[string]int{}
	for first := true; ; first = false {
		more, err := r.next(first, '}')
		if err != nil || !more {
			return err
		}
		m := json5Member{start: r.pos}
		line, column := r.place()
		if m.name, err = r.key(); err != nil {
			return err
		}
		if err := r.blank(); err != nil {
			return err
		}
		if r.peek() != ':' {
			return r.fail("expected a colon behind %q", m.name)
		}
		r.pos++
		if err := r.blank(); err != nil {
			return err
		}
		if m.value, err = r.value(depth + 1); err != nil {
			return err
		}
		v.members = append(v.members, m)
		v.node.set(Field{Key: m.name, Line: line, Column: column, Value: m.value.node}, index)
	}
}

// key reads a string or a name.
func (r *json5Reader) key() (string, error) {
	if c := r.peek(); c == '"' || c == '\'' {
		return r.text()
	}
	var b strings.Builder
	for r.pos < len(r.raw) {
		c, size := utf8.DecodeRune(r.raw[r.pos:])
		if c == '\\' {
			r.pos++
			if r.peek() != 'u' {
				return "", r.fail("expected a name")
			}
			if err := r.escape(&b); err != nil {
				return "", err
			}
			continue
		}
		if !unicode.In(c, unicode.L, unicode.Nl) && c != '$' && c != '_' &&
			(b.Len() == 0 || !unicode.In(c, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc)) {
			break
		}
		b.WriteRune(c)
		r.pos += size
	}
	if b.Len() == 0 {
		return "", r.fail("expected a name or a string")
	}
	return b.String(), nil
}

// text reads a string in either kind of quotes.
func (r *json5Reader) text() (string, error) {
	quote := r.peek()
	r.pos++
	var b strings.Builder
	for {
		switch c := r.peek(); {
		case r.pos == len(r.raw) || c == '\n' || c == '\r':
			return "", r.fail("a string has no end")
		case c == quote:
			r.pos++
			return b.String(), nil
		case c == '\\':
			r.pos++
			if err := r.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			r.pos++
		}
	}
}

// simpleEscapes are those of one character.
var simpleEscapes = map[rune]rune{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// escape reads what is behind a backslash.
func (r *json5Reader) escape(b *strings.Builder) error {
	c, size := utf8.DecodeRune(r.raw[r.pos:])
	switch {
	case r.pos == len(r.raw):
		return r.fail("the file ends in the middle")
	case c == '\r' && bytes.HasPrefix(r.raw[r.pos:], []byte("\r\n")):
		size = 2
	case c == '\n' || c == '\r' || c == '\u2028' || c == '\u2029': // the line goes on
	case c == 'x':
		return r.hex(b, 2)
	case c == 'u':
		return r.hex(b, 4)
	case c == '0' && (r.pos+1 == len(r.raw) || !isDigit(r.raw[r.pos+1])):
		b.WriteByte(0)
	case c < utf8.RuneSelf && isDigit(byte(c)):
		return r.fail("an escape of digits is not allowed")
	case simpleEscapes[c] != 0:
		b.WriteRune(simpleEscapes[c])
	default:
		b.Write(r.raw[r.pos : r.pos+size])
	}
	r.pos += size
	return nil
}

// hex reads a character by its number, which has that many digits.
func (r *json5Reader) hex(b *strings.Builder, digits int) error {
	code := func(at int) (rune, bool) {
		if at+digits > len(r.raw) {
			return 0, false
		}
		n, err := strconv.ParseUint(string(r.raw[at:at+digits]), 16, 32)
		return rune(n), err == nil
	}
	c, ok := code(r.pos + 1)
	if !ok {
		return r.fail("an escape wants %d hexadecimal digits", digits)
	}
	r.pos += 1 + digits
	if 0xD800 <= c && c < 0xDC00 && bytes.HasPrefix(r.raw[r.pos:], []byte(`\u`)) { // the first half of a pair
		if low, ok := code(r.pos + 2); ok && 0xDC00 <= low && low < 0xE000 {
			c = 0x10000 + (c-0xD800)<<10 + (low - 0xDC00)
			r.pos += 2 + digits
		}
	}
	b.WriteRune(c)
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// number reads a number, as JSON writes it.
func (r *json5Reader) number() (string, error) {
	begin := r.pos
	for r.pos < len(r.raw) && (isDigit(r.raw[r.pos]) || strings.IndexByte("+-.", r.raw[r.pos]) >= 0 || unicode.IsLetter(rune(r.raw[r.pos]))) {
		r.pos++
	}
	text := string(r.raw[begin:r.pos])
	if out, ok := plainNumber(text); ok {
		return out, nil
	}
	r.pos = begin
	if strings.HasSuffix(text, "Infinity") || strings.HasSuffix(text, "NaN") {
		return "", r.fail("a manifest has no number %s", text)
	}
	return "", r.fail("%q is no number", text)
}

// plainNumber is a number of JSON5 as JSON writes it.
func plainNumber(text string) (string, bool) {
	sign, digits := "", strings.TrimPrefix(text, "+")
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, digits = "-", rest
	}
	if hex, ok := strings.CutPrefix(strings.ToLower(digits), "0x"); ok {
		const longest = 64 // digits: far more than a number has in any other program
		n, ok := new(big.Int).SetString(hex, 16)
		if !ok || len(hex) > longest || strings.Trim(hex, "0123456789abcdef") != "" {
			return "", false
		}
		return sign + n.String(), true
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(digits), "e")
	whole, fraction, point := strings.Cut(mantissa, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" || len(whole) > 1 && whole[0] == '0' {
		return "", false
	}
	if len(mantissa) < len(digits) {
		unsigned := strings.TrimPrefix(strings.TrimPrefix(exponent, "+"), "-")
		if unsigned == "" || len(exponent)-len(unsigned) > 1 || strings.Trim(unsigned, "0123456789") != "" {
			return "", false
		}
		exponent = "e" + exponent
	}
	if whole == "" {
		whole = "0"
	}
	if point && fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction + exponent, true
}
