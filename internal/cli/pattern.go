package cli

import "strings"

// matcher turns patterns ("*", "@types/*", "!eslint") into a predicate: the
// last pattern that matches decides (pnpm's matcher).
func matcher(patterns []string) func(string) bool {
	if len(patterns) == 0 {
		return nil
	}
	return func(name string) bool {
		// A list of exclusions only excludes from everything.
		matched := strings.HasPrefix(patterns[0], "!")
		for _, p := range patterns {
			not := strings.HasPrefix(p, "!")
			if wildcard(strings.TrimPrefix(p, "!"), name) {
				matched = !not
			}
		}
		return matched
	}
}

// wildcard matches a pattern in which "*" stands for any text, "/" too.
func wildcard(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(name, p)
		if i < 0 {
			return false
		}
		name = name[i+len(p):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}
