package resolve

import "testing"

// What pnpm 12.21 makes of the ranges that two dependents have for one missing peer.
func TestIntersection(t *testing.T) {
	for _, test := range []struct {
		ranges []string
		want   string
	}{
		{[]string{">=15.9.0 <16.0.0", ">=15.8.0 <16.0.0 || >=16.0.0-beta <17.0.0"}, ">=15.9.0 <16.0.0 >=15.8.0"},
		{[]string{">=15.9.0 <16.0.0", ">=16.0.0-beta <17.0.0"}, ">=15.9.0 <16.0.0 >=16.0.0-beta <17.0.0"},
		{[]string{">=1.0.0 <2.0.0", "2.0.0-beta.1"}, ">=1.0.0 <2.0.0 2.0.0-beta.1"},
		{[]string{"^1.5.0", "2.0.0-beta.1"}, ""},
		{[]string{"^1.0.0", "^2.0.0"}, ""},
	} {
		if got := Intersection(test.ranges); got != test.want {
			t.Errorf("Intersection(%q) = %q, want %q", test.ranges, got, test.want)
		}
	}
}
