package yamltree

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds recursion. pnpm's deepest value, a platform of a variant of
// a resolution, is at depth 8; what tools add of their own may go deeper.
const maxDepth = 64

// errUnusual makes Parse hand the text to the general parser.
var errUnusual = errors.New("not in pnpm's notation")

// Parse reads one document, which must be UTF-8 with line feeds only. An empty
// document is nil. Errors are of type *Error; firstLine is the number of the
// text's first line in its file.
func Parse(text string, firstLine int) (*Node, error) {
	n, err := parsePlain(text, firstLine)
	if errors.Is(err, errUnusual) {
		return parseGeneral(text, firstLine)
	}
	return n, err
}

// ParseJoined is Parse for a text in pnpm's notation that a merge left keys in
// twice: maps of one key become one map, of other values the last one stays.
func ParseJoined(text string, firstLine int) (*Node, error) {
	n, err := (&reader{text: text, line: firstLine - 1, join: true}).document()
	if errors.Is(err, errUnusual) {
		return parseGeneral(text, firstLine)
	}
	return n, err
}

// parsePlain reads pnpm's own notation and gives up with errUnusual on the
// first thing that is not in it.
func parsePlain(text string, firstLine int) (*Node, error) {
	return (&reader{text: text, line: firstLine - 1}).document()
}

func (p *reader) document() (*Node, error) {
	text := p.text
	p.advance()
	if p.eof {
		return nil, nil
	}
	if p.indent != 0 || !isText(text) {
		return nil, errUnusual
	}
	n, err := p.block(0, 0)
	if err != nil {
		return nil, err
	}
	if !p.eof {
		return nil, errUnusual
	}
	return n, nil
}

// isText reports whether text is UTF-8 without tabs and control characters,
// which the writer always escapes.
func isText(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' && c != '\n' || c == 0x7f {
			return false
		}
	}
	return utf8.ValidString(text)
}

// reader goes over the text line by line. rest is what is left of the current
// line; advance moves to the next one that is not empty.
type reader struct {
	text   string // after the current line
	eof    bool
	line   int // number of the current line
	indent int // column at which rest began, counted from 0
	width  int // length of the line from which rest shrinks, to tell columns
	rest   string
	join   bool // maps may have a key twice
	slab   []Node
	stack  []Item // children of the collections being read
}

// advance goes to the next line that has something else on it than a comment.
func (p *reader) advance() {
	for p.text != "" {
		end := strings.IndexByte(p.text, '\n')
		line := p.text
		if end < 0 {
			p.text = ""
		} else {
			line, p.text = p.text[:end], p.text[end+1:]
		}
		p.line++
		n := 0
		for n < len(line) && line[n] == ' ' {
			n++
		}
		if n < len(line) && line[n] != '#' {
			p.indent, p.width, p.rest = n, len(line), line[n:]
			return
		}
	}
	p.eof, p.rest, p.indent = true, "", -1
}

// new takes a node from the slab: one allocation for many.
func (p *reader) new(k Kind) *Node {
	if len(p.slab) == 0 {
		p.slab = make([]Node, 512)
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	n.Kind, n.Line, n.Col = k, int32(p.line), int32(p.width-len(p.rest)+1)
	return n
}

// block reads the collection whose first line is the current one, at the given
// indent.
func (p *reader) block(indent, depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, &Error{Line: p.line, Col: indent + 1, Msg: "nested too deep"}
	}
	if isDash(p.rest) {
		return p.sequence(indent, depth)
	}
	return p.mapping(indent, depth)
}

func isDash(s string) bool { return strings.HasPrefix(s, "- ") || s == "-" }

func (p *reader) mapping(indent, depth int) (*Node, error) {
	n := p.new(Map)
	base := len(p.stack)
	for p.indent == indent && !isDash(p.rest) {
		key, err := p.key(indent)
		if err != nil {
			return nil, err
		}
		value, err := p.value(indent, depth)
		if err != nil {
			return nil, err
		}
		p.stack = append(p.stack, Item{key, value})
	}
	if p.indent >= indent {
		return nil, errUnusual
	}
	return p.collect(n, base)
}

// collect moves the children above base from the stack into n.
func (p *reader) collect(n *Node, base int) (*Node, error) {
	n.Items = append(make([]Item, 0, len(p.stack)-base), p.stack[base:]...)
	p.stack = p.stack[:base]
	if n.Kind == Map {
		if dup := duplicate(n.Items); dup != nil && p.join {
			n.Items = joined(n.Items)
		} else if dup != nil {
			return nil, dup.Value.Errorf("duplicated mapping key %q", dup.Key)
		}
	}
	return n, nil
}

// joined is a map's items with each key once.
func joined(items []Item) []Item {
	at := make(map[string]int, len(items))
	var out []Item
	for _, it := range items {
		i, again := at[it.Key]
		switch {
		case !again:
			at[it.Key] = len(out)
			out = append(out, it)
		case out[i].Value.Kind == Map && it.Value.Kind == Map:
			both := *it.Value
			both.Items = joined(slices.Concat(out[i].Value.Items, it.Value.Items))
			out[i].Value = &both
		default:
			out[i].Value = it.Value
		}
	}
	return out
}

