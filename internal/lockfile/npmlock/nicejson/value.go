// Package nicejson is JSON as npm writes it (json-stringify-nice): the members
// of every object are sorted, those that are objects last, and indentation and
// line ends are those that the file had before.
package nicejson

import (
	"fmt"
	"slices"

	"godwit/internal/npm/jsonscan"
)

// Value is a JSON value.
type Value struct {
	Kind   byte    // '{', '[', or the first byte of any other value
	Fields []Field // of an object: no name comes twice
	Items  []Value // of an array
	Text   string  // of a string its contents, of anything else its JSON
}

// Field is a member of an object.
type Field struct {
	Name  string
	Value Value
}

// Object makes a value of fields.
func Object(fields ...Field) Value { return Value{Kind: '{', Fields: fields} }

// String makes a value of text.
func String(text string) Value { return Value{Kind: '"', Text: text} }

// True is what lockfiles have for flags that are set.
func True() Value { return Value{Kind: 't', Text: "true"} }

// Lookup returns the member of an object.
func (v *Value) Lookup(name string) (Value, bool) {
	for i := range v.Fields {
		if v.Fields[i].Name == name {
			return v.Fields[i].Value, true
		}
	}
	return Value{}, false
}

// Set puts a member into an object, in the place of one of that name.
func (v *Value) Set(name string, to Value) {
	for i := range v.Fields {
		if v.Fields[i].Name == name {
			v.Fields[i].Value = to
			return
		}
	}
	v.Fields = append(v.Fields, Field{name, to})
}

// Delete removes a member of an object, if it is there.
func (v *Value) Delete(name string) {
	v.Fields = slices.DeleteFunc(v.Fields, func(f Field) bool { return f.Name == name })
}

// maxDepth bounds the recursion. Of a lockfile the legacy section is the
// deepest: four levels for each package inside of another, and paths end long
// before a hundred of them.
const maxDepth = 400

// Parse reads one JSON document. Of a member that comes twice the last value
// counts, as in JavaScript.
func Parse(data []byte) (Value, error) {
	s := jsonscan.New(data)
	v, err := parse(s, 0)
	if err != nil {
		return Value{}, err
	}
	return v, s.End()
}

func parse(s *jsonscan.Scanner, depth int) (v Value, err error) {
	if depth > maxDepth {
		return v, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	v.Kind = s.Kind()
	switch v.Kind {
	case '{':
		return v, parseObject(s, &v, depth)
	case '[':
		for range s.Elements() {
			item, err := parse(s, depth+1)
			if err != nil {
				return v, err
			}
			v.Items = append(v.Items, item)
		}
	case '"':
		raw := s.Value()
		text, ok := jsonscan.String(raw)
		if !ok && s.Err() == nil {
			return v, fmt.Errorf("malformed string %.40q", raw)
		}
		v.Text = text
	default:
		if v.Text = string(s.Value()); s.Err() == nil && !scalar(v.Text) {
			return v, fmt.Errorf("%.40q is no JSON value", v.Text)
		}
	}
	return v, s.Err()
}

func parseObject(s *jsonscan.Scanner, v *Value, depth int) error {
	at := map[string]int{}
	for key := range s.Members() {
		name := string(key)
		value, err := parse(s, depth+1)
		if err != nil {
			return err
		}
		if i, twice := at[name]; twice {
			v.Fields[i].Value = value
			continue
		}
		at[name] = len(v.Fields)
		v.Fields = append(v.Fields, Field{name, value})
	}
	return s.Err()
}

// scalar reports whether text is a number, true, false or null. The scanner
// skips what it does not decode without a closer look.
func scalar(text string) bool {
	switch text {
	case "true", "false", "null":
		return true
	}
	digits := 0
	for i := range len(text) {
		switch c := text[i]; {
		case '0' <= c && c <= '9':
			digits++
		case c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E':
			return false
		}
	}
	return digits > 0
}

// Members are the members of an object by name.
func (v *Value) Members() map[string]Value {
	out := make(map[string]Value, len(v.Fields))
	for _, f := range v.Fields {
		out[f.Name] = f.Value
	}
	return out
}

// Equal reports whether two values say the same, in whatever order.
func Equal(a, b Value) bool {
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Fields) != len(b.Fields) {
		return false
	}
	members := b.Members()
	for _, f := range a.Fields {
		other, ok := members[f.Name]
		if !ok || !Equal(f.Value, other) {
			return false
		}
	}
	return slices.EqualFunc(a.Items, b.Items, Equal)
}
