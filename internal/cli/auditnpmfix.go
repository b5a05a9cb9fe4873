package cli

import (
	"context"
	"fmt"
	"strings"

	"godwit/internal/audit/npmaudit"
	"godwit/internal/cli/ui"
	"godwit/internal/install"
	"godwit/internal/npm/specifier"
	"godwit/internal/query"
	"godwit/internal/resolve/npmtree"
)

// fix changes the lockfile, and with --force package.json, so that less of what was
// found is there, and tells what is left (arborist: build-ideal-tree,
// #queueVulnDependents).
func (a *npmAuditing) fix(ctx context.Context, report *npmaudit.Report) error {
	began := a.Now()
	e := &editing{changes: func(im *install.Importer) ([]change, error) { return a.forced(report, im) }}
	e.targets = func([]install.Importer) (map[string]bool, error) { return a.tops(report), nil }
	var changes []install.Transition
	err := a.installQuietly(ctx, func(req *install.Request) error {
		req.Foretell = func(all []install.Transition) error { changes = all; return nil }
		req.Resolver.(*npmResolver).fixing = fixing(report) // the project is npm's
		return a.edit(req, e, nil)
	})
	if err != nil {
		return err
	}
	if !a.cfg.Settings.Call.DryRun {
		if report, err = a.report(ctx); err != nil {
			return a.auditFailed(err)
		}
	}
	doc := report.Document()
	told := a.foretold(changes)
	told.Audited = doc.Metadata.Dependencies.Total + 1
	if a.cfg.Settings.Call.JSON {
		told.Audit = doc
	}
	if err := a.tell(told, a.cfg.Settings.Call.DryRun, began); err != nil {
		return err
	}
	if !a.cfg.Settings.Call.JSON {
		fmt.Fprintf(a.Stdout, "\n%s\n", a.text(doc))
	}
	if a.stillYoung(report) {
		return errSaid
	}
	return a.verdict(doc)
}

// fixing is what the resolver has to know.
func fixing(report *npmaudit.Report) *npmtree.Fixing {
	f := &npmtree.Fixing{Vulnerable: report.Concerns, Avoid: report.Avoid}
	for _, v := range report.Vulns() {
		for _, n := range v.Nodes() {
			f.Dirs = append(f.Dirs, n.Location)
		}
	}
	return f
}

// tops are the projects that have to ask for something else, if that may be forced
// on them.
func (a *npmAuditing) tops(report *npmaudit.Report) map[string]bool {
	dirs := map[string]bool{}
	if !a.cfg.Settings.Call.Force {
		return dirs
	}
	for _, v := range report.Vulns() {
		for _, n := range v.Tops() {
			switch {
			case !n.Root && !n.Workspace:
				a.warn("%s@%s: fix it in the linked project %s itself (godwit -C %[3]s audit)", v.Name, v.Range(), n.Location)
			case v.Fix().Kind == npmaudit.NoFix:
				a.warn("no fix is available for %s@%s", v.Name, v.Range())
			case v.Fix().Kind == npmaudit.FixForced:
				dirs[dirOf(n)] = true
			}
		}
	}
	return dirs
}

func (a *npmAuditing) warn(format string, args ...any) {
	fmt.Fprintf(a.Stderr, "WARN %s\n", ui.Plain(fmt.Sprintf(format, args...)))
}

// dirOf is the directory of a project as importers have it.
func dirOf(n *query.Node) string {
	if n.Root {
		return "."
	}
	return n.Location
}

// forced is what a project has to ask for.
func (a *npmAuditing) forced(report *npmaudit.Report, im *install.Importer) ([]change, error) {
	add := &adding{call: a.call, into: im}
	for _, v := range report.Vulns() {
		for _, n := range v.Tops() {
			f := v.Fix()
			if f.Kind != npmaudit.FixForced || dirOf(n) != im.Dir {
				continue
			}
			a.warn("updating %s to %s, which is %s", f.Name, f.Version, f.Breaks("a new major version", "outside of what is asked for"))
			s, err := specifier.Parse(f.Name, f.Version)
			if err != nil {
				return nil, fmt.Errorf("fix %s: %w", v.Name, err)
			}
			if err := add.addNpm(s); err != nil {
				return nil, err
			}
		}
	}
	return add.changes, nil
}

// stillYoung reports whether a policy keeps an update away that would help, and says
// so.
func (a *npmAuditing) stillYoung(report *npmaudit.Report) bool {
	var names []string
	for _, v := range report.Vulns() {
		if v.Blocked != nil {
			names = append(names, v.Name+"@"+v.Blocked.Version)
		}
	}
	if len(names) > 0 {
		a.warn("what would help is too young for minimum-release-age or before: %s; name it in min-release-age-exclude to have it", strings.Join(names, ", "))
	}
	return len(names) > 0
}
