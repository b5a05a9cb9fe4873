package project

import "testing"

func TestCompact(t *testing.T) {
	const text = `{
  "b": [
    1,
    "x\"",
    []
  ],
  "a": {
    "c.d": null
  },
  "e": {}
}`
	n, err := ParseValue("x", text)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(n.JSON()); got != text {
		t.Errorf("got %s", got)
	}
	if got, want := n.Compact(), `{"b":[1,"x\"",[]],"a":{"c.d":null},"e":{}}`; got != want {
		t.Errorf("got %s", got)
	}
}

func TestAt(t *testing.T) {
	n, err := ParseValue("x", `{"a": {"b.c": 1, "b": {"d": 2}}, "l": [{"n": "x"}, {"n": "y"}, 3]}`)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"a.b.c": "1", "a.b.d": "2", "a[b.c]": "1", `a["b"].d`: "2", "l[1].n": `"y"`, "l.n": `["x","y"]`, "l[3]": "null", "l[99999999999999999999]": "null",
		"a.x": "null", "a..": "null", "l[x]": "null", "[": "null", "a[": "null", "": n.Compact(),
	} {
		if got := n.At(path).Compact(); got != want {
			t.Errorf("%q is %s, want %s", path, got, want)
		}
	}
}
