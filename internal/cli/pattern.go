package cli

import (
	"strings"

	"godwit/internal/npm"
)

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
			if npm.Wildcard(strings.TrimPrefix(p, "!"), name) {
				matched = !not
			}
		}
		return matched
	}
}
