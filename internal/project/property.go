package project

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Property is a way to a value of a document, as npm's pkg writes it: "a.b",
// "list[0].c", "a[key with dots.]", and "list[]" for the place behind the last item.
type Property []string

// BehindLast is the step to the place behind the last item of a list.
const BehindLast = "[]"

// maxItems bounds what a list is filled up to: people write no longer ones.
const maxItems = 10_000

// PropertyError is a way that leads nowhere.
type PropertyError struct{ Path, Problem, ID string }

func (e *PropertyError) Error() string { return fmt.Sprintf("%q %s", e.Path, e.Problem) }

// Code is npm's code for this error.
func (e *PropertyError) Code() string { return e.ID }

// ParseProperty reads a way. The error is a *PropertyError.
func ParseProperty(path string) (Property, error) {
	var p Property
	rest := strings.TrimSpace(path)
	for rest != "" {
		if rest[0] == '[' {
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, &PropertyError{path, "has a bracket that is not closed", "EINVALIDSYNTAX"}
			}
			p = append(p, cmp.Or(rest[1:end], BehindLast))
			rest = strings.TrimPrefix(rest[end+1:], ".")
			continue
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return nil, &PropertyError{path, "has a part without a name", "EINVALIDSYNTAX"}
		}
		p = append(p, rest[:end])
		rest = strings.TrimPrefix(rest[end:], ".")
	}
	if len(p) == 0 {
		return nil, &PropertyError{path, "names no property", "EINVALIDSYNTAX"}
	}
	if len(p) > maxDepth {
		return nil, &PropertyError{path, "is too deep", "EINVALIDSYNTAX"}
	}
	return p, nil
}

// index is the item that a step means, if it is a number.
func index(step string) (int, bool) {
	i, err := strconv.Atoi(step)
	return i, err == nil && i >= 0
}

// Find is the values that a way leads to, with their own ways: one, or where a
// name follows a list, that of each item. Where there is none there is no field.
func (p Property) Find(n Node) []Field {
	label := ""
	for _, step := range p {
		i, number := index(step)
		switch {
		case n.Kind == List && !number:
			var out []Field
			for i, item := range n.Items {
				if v := item.Field(step); v.Kind != Missing {
					out = append(out, Field{Key: fmt.Sprintf("%s[%d].%s", label, i, step), Value: v})
				}
			}
			return out
		case n.Kind == List && i < len(n.Items):
			n = n.Items[i]
			label += "[" + step + "]"
		case n.Kind == Map && n.Field(step).Kind != Missing:
			n = n.Field(step)
			label = strings.TrimPrefix(label+"."+step, ".")
		default:
			return nil
		}
	}
	return []Field{{Key: label, Value: n}}
}

// Set is the document with a value at the end of a way, which is made where it is
// missing. What stands in its way is an error unless over says that it goes.
func (p Property) Set(n, value Node, over bool) (Node, error) {
	if len(p) == 0 {
		return value, nil
	}
	step, rest := p[0], p[1:]
	i, number := index(step)
	if n.Kind == Missing || n.Kind == Null || over && n.Scalar() {
		n = Node{Kind: Map}
		if number || step == BehindLast {
			n.Kind = List
		}
	}
	switch {
	case n.Kind == List && step == BehindLast:
		i = len(n.Items)
	case n.Kind == List && !number && over:
		n = Node{Kind: Map}
	case n.Kind == List && !number:
		return n, &PropertyError{step, "cannot be a property of a list", "ENOADDPROP"}
	case n.Kind != Map && n.Kind != List:
		return n, &PropertyError{step, "would be below something that is neither a list nor an object", "EOVERRIDEVALUE"}
	}
	if n.Kind == List {
		if i > maxItems {
			return n, &PropertyError{step, "is beyond any list of a package.json", "EINVALIDSYNTAX"}
		}
		n.Items = slices.Clone(n.Items)
		for len(n.Items) <= i {
			n.Items = append(n.Items, Node{Kind: Null})
		}
		var err error
		n.Items[i], err = rest.Set(n.Items[i], value, over)
		return n, err
	}
	if step == BehindLast {
		return n, &PropertyError{step, "is for lists", "ENOADDPROP"}
	}
	below, err := rest.Set(n.Field(step), value, over)
	if err != nil {
		return n, err
	}
	n.Fields = slices.Clone(n.Fields)
	n.Set(step, below)
	return n, nil
}

// Delete is the document without what is at the end of a way.
func (p Property) Delete(n Node) Node {
	i, number := index(p[0])
	switch {
	case n.Kind == List && number && i < len(n.Items):
		n.Items = slices.Clone(n.Items)
		if len(p) == 1 {
			n.Items = slices.Delete(n.Items, i, i+1)
		} else {
			n.Items[i] = p[1:].Delete(n.Items[i])
		}
	case n.Kind == Map && n.Field(p[0]).Kind != Missing:
		n.Fields = slices.Clone(n.Fields)
		if len(p) == 1 {
			n.Fields = slices.DeleteFunc(n.Fields, func(f Field) bool { return f.Key == p[0] })
		} else {
			n.Set(p[0], p[1:].Delete(n.Field(p[0])))
		}
	}
	return n
}

// Written is a document in the place of the project's manifest: of a package.json with its
// indentation and line ends, and dependencies sorted, as npm and pnpm write it.
func (p *Project) Written(doc Node) ([]byte, error) {
	if p.File != ManifestFile {
		return p.become(doc)
	}
	d, err := scan(p.raw)
	if err != nil {
		return nil, err
	}
	indent, newline := style(d.raw[d.open:])
	if newline == "" {
		indent, newline = "  ", "\n"
	}
	var compact, out bytes.Buffer
	if err := json.Compact(&compact, doc.JSON()); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, compact.Bytes(), "", indent); err != nil {
		return nil, err
	}
	return AsNpm(bytes.ReplaceAll(append(out.Bytes(), '\n'), []byte("\n"), []byte(newline)))
}
