package cli

import (
	"fmt"
	"strings"

	"godwit/internal/cli/actual"
)

// npmExplain is the command why in a project of npm's.
func (c *call) npmExplain(names []string) error {
	t, err := c.npmTree()
	if err != nil {
		return err
	}
	x := actual.NewExplainer(t)
	of := x.Below(t.Selected)
	var found []*actual.Why
	for _, name := range names {
		for _, place := range x.Matching(name, c.Dir) {
			if t.Selected == nil || of[place] {
				found = append(found, x.Asked(place))
			}
		}
	}
	if len(found) == 0 {
		return &notFoundError{strings.Join(names, ", ")}
	}
	ways := 0
	for _, why := range found {
		if ways += why.Ways(); ways > actual.MaxWays {
			return &usageError{fmt.Sprintf("there are more than %d ways to %s", actual.MaxWays, strings.Join(names, ", ")), "name one of its places (node_modules/...), or what depends on it"}
		}
	}
	if c.cfg.Settings.Call.JSON {
		return writeJSON(c.Stdout, found)
	}
	return actual.DrawReasons(c.Stdout, found)
}

// notFoundError is a package that is not installed.
type notFoundError struct{ names string }

func (e *notFoundError) Error() string { return "no dependencies found matching " + e.names }
func (e *notFoundError) Hint() string  { return "godwit list --all shows what there is" }
