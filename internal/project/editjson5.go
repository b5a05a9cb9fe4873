package project

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// setJSON5 puts a value into a JSON5 document, under a path of keys, and returns
// the new document. The Missing value takes the key away, and maps that become
// empty with it. All other bytes stay, comments included: pnpm 12 writes the whole
// document anew, and moves comments. In a file as pnpm writes it the result is the
// same.
func setJSON5(file string, raw []byte, keys []string, value Node) ([]byte, error) {
	root, err := parseJSON5(file, raw)
	if err != nil {
		return nil, err
	}
	e := json5Edit{raw: raw, root: &root}
	out := e.set(&root, keys, value, 1)
	if got, err := parseJSON5(file, out); err != nil || !sameNode(got.node, with(root.node, keys, value)) {
		return nil, fmt.Errorf("%s is written in a way that cannot be edited: by hand, change %s", file, strings.Join(keys, " > "))
	}
	return out, nil
}

// json5Edit is a document, and how it is written.
type json5Edit struct {
	raw  []byte
	root *json5Value
}

// set changes an object whose members stand at a depth.
func (e *json5Edit) set(v *json5Value, keys []string, value Node, depth int) []byte {
	at := -1
	for i, m := range v.members { // of members with one name the last counts
		if m.name == keys[0] {
			at = i
		}
	}
	if len(keys) > 1 && at >= 0 && v.members[at].value.node.Kind == Map {
		below := &v.members[at].value
		if len(with(below.node, keys[1:], value).Fields) > 0 {
			return e.set(below, keys[1:], value, depth+1)
		}
		return e.remove(v, at)
	}
	for i := len(keys) - 1; i > 0 && value.Kind != Missing; i-- {
		value = Node{Kind: Map, Fields: []Field{{Key: keys[i], Value: value}}}
	}
	switch {
	case value.Kind == Missing && at < 0:
		return e.raw
	case value.Kind == Missing:
		return e.remove(v, at)
	case at >= 0:
		old := v.members[at].value
		return e.replace(old.start, old.end, e.render(value, v, depth))
	}
	return e.insert(v, keys[0], value, depth)
}

func (e *json5Edit) replace(start, end int, with string) []byte {
	return slices.Concat(e.raw[:start], []byte(with), e.raw[end:])
}

// insert adds a member: where the alphabet wants it if the others are in its order,
// as dependencies are, else at the end.
func (e *json5Edit) insert(v *json5Value, key string, value Node, depth int) []byte {
	text := e.key(key) + ": " + e.render(value, v, depth)
	if len(v.members) == 0 {
		return e.replace(v.start, v.end, e.braces([]string{text}, v, depth-1))
	}
	before := len(v.members)
	byName := func(a, b json5Member) int { return strings.Compare(a.name, b.name) }
	if depth > 1 && slices.IsSortedFunc(v.members, byName) {
		if i := slices.IndexFunc(v.members, func(m json5Member) bool { return m.name > key }); i >= 0 {
			before = i
		}
	}
	gap := " "
	if e.lined(v) {
		gap = e.newline() + strings.Repeat(e.indent(), depth)
	}
	if before == 0 {
		at := e.lineRest(v.start + 1)
		if gap == " " {
			return e.replace(v.members[0].start, v.members[0].start, text+", ")
		}
		return e.replace(at, at, gap+text+",")
	}
	last := v.members[before-1].value.end
	comma, has := e.comma(last)
	if has {
		at := e.lineRest(comma + 1)
		return e.replace(at, at, gap+text+",")
	}
	at := e.lineRest(last)
	return slices.Concat(e.raw[:last], []byte(","), e.raw[last:at], []byte(gap+text), e.raw[at:])
}

// remove takes a member out, with its comma and what else is on its line.
func (e *json5Edit) remove(v *json5Value, i int) []byte {
	start, end := v.members[i].start, v.members[i].value.end
	comma, has := e.comma(end)
	if has {
		end = comma + 1
	}
	lead := bytes.LastIndexByte(e.raw[:start], '\n')
	rest := e.lineRest(end)
	switch alone := len(bytes.TrimSpace(e.raw[lead+1:start])) == 0; {
	case alone && lead >= 0 && rest < len(e.raw) && e.raw[rest] == '\n':
		start, end = lead+1, rest+1
	default:
		for end < len(e.raw) && e.raw[end] == ' ' {
			end++
		}
	}
	out := slices.Concat(e.raw[:start], e.raw[end:])
	if has || i == 0 || i < len(v.members)-1 {
		return out
	}
	if before, ok := e.comma(v.members[i-1].value.end); ok && before < start { // as the last one had none
		return slices.Delete(out, before, before+1)
	}
	return out
}

