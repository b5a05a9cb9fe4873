package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"godwit/internal/audit/npmaudit"
	"godwit/internal/cli/ui"
	"godwit/internal/install"
	"godwit/internal/layout"
	"godwit/internal/npm"
)

// foretold is what --dry-run and --json say in a project of npm's, in the shape of
// npm's JSON.
type foretold struct {
	Add     []foretoldPackage `json:"add"`
	Added   int               `json:"added"`
	Audited int               `json:"audited"` // 0 where nothing is asked about vulnerabilities
	Change  []foretoldChange  `json:"change"`
	Changed int               `json:"changed"`
	Funding int               `json:"funding"` // 0: nor about who wants money
	Remove  []foretoldPackage `json:"remove"`
	Removed int               `json:"removed"`

	Audit *npmaudit.Document `json:"audit,omitempty"` // what audit fix leaves

	lines []string
	root  string
}

type foretoldPackage struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Path    string `json:"path"`
}

type foretoldChange struct {
	From foretoldPackage `json:"from"`
	To   foretoldPackage `json:"to"`
}

// foretold is what became, or would, of packages.
func (c *call) foretold(changes []install.Transition) *foretold {
	f := &foretold{Add: []foretoldPackage{}, Change: []foretoldChange{}, Remove: []foretoldPackage{}, root: c.workspace.root}
	for _, change := range npmOrder(changes) {
		f.note(change)
	}
	return f
}

// tell prints that as npm does: how many packages there are, and before that a line
// for each, if each is to have one; with --json all in one object.
func (c *call) tell(f *foretold, each bool, since time.Time) error {
	if c.cfg.Settings.Call.JSON {
		return writeJSON(c.Stdout, f)
	}
	if each {
		for _, line := range f.lines {
			fmt.Fprintln(c.Stdout, ui.Plain(line))
		}
	}
	_, err := fmt.Fprintf(c.Stdout, "\n%s in %s\n", f.summary(), npmDuration(c.Now().Sub(since)))
	return err
}

func (f *foretold) note(change install.Transition) {
	name := change.Dir
	if _, alias, found := npm.CutModules(name); found {
		name = alias
	}
	of := func(version string) foretoldPackage {
		return foretoldPackage{name, version, filepath.Join(f.root, filepath.FromSlash(change.Dir))}
	}
	switch {
	case change.Old == "":
		f.Add, f.Added = append(f.Add, of(change.New)), f.Added+1
		f.lines = append(f.lines, fmt.Sprintf("add %s %s", name, change.New))
	case change.New == "":
		f.Remove, f.Removed = append(f.Remove, of(change.Old)), f.Removed+1
		f.lines = append(f.lines, fmt.Sprintf("remove %s %s", name, change.Old))
	default:
		f.Change, f.Changed = append(f.Change, foretoldChange{of(change.Old), of(change.New)}), f.Changed+1
		f.lines = append(f.lines, fmt.Sprintf("change %s %s => %s", name, change.Old, change.New))
	}
}

// summary counts, in npm's words.
func (f *foretold) summary() string {
	var parts []string
	for _, p := range []struct {
		verb string
		n    int
	}{{"added", f.Added}, {"removed", f.Removed}, {"changed", f.Changed}} {
		if p.n > 0 {
			parts = append(parts, p.verb+" "+ui.Count(p.n, "package"))
		}
	}
	if len(parts) == 0 {
		parts = []string{"up to date"}
	}
	if f.Audited > 0 {
		audited := "audited " + ui.Count(f.Audited, "package")
		if parts[0] != "up to date" {
			audited = "and " + audited
		}
		return strings.Join(append(parts, audited), ", ")
	}
	if last := len(parts) - 1; last > 0 {
		parts[last] = "and " + parts[last]
	}
	return strings.Join(parts, ", ")
}

// npmOrder is the order in which npm tells of directories: a package before those
// in it, and else the last one first.
func npmOrder(changes []install.Transition) []install.Transition {
	ways := func(c install.Transition) []string { return strings.Split(c.Dir, "/"+layout.ModulesDir+"/") }
	slices.SortStableFunc(changes, func(a, b install.Transition) int {
		return slices.CompareFunc(ways(a), ways(b), func(x, y string) int { return npm.Collate(y, x) })
	})
	return changes
}

// npmDuration is a time as npm writes it.
func npmDuration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Round(time.Second).Seconds()))
	}
	return fmt.Sprintf("%dm", int(d.Round(time.Minute).Minutes()))
}
