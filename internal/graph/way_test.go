package graph

import "testing"

func TestWay(t *testing.T) {
	const root = "/src/team/app"
	for _, tt := range []struct{ from, to, way string }{
		{".", ".", "."}, {".", "a", "a"}, {"a", ".", ".."}, {"a/b", "a/c", "../c"}, {"a", "a/b", "b"},
		{".", "../x", "../x"}, {"a", "../x", "../../x"}, {"../x", "../y/z", "../y/z"}, {"../x/y", "../x", ".."},
		{"../x", "a", "../app/a"}, {"../x", ".", "../app"}, {"../../x", "a", "../team/app/a"}, {"../../x/y", "../z", "../../team/z"},
	} {
		if got := Way(root, tt.from, tt.to); got != tt.way {
			t.Errorf("Way(%q, %q) = %q, want %q", tt.from, tt.to, got, tt.way)
		}
		if got := Arrive(root, tt.from, tt.way); got != tt.to {
			t.Errorf("Arrive(%q, %q) = %q, want %q", tt.from, tt.way, got, tt.to)
		}
	}
	if got := Arrive(root, ".", "../../../../x"); got != "../../../../x" {
		t.Errorf("a way that leads above all is %q", got)
	}
}
