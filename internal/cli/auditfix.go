package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/npm/semver"
	"godwit/internal/project"
)

// addedOverride is one that audit --fix adds.
type addedOverride struct{ selector, version string }

// fix writes overrides that keep vulnerable versions out, as pnpm does.
func (a *auditor) fix() error {
	added := a.overrides()
	if len(added) == 0 {
		_, err := fmt.Fprintln(a.Stdout, "No fixes were made")
		return err
	}
	err := a.editWorkspace(func(file string, text []byte) ([]byte, error) {
		for _, o := range added {
			var err error
			if text, err = project.SetYAML(file, text, []string{"overrides", o.selector}, project.Text(o.version)); err != nil {
				return nil, err
			}
		}
		return text, nil
	})
	if err != nil {
		return err
	}
	list := project.Node{Kind: project.Map}
	for _, o := range added {
		list.Set(o.selector, project.Text(o.version))
	}
	_, err = fmt.Fprintf(a.Stdout, "%d overrides were added to pnpm-workspace.yaml to fix vulnerabilities.\nRun \"godwit install\" to apply the fixes.\n\nThe added overrides:\n%s\n", len(added), list.JSON())
	return err
}

// overrides are those that the findings ask for. What another one covers is left
// out.
func (a *auditor) overrides() []addedOverride {
	var out []addedOverride
	for i, f := range a.findings {
		patched := f.Patched()
		ours, err := semver.ParseRange(f.Vulnerable, semver.Options{})
		if patched == "" || err != nil {
			continue
		}
		covered := false
		for j, other := range a.findings {
			theirs, err := semver.ParseRange(other.Vulnerable, semver.Options{})
			if i == j || err != nil || other.Name != f.Name || other.Patched() == "" || !semver.Subset(ours, theirs) {
				continue
			}
			covered = covered || !semver.Subset(theirs, ours) || j < i // of two equal ones the first stays
		}
		if !covered {
			out = append(out, addedOverride{f.Name + "@" + f.Vulnerable, caret(patched)})
		}
	}
	slices.SortFunc(out, func(a, b addedOverride) int { return strings.Compare(a.selector, b.selector) })
	return out
}

// caret keeps to the patched version's major, so that a fix breaks less.
func caret(patched string) string {
	if version, ok := strings.CutPrefix(patched, ">="); ok {
		return "^" + version
	}
	return patched
}

// ignoreAdvisories adds to the advisories that do not count.
func (c *call) ignoreAdvisories() error {
	ids := c.cfg.Settings.Audit.Ignore
	for _, id := range ids {
		if !strings.HasPrefix(id, "GHSA-") {
			return &usageError{fmt.Sprintf("%q is no advisory", id), "name one as GitHub does: GHSA-xxxx-xxxx-xxxx"}
		}
	}
	var known []string
	if c.inputs.Workspace != nil {
		known = c.inputs.Workspace.Shape.AuditConfig.Field("ignoreGhsas").Strings()
	}
	list := project.Node{Kind: project.List}
	for _, id := range slices.Concat(known, ids) {
		if !slices.ContainsFunc(list.Items, func(n project.Node) bool { return n.Text == id }) {
			list.Items = append(list.Items, project.Text(id))
		}
	}
	err := c.editWorkspace(func(file string, text []byte) ([]byte, error) {
		return project.SetYAML(file, text, []string{"auditConfig", "ignoreGhsas"}, list)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout, "%d advisories are ignored: %s\n", len(list.Items), strings.Join(list.Strings(), ", "))
	return err
}

// editWorkspace changes the pnpm-workspace.yaml at the root.
func (c *call) editWorkspace(edit func(file string, text []byte) ([]byte, error)) error {
	file := filepath.Join(c.workspace.top(), project.WorkspaceFile)
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := edit(file, old)
	if err != nil {
		return err
	}
	return saveWorkspace(file, text)
}
