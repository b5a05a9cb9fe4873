// Package yamltree is YAML as pnpm writes it: an order-keeping tree, a reader
// that is fast on exactly that notation, a writer that gives the same bytes.
//
// The notation is what js-yaml's dump makes of plain data with pnpm's options
// (blankLines, lineWidth -1, noRefs, noCompatMode): block maps and sequences
// indented by two, some maps in flow style on one line, scalars plain wherever
// they may be and in single quotes otherwise. Text that is YAML but not this
// (comments, anchors, another tool's quoting) goes through a general parser
// and gives the same tree.
package yamltree

import "fmt"

// Kind says what a Node is.
type Kind uint8

// The kinds.
const (
	Scalar Kind = iota
	Map
	Seq
)

// Node is one value of a document.
type Node struct {
	Kind  Kind
	Plain bool   // a scalar written without quotes: it may be a bool, a number or null
	Text  string // of a scalar, unquoted
	Items []Item // of a map or sequence, in the order of the document
	Line  int32  // where the value begins, counted from 1; 0 in built trees
	Col   int32  // in bytes, counted from 1
}

// Item is a child of a map or, without a key, of a sequence.
type Item struct {
	Key   string
	Value *Node
}

// Str is a string.
func Str(s string) *Node { return &Node{Text: s} }

// Raw is a scalar that is no string, written as it stands: "true", "1000".
func Raw(s string) *Node { return &Node{Text: s, Plain: true} }

// Bool is true or false.
func Bool(b bool) *Node {
	if b {
		return Raw("true")
	}
	return Raw("false")
}

// List is a sequence of strings.
func List(ss []string) *Node {
	n := &Node{Kind: Seq, Items: make([]Item, len(ss))}
	for i, s := range ss {
		n.Items[i].Value = Str(s)
	}
	return n
}

// Put appends an entry to a map. Keys are not compared.
func (n *Node) Put(key string, value *Node) {
	n.Items = append(n.Items, Item{Key: key, Value: value})
}

// At is the value under key in a map, or nil.
func (n *Node) At(key string) *Node {
	for i := range n.Items {
		if n.Items[i].Key == key {
			return n.Items[i].Value
		}
	}
	return nil
}

// IsNull reports whether n is null, which an absent value is written as.
func (n *Node) IsNull() bool { return n.Kind == Scalar && n.Plain && isNull(n.Text) }

// Error is a fault at a place of the text.
type Error struct {
	Line, Col int // counted from 1
	Msg       string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Msg) }

// Errorf is an error at n.
func (n *Node) Errorf(format string, args ...any) *Error {
	return &Error{Line: int(n.Line), Col: int(n.Col), Msg: fmt.Sprintf(format, args...)}
}
