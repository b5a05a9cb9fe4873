// Package known knows names that many projects depend on, so that a name which
// was typed wrong can be told from one that is new.
//
// names.txt holds each name in the lockfiles of seven public projects (vue's core,
// Playwright, Prettier, Hono, typescript-eslint, Vite and Nest's CLI; August 2026)
// and how many of them have it. TestNames makes it.
package known

import (
	_ "embed"
	"strings"
)

//go:embed names.txt
var text string

// projects is how many of the seven must have a name for it to be popular: one
// may depend on what nobody else knows.
const projects = 2

// shortest is the fewest letters of a name that others are measured by. A letter
// changed in a shorter one makes a name that somebody else has.
const shortest = 5

// Popular are the popular names, sorted.
func Popular() []string {
	var out []string
	each(func(name string, count int) {
		if count >= projects {
			out = append(out, name)
		}
	})
	return out
}

// each calls f with each name and the number of projects that have it.
func each(f func(name string, projects int)) {
	for line := range strings.Lines(text) {
		if name, count, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			f(name, int(count[0]-'0'))
		}
	}
}

// Meant is the popular name that stands one slip away from name: a letter too
// many, too few, another one, two in the wrong order; or dots, hyphens and
// underscores in other places. It is "" for names that are known themselves and
// for those in a scope that is, which somebody owns as a whole.
func Meant(name string) string {
	meant, most := "", 0
	scope, _, scoped := strings.Cut(name, "/")
	flat := flatten(name)
	known := false
	each(func(other string, count int) {
		switch {
		case other == name, scoped && strings.HasPrefix(other, scope+"/"):
			known = true
		case count >= max(projects, most+1) && len(other) >= shortest && (oneSlip(name, other) || flat == flatten(other)):
			meant, most = other, count
		}
	})
	if known {
		return ""
	}
	return meant
}

var separators = strings.NewReplacer("-", "", "_", "", ".", "")

func flatten(name string) string { return separators.Replace(strings.ToLower(name)) }

// oneSlip reports whether two words differ in one letter, or in the order of two
// that are neighbours.
func oneSlip(a, b string) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch {
	case len(a) <= 1 && len(b) <= 1:
		return a != b
	case len(a) == 2 && len(b) == 2:
		return a[0] == b[1] && a[1] == b[0]
	}
	return false
}
