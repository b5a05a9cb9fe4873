package nicejson

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"godwit/internal/npm"
)

// Style is what a file looks like beside what it says.
type Style struct {
	Indent  string // of one level
	Newline string // between lines, and behind the last one
}

// DefaultStyle is that of a file that is new.
var DefaultStyle = Style{Indent: "  ", Newline: "\n"}

// StyleOf reads the style off a file: what stands between its first bracket and
// the first member (json-parse-even-better-errors).
func StyleOf(data []byte) Style {
	text := strings.TrimLeft(string(data[:min(len(data), 256)]), "\ufeff \t\r\n") // more than any indentation
	if text == "" || text[0] != '{' && text[0] != '[' {
		return DefaultStyle
	}
	rest := strings.TrimLeft(text[1:], "\r\n")
	out := Style{Newline: text[1 : len(text)-len(rest)]}
	member := strings.TrimLeft(rest, " \t\r\n")
	out.Indent = rest[:len(rest)-len(member)]
	if out.Newline == "" || out.Indent == "" {
		return DefaultStyle
	}
	// JSON.stringify takes no more than ten characters.
	out.Indent = out.Indent[:min(len(out.Indent), 10)]
	return out
}

// Append appends the document, its objects sorted: names in first come before
// others, and what is no object before what is one. It sorts v itself.
func (v *Value) Append(dst []byte, style Style, first []string) []byte {
	w := writer{style: style, first: first, out: dst}
	w.value(v, 0)
	return append(w.out, style.Newline...)
}

type writer struct {
	style Style
	first []string
	out   []byte
}

func (w *writer) value(v *Value, depth int) {
	switch v.Kind {
	case '{':
		w.object(v, depth)
	case '[':
		w.array(v, depth)
	case '"':
		w.out = AppendString(w.out, v.Text)
	default:
		w.out = append(w.out, v.Text...)
	}
}

func (w *writer) object(v *Value, depth int) {
	if len(v.Fields) == 0 {
		w.out = append(w.out, "{}"...)
		return
	}
	slices.SortStableFunc(v.Fields, w.compare)
	w.out = append(w.out, '{')
	for i := range v.Fields {
		w.line(i, depth+1)
		w.out = append(AppendString(w.out, v.Fields[i].Name), ": "...)
		w.value(&v.Fields[i].Value, depth+1)
	}
	w.line(0, depth)
	w.out = append(w.out, '}')
}

func (w *writer) array(v *Value, depth int) {
	if len(v.Items) == 0 {
		w.out = append(w.out, "[]"...)
		return
	}
	w.out = append(w.out, '[')
	for i := range v.Items {
		w.line(i, depth+1)
		w.value(&v.Items[i], depth+1)
	}
	w.line(0, depth)
	w.out = append(w.out, ']')
}

// line begins the line of item i.
func (w *writer) line(i, depth int) {
	if i > 0 {
		w.out = append(w.out, ',')
	}
	w.out = append(w.out, w.style.Newline...)
	for range depth {
		w.out = append(w.out, w.style.Indent...)
	}
}

// compare is the order of members. Names that are array indices precede all
// others, since a JavaScript object lists them so whatever came first.
func (w *writer) compare(a, b Field) int {
	if x, y := index(a.Name), index(b.Name); x >= 0 || y >= 0 {
		return cmp.Compare(uint64(x), uint64(y)) // -1 becomes the largest
	}
	if x, y := a.Value.Kind == '{', b.Value.Kind == '{'; x != y {
		if x {
			return 1
		}
		return -1
	}
	x, y := slices.Index(w.first, a.Name), slices.Index(w.first, b.Name)
	if x >= 0 || y >= 0 {
		return cmp.Compare(uint(x), uint(y))
	}
	return npm.Collate(a.Name, b.Name)
}

// index is the array index that a name is, or -1.
func index(name string) int64 {
	if name == "" || name[0] < '0' || name[0] > '9' {
		return -1
	}
	n, err := strconv.ParseUint(name, 10, 32)
	if err != nil || n == 1<<32-1 || name != "0" && name[0] == '0' {
		return -1
	}
	return int64(n)
}

// AppendString appends text as JSON.stringify writes it.
func AppendString(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(text[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		i++
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= ' ':
			dst = append(dst, c)
		case strings.IndexByte("\b\f\n\r\t", c) >= 0:
			dst = append(dst, '\\', "bfnrt"[strings.IndexByte("\b\f\n\r\t", c)])
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, '"')
}
