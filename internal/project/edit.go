package project

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Edit is one change of a dependency map. A move is a removal and an addition.
type Edit struct {
	Group     string // "dependencies", "devDependencies", ...
	Alias     string
	Specifier string // "" removes the dependency
}

// Rewrite applies edits to a package.json and returns the new file; raw
// itself, the same slice, if they change nothing. Only the maps that change
// are written anew, one dependency to a line with the file's own indentation
// and line ends, sorted, with pnpm those that are not in order, too; all other bytes stay. A map that becomes empty goes, a
// new one becomes the last member (as npm and pnpm have it).
func Rewrite(raw []byte, edits []Edit, order Order) ([]byte, error) {
	indent, newline, was := "", "", raw
	for i, group := range groupsOf(edits) {
		d, err := scan(raw)
		if err != nil {
			return nil, err
		}
		if i == 0 { // a removal may leave nothing to tell the style by
			indent, newline = style(raw[d.open:])
		}
		d.indent, d.newline = indent, newline
		if raw, err = d.rewrite(group, edits, order); err != nil {
			return nil, err
		}
	}
	if order == Code && !bytes.Equal(raw, was) {
		return ordered(raw, order)
	}
	return raw, nil
}

// groupsOf lists the maps that edits name, in order: first those that get something,
// since that may make them.
func groupsOf(edits []Edit) []string {
	var groups []string
	for _, removed := range []bool{false, true} {
		for _, e := range edits {
			if removed == (e.Specifier == "") && !slices.Contains(groups, e.Group) {
				groups = append(groups, e.Group)
			}
		}
	}
	return groups
}

// member is one member of an object: where it is, or what it will be.
type member struct {
	name       string // decoded
	key, value []byte // encoded
	start, end int    // from the key's first byte to behind the value
}

// layout is a package.json cut at its top-level members.
type layout struct {
	raw     []byte
	open    int // offset behind "{"
	close   int // offset of "}"
	members []member
	indent  string // of top-level members; with newline "" the file is compact
	newline string
}

// scan cuts an object at its members.
func scan(raw []byte) (*layout, error) {
	d := &layout{raw: raw}
	skip := 0
	if bytes.HasPrefix(raw, []byte(bom)) {
		skip = len(bom)
	}
	var err error
	if d.members, d.open, d.close, err = cut(raw[skip:]); err != nil {
		return nil, err
	}
	d.open, d.close = d.open+skip, d.close+skip
	for i := range d.members {
		d.members[i].start += skip
		d.members[i].end += skip
	}
	return d, nil
}

// cut finds the members of the object that raw is.
func cut(raw []byte) (members []member, open, end int, err error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != jsontext.KindBeginObject {
		return nil, 0, 0, fmt.Errorf("edit package.json: not a JSON object")
	}
	open = int(dec.InputOffset())
	for dec.PeekKind() != jsontext.KindEndObject {
		key, err := dec.ReadValue()
		if err != nil {
			return nil, 0, 0, fmt.Errorf("edit package.json: %w", err)
		}
		m := member{key: bytes.Clone(key), start: int(dec.InputOffset()) - len(key)}
		name, err := jsontext.AppendUnquote(nil, key)
		if m.name = string(name); err != nil {
			m.name = string(key) // invalid UTF-8: no name of ours
		}
		value, err := dec.ReadValue()
		if err != nil {
			return nil, 0, 0, fmt.Errorf("edit package.json: %w", err)
		}
		m.value, m.end = bytes.Clone(value), int(dec.InputOffset())
		members = append(members, m)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, 0, 0, fmt.Errorf("edit package.json: %w", err)
	}
	return members, open, int(dec.InputOffset()) - 1, nil
}

// style is the blanks before the first member, and the line end before them
// (json-parse-even-better-errors has the same rule).
func style(inside []byte) (indent, newline string) {
	body := bytes.TrimLeft(inside, " \t\r\n")
	lead := string(inside[:len(inside)-len(body)])
	i := strings.LastIndexByte(lead, '\n')
	if i < 0 {
		return "", ""
	}
	newline = "\n"
	if i > 0 && lead[i-1] == '\r' {
		newline = "\r\n"
	}
	if len(body) > 0 && body[0] == '}' {
		return "  ", newline // an empty object says nothing of indentation
	}
	return lead[i+1:], newline
}

