package syml

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// first are the keys that come before others, wherever they stand.
var first = [...][]string{
	Classic: {"name", "version", "uid", "resolved", "integrity", "registry", "dependencies"},
	Berry:   {"__metadata", "version", "resolution", "dependencies", "peerDependencies", "dependenciesMeta", "peerDependenciesMeta", "binaries"},
}

// longKey is from how many bytes on berry writes a key on a line of its own.
const longKey = 1024

// Append appends the fields of root, sorted, as yarn writes them. It sorts root
// itself. Berry leaves out fields without anything in them.
func Append(dst []byte, root *Field, d Dialect) []byte {
	w := writer{d, dst}
	w.fields(root.Fields, 0)
	return w.out
}

type writer struct {
	dialect Dialect
	out     []byte
}

func (w *writer) fields(fields []Field, depth int) {
	for i := range fields {
		slices.Sort(fields[i].Keys)
	}
	slices.SortStableFunc(fields, w.compare)
	written := false
	for i := range fields {
		f := &fields[i]
		if w.dialect == Berry && f.empty() {
			continue
		}
		if depth == 0 && written {
			w.out = append(w.out, '\n')
		}
		written = true
		for range depth {
			w.out = append(w.out, "  "...)
		}
		w.field(f, depth)
	}
}

func (w *writer) field(f *Field, depth int) {
	start := len(w.out)
	for i, key := range f.Keys {
		if i > 0 {
			w.out = append(w.out, ", "...)
		}
		w.text(key, false)
	}
	if w.dialect == Berry {
		if len(w.out)-start > longKey {
			key := string(w.out[start:])
			w.out = append(w.out[:start], "? "...)
			w.out = append(append(w.out, key...), '\n')
			for range depth {
				w.out = append(w.out, "  "...)
			}
		}
		w.out = append(w.out, ':')
	}
	switch {
	case f.Map:
		if w.dialect == Classic {
			w.out = append(w.out, ':')
		}
		w.out = append(w.out, '\n')
		w.fields(f.Fields, depth+1)
	default:
		w.out = append(w.out, ' ')
		w.text(f.Text, f.Bare)
		w.out = append(w.out, '\n')
	}
}

// empty reports whether there is no text in a field or below it.
func (f *Field) empty() bool {
	return f.Map && !slices.ContainsFunc(f.Fields, func(f Field) bool { return !f.empty() })
}

// compare is the order of yarn: by UTF-16 code units, which is that of bytes but
// for characters that no name has.
func (w *writer) compare(a, b Field) int {
	list := first[w.dialect]
	x, y := slices.Index(list, a.Keys[0]), slices.Index(list, b.Keys[0])
	if x >= 0 || y >= 0 {
		return cmp.Compare(uint(x), uint(y)) // -1 becomes the largest
	}
	return cmp.Compare(a.Keys[0], b.Keys[0])
}

func (w *writer) text(s string, bare bool) {
	if bare || w.dialect == Classic && !classicQuotes(s) || w.dialect == Berry && berryPlain(s) {
		w.out = append(w.out, s...)
		return
	}
	w.out = appendQuoted(w.out, s)
}

// classicQuotes says which texts yarn 1 quotes (lockfile/stringify).
func classicQuotes(s string) bool {
	return s == "" || strings.HasPrefix(s, "true") || strings.HasPrefix(s, "false") ||
		strings.ContainsAny(s, ":\n\\\",[] \t\r\f\v\u00a0\ufeff") || !('a' <= s[0]|0x20 && s[0]|0x20 <= 'z')
}

// berryPlain says which texts yarn 2 does not quote (parsers/syml,
// simpleStringPattern).
func berryPlain(s string) bool {
	if s == "" || strings.ContainsAny(s[:1], "-?:,][{}#&*!|>'\"%@` \t\r\n") {
		return false
	}
	for i := 1; i < len(s); i++ {
		if strings.IndexByte(",][{}:#\r\n", s[i]) >= 0 {
			return false
		}
	}
	return s[len(s)-1] != ' ' && s[len(s)-1] != '\t'
}

// appendQuoted writes a text as JSON.stringify does.
func appendQuoted(dst []byte, text string) []byte {
	const hex, letters = "0123456789abcdef", "\b\f\n\r\t"
	dst = append(dst, '"')
	for _, r := range text {
		switch i := strings.IndexRune(letters, r); {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case i >= 0:
			dst = append(dst, '\\', "bfnrt"[i])
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
