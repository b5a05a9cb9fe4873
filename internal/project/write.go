package project

import "bytes"

// Set puts a value under key, in the place of one that is there, or at the end.
func (n *Node) Set(key string, value Node) {
	for i := range n.Fields {
		if n.Fields[i].Key == key {
			n.Fields[i].Value = value
			return
		}
	}
	n.Fields = append(n.Fields, Field{Key: key, Value: value})
}

// Text is a string as a Node.
func Text(s string) Node { return Node{Kind: String, Text: s} }

// JSON is the value as JSON.stringify(value, null, 2) writes it, but that numbers
// stay as they were written.
func (n Node) JSON() []byte {
	var b bytes.Buffer
	n.write(&b, "\n")
	return b.Bytes()
}

// write appends the value; newline is a line break with the indentation of the
// line that the value begins on.
func (n Node) write(b *bytes.Buffer, newline string) {
	switch n.Kind {
	case String:
		b.Write(quote(n.Text))
	case Bool, Number:
		b.WriteString(n.Text)
	case List:
		items := func(i int) { n.Items[i].write(b, newline+"  ") }
		writeItems(b, "[]", len(n.Items), newline, items)
	case Map:
		writeItems(b, "{}", len(n.Fields), newline, func(i int) {
			b.Write(quote(n.Fields[i].Key))
			b.WriteString(": ")
			n.Fields[i].Value.write(b, newline+"  ")
		})
	default:
		b.WriteString("null")
	}
}

func writeItems(b *bytes.Buffer, brackets string, n int, newline string, item func(int)) {
	b.WriteByte(brackets[0])
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(newline + "  ")
		item(i)
	}
	if n > 0 {
		b.WriteString(newline)
	}
	b.WriteByte(brackets[1])
}