// rewrite applies the edits of one group.
func (d *layout) rewrite(group string, edits []Edit, order Order) ([]byte, error) {
	at := d.last(group)
	var deps []member
	if at >= 0 && string(d.members[at].value) != "null" {
		var err error
		if deps, _, _, err = cut(d.members[at].value); err != nil {
			return nil, fmt.Errorf("edit package.json: %q is not an object", group)
		}
		deps = last(deps)
	}
	changed := false
	for _, e := range edits {
		if e.Group == group {
			var c bool
			deps, c = apply(deps, e)
			changed = changed || c
		}
	}
	if changed { // npm and pnpm sort what they write
		slices.SortStableFunc(deps, func(a, b member) int { return order.Compare(a.name, b.name) })
	}
	switch {
	case !changed:
		return d.raw, nil
	case len(deps) > 0 && at >= 0:
		m := d.members[at]
		return d.replace(m.end-len(m.value), m.end, d.render(deps)), nil
	case len(deps) > 0:
		return d.append(group, d.render(deps)), nil
	}
	return d.remove(at), nil
}

// last drops members that a later one of the same name replaces.
func last(deps []member) []member {
	out := deps[:0:0]
	for _, m := range deps {
		if i := slices.IndexFunc(out, func(o member) bool { return o.name == m.name }); i >= 0 {
			out[i] = m
			continue
		}
		out = append(out, m)
	}
	return out
}

// apply makes one change in a map.
func apply(deps []member, e Edit) (_ []member, changed bool) {
	i := slices.IndexFunc(deps, func(m member) bool { return m.name == e.Alias })
	if e.Specifier == "" {
		if i < 0 {
			return deps, false
		}
		return slices.Delete(slices.Clone(deps), i, i+1), true
	}
	m := member{name: e.Alias, key: quote(e.Alias), value: quote(e.Specifier)}
	if i >= 0 {
		old, err := jsontext.AppendUnquote(nil, deps[i].value)
		if err == nil && string(old) == e.Specifier {
			return deps, false
		}
		deps = slices.Clone(deps)
		deps[i].value = m.value
		return deps, true
	}
	return append(slices.Clip(deps), m), true
}

// quote encodes a string as JSON.stringify does.
func quote(s string) []byte {
	out, _ := jsontext.AppendQuote(nil, s) // the error is about bytes that are not UTF-8; they become U+FFFD
	return out
}

// render writes a map as the value of a top-level member.
func (d *layout) render(deps []member) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range deps {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(d.newline)
		if d.newline != "" {
			b.WriteString(d.indent + d.indent)
		}
		b.Write(m.key)
		b.WriteString(d.colon())
		b.Write(m.value)
	}
	if d.newline != "" {
		b.WriteString(d.newline + d.indent)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func (d *layout) colon() string {
	if d.newline == "" {
		return ":"
	}
	return ": "
}

// append adds a member behind the last one.
func (d *layout) append(name string, value []byte) []byte {
	text := d.newline
	if d.newline != "" {
		text += d.indent
	}
	text += string(quote(name)) + d.colon() + string(value)
	if len(d.members) == 0 {
		return d.replace(d.open, d.close, []byte(text+d.newline))
	}
	end := d.members[len(d.members)-1].end
	return d.replace(end, end, []byte(","+text))
}

// remove takes a member out, with one of the commas beside it.
func (d *layout) remove(at int) []byte {
	switch {
	case at > 0:
		return d.replace(d.members[at-1].end, d.members[at].end, nil)
	case len(d.members) > 1:
		return d.replace(d.members[0].start, d.members[1].start, nil)
	}
	return d.replace(d.open, d.close, nil)
}

// replace is a copy of the file with other bytes from start to end.
func (d *layout) replace(start, end int, with []byte) []byte {
	return slices.Concat(d.raw[:start], with, d.raw[end:])
}
