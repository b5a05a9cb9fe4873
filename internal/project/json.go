package project

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// bom is the byte order mark that some Windows editors put first.
const bom = "\ufeff"

// maxDepth bounds recursion: no package.json or workspace file people write
// nests more than about ten levels.
const maxDepth = 200

// jsonReader turns tokens into Nodes and keeps count of lines, so that each
// Node knows its place without a second pass.
type jsonReader struct {
	document
	dec    *jsontext.Decoder
	offset int // raw[:offset] is counted in line and begin
	line   int
	begin  int // offset of the first byte of line
}

// parseJSON reads one JSON document. A BOM is skipped and of duplicate keys
// the last wins, as JSON.parse has it.
func parseJSON(file string, raw []byte) (Node, error) {
	raw = bytes.TrimPrefix(raw, []byte(bom))
	r := &jsonReader{document: document{file, raw}, line: 1,
		dec: jsontext.NewDecoder(bytes.NewBuffer(raw),
			jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	if len(bytes.TrimSpace(raw)) == 0 {
		return Node{}, r.at(1, 1, "the file is empty; a package.json is at least {}")
	}
	n, err := r.value(0)
	if err != nil {
		return Node{}, err
	}
	if end := int(r.dec.InputOffset()); len(bytes.Trim(raw[end:], " \t\r\n")) > 0 {
		line, column := r.next()
		return Node{}, r.at(line, column, "unexpected text after the end of the document")
	}
	return n, nil
}

// value reads the next value.
func (r *jsonReader) value(depth int) (Node, error) {
	line, column := r.next()
	n := Node{Line: line, Column: column}
	if depth > maxDepth {
		return n, r.at(line, column, "nested deeper than %d levels", maxDepth)
	}
	tok, err := r.dec.ReadToken()
	if err != nil {
		return n, r.syntax(err)
	}
	switch tok.Kind() {
	case jsontext.KindNull:
		n.Kind = Null
	case jsontext.KindTrue, jsontext.KindFalse:
		n.Kind, n.Text = Bool, tok.String()
	case jsontext.KindNumber:
		n.Kind, n.Text = Number, tok.String()
	case jsontext.KindString:
		n.Kind, n.Text = String, tok.String()
	case jsontext.KindBeginArray:
		n.Kind = List
		return n, r.list(&n, depth)
	case jsontext.KindBeginObject:
		n.Kind = Map
		return n, r.object(&n, depth)
	}
	return n, nil
}

// list reads the items of an array and its end.
func (r *jsonReader) list(n *Node, depth int) error {
	for r.dec.PeekKind() != jsontext.KindEndArray {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
	}
	_, err := r.dec.ReadToken()
	return r.syntax(err)
}

// object reads the fields of an object and its end.
func (r *jsonReader) object(n *Node, depth int) error {
	index := map[string]int{}
	for r.dec.PeekKind() != jsontext.KindEndObject {
		line, column := r.next()
		key, err := r.dec.ReadToken()
		if err != nil {
			return r.syntax(err)
		}
		f := Field{Key: key.String(), Line: line, Column: column}
		if f.Value, err = r.value(depth + 1); err != nil {
			return err
		}
		n.set(f, index)
	}
	_, err := r.dec.ReadToken()
	return r.syntax(err)
}

// next is where the next token begins: after blanks and the separator.
func (r *jsonReader) next() (line, column int) {
	i := int(r.dec.InputOffset())
	for i < len(r.raw) && strings.IndexByte(" \t\r\n,:", r.raw[i]) >= 0 {
		i++
	}
	return r.place(i)
}

// place is the line and column of an offset that is not before the last one
// asked for.
func (r *jsonReader) place(offset int) (line, column int) {
	for ; r.offset < min(offset, len(r.raw)); r.offset++ {
		if r.raw[r.offset] == '\n' {
			r.line++
			r.begin = r.offset + 1
		}
	}
	return r.line, 1 + utf8.RuneCount(r.raw[r.begin:max(r.begin, r.offset)])
}

// syntax gives the decoder's error a place and a hint; nil stays nil.
func (r *jsonReader) syntax(err error) error {
	if err == nil {
		return nil
	}
	offset := int(r.dec.InputOffset())
	if syn, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		offset, err = int(syn.ByteOffset), syn.Err
	}
	message := "invalid JSON: " + strings.TrimPrefix(err.Error(), "jsontext: ")
	if isEOF(err) {
		offset, message = len(r.raw), "invalid JSON: the file ends in the middle"
	} else if hint := jsonHint(r.raw, offset); hint != "" {
		message = "invalid JSON: " + hint
	}
	r.offset, r.line, r.begin = 0, 1, 0 // the place may lie before what was peeked at
	line, column := r.place(offset)
	return r.at(line, column, "%s", message)
}

// jsonHint names the usual slips: a trailing or missing comma, a comment, the
// wrong quotes, an unresolved merge.
func jsonHint(raw []byte, offset int) string {
	if offset >= len(raw) {
		return ""
	}
	before := bytes.TrimRight(raw[:offset], " \t\r\n")
	rest := raw[offset:]
	switch {
	case bytes.HasPrefix(rest, []byte("<<<<<<<")), bytes.HasPrefix(rest, []byte("=======")), bytes.HasPrefix(rest, []byte(">>>>>>>")):
		return "an unresolved merge conflict"
	case bytes.HasPrefix(rest, []byte("//")), bytes.HasPrefix(rest, []byte("/*")):
		return "comments are not allowed"
	case rest[0] == '\'':
		return "strings are written with double quotes"
	case rest[0] == ',' && len(bytes.TrimLeft(rest[1:], " \t\r\n")) > 0 && strings.IndexByte("]}", bytes.TrimLeft(rest[1:], " \t\r\n")[0]) >= 0:
		return "a comma stands before the closing bracket"
	case rest[0] == '"' && len(before) > 0 && strings.IndexByte(`"}]el0123456789`, before[len(before)-1]) >= 0:
		return "a comma is missing before this"
	}
	return ""
}

// ReadValue reads the JSON of a file, whatever it is.
func ReadValue(file string) (Node, error) {
	raw, err := readFile(file)
	if err != nil {
		return Node{}, err
	}
	return parseJSON(file, raw)
}

// ParseValue reads one JSON value that the user typed; what names it in errors.
func ParseValue(what, text string) (Node, error) { return parseJSON(what, []byte(text)) }