// comma is where the comma behind a value is.
func (e *json5Edit) comma(end int) (int, bool) {
	r := json5Reader{document: document{raw: e.raw}, pos: end}
	err := r.blank()
	return r.pos, err == nil && r.peek() == ','
}

// lineRest is the end of the line that pos is on, if nothing but comments is before
// it; else pos.
func (e *json5Edit) lineRest(pos int) int {
	for at := pos; at < len(e.raw); {
		rest := e.raw[at:]
		switch {
		case rest[0] == '\n' || bytes.HasPrefix(rest, []byte("\r\n")):
			return at
		case rest[0] == ' ' || rest[0] == '\t':
			at++
		case bytes.HasPrefix(rest, []byte("//")):
			end := bytes.IndexAny(rest, "\r\n")
			if end < 0 {
				return pos
			}
			at += end
		case bytes.HasPrefix(rest, []byte("/*")):
			end := bytes.Index(rest, []byte("*/"))
			if end < 0 || bytes.IndexByte(rest[:end], '\n') >= 0 {
				return pos
			}
			at += end + 2
		default:
			return pos
		}
	}
	return pos
}

// lined reports whether the members of an object have lines of their own.
func (e *json5Edit) lined(v *json5Value) bool {
	if len(v.members) == 0 {
		v = e.root
	}
	return len(v.members) == 0 || bytes.IndexByte(e.raw[v.start:v.members[0].start], '\n') >= 0
}

// indent is what stands before a member at the top, newline what ends lines.
func (e *json5Edit) indent() string {
	if len(e.root.members) > 0 {
		start := e.root.members[0].start
		if line := bytes.LastIndexByte(e.raw[:start], '\n'); line >= 0 {
			lead := e.raw[line+1 : start]
			return string(lead[:len(lead)-len(bytes.TrimLeft(lead, " \t"))])
		}
	}
	return "  "
}

func (e *json5Edit) newline() string {
	if bytes.Contains(e.raw, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// trailing reports whether a comma stands behind the last member.
func (e *json5Edit) trailing() bool {
	if n := len(e.root.members); n > 0 {
		_, has := e.comma(e.root.members[n-1].value.end)
		return has
	}
	return true
}

// braces is an object of members, which is a member itself at a depth.
func (e *json5Edit) braces(members []string, near *json5Value, depth int) string {
	if len(members) == 0 {
		return "{}"
	}
	if !e.lined(near) {
		return "{" + strings.Join(members, ", ") + "}"
	}
	newline := e.newline() + strings.Repeat(e.indent(), depth)
	out := "{"
	for i, m := range members {
		out += newline + e.indent() + m
		if i < len(members)-1 || e.trailing() {
			out += ","
		}
	}
	return out + newline + "}"
}

// render is a value as the file would have it.
func (e *json5Edit) render(n Node, near *json5Value, depth int) string {
	var items []string
	switch n.Kind {
	case String:
		return e.quoted(n.Text)
	case Bool, Number:
		return n.Text
	case Map:
		for _, f := range n.Fields {
			items = append(items, e.key(f.Key)+": "+e.render(f.Value, near, depth+1))
		}
		return e.braces(items, near, depth)
	case List:
		for _, item := range n.Items {
			items = append(items, e.render(item, near, depth+1))
		}
		if len(items) == 0 || !e.lined(near) {
			return "[" + strings.Join(items, ", ") + "]"
		}
		out := e.braces(items, near, depth)
		return "[" + out[1:len(out)-1] + "]"
	}
	return "null"
}

// key is a key, in quotes where the file has its first one in them, or it needs
// them.
func (e *json5Edit) key(name string) string {
	if len(e.root.members) > 0 {
		if first := e.raw[e.root.members[0].start]; first == '"' || first == '\'' {
			return e.quoted(name)
		}
	}
	r := json5Reader{document: document{raw: []byte(name)}}
	if read, err := r.key(); err == nil && r.pos == len(name) && read == name {
		return name
	}
	return e.quoted(name)
}

// quoted is a string in the quotes of the file's first one; else single ones, as
// pnpm has them.
func (e *json5Edit) quoted(s string) string {
	for _, m := range e.root.members {
		if m.value.node.Kind == String && e.raw[m.value.start] == '"' {
			return string(quote(s))
		} else if m.value.node.Kind == String {
			break
		}
	}
	body := string(quote(s))
	body = strings.ReplaceAll(body[1:len(body)-1], `\"`, `"`)
	return "'" + strings.ReplaceAll(body, "'", `\'`) + "'"
}
