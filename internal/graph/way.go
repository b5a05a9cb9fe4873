package graph

import (
	"path"
	"slices"
	"strings"
)

// Way is the way from one directory to another. Both are clean slash paths from the
// lockfile's directory; root is that, absolute and with slashes, and counts only for a
// way that begins outside of it and leads in.
func Way(root, from, to string) string {
	out, in := parts(from), parts(to)
	common := 0 // levels above root
	for len(out) > 0 && len(in) > 0 && out[0] == in[0] {
		if out[0] == ".." {
			common++
		}
		out, in = out[1:], in[1:]
	}
	down := 0 // levels that lead from there to root
	for len(out) > down && out[down] == ".." {
		down++
	}
	if down > 0 {
		names := last(root, common+down)
		in = append(names[:min(down, len(names))], in...)
		out = out[down:]
	}
	return path.Join(strings.Repeat("../", len(out))+".", path.Join(in...))
}

// Arrive is where a way leads from a directory, as a slash path from root: what leads
// out and in again is inside.
func Arrive(root, from, way string) string {
	names := parts(path.Join(from, way))
	above := 0
	for above < len(names) && names[above] == ".." {
		above++
	}
	for ; above > 0; above-- {
		back := last(root, above)
		if len(names) == above || len(back) < above || names[above] != back[0] {
			break
		}
		names = slices.Delete(names, above-1, above+1)
	}
	return path.Clean(path.Join(names...))
}

func parts(dir string) []string {
	if dir == "." || dir == "" {
		return nil
	}
	return strings.Split(dir, "/")
}

// last are the last n names of a path, or all.
func last(root string, n int) []string {
	names := parts(strings.Trim(root, "/"))
	return append([]string(nil), names[max(len(names)-n, 0):]...)
}
