package project

import (
	"fmt"
	"strings"

	"godwit/internal/npm"
)

// Kind is the type of a Node.
type Kind uint8

// The kinds of Node. Missing is the zero Node: a field that is not there.
const (
	Missing Kind = iota
	Null
	Bool
	Number
	String
	List
	Map
)

var kindNames = [...]string{"nothing", "null", "a boolean", "a number", "a string", "a list", "an object"}

// String is the kind as messages name it, with its article.
func (k Kind) String() string { return kindNames[k] }

// Node is a JSON or YAML value in the order of its document.
type Node struct {
	Kind   Kind
	Text   string  // of Bool ("true"), Number (as written) and String
	Items  []Node  // of List
	Fields []Field // of Map; when a key is repeated the last one counts and stands alone
	Line   int     // where the value begins, from 1
	Column int     // in characters, from 1
}

// Field is one entry of a Map.
type Field struct {
	Key          string
	Line, Column int // of the key
	Value        Node
}

// Field is the value under key, or the Missing Node.
func (n Node) Field(key string) Node {
	for i := range n.Fields {
		if n.Fields[i].Key == key {
			return n.Fields[i].Value
		}
	}
	return Node{}
}

// Scalar reports whether n is a Bool, Number or String.
func (n Node) Scalar() bool { return n.Kind == Bool || n.Kind == Number || n.Kind == String }

// Str is the text of a String; other kinds have none.
func (n Node) Str() string {
	if n.Kind == String {
		return n.Text
	}
	return ""
}

// StrOr is the text of a String, or of one under key.
func (n Node) StrOr(key string) string {
	if text := n.Str(); text != "" {
		return text
	}
	return n.Field(key).Str()
}

// Strings is the scalar entries of a list; a scalar is a list of one. Other
// kinds have none.
func (n Node) Strings() []string {
	if n.Scalar() {
		return []string{n.Text}
	}
	var out []string
	for _, item := range n.Items {
		if item.Scalar() {
			out = append(out, item.Text)
		}
	}
	return out
}

// Deps is the scalar fields of a map, in order, as a dependency map.
func (n Node) Deps() npm.Deps {
	var deps npm.Deps
	for i := range n.Fields {
		if f := &n.Fields[i]; f.Value.Scalar() {
			deps = append(deps, npm.Dep{Alias: f.Key, Specifier: f.Value.Text})
		}
	}
	return deps
}

// set adds a field, or replaces the one with the same key at its place, as
// JSON.parse does.
func (n *Node) set(f Field, index map[string]int) {
	if i, ok := index[f.Key]; ok {
		n.Fields[i].Value = f.Value
		return
	}
	index[f.Key] = len(n.Fields)
	n.Fields = append(n.Fields, f)
}

// SyntaxError is a place in a file the user wrote, and what is wrong there.
type SyntaxError struct {
	File         string
	Line, Column int // from 1; 0 when the place is unknown
	Message      string
	Excerpt      string // the line and a caret under the column; "" when unknown
}

// Error is "file:line:column: message", followed by the excerpt on lines of
// its own.
func (e *SyntaxError) Error() string {
	s := e.File
	if e.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	s += ": " + e.Message
	if e.Excerpt != "" {
		s += "\n" + e.Excerpt
	}
	return s
}

// document is a file being read: what errors need in order to point into it.
type document struct {
	file string
	raw  []byte
}

// at is a SyntaxError at a line and column of d.
func (d document) at(line, column int, format string, args ...any) error {
	return &SyntaxError{File: d.file, Line: line, Column: column,
		Message: fmt.Sprintf(format, args...), Excerpt: excerpt(d.raw, line, column)}
}

// excerptWidth is how many characters of a line an excerpt shows: a terminal
// of 80 columns less the margin. Minified files have lines of a megabyte.
const excerptWidth = 72

// excerpt shows one line of raw with a caret under column.
func excerpt(raw []byte, line, column int) string {
	text := lineOf(raw, line)
	runes := []rune(strings.ToValidUTF8(text, "\uFFFD"))
	if line < 1 || column < 1 || column > len(runes)+1 {
		return ""
	}
	start := 0
	if column > excerptWidth-8 {
		start = column - excerptWidth/2
	}
	end := min(len(runes), start+excerptWidth)
	shown, pad := make([]rune, 0, end-start), make([]rune, 0, column)
	for i, r := range runes[start:end] {
		if r < ' ' && r != '\t' {
			r = ' ' // control characters would move the caret, or the cursor
		}
		shown = append(shown, r)
		if start+i < column-1 {
			if r != '\t' {
				r = ' '
			}
			pad = append(pad, r)
		}
	}
	number := fmt.Sprintf("%5d | ", line)
	return number + string(shown) + "\n" + strings.Repeat(" ", len(number)-2) + "| " + string(pad) + "^"
}

// lineOf is line number n of raw, from 1, without its end.
func lineOf(raw []byte, n int) string {
	s := strings.TrimPrefix(string(raw), bom)
	for ; n > 1; n-- {
		_, rest, ok := strings.Cut(s, "\n")
		if !ok {
			return ""
		}
		s = rest
	}
	s, _, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(s, "\r")
}
