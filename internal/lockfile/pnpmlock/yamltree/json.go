package yamltree

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// AppendJSON writes the tree as JSON, on one line.
func AppendJSON(dst []byte, n *Node) []byte {
	switch n.Kind {
	case Map, Seq:
		brackets := "{}"
		if n.Kind == Seq {
			brackets = "[]"
		}
		dst = append(dst, brackets[0])
		for i, it := range n.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			if n.Kind == Map {
				dst = append(appendJSONString(dst, it.Key), ':')
			}
			dst = AppendJSON(dst, it.Value)
		}
		return append(dst, brackets[1])
	}
	switch {
	case n.IsNull():
		return append(dst, "null"...)
	case n.Plain && (n.Text == "true" || n.Text == "false" || (isInt(n.Text) || isFloat(n.Text)) && json.Valid([]byte(n.Text))):
		return append(dst, n.Text...)
	}
	return appendJSONString(dst, n.Text)
}

func appendJSONString(dst []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string always encodes
	return append(dst, quoted...)
}

// FromJSON is the tree of a JSON document, its keys in their order.
func FromJSON(data []byte) (*Node, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	n, err := fromJSON(d, 0)
	if err == nil && d.More() {
		err = fmt.Errorf("there is more than one JSON value")
	}
	return n, err
}

func fromJSON(d *json.Decoder, depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the JSON is nested more than %d deep", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case nil:
		return Raw("null"), nil
	case bool:
		return Bool(token), nil
	case json.Number:
		return Raw(token.String()), nil
	case string:
		return Str(token), nil
	}
	n := &Node{Kind: Map}
	if token == json.Delim('[') {
		n.Kind = Seq
	}
	for d.More() {
		var it Item
		if n.Kind == Map {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			it.Key, _ = key.(string) // keys of objects are strings
		}
		if it.Value, err = fromJSON(d, depth+1); err != nil {
			return nil, err
		}
		n.Items = append(n.Items, it)
	}
	_, err = d.Token() // the end, which More has seen
	return n, err
}
