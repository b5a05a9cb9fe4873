package draw

import "strings"

// Corners are what stands before a line of a tree, and before the lines below
// it: last of its branch or not, with a branch of its own or not.
func Corners(last, branches bool) (corner, below string) {
	corner, below = "├── ", "│ "
	if last {
		corner, below = "└── ", "  "
	}
	if branches {
		corner = strings.Replace(corner, "── ", "─┬ ", 1)
	}
	return corner, below
}
