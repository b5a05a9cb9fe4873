package npm

import (
	"slices"
	"strings"
	"testing"
)

// TestCollate has what node 20 says to a.localeCollate(b, 'en').
func TestCollate(t *testing.T) {
	ascii := strings.Split(` _-,;:!?.'"()[]{}@*/\&#%`+"`"+`^+<=>|~$0123456789aAbBcC`, "")
	if !slices.IsSortedFunc(ascii, Collate) {
		t.Error("ASCII is not in order")
	}
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"aB", "Ab", -1}, {"a-b", "ab", -1}, {"A", "a", 1}, {"aA", "Aa", -1}, {"a", "A1", -1}, {"A1", "a", 1},
		{"é", "z", 1}, {"a/b", "a-b", 1}, {"a", "a", 0}, {"", "a", -1},
	} {
		if got := Collate(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
