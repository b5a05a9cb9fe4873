package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
)

// annotate tells GitHub Actions of an error by a command of workflows: it then stands
// at the run and at the pull request, where nobody has to look for it in the log. A
// script that failed has told of its errors itself.
// (GitHub's documentation, "Workflow commands": lines of stdout and stderr are read,
// and "%" and line breaks are written as in URLs.)
func annotate(p *Process, err error) {
	if !slices.Contains(p.Env, "GITHUB_ACTIONS=true") || errors.As(err, new(*scriptError)) {
		return
	}
	text := ui.Plain(err.Error())
	if next := nextOf(err); next != "" {
		text += "\nNext: " + next
	}
	escape := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	fmt.Fprintf(p.Stderr, "::error title=%s::%s\n", codeOf(err), escape.Replace(text))
}
