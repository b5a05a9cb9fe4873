package project

import (
	"errors"
	"strings"
	"testing"
)

func TestParseJSON5(t *testing.T) {
	for in, want := range map[string]string{
		"// c\n{a: 'x', \"b\": [1, 2,], /* d */ $c_1: null,}": `{"a":"x","b":[1,2],"$c_1":null}`,
		`{a: +1, b: -0x1F, c: .5, d: 5., e: 1e+3, f: 0}`:      `{"a":1,"b":-31,"c":0.5,"d":5,"e":1e+3,"f":0}`,
		`{a: 'it\'s\x41\u0042\
c\v\0\q', 'd': "\ud83d\ude00"}`: `{"a":"it'sABc\u000b\u0000q","d":"😀"}`,
		"\ufeff\u00a0{a:true,a:false}": `{"a":false}`,
	} {
		v, err := parseJSON5("p.json5", []byte(in))
		if err != nil || v.node.Compact() != want {
			t.Errorf("%s: %s, %v; want %s", in, v.node.Compact(), err, want)
		}
	}
	for in, want := range map[string]string{
		"":                       "p.json5:1:1: the file is empty",
		"{a: 1":                  "expected a comma",
		"{a: 1}\n x":             "p.json5:2:2: invalid JSON5: unexpected text",
		"{a: Infinity}":          "a manifest has no number Infinity",
		"{a: 01}":                `"01" is no number`,
		"{a: 1e}":                "is no number",
		"{a: 'x\n'}":             "a string has no end",
		"{a b}":                  "expected a colon",
		"{/* a":                  "a comment has no end",
		"{a: '\\1'}":             "an escape of digits",
		"{1: 2}":                 "expected a name",
		strings.Repeat("[", 300): "nested deeper",
	} {
		_, err := parseJSON5("p.json5", []byte(in))
		if err == nil || !strings.Contains(strings.Replace(err.Error(), "invalid JSON5: the file", "the file", 1), want) || !errors.As(err, new(*SyntaxError)) {
			t.Errorf("%s: %v; want %q", in, err, want)
		}
	}
}

func TestSetJSON5(t *testing.T) {
	const lined = "// top\n{\n  name: 'app', // its name\n  dependencies: {\n    // small\n    b: '1', // b\n    d: \"2\",\n  },\n}\n"
	for name, tt := range map[string]struct {
		raw  string
		path string
		text string // "" takes it away
		want string
	}{
		"between":          {lined, "dependencies c", "3", strings.Replace(lined, "    d:", "    c: '3',\n    d:", 1)},
		"first":            {lined, "dependencies a", "3", strings.Replace(lined, "    // small", "    a: '3',\n    // small", 1)},
		"last":             {lined, "dependencies @x/y", "it's", strings.Replace(lined, "    // small", "    '@x/y': 'it\\'s',\n    // small", 1)},
		"other value":      {lined, "dependencies d", "3", strings.Replace(lined, `"2"`, "'3'", 1)},
		"new map":          {lined, "devDependencies a", "3", strings.Replace(lined, "  },\n}", "  },\n  devDependencies: {\n    a: '3',\n  },\n}", 1)},
		"taken away":       {lined, "dependencies b", "", strings.Replace(lined, "    b: '1', // b\n", "", 1)},
		"not there":        {lined, "x y", "", lined},
		"no last comma":    {"{\n\t\"a\": \"1\" // x\n}", "b", "2", "{\n\t\"a\": \"1\", // x\n\t\"b\": \"2\"\n}"},
		"last goes":        {"{\n\t\"a\": \"1\", // x\n\t\"b\": \"2\"\n}", "b", "", "{\n\t\"a\": \"1\" // x\n}"},
		"map goes":         {"{\n  a: {\n    b: '1',\n  },\n  c: '2',\n}", "a b", "", "{\n  c: '2',\n}"},
		"one line":         {"{a: {c: '1'}}", "a b", "2", "{a: {b: '2', c: '1'}}"},
		"one line, behind": {"{a: {c: '1'}}", "d e", "2", "{a: {c: '1'}, d: {e: '2'}}"},
		"of windows":       {"{\r\n  a: '1',\r\n}\r\n", "b", "2", "{\r\n  a: '1',\r\n  b: '2',\r\n}\r\n"},
		"empty":            {"{}", "a b", "2", "{\n  a: {\n    b: '2',\n  },\n}"},
	} {
		value := Node{}
		if tt.text != "" {
			value = Text(tt.text)
		}
		got, err := setJSON5("p.json5", []byte(tt.raw), strings.Fields(tt.path), value)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, tt.want)
		}
	}
}

func FuzzJSON5(f *testing.F) {
	f.Add("{a: 'x', /* c */ b: {c: 1,},}", "b", "d")
	f.Add("// c\n{\n  a: {\n    'b': \"c\" // d\n  }\n}", "a", "c")
	f.Fuzz(func(t *testing.T, raw, group, alias string) {
		v, err := parseJSON5("p.json5", []byte(raw))
		if err != nil {
			return
		}
		if _, err := parseJSON("p.json", v.node.JSON()); err != nil {
			t.Fatalf("%q is not the JSON of %q: %v", v.node.JSON(), raw, err)
		}
		if v.node.Kind == Map && group != "" && alias != "" {
			// What it returns it has compared itself; only panics count.
			setJSON5("p.json5", []byte(raw), []string{group, alias}, Text("x"))
			setJSON5("p.json5", []byte(raw), []string{group, alias}, Node{})
		}
	})
}
