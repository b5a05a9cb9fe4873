package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
)

// runApproveBuilds is the command approve-builds: it writes down who may run
// install scripts, and runs those.
func runApproveBuilds(ctx context.Context, c *call) error {
	if c.cfg.Settings.Call.Global {
		return c.approveGlobal(ctx)
	}
	waiting, err := c.tree().AwaitingApproval()
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("approve-builds: nothing is installed here yet: run godwit install first")
	}
	if err != nil {
		return err
	}
	names := selectorsOf(waiting)
	rules, err := c.decisions(names)
	if err != nil || len(rules) == 0 {
		return err
	}
	if err := c.writeBuilds(rules); err != nil {
		return err
	}
	again, err := load(c.Process, c.args, false)
	if err != nil {
		return err
	}
	again.cfg.Settings.Build.Strict = false // whoever is left can be decided about later
	return runInstall(ctx, again)
}

// selectorsOf is what allowBuilds calls packages: by name if a registry has
// them, else by their whole ID.
func selectorsOf(ids []string) []string {
	var out []string
	for _, id := range ids {
		name, version := graph.Key(id).Split()
		if _, err := semver.Parse(version, semver.Options{}); err == nil {
			id = string(name)
		}
		out = append(out, id)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// decisions are those of the command line, or else what the user answers.
func (c *call) decisions(waiting []string) ([]project.BuildRule, error) {
	var rules []project.BuildRule
	for _, arg := range c.args.Positional[1:] {
		name, denied := strings.CutPrefix(arg, "!")
		if _, err := expandSelector(name); err != nil || name == "" {
			return nil, errors.Join(err, fmt.Errorf("approve-builds wants names of packages, and got %q", arg))
		}
		if !slices.Contains(waiting, name) {
			fmt.Fprintf(c.Stderr, "WARN %s is not awaiting approval\n", ui.Plain(name))
		}
		rules = append(rules, project.BuildRule{Selector: name, Allow: !denied})
	}
	switch {
	case len(rules) > 0:
		return rules, nil
	case len(waiting) == 0:
		_, err := fmt.Fprintln(c.Stdout, "There are no packages awaiting approval")
		return nil, err
	case c.cfg.Settings.Call.All:
		for _, name := range waiting {
			rules = append(rules, project.BuildRule{Selector: name, Allow: true})
		}
		return rules, nil
	case !c.Terminal:
		return nil, &noTerminalError{waiting}
	}
	return c.ask(waiting)
}

// noTerminalError is a question that nobody is there to answer.
type noTerminalError struct{ waiting []string }

func (e *noTerminalError) Error() string {
	return "approve-builds asks which packages may run install scripts, and this is no terminal; there are " + strings.Join(e.waiting, ", ")
}
func (e *noTerminalError) Hint() string {
	return "name those that may behind the command, !name those that may not, or use --all"
}

// ask lets the user pick who may run scripts; the others may not (pnpm).
func (c *call) ask(waiting []string) ([]project.BuildRule, error) {
	picked, err := c.choices("These packages have install scripts that did not run:", "Which of them may run? Numbers, \"all\" or \"none\" (the others may not): ", waiting)
	if err != nil {
		return nil, err
	}
	var rules []project.BuildRule
	for i, name := range waiting {
		rules = append(rules, project.BuildRule{Selector: name, Allow: picked[i]})
	}
	return rules, nil
}

// writeBuilds puts rules into pnpm-workspace.yaml, or where the project's tool reads
// them if there is no such file.
func (c *call) writeBuilds(rules []project.BuildRule) error {
	if len(rules) == 0 {
		return nil
	}
	if c.rulesInManifest(rules) {
		return c.rewriteDocument(c.inputs.Project, c.amendManifest(rules))
	}
	file := filepath.Join(c.workspace.top(), project.WorkspaceFile)
	if ws := c.inputs.Workspace; ws != nil {
		file = ws.File
	}
	raw, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := project.SetBuilds(file, raw, rules)
	if err != nil {
		return err
	}
	return saveWorkspace(file, out)
}

// rulesInManifest reports whether rules belong in package.json: npm knows them all
// there, and bun who may.
func (c *call) rulesInManifest(rules []project.BuildRule) bool {
	denies := slices.ContainsFunc(rules, func(r project.BuildRule) bool { return !r.Allow })
	return c.inputs.Workspace == nil && (c.flavour() == lockfile.Npm || c.flavour() == lockfile.Bun && !denies)
}

// amendManifest puts rules into a package.json as npm and bun read them.
func (c *call) amendManifest(rules []project.BuildRule) func(*project.Project) (project.Node, error) {
	return func(p *project.Project) (doc project.Node, err error) {
		doc = p.Manifest.Document
		for _, rule := range rules {
			way, value := project.Property{"allowScripts", rule.Selector}, project.Node{Kind: project.Bool, Text: strconv.FormatBool(rule.Allow)}
			if c.flavour() == lockfile.Bun {
				if slices.Contains(p.Manifest.Trusted, rule.Selector) {
					continue
				}
				way, value = project.Property{"trustedDependencies", project.BehindLast}, project.Text(rule.Selector)
			}
			if doc, err = way.Set(doc, value, true); err != nil {
				return doc, err
			}
		}
		return doc, nil
	}
}

// whereRules names what writeBuilds writes.
func (c *call) whereRules() string {
	if c.inputs.Workspace == nil && c.flavour() == lockfile.Npm {
		return `"allowScripts" of package.json`
	}
	return `"allowBuilds" of pnpm-workspace.yaml`
}

// runIgnoredBuilds is the command ignored-builds: whose install scripts did not
// run, in pnpm's words, which scripts look for.
func runIgnoredBuilds(_ context.Context, c *call) error {
	var b strings.Builder
	b.WriteString("Automatically ignored builds during installation:\n")
	waiting, err := c.tree().AwaitingApproval()
	switch names := selectorsOf(waiting); {
	case errors.Is(err, fs.ErrNotExist):
		b.WriteString("  Cannot identify as no node_modules found\n")
	case err != nil:
		return err
	case len(names) == 0:
		b.WriteString("  None\n")
	default:
		b.WriteString("  " + strings.Join(names, "\n  ") + "\n" +
			"hint: To allow the execution of build scripts for a package, run godwit approve-builds, or add its name to " + c.whereRules() + " with the value true, then install.\n" +
			"hint: If you don't want to build a package, set it to false instead.\n")
	}
	var denied []string
	for _, rule := range c.buildRules() {
		if !rule.Allow {
			denied = append(denied, rule.Selector)
		}
	}
	if len(denied) > 0 {
		slices.Sort(denied)
		b.WriteString("\nExplicitly ignored package builds (via allowBuilds):\n  " + strings.Join(denied, "\n  ") + "\n")
	}
	_, err = fmt.Fprint(c.Stdout, ui.Plain(b.String()))
	return err
}
