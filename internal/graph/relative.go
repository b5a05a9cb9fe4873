package graph

import (
	"path"
	"strings"
)

// Relative is the slash path from one directory of the project to another, as
// links say it. Both are from the lockfile's directory, clean and within it.
func Relative(from, to string) string {
	if from == "" || from == "." {
		return to
	}
	up, down := strings.Split(from, "/"), strings.Split(to, "/")
	for len(up) > 0 && len(down) > 0 && up[0] == down[0] {
		up, down = up[1:], down[1:]
	}
	return path.Join(strings.Repeat("../", len(up))+".", path.Join(down...))
}
