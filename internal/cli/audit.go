package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"godwit/internal/audit"
	"godwit/internal/cli/ui"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/lockfile"
)

const auditHelp = `What the lockfile has is compared with the registry's advisories. The exit status
is 1 if any is at least as bad as --audit-level; so it is when the registry cannot
be asked, unless --ignore-registry-errors says otherwise. Advisories that
auditConfig.ignoreGhsas in pnpm-workspace.yaml names do not count.
    godwit audit --fix          overrides in pnpm-workspace.yaml for what can be fixed
    godwit audit fix            the same; in npm's projects other versions in the
                                lockfile, and with --force in package.json
    godwit audit --ignore GHSA  one more advisory that does not count
    godwit audit signatures     whether the registry signed what it published, and
                                whether statements of where it was built are true`

// runAudit is the command audit.
func runAudit(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	fix := c.cfg.Settings.Audit.Fix
	switch {
	case len(words) == 1 && words[0] == "signatures":
		return c.auditSignatures(ctx)
	case len(words) == 1 && words[0] == "fix":
		fix = true
	case len(words) > 0:
		return &usageError{"audit knows fix and signatures, and got " + strings.Join(words, " "), "godwit help audit"}
	}
	if len(c.cfg.Settings.Audit.Ignore) > 0 {
		return c.ignoreAdvisories()
	}
	if err := c.findLock(); err != nil {
		return err
	}
	if c.npmProject() {
		return c.auditNpm(ctx, fix)
	}
	a, err := c.newAuditor()
	if err != nil {
		return err
	}
	if err := a.ask(ctx); err != nil {
		if !c.cfg.Settings.Audit.IgnoreErrors {
			return err
		}
		fmt.Fprintf(c.Stderr, "%v\n", err)
		return nil
	}
	if fix {
		return a.fix()
	}
	return a.report()
}

// auditor compares a graph with advisories.
type auditor struct {
	*call
	graph    *graph.Graph
	reach    graph.Reach
	findings []audit.Finding // the worst first
	ignored  []audit.Finding
}

// newAuditor reads the lockfile, as much of it as the flags are about.
func (c *call) newAuditor() (*auditor, error) {
	if err := c.findLock(); err != nil {
		return nil, err
	}
	if c.lock.Path == "" {
		return nil, errNoLockfile(c.workspace.root)
	}
	doc, err := lockfile.Read(c.lock)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, lockfile.ErrEmpty) {
		return nil, errNoLockfile(c.workspace.root)
	}
	if err != nil {
		return nil, err
	}
	if doc.Graph == nil {
		if err := c.joinProjects(doc); err != nil {
			return nil, err
		}
	}
	a := &auditor{call: c, graph: doc.Graph}
	a.reach = a.graph.Reachable(graph.Scope{Groups: groups(c.cfg.Settings.Include)})
	return a, nil
}

// joinProjects gives a lockfile of yarn's or bun's the graph that it is for the projects.
func (c *call) joinProjects(doc *lockfile.Document) error {
	reporter := c.reporter()
	defer reporter.Close()
	if err := errors.Join(c.readTool(reporter), c.workspace.list()); err != nil {
		return err
	}
	importers, err := c.projects()
	if err != nil {
		return err
	}
	settings := c.lockSettings()
	settings.Resolutions = c.inputs.Project.Manifest.Resolutions
	if c.tool.berry {
		settings.Extend = c.yarnExtends()
	}
	return lockfile.Join(c.lock.Path, doc, install.Recorded(importers), settings, true)
}

func errNoLockfile(dir string) error {
	return &refusedError{what: "there is no lockfile in " + dir, code: "ERR_PNPM_AUDIT_NO_LOCKFILE", next: "godwit install makes one"}
}

// ask gets the advisories from the registry, and matches them.
func (a *auditor) ask(ctx context.Context) error {
	advisories := map[string][]audit.Advisory{}
	if err := a.askBulk(ctx, audit.Question(a.graph, a.reach), &advisories); err != nil {
		return err
	}
	ignored, err := a.ignores()
	if err != nil {
		return err
	}
	for _, f := range audit.Find(a.graph, a.reach, advisories) {
		if id := f.GHSA(); id != "" && slices.Contains(ignored, id) {
			a.ignored = append(a.ignored, f)
		} else {
			a.findings = append(a.findings, f)
		}
	}
	return nil
}