// duplicate finds an item whose key occurred before. Big maps are sorted, so
// that comparing neighbours nearly always settles it.
func duplicate(items []Item) *Item {
	sorted := true
	for i := 1; i < len(items) && sorted; i++ {
		sorted = items[i-1].Key < items[i].Key
	}
	if sorted {
		return nil
	}
	if len(items) <= 16 { // where comparing all pairs costs less than a map
		for i := range items {
			for j := range i {
				if items[i].Key == items[j].Key {
					return &items[i]
				}
			}
		}
		return nil
	}
	seen := make(map[string]bool, len(items))
	for i := range items {
		if seen[items[i].Key] {
			return &items[i]
		}
		seen[items[i].Key] = true
	}
	return nil
}

// key consumes "key:" from the current line, or the line "? key" and the ":"
// of the next.
func (p *reader) key(indent int) (string, error) {
	if long, ok := strings.CutPrefix(p.rest, "? "); ok {
		p.rest = long
		s, err := p.scalar(false)
		if err != nil {
			return "", err
		}
		if p.rest != "" {
			return "", errUnusual
		}
		p.advance()
		if p.indent != indent || !p.colon() {
			return "", errUnusual
		}
		if isBlockMap := strings.HasPrefix(p.rest, " ") && !strings.HasPrefix(p.rest, " {"); isBlockMap {
			// ": key: value" begins a block on its own line.
			p.rest = p.rest[1:]
			p.indent += 2
			if p.rest == "" {
				return "", errUnusual
			}
		}
		return s.Text, nil
	}
	if p.rest[0] == '\'' || p.rest[0] == '"' {
		s, err := p.quoted()
		if err != nil {
			return "", err
		}
		if !p.colon() {
			return "", errUnusual
		}
		return s, nil
	}
	return p.plainKey()
}

// colon consumes the ":" after a key if white space or the line's end follows.
func (p *reader) colon() bool {
	if p.rest == ":" || strings.HasPrefix(p.rest, ": ") {
		p.rest = p.rest[1:]
		return true
	}
	return false
}

func (p *reader) plainKey() (string, error) {
	if !startsPlain(p.rest[0]) {
		return "", errUnusual
	}
	line := p.rest
	for i := 1; i < len(line); i++ {
		switch line[i] {
		case ':':
			if i+1 == len(line) || line[i+1] == ' ' {
				if line[i-1] == ' ' || line[i-1] == ':' {
					return "", errUnusual
				}
				p.rest = line[i+1:]
				return line[:i], nil
			}
		case '#':
			if line[i-1] == ' ' {
				return "", errUnusual
			}
		}
	}
	return "", errUnusual
}

// startsPlain leaves out every indicator, also where YAML would allow it.
func startsPlain(c byte) bool {
	return c > ' ' && strings.IndexByte("-?:,[]{}#&*!|=>'\"%@`", c) < 0
}

// value reads what follows a key: the rest of the line, or a block below it.
func (p *reader) value(indent, depth int) (*Node, error) {
	if p.indent > indent { // the block of a "? key" began on this line
		return p.block(p.indent, depth+1)
	}
	if p.rest == "" {
		null := p.new(Scalar)
		null.Plain = true
		p.advance()
		if p.indent > indent {
			return p.block(p.indent, depth+1)
		}
		if p.indent == indent && isDash(p.rest) {
			return p.sequence(indent, depth+1) // not indented, as other tools have it
		}
		return null, nil
	}
	p.rest = p.rest[1:]
	if p.rest == "" {
		return nil, errUnusual
	}
	if p.rest[0] == '|' {
		return p.literal(indent)
	}
	n, err := p.flow(false, depth)
	if err != nil {
		return nil, err
	}
	if p.rest != "" {
		return nil, errUnusual
	}
	p.advance()
	return n, nil
}

func (p *reader) sequence(indent, depth int) (*Node, error) {
	n := p.new(Seq)
	base := len(p.stack)
	for p.indent == indent && isDash(p.rest) {
		if len(p.rest) < 3 || p.rest[2] == ' ' {
			return nil, errUnusual
		}
		p.rest = p.rest[2:]
		value, err := p.element(indent, depth)
		if err != nil {
			return nil, err
		}
		p.stack = append(p.stack, Item{Value: value})
	}
	if p.indent > indent {
		return nil, errUnusual
	}
	return p.collect(n, base)
}

// element reads what follows "- ": a map that begins on this line, a scalar
// or a flow collection.
func (p *reader) element(indent, depth int) (*Node, error) {
	if isDash(p.rest) {
		return nil, errUnusual
	}
	if p.rest[0] == '|' {
		return p.literal(indent)
	}
	if p.beginsMap() {
		p.indent = indent + 2
		return p.block(p.indent, depth+1)
	}
	n, err := p.flow(false, depth)
	if err != nil {
		return nil, err
	}
	if p.rest != "" {
		return nil, errUnusual
	}
	p.advance()
	return n, nil
}

// beginsMap reports whether a plain key with its colon is next.
func (p *reader) beginsMap() bool {
	if !startsPlain(p.rest[0]) {
		return false
	}
	return strings.HasSuffix(p.rest, ":") || strings.Contains(p.rest, ": ")
}
