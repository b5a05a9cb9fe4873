package nicejson

import (
	"strings"
	"testing"
)

func TestAppend(t *testing.T) {
	v, err := Parse([]byte(`{"b": {"y": 1, "x": []}, "a": [1, {"q": null, "name": true}], "10": "z", "9": 0.5, "version": "\u00e9\u2028\n\u0001\"", "b": {}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "{\r\n\t\"9\": 0.5,\r\n\t\"10\": \"z\",\r\n\t\"version\": \"é\u2028\\n\\u0001\\\"\",\r\n\t\"a\": [\r\n\t\t1,\r\n\t\t{\r\n\t\t\t\"name\": true,\r\n\t\t\t\"q\": null\r\n\t\t}\r\n\t],\r\n\t\"b\": {}\r\n}\r\n"
	if got := string(v.Append(nil, Style{"\t", "\r\n"}, []string{"name", "version"})); got != want {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

func TestStyleOf(t *testing.T) {
	for text, want := range map[string]Style{
		"{\n    \"a\": 1\n}": {"    ", "\n"}, "{\r\n\t\"a\": 1}": {"\t", "\r\n"}, "\ufeff {\n  \"a\": 1}": {"  ", "\n"},
		`{"a": 1}`: DefaultStyle, "": DefaultStyle, "x": DefaultStyle, "{}": DefaultStyle,
		"{\n" + strings.Repeat(" ", 12) + "\"a\": 1}": {strings.Repeat(" ", 10), "\n"},
	} {
		if got := StyleOf([]byte(text)); got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "{", `{"a": x}`, `[1, tru]`, `"\q"`, strings.Repeat("[", 500) + strings.Repeat("]", 500), "1 2"} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%.20q is accepted", text)
		}
	}
}

func TestEqual(t *testing.T) {
	parse := func(text string) Value {
		v, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	a := parse(`{"a": [1, "x"], "b": {"c": null}}`)
	if !Equal(a, parse(`{"b": {"c": null}, "a": [1, "x"]}`)) {
		t.Error("order counts")
	}
	for _, other := range []string{`{"a": [1, "x"]}`, `{"a": ["x", 1], "b": {"c": null}}`, `{"a": [1, "x"], "b": {"c": 0}}`, `[]`} {
		if Equal(a, parse(other)) {
			t.Errorf("equal to %s", other)
		}
	}
}