// askBulk decodes into answer what the default registry says of versions of packages;
// about none it is not asked.
func (c *call) askBulk(ctx context.Context, question map[string][]string, answer any) error {
	if len(question) == 0 {
		return nil
	}
	e, err := c.endpointOf("")
	if err != nil {
		return err
	}
	if _, err := e.send(ctx, http.MethodPost, "-/npm/v1/security/advisories/bulk", question, answer); err != nil {
		return &auditError{e.url, err}
	}
	return nil
}

// ignores lists the advisories that do not count.
func (c *call) ignores() ([]string, error) {
	shapes, err := c.shapes()
	var out []string
	for _, shape := range shapes {
		out = append(out, shape.AuditConfig.Field("ignoreGhsas").Strings()...)
		if shape.AuditConfig.Field("ignoreCves").Strings() != nil {
			fmt.Fprintln(c.Stderr, "auditConfig.ignoreCves has no effect: registries no longer tell CVE numbers; name advisories under ignoreGhsas")
		}
	}
	return out, err
}

// counts reports whether a finding is bad enough to fail.
func (a *auditor) counts(f *audit.Finding) bool {
	level := a.cfg.Settings.Audit.Level
	return level != "none" && audit.Rank(f.Severity) >= audit.Rank(level)
}

// report prints what was found, and fails if anything is bad enough.
func (a *auditor) report() error {
	var err error
	switch {
	case a.cfg.Settings.Call.JSON:
		err = writeJSON(a.Stdout, a.pnpmReport())
	default:
		err = a.text()
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(a.findings, func(f audit.Finding) bool { return a.counts(&f) }) {
		return errSaid
	}
	return nil
}

// text is the report for people.
func (a *auditor) text() error {
	var b strings.Builder
	bySeverity := map[string]int{}
	for _, f := range a.findings {
		bySeverity[f.Severity]++
		if !a.counts(&f) {
			continue
		}
		fmt.Fprintf(&b, "%s: %s\n  package   %s %s\n", f.Severity, f.Title, f.Name, f.Vulnerable)
		if patched := f.Patched(); patched != "" {
			fmt.Fprintf(&b, "  patched   %s\n", patched)
		}
		word := "paths"
		for _, path := range a.paths(&f) {
			fmt.Fprintf(&b, "  %-9s %s\n", word, path)
			word = ""
		}
		fmt.Fprintf(&b, "  see       %s\n\n", f.URL)
	}
	if len(a.findings) == 0 {
		b.WriteString("No known vulnerabilities found\n")
	} else {
		fmt.Fprintf(&b, "%d vulnerabilities found\nSeverity: %s\n", len(a.findings), summary(bySeverity))
	}
	if len(a.ignored) > 0 {
		fmt.Fprintf(&b, "%d ignored\n", len(a.ignored))
	}
	_, err := fmt.Fprint(a.Stdout, ui.Plain(b.String()))
	return err
}

// shownPaths is how many ways to a package people read.
const shownPaths = 5

func (a *auditor) paths(f *audit.Finding) []string {
	var out []string
	for _, h := range f.Hits {
		for _, path := range h.Paths {
			out = append(out, path+"@"+h.Version)
		}
	}
	if n := len(out) - shownPaths; n > 0 {
		out = append(out[:shownPaths], fmt.Sprintf("and %d more: godwit why %s", n, f.Name))
	}
	return out
}

// summary counts severities in pnpm's words: "1 high | 1 critical".
func summary(bySeverity map[string]int) string {
	var parts []string
	for _, s := range audit.Severities {
		if bySeverity[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", bySeverity[s], s))
		}
	}
	return strings.Join(parts, " | ")
}

// auditError is a registry that could not be asked.
type auditError struct {
	url string
	err error
}

func (e *auditError) Error() string {
	return fmt.Sprintf("ask %s for advisories: %v", e.url, e.err)
}
func (e *auditError) Unwrap() error { return e.err }

// Code is pnpm's code for this error.
func (e *auditError) Code() string { return "ERR_PNPM_AUDIT_BAD_RESPONSE" }

// Hint is what the user can do.
func (e *auditError) Hint() string {
	return "nothing is known of vulnerabilities; try again, name another --registry, or pass --ignore-registry-errors"
}
