package project

import "strings"

// Compact is the value as JSON in one line.
func (n Node) Compact() string {
	var b strings.Builder
	n.compact(&b)
	return b.String()
}

func (n Node) compact(b *strings.Builder) {
	switch n.Kind {
	case String:
		b.Write(quote(n.Text))
	case Bool, Number:
		b.WriteString(n.Text)
	case List:
		b.WriteByte('[')
		for i, item := range n.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.compact(b)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, f := range n.Fields {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(quote(f.Key))
			b.WriteByte(':')
			f.Value.compact(b)
		}
		b.WriteByte('}')
	default:
		b.WriteString("null")
	}
}

// At follows a path into a value: "dist.tarball", "contributors[0].name". A key
// may have dots in it: the longest that fits counts. Of a list without an index
// it is the list of what its items have.
func (n Node) At(path string) Node {
	if path == "" || n.Kind == Missing {
		return n
	}
	if rest, ok := strings.CutPrefix(path, "["); ok {
		index, rest, _ := strings.Cut(rest, "]")
		return n.element(index).At(strings.TrimPrefix(rest, "."))
	}
	if n.Kind == List {
		out := Node{Kind: List}
		for _, item := range n.Items {
			if v := item.At(path); v.Kind != Missing {
				out.Items = append(out.Items, v)
			}
		}
		if len(out.Items) == 0 {
			return Node{}
		}
		return out
	}
	for end := len(path); end > 0; end = strings.LastIndexAny(path[:end], ".[") {
		if v := n.Field(path[:end]); v.Kind != Missing {
			return v.At(strings.TrimPrefix(path[end:], "."))
		}
	}
	return Node{}
}

// element is what stands in brackets: an index of a list, or a key.
func (n Node) element(index string) Node {
	index = strings.Trim(index, `"'`)
	if n.Kind != List {
		return n.Field(index)
	}
	at := 0
	for _, c := range index {
		if c < '0' || c > '9' || at > len(n.Items) {
			return Node{}
		}
		at = at*10 + int(c-'0')
	}
	if index == "" || at >= len(n.Items) {
		return Node{}
	}
	return n.Items[at]
}
