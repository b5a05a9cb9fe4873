package npmlock

import (
	"strconv"

	"godwit/internal/lockfile/npmlock/nicejson"
)

// keyOrder is what npm writes before the other members of an object, of any
// object (arborist, swKeyOrder).
var keyOrder = []string{"name", "version", "lockfileVersion", "resolved", "integrity", "requires", "packages", "dependencies"}

// Append appends the file as npm writes it.
func (r *Record) Append(dst []byte) []byte {
	doc := r.head(r.Version)
	doc.Set("packages", r.packages(func(string) bool { return true }))
	if r.Version < 3 && r.legacy.Kind == '{' {
		doc.Set("dependencies", r.legacy)
	}
	return doc.Append(dst, r.Style, keyOrder)
}

// AppendHidden appends the copy that npm keeps in node_modules: what is
// installed, without the project itself. installed says which directories are.
func (r *Record) AppendHidden(dst []byte, installed func(dir string) bool) []byte {
	doc := r.head(DefaultVersion)
	doc.Set("packages", r.packages(func(dir string) bool { return dir != "" && installed(dir) }))
	return doc.Append(dst, r.Style, keyOrder)
}

func (r *Record) packages(take func(dir string) bool) nicejson.Value {
	out := nicejson.Object()
	for dir, e := range r.Entries {
		if take(dir) {
			out.Fields = append(out.Fields, nicejson.Field{Name: dir, Value: e.value})
		}
	}
	return out
}

func (r *Record) head(version int) nicejson.Value {
	doc := nicejson.Object(
		nicejson.Field{Name: "lockfileVersion", Value: nicejson.Value{Kind: '3', Text: strconv.Itoa(version)}},
		nicejson.Field{Name: "requires", Value: nicejson.True()},
	)
	for _, f := range []struct{ name, text string }{{"name", r.Name}, {"version", r.ProjectVersion}} {
		if f.text != "" {
			doc.Set(f.name, nicejson.String(f.text))
		}
	}
	return doc
}
