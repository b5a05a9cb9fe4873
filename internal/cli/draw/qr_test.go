package draw

import (
	"strings"
	"testing"
)

// The squares in three corners are where they belong, in a light edge.
func TestQRCode(t *testing.T) {
	lines, err := QR("otpauth://totp/registry:tester?secret=JBSWY3DPEHPK3PXP")
	if err != nil {
		t.Fatal(err)
	}
	width := len([]rune(lines[0]))
	light := func(x, y int) bool {
		r := []rune(lines[y/2])[x]
		return r == '█' || r == '▀' && y%2 == 0 || r == '▄' && y%2 == 1
	}
	const finder = "1111111 1000001 1011101 1011101 1011101 1000001 1111111"
	for _, at := range [][2]int{{2, 2}, {width - 2 - 7, 2}, {2, width - 2 - 7}} {
		for dy, row := range strings.Fields(finder) {
			for dx, want := range row {
				if light(at[0]+dx, at[1]+dy) == (want == '1') {
					t.Fatalf("the corner at %v is wrong in row %d, column %d", at, dy, dx)
				}
			}
		}
	}
	for i := range width {
		if !light(i, 0) || !light(0, min(i, 2*len(lines)-1)) {
			t.Fatal("the edge is not light")
		}
	}
	if _, err := QR(strings.Repeat("x", 5000)); err == nil {
		t.Error("5000 characters fit")
	}
}
