package cli

import (
	"slices"
	"strings"
)

// recursively says in our words what a command line says in pnpm's older ones:
// "recursive run x", or multi or m, is "--recursive run x".
func recursively(args []string) []string {
	for i := 0; i < len(args); i++ {
		switch word := args[i]; {
		case slices.Contains([]string{"-C", "--dir", "-F", "--filter"}, word):
			i++ // its value
		case strings.HasPrefix(word, "-") && word != "--":
		case slices.Contains([]string{"recursive", "multi", "m"}, word) && i+1 < len(args):
			return slices.Concat(args[:i], []string{"--recursive"}, args[i+1:])
		default:
			return args
		}
	}
	return args
}
