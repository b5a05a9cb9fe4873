package project

import (
	"strings"
	"testing"
)

func text(s string) Node { return Node{Kind: String, Text: s} }

func TestSetYAML(t *testing.T) {
	list := Node{Kind: List, Items: []Node{text("a"), text("*")}}
	for name, tt := range map[string]struct {
		raw   string
		keys  []string
		value Node
		want  string
	}{
		"new file":          {"", []string{"saveExact"}, Node{Kind: Bool, Text: "true"}, "saveExact: true\n"},
		"new key":           {"# mine\nb: 1\n", []string{"a"}, text("x"), "a: x\n# mine\nb: 1\n"},
		"behind a mark":     {"---\n# mine\nb: 1\n", []string{"a"}, text("x"), "---\n# mine\na: x\nb: 1\n"},
		"no comment":        {"a: 'x # y' # why\n", []string{"a"}, text("z"), "a: z # why\n"},
		"of windows":        {"# mine\r\nb: 1\r\n", []string{"c"}, text("x"), "# mine\r\nb: 1\r\nc: x\r\n"},
		"behind packages":   {"packages:\n  - x/*\n\n# of c\nc: 1\n", []string{"b"}, text("x"), "packages:\n  - x/*\n\n# of c\nb: x\n\nc: 1\n"},
		"not sorted":        {"c: 1\n\nb: 1\n# end\n", []string{"a"}, text("x"), "c: 1\n\nb: 1\n# end\n\na: x\n"},
		"map not sorted":    {"m:\n  c: 1\n  b: 1\nz: 1\n", []string{"m", "a"}, text("x"), "m:\n  c: 1\n  b: 1\n  a: x\nz: 1\n"},
		"now and then":      {"a: 1\n\nb: 1\nd: 1\n", []string{"c"}, text("x"), "a: 1\n\nb: 1\nc: x\nd: 1\n"},
		"other value":       {"a: 1 # why\nb: 1\n", []string{"a"}, Node{Kind: Number, Text: "2"}, "a: 2 # why\nb: 1\n"},
		"list for a list":   {"a:\n- 1\n- 2\n\n# of b\nb: 1\n", []string{"a"}, list, "a:\n  - a\n  - '*'\n\n# of b\nb: 1\n"},
		"list for a text":   {"a: 1\nb: 1\n", []string{"a"}, list, "a:\n  - a\n  - '*'\nb: 1\n"},
		"taken away":        {"a:\n  - 1\n\nb: 1\n", []string{"a"}, Node{}, "b: 1\n"},
		"the last":          {"b: 1\n\na: 1\n", []string{"a"}, Node{}, "b: 1\n"},
		"between":           {"a: 1\n\n# of b\nb: 1\n\nc: 1\n", []string{"b"}, Node{}, "a: 1\n\n# of b\nc: 1\n"},
		"not there":         {"b: 1\n", []string{"a"}, Node{}, "b: 1\n"},
		"new map":           {"b: 1\n", []string{"patchedDependencies", "a@1.0.0"}, text("patches/a@1.0.0.patch"), "b: 1\npatchedDependencies:\n  a@1.0.0: patches/a@1.0.0.patch\n"},
		"deep":              {"catalogs:\n  x:\n    a: ^1.0.0\n    c: 1.2.3 # c\n", []string{"catalogs", "x", "b"}, text(">=2"), "catalogs:\n  x:\n    a: ^1.0.0\n    b: '>=2'\n    c: 1.2.3 # c\n"},
		"last of a map":     {"a: 1\nm:\n  x: 1\nb: 1\n", []string{"m", "x"}, Node{}, "a: 1\nb: 1\n"},
		"one of a map":      {"m:\n  x: 1\n  y: 2\n", []string{"m", "x"}, Node{}, "m:\n  y: 2\n"},
		"one of a flow map": {"m: {x: 1, z: 2}\n", []string{"m", "x"}, Node{}, "m:\n  z: 2\n"},
		"quotes":            {"", []string{"a"}, text("it's: \"x\" # y"), "a: 'it''s: \"x\" # y'\n"},
		"lines":             {"", []string{"a"}, text("x\ny"), "a: \"x\\ny\"\n"},
		"no number":         {"", []string{"a"}, text("1.5"), "a: '1.5'\n"},
		"version":           {"", []string{"a"}, text("1.5.0"), "a: 1.5.0\n"},
		"range":             {"", []string{"a"}, text("~1.2.3"), "a: ~1.2.3\n"},
		"quoted key":        {"m:\n    \"x\" : '1' # why\n    'y': >-\n      2\n\n    z: 3\n", []string{"m", "x"}, text("^2.0.0"), "m:\n    \"x\" : ^2.0.0 # why\n    'y': >-\n      2\n\n    z: 3\n"},
		"key of lines":      {"m:\n    'y': >-\n      2\n\n    z: 3\n", []string{"m", "y"}, text("^2.0.0"), "m:\n    'y': ^2.0.0\n\n    z: 3\n"},
		"behind quotes":     {"a: 'x # y' # z\n", []string{"a"}, text("1.2.3"), "a: 1.2.3 # z\n"},
		"no comment at all": {"a: \"x\\\" # y\"\n", []string{"a"}, text("it's # so"), "a: 'it''s # so'\n"},
		"again":             {"a: 'it''s # so'\n", []string{"a"}, text("it's # so"), "a: 'it''s # so'\n"},
		"tilde":             {"", []string{"a"}, text("~"), "a: '~'\n"},
	} {
		got, err := SetYAML("f", []byte(tt.raw), tt.keys, tt.value)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, tt.want)
		}
	}
}

