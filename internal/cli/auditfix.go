package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
)

// addedOverride is one that audit --fix adds.
type addedOverride struct{ name, selector, version string }

// fix writes overrides that keep vulnerable versions out, as pnpm does.
func (a *auditor) fix() error {
	added := a.overrides()
	if a.foreign() {
		added = a.byName(added)
	}
	if len(added) == 0 {
		_, err := fmt.Fprintln(a.Stdout, "No fixes were made")
		return err
	}
	if a.foreign() {
		return a.fixManifest(added)
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
	return a.tellAdded(added, "overrides", project.WorkspaceFile)
}

// tellAdded says what was added where, in pnpm's words.
func (a *auditor) tellAdded(added []addedOverride, what, file string) error {
	list := project.Node{Kind: project.Map}
	for _, o := range added {
		list.Set(o.selector, project.Text(o.version))
	}
	_, err := fmt.Fprintf(a.Stdout, "%d %s were added to %s to fix vulnerabilities.\nRun \"godwit install\" to apply the fixes.\n\nThe added %s:\n%s\n", len(added), what, file, what, list.JSON())
	return err
}

// fixManifest writes to package.json what keeps vulnerable versions out of a project of
// yarn's or bun's.
func (a *auditor) fixManifest(added []addedOverride) error {
	group := "resolutions"
	if a.bunProject() {
		group = "overrides"
	}
	p := a.inputs.Project
	edits := make([]project.Edit, len(added))
	for i, o := range added {
		edits[i] = project.Edit{Group: group, Alias: o.selector, Specifier: o.version}
	}
	text, err := p.Rewrite(edits, project.Code)
	if err != nil {
		return fmt.Errorf("change %s: %w", p.Path(), err)
	}
	if err := fsys.WriteFile(p.Path(), text, fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("write %s: %w", p.Path(), err)
	}
	return a.tellAdded(added, group, p.File)
}

// byName makes one of all overrides for a name, with the highest version: yarn 1 and bun
// have no word for some versions of a package. Where a version in use is not vulnerable
// it would move as well, so such a package is left to the user.
func (a *auditor) byName(added []addedOverride) []addedOverride {
	hit := map[graph.Key]bool{}
	for _, f := range a.findings {
		for _, h := range f.Hits {
			for _, key := range h.Keys {
				hit[key] = true
			}
		}
	}
	safe := map[string]string{}
	for key := range a.reach {
		if p := a.graph.Packages[key]; p != nil && !hit[key] {
			safe[string(p.Name)] = p.Version
		}
	}
	var out []addedOverride
	for _, o := range added {
		if version := safe[o.name]; version != "" {
			fmt.Fprintf(a.Stderr, "%s is not fixed: %s is in use as well, and not vulnerable; update what depends on the others\n", o.selector, version)
			continue
		}
		o.selector = o.name
		if n := len(out); n > 0 && out[n-1].name == o.name {
			if higher(out[n-1].version, o.version) {
				continue
			}
			out = out[:n-1]
		}
		out = append(out, o)
	}
	return out
}

// higher reports whether the version behind a caret is higher than another.
func higher(a, b string) bool {
	v, err1 := semver.Parse(strings.TrimPrefix(a, "^"), semver.Options{})
	w, err2 := semver.Parse(strings.TrimPrefix(b, "^"), semver.Options{})
	return err2 != nil || err1 == nil && v.Compare(w) > 0
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
			out = append(out, addedOverride{f.Name, f.Name + "@" + f.Vulnerable, caret(patched)})
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
