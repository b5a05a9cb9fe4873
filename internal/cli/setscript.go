package cli

import (
	"context"
	"fmt"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/project"
)

// runSetScript is the command set-script: one line of package.json.
func runSetScript(_ context.Context, c *call) error {
	words := c.arguments()
	if len(words) < 2 {
		return &usageError{"set-script wants the name of a script and its command", `for example: godwit set-script build "tsc -p ."`}
	}
	p, err := c.projectOf()
	if err != nil {
		return err
	}
	edit := project.Edit{Group: "scripts", Alias: words[0], Specifier: strings.Join(words[1:], " ")}
	out, err := p.Rewrite([]project.Edit{edit}, project.Kept)
	if err != nil {
		return fmt.Errorf("change %s: %w", p.Path(), err)
	}
	if string(out) == string(p.Text()) {
		return nil
	}
	if err := fsys.WriteFile(p.Path(), out, fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("write %s: %w", p.Path(), err)
	}
	return nil
}
