// Package codes says what each code of an error means and what to do about it, for
// godwit help CODE and doc/errors.md. Codes are stable: scripts look for them.
package codes

import (
	"fmt"
	"strings"
)

// Code is one code.
type Code struct {
	Name  string // ends in "*" where it stands for all that begin so
	Means string // the cause
	Next  string // what to do
}

// Section is codes about one subject.
type Section struct {
	Title string
	Codes []Code
}

// Of finds a code, in whatever case it was typed.
func Of(name string) (Code, bool) {
	name = strings.ToUpper(name)
	for _, section := range sections {
		for _, c := range section.Codes {
			prefix, family := strings.CutSuffix(c.Name, "*")
			if c.Name == name || family && strings.HasPrefix(name, prefix) {
				return c, true
			}
		}
	}
	return Code{}, false
}

// Markdown is all of them as a page.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Codes of errors\n\nMade of `internal/cli/codes` by `make errors`. `godwit help CODE` says the same. An error is printed as\n\n" +
		"```\nCODE  who asks > for what: what went wrong\n  Next: what to do\n```\n\non stderr, with exit status 1 (that of the script, where one failed); with `--json` it is on stdout as well. Codes do not change " +
		"from version to version. Those that begin with ERR_PNPM_ are pnpm's and mean what they mean there, as those without ERR_ are npm's.\n" +
		"In npm's projects `--json` has npm's code for the same thing (E404, ETARGET, EUSAGE, …).\n")
	for _, section := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n| code | what it means | what to do |\n|---|---|---|\n", section.Title)
		for _, c := range section.Codes {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Name, strings.ReplaceAll(c.Means, "|", `\|`), strings.ReplaceAll(c.Next, "|", `\|`))
		}
	}
	return b.String()
}
