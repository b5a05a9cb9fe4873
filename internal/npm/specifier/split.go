package specifier

import (
	"strings"

	"godwit/internal/npm"
)

// Split takes an argument of a command line apart: "name", "name@specifier" or
// a specifier alone, whose package says its own name. alias or raw is "" where
// it is not given. As in npm-package-arg, what looks like a URL, a path or a
// repository is never a name.
func Split(arg string) (alias, raw string) {
	if _, _, ok := cutScheme(arg); ok || isPath(arg) {
		return "", arg
	}
	if _, ok, _ := parseSCP(arg); ok {
		return "", arg
	}
	name, rest, _ := cutName(arg)
	if IsArchive(name) || strings.Contains(name, "/") && name[0] != '@' {
		return "", arg
	}
	if _, err := npm.ParseName(name); err != nil {
		return "", arg
	}
	return name, rest
}
