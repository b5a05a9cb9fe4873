package yamltree

import "unicode/utf16"

// indent is js-yaml's default; pnpm does not change it.
const indent = 2

// explicitKeyLen is the length in UTF-16 units above which a key is written
// as "? key", since YAML allows no more for a key on the line of its value
// (js-yaml's writeBlockMapping).
const explicitKeyLen = 1024

// spaces is a block of them to copy from.
const spaces = "                                "

// Append writes n as a document of pnpm, its final line feed included.
func Append(dst []byte, n *Node) []byte {
	w := writer{dst: dst}
	w.node(n, frame{block: true, compact: true})
	return append(w.dst, '\n')
}

// writer appends to dst.
type writer struct{ dst []byte }

// frame is where a node stands.
type frame struct {
	level   int
	block   bool   // not inside a flow collection
	compact bool   // the first child goes on the current line
	key     string // of the map entry n is the value of
}

func (w *writer) node(n *Node, at frame) {
	switch {
	case n.Kind == Map && isBlock(n, at):
		// Blank lines separate the sections and the entries of the three big ones.
		wide := at.level == 0 || at.key == "packages" || at.key == "importers" || at.key == "snapshots"
		w.blockMap(n, at, wide)
	case n.Kind == Map:
		w.flowMap(n)
	case n.Kind == Seq && isBlock(n, at):
		w.blockSeq(n, at)
	case n.Kind == Seq:
		w.flowSeq(n)
	case n.IsNull():
		w.text("null")
	case n.Plain && resolves(n.Text):
		w.text(n.Text)
	default:
		w.dst = appendString(w.dst, n.Text, place{level: at.level, flow: !at.block})
	}
}

// isBlock reports whether a collection goes on lines of its own.
func isBlock(n *Node, at frame) bool {
	return n.Kind != Scalar && at.block && len(n.Items) > 0 && !isOneLine(n, at.key)
}

// isOneLine: what pnpm's fork of js-yaml puts on one line wherever it occurs,
// by the name of its key.
func isOneLine(n *Node, key string) bool {
	switch key {
	case "cpu", "engines", "os", "libc":
		return true
	case "resolution":
		if n.Kind != Map {
			return false
		}
		t := n.At("type")
		return t == nil || t.Text != "variations" && t.Text != "binary"
	}
	return false
}

func (w *writer) blockMap(n *Node, at frame, wide bool) {
	for i, it := range n.Items {
		if i > 0 || !at.compact {
			if wide {
				w.text("\n")
			}
			w.line(at.level)
		}
		start := len(w.dst)
		w.dst = appendString(w.dst, it.Key, place{key: true})
		long := isLong(w.dst[start:])
		if long {
			key := string(w.dst[start:])
			w.dst = append(append(w.dst[:start], "? "...), key...)
			w.line(at.level)
		}
		w.text(":")
		below := frame{level: at.level + 1, block: true, compact: long, key: it.Key}
		if long || !isBlock(it.Value, below) {
			w.text(" ")
		}
		w.node(it.Value, below)
	}
}

func isLong(key []byte) bool {
	if len(key) <= explicitKeyLen {
		return false
	}
	n := 0
	for _, r := range string(key) {
		n += utf16.RuneLen(r)
	}
	return n > explicitKeyLen
}

func (w *writer) blockSeq(n *Node, at frame) {
	for i, it := range n.Items {
		if i > 0 || !at.compact {
			w.line(at.level)
		}
		w.text("- ")
		w.node(it.Value, frame{level: at.level + 1, block: true, compact: true})
	}
}

func (w *writer) flowMap(n *Node) {
	w.text("{")
	for i, it := range n.Items {
		if i > 0 {
			w.text(", ")
		}
		start := len(w.dst)
		w.dst = appendString(w.dst, it.Key, place{key: true, flow: true})
		if isLong(w.dst[start:]) {
			key := string(w.dst[start:])
			w.dst = append(append(w.dst[:start], "? "...), key...)
		}
		w.text(": ")
		w.node(it.Value, frame{})
	}
	w.text("}")
}

func (w *writer) flowSeq(n *Node) {
	w.text("[")
	for i, it := range n.Items {
		if i > 0 {
			w.text(", ")
		}
		w.node(it.Value, frame{})
	}
	w.text("]")
}

func (w *writer) text(s string) { w.dst = append(w.dst, s...) }

// line begins a line of the given level.
func (w *writer) line(level int) {
	w.dst = append(w.dst, '\n')
	w.dst = appendSpaces(w.dst, indent*level)
}

func appendSpaces(dst []byte, n int) []byte {
	for n > len(spaces) {
		dst = append(dst, spaces...)
		n -= len(spaces)
	}
	return append(dst, spaces[:n]...)
}
