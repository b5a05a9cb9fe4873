// Package syml reads and writes the indented text of a yarn.lock: fields with
// keys, and behind them a text or more fields.
//
// Two dialects differ in how they look, not in what they can say:
//
//	classic                              berry
//	"@s/a@^1", "@s/a@^2":                "@s/a@npm:^1, @s/a@npm:^2":
//	  version "1.0.0"                      version: 1.0.0
//	  dependencies:                        dependencies:
//	    b "^1.0.0"                           b: "npm:^1.0.0"
//
// Berry's is YAML, of which this is what yarn itself writes.
package syml

import "slices"

// Dialect is one of the two.
type Dialect uint8

// The dialects.
const (
	Classic Dialect = iota // yarn 1
	Berry                  // yarn 2 and later
)

// Field is one key and what it stands for. In the classic dialect a field with
// fields may have several keys.
type Field struct {
	Keys   []string
	Text   string  // where Map is false
	Bare   bool    // Text is a number, true or false; in the classic dialect it is not quoted
	Map    bool    // it has fields, though there may be none
	Fields []Field // in the order of the file
}

// Text is a field with a text.
func Text(key, text string) Field { return Field{Keys: []string{key}, Text: text} }

// Map is a field with fields.
func Map(key string, fields ...Field) Field {
	return Field{Keys: []string{key}, Map: true, Fields: fields}
}

// Lookup finds the field with a key, or nil.
func (f *Field) Lookup(key string) *Field {
	for i := range f.Fields {
		if len(f.Fields[i].Keys) == 1 && f.Fields[i].Keys[0] == key {
			return &f.Fields[i]
		}
	}
	return nil
}

// Of is the text that a key stands for, or "".
func (f *Field) Of(key string) string {
	if found := f.Lookup(key); found != nil {
		return found.Text
	}
	return ""
}

// Set puts a field in place of the one with its key, or behind the others.
func (f *Field) Set(to Field) {
	if old := f.Lookup(to.Keys[0]); old != nil {
		*old = to
		return
	}
	f.Fields = append(f.Fields, to)
}

// Delete removes the field with a key.
func (f *Field) Delete(key string) {
	f.Fields = slices.DeleteFunc(f.Fields, func(f Field) bool { return len(f.Keys) == 1 && f.Keys[0] == key })
}
