package bunlock

import (
	"cmp"
	"slices"
	"strings"

	"godwit/internal/lockfile/npmlock/nicejson"
)

// Append appends the file as bun writes it.
func (r *Record) Append(dst []byte) []byte {
	dst = append(dst, "{\n"...)
	for _, f := range r.doc.Fields {
		dst = append(nicejson.AppendString(append(dst, "  "...), f.Name), ": "...)
		dst = append(appendLines(dst, f.Value, 1), ",\n"...)
	}
	dst = append(dst, "  \"packages\": {"...)
	for i, p := range r.Packages {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = append(nicejson.AppendString(append(dst, "\n    "...), p.Path), ": "...)
		dst = append(appendInline(dst, p.value), ',')
	}
	if len(r.Packages) > 0 {
		dst = append(dst, "\n  "...)
	}
	return append(dst, "}\n}\n"...)
}

// appendLines writes a value with each member on a line of its own.
func appendLines(dst []byte, v nicejson.Value, depth int) []byte {
	line := func() {
		dst = append(dst, '\n')
		dst = append(dst, strings.Repeat("  ", depth+1)...)
	}
	switch v.Kind {
	case '{':
		if len(v.Fields) == 0 {
			return append(dst, "{}"...)
		}
		dst = append(dst, '{')
		for _, f := range v.Fields {
			line()
			dst = append(nicejson.AppendString(dst, f.Name), ": "...)
			dst = append(appendLines(dst, f.Value, depth+1), ',')
		}
		depth--
		line()
		return append(dst, '}')
	case '[':
		if len(v.Items) == 0 {
			return append(dst, "[]"...)
		}
		dst = append(dst, '[')
		for _, item := range v.Items {
			line()
			dst = append(appendLines(dst, item, depth+1), ',')
		}
		depth--
		line()
		return append(dst, ']')
	}
	return appendInline(dst, v)
}

// appendInline writes a value in one line.
func appendInline(dst []byte, v nicejson.Value) []byte {
	switch v.Kind {
	case '{':
		if len(v.Fields) == 0 {
			return append(dst, "{}"...)
		}
		dst = append(dst, '{')
		for i, f := range v.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(nicejson.AppendString(append(dst, ' '), f.Name), ": "...)
			if runsOn(f) {
				dst = appendSpaced(dst, f.Value.Items)
				continue
			}
			dst = appendInline(dst, f.Value)
		}
		return append(dst, " }"...)
	case '[':
		dst = append(dst, '[')
		for i, item := range v.Items {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendInline(dst, item)
		}
		return append(dst, ']')
	case '"':
		return nicejson.AppendString(dst, v.Text)
	}
	return append(dst, v.Text...)
}

// sort puts packages into the order of bun: those nearest to the root first, then
// by what they are in, then by name.
func (r *Record) sort() {
	slices.SortStableFunc(r.Packages, func(x, y *Package) int {
		a, alias := splitLast(x.Path)
		b, other := splitLast(y.Path)
		return cmp.Or(cmp.Compare(depth(x.Path), depth(y.Path)), cmp.Compare(a, b), cmp.Compare(alias, other))
	})
}

func depth(at string) int { return len(splitPath(at)) }

// runsOn reports whether a field is a list of what a package runs on, which bun writes
// unlike any other list (Negatable::to_json of its npm.rs).
func runsOn(f nicejson.Field) bool {
	return f.Value.Kind == '[' && (f.Name == "os" || f.Name == "cpu" || f.Name == "libc")
}

// appendSpaced writes a list with blanks inside, and a comma behind its last item.
func appendSpaced(dst []byte, items []nicejson.Value) []byte {
	dst = append(dst, "[ "...)
	for _, item := range items {
		dst = append(appendInline(dst, item), ", "...)
	}
	return append(dst, ']')
}
