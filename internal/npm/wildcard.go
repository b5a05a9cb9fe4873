package npm

import "strings"

// Wildcard reports whether name matches a pattern in which "*" stands for any
// text, "/" too (pnpm's matcher, without its "!").
func Wildcard(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// Matcher turns patterns ("*", "@types/*", "!eslint") into a predicate: the
// last pattern that matches decides (pnpm's matcher). Without patterns it is nil.
func Matcher(patterns []string) func(string) bool {
	if len(patterns) == 0 {
		return nil
	}
	return func(name string) bool {
		// A list of exclusions only excludes from everything.
		matched := strings.HasPrefix(patterns[0], "!")
		for _, p := range patterns {
			not := strings.HasPrefix(p, "!")
			if Wildcard(strings.TrimPrefix(p, "!"), name) {
				matched = !not
			}
		}
		return matched
	}
}