func TestSetYAMLByHand(t *testing.T) {
	for raw, keys := range map[string][]string{
		"a: &x\n  b: 1\nc: *x\n":       {"a", "b"},
		"overrides:\n  a: 1\n":         {"overrides"}, // would not be read any more
		"m: {x: 1, # why\n  y: 2\n}\n": {"m", "x"},
	} {
		if got, err := SetYAML("f", []byte(raw), keys, text("v")); err == nil {
			t.Errorf("%q became %q", raw, got)
		}
	}
}

// FuzzSetYAML: what was set is there, and nothing else has changed; or there is an
// error.
func FuzzSetYAML(f *testing.F) {
	f.Add("a:\n  b: 1 # x\nc: 1\n", "a", "x", "v")
	f.Add("a: {b: 1}\r\n", "a", "", "1.0")
	f.Add("- x", "a", "", "~")
	f.Fuzz(func(t *testing.T, raw, key, inner, value string) {
		keys := []string{key}
		if inner != "" {
			keys = append(keys, inner)
		}
		got, err := SetYAML("f", []byte(raw), keys, text(value))
		if err != nil {
			return
		}
		node, err := parseYAML("f", got)
		if err != nil {
			t.Fatalf("%q became %q: %v", raw, got, err)
		}
		for _, k := range keys {
			node = node.Field(k)
		}
		if node.Text != value || node.Kind != String {
			t.Fatalf("%q became %q", raw, got)
		}
		again, err := SetYAML("f", got, keys, text(value))
		if err != nil || strings.ReplaceAll(string(again), "\r", "") != strings.ReplaceAll(string(got), "\r", "") {
			t.Fatalf("%q becomes %q, %v", got, again, err)
		}
	})
}

func TestEditedManifests(t *testing.T) {
	for name, tt := range map[string]struct {
		raw   string
		edits []Edit
		want  string
	}{
		"last of its map": {"a: 1\ndependencies:\n  b: '1' # b\n  # end\nz: 1\n", []Edit{{"dependencies", "c", "^1.0.0"}, {"dependencies", "@a/a", "^1.0.0"}},
			"a: 1\ndependencies:\n  b: '1' # b\n  '@a/a': ^1.0.0\n  c: ^1.0.0\n  # end\nz: 1\n"},
		"new map":         {"a: 1\n\n# end", []Edit{{"dependencies", "c", "^1.0.0"}}, "a: 1\ndependencies:\n  c: ^1.0.0\n\n# end"},
		"on a line":       {"d: {b: '1', \"a\": 2}\n", []Edit{{"d", "c", "3.0.0"}}, "d: {b: '1', a: 2, c: 3.0.0}\n"},
		"all on a line":   {`{"name":"x","files":["a"]}`, []Edit{{"d", "c", "3.0.0"}}, "{name: x, files: [a], d: {c: 3.0.0}}"},
		"moved":           {"b:\n  c: 1.0.0\n", []Edit{{"b", "c", ""}, {"d", "c", "1.0.0"}}, "d:\n  c: 1.0.0\n"},
		"nothing changes": {"b: {c: '1.0.0'} # c", []Edit{{"b", "c", "1.0.0"}, {"b", "x", ""}}, "b: {c: '1.0.0'} # c"},
	} {
		doc, err := parseYAML("package.yaml", []byte(tt.raw))
		if err != nil {
			t.Fatal(err)
		}
		p := &Project{File: "package.yaml", Manifest: Manifest{Document: doc}, text: []byte(tt.raw)}
		got, err := p.Rewrite(tt.edits, Code)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, tt.want)
		}
	}
}
