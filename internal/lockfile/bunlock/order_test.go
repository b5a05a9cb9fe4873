package bunlock

import (
	"slices"
	"testing"
)

// The order is that of files which bun 1.4.5 wrote.
func TestSlotOrder(t *testing.T) {
	for _, want := range [][]string{
		{"clsx", "ms", "debug", "qs", "react"},
		{"qs@6.17.1", "react@19.3.1", "ms@2.1.3"},
	} {
		if got := slotOrder(slices.Sorted(slices.Values(want)), len(want)); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
