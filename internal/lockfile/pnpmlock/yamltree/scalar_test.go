package yamltree

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// goldenScalar is a string and what pnpm's fork of js-yaml (@zkochan/js-yaml
// 0.0.11) made of it in each place with pnpm's options: the value and the key
// of a block map, the value of a one-line map, the element of a one-line list
// and of a block list. One-line places are empty where it writes broken YAML.
type goldenScalar struct{ S, Value, Key, Flow, Item, List string }

func goldenScalars(t testing.TB) []goldenScalar {
	t.Helper()
	data, err := os.ReadFile("testdata/scalars.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden []goldenScalar
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	return golden
}

func mapOf(key string, value *Node) *Node { return &Node{Kind: Map, Items: []Item{{key, value}}} }

// places puts a string into every place of a goldenScalar.
func places(g goldenScalar) map[string]*Node {
	trees := map[string]*Node{
		g.Value: mapOf("k", mapOf("v", Str(g.S))),
		g.Key:   mapOf("k", mapOf(g.S, Str("v"))),
		g.List:  mapOf("l", List([]string{g.S})),
	}
	if g.Flow != "" {
		trees[g.Flow] = mapOf("engines", mapOf("v", Str(g.S)))
		trees[g.Item] = mapOf("os", List([]string{g.S}))
	}
	return trees
}

func TestScalarsAreWrittenAsByJSYAML(t *testing.T) {
	golden := goldenScalars(t)
	if len(golden) < 1000 {
		t.Fatalf("only %d golden scalars", len(golden))
	}
	for _, g := range golden {
		for want, tree := range places(g) {
			if got := string(Append(nil, tree)); got != want {
				t.Errorf("%q: got %q, want %q", g.S, got, want)
			}
		}
	}
}

func TestScalarsReadBack(t *testing.T) {
	plain := 0
	for _, g := range goldenScalars(t) {
		for text, want := range places(g) {
			got, err := Parse(text, 1)
			if err != nil {
				t.Errorf("%q: %v", text, err)
				continue
			}
			if _, err := parsePlain(text, 1); err == nil {
				plain++
			}
			if !equal(got, want) {
				t.Errorf("%q: read as %s", text, Append(nil, got))
			}
		}
	}
	if plain < 4500 {
		t.Errorf("only %d texts are in the plain notation", plain)
	}
}

// equal compares trees by what they mean: a plain scalar equals a string.
func equal(a, b *Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.IsNull() && b.IsNull() {
		return true
	}
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) {
		return false
	}
	for i := range a.Items {
		if a.Items[i].Key != b.Items[i].Key || !equal(a.Items[i].Value, b.Items[i].Value) {
			return false
		}
	}
	return true
}

func TestLongKeysAreExplicit(t *testing.T) {
	for _, n := range []int{1024, 1025} {
		key := strings.Repeat("k", n)
		tree := mapOf("packages", mapOf(key, mapOf("resolution", mapOf("integrity", Str("x")))))
		text := string(Append(nil, tree))
		if explicit := strings.Contains(text, "? "); explicit != (n > 1024) {
			t.Errorf("%d characters: explicit is %v", n, explicit)
		}
		if got, err := parsePlain(text, 1); err != nil || !equal(got, tree) {
			t.Errorf("%d characters: read back with %v", n, err)
		}
	}
}

// What is ordinary is plain by the rules, too: at its beginning, behind whatever
// stands before it, and in a flow collection.
func TestOrdinaryIsPlain(t *testing.T) {
	n := 0
	for a := range rune(256) {
		if ordinary(string(a)) && !plainFirst(a) {
			t.Errorf("%q may not begin a plain scalar", a)
		}
		for b := range rune(256) {
			if !ordinary("x" + string(a) + string(b)) {
				continue
			}
			n++
			if !isPrintable(b) || !plainNext(a, b, true) || !plainNext(a, b, false) || b == ' ' || b == ':' {
				t.Errorf("%q may not follow %q", b, a)
			}
		}
	}
	if n == 0 || ordinary("") {
		t.Error("nothing was compared")
	}
}
