package project

import (
	"slices"
	"testing"
)

func TestParseProperty(t *testing.T) {
	for path, want := range map[string]Property{
		"a": {"a"}, "a.b": {"a", "b"}, "a[0].b": {"a", "0", "b"}, "a[b.c][d]e": {"a", "b.c", "d", "e"},
		"a[]": {"a", "[]"}, "a.0": {"a", "0"}, "": nil, "a..b": nil, ".a": nil, "a[": nil,
	} {
		got, err := ParseProperty(path)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %q, %v", path, got, err)
		}
	}
}

// FuzzProperty: what is set is found, and is gone when it is deleted.
func FuzzProperty(f *testing.F) {
	f.Add(`{"a": [1, {"b": 2}], "c": "d"}`, "a[1].b")
	f.Add(`{"a": []}`, "a[]")
	f.Add(`{}`, "x.y[3].z")
	f.Fuzz(func(t *testing.T, text, path string) {
		doc, err := ParseValue("f", text)
		way, err2 := ParseProperty(path)
		if err != nil || err2 != nil || doc.Kind != Map || slices.Contains(way, BehindLast) {
			return
		}
		out, err := way.Set(doc, Text("v"), true)
		if err != nil {
			return
		}
		found := way.Find(out)
		if len(found) != 1 || found[0].Value.Text != "v" {
			t.Fatalf("%s in %s is %v", path, text, found)
		}
		if gone := way.Find(way.Delete(out)); len(gone) > 0 && gone[0].Value.Text == "v" && gone[0].Value.Kind == String && !slices.ContainsFunc(way, func(s string) bool { _, n := index(s); return n }) {
			t.Fatalf("%s in %s stays", path, text)
		}
		if string(doc.JSON()) != string(mustParse(t, text).JSON()) {
			t.Fatalf("%s has changed", text)
		}
	})
}

func mustParse(t *testing.T, text string) Node {
	t.Helper()
	n, err := ParseValue("f", text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
