package config

import (
	"slices"
	"strings"
)

// maxNearest is how many suggestions fit a line.
const maxNearest = 3

// nearestFlags are the flags whose names are most like what was typed.
func nearestFlags(typed string) []string {
	typed = kebab(typed)
	names := make([]string, 0, len(table)*2)
	for i := range table {
		s := &table[i]
		names = append(names, s.Key)
		names = append(names, strings.Fields(s.Also)...)
		names = append(names, strings.Fields(s.Flags)...)
	}
	out := Nearest(typed, names)
	for i := range out {
		out[i] = "--" + out[i]
	}
	return out
}

// Nearest are the names most like what was typed, the best first: at most
// three, and none that differs in more than a third of its letters. A name
// that begins with what was typed is always near.
func Nearest(typed string, names []string) []string {
	type near struct {
		name     string
		distance int
	}
	var found []near
	for _, name := range names {
		d := distance(typed, name)
		if len(typed) >= 3 && strings.HasPrefix(name, typed) {
			d = min(d, 1)
		}
		if d <= max(1, len(name)/3) {
			found = append(found, near{name, d})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return a.distance - b.distance })
	var out []string
	for _, n := range found {
		if len(out) < maxNearest && !slices.Contains(out, n.name) {
			out = append(out, n.name)
		}
	}
	return out
}

// distance is the Damerau-Levenshtein distance (adjacent letters may be
// swapped) of two short words in bytes.
func distance(a, b string) int {
	const longest = 64 // no flag is longer; a longer word is near to none
	if len(a) > longest || len(b) > longest {
		return len(a) + len(b)
	}
	var rows [3][longest + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
