package cli

import "godwit/internal/npm"

// matcher turns patterns of a setting into a predicate; nil if there are none.
func matcher(patterns []string) func(string) bool { return npm.Matcher(patterns) }
