package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/config"
	"godwit/internal/project"
)

// lifecycle are the scripts that npm gives a meaning, listed apart from others.
var lifecycle = []string{
	"prepublish", "prepare", "prepublishOnly", "prepack", "postpack", "publish", "postpublish",
	"preinstall", "install", "postinstall", "preuninstall", "uninstall", "postuninstall",
	"preversion", "version", "postversion", "pretest", "test", "posttest",
	"prestop", "stop", "poststop", "prestart", "start", "poststart", "prerestart", "restart", "postrestart",
}

// runRun is the command run.
func runRun(ctx context.Context, c *call) error {
	words := slices.Concat(c.args.Positional[1:], c.args.Rest)
	if len(words) == 0 {
		p, err := c.project()
		if err != nil {
			return err
		}
		if err := c.findLock(); err != nil {
			return err
		}
		return c.listScripts(&p.Manifest)
	}
	return c.runScript(ctx, "run-script", words[0], words[1:])
}

// runNamed is the commands that are scripts: test, start, stop.
func runNamed(ctx context.Context, c *call) error {
	name := commandOf(c.args.Positional)
	return c.runScript(ctx, name, name, c.arguments())
}

// runRestart stops, restarts where there is a script for that, and starts.
func runRestart(ctx context.Context, c *call) error {
	for _, name := range []string{"stop", "restart", "start"} {
		p, err := c.project()
		if err != nil {
			return err
		}
		if name == "restart" && p.Manifest.Scripts[name] == "" {
			continue
		}
		if err := c.runScript(ctx, "restart", name, c.arguments()); err != nil {
			return err
		}
	}
	return nil
}

// arguments is what follows a command and is for what it runs.
func (c *call) arguments() []string { return slices.Concat(c.args.Positional[1:], c.args.Rest) }

// project is the project at hand.
func (c *call) project() (*project.Project, error) {
	if c.workspace.here == "." && c.inputs.Project != nil && c.inputs.Project.Manifest.Document.Kind != project.Missing {
		return c.inputs.Project, nil
	}
	return project.Read(filepath.Join(c.workspace.root, filepath.FromSlash(c.workspace.here)))
}

// runScript runs a script of the project at hand, or of those selected.
func (c *call) runScript(ctx context.Context, command, name string, args []string) error {
	if err := c.checkScope(); err != nil {
		return err
	}
	if c.inputs.Project != nil {
		if err := c.findLock(); err != nil {
			return err
		}
	}
	if c.ofNpm() {
		args = c.npmFlags(args)
	}
	r, stop := c.newRunner(command)
	defer stop()
	if c.recursive() {
		if err := c.verified(ctx); err != nil {
			return err
		}
		return r.everywhere(ctx, name, args)
	}
	p, err := c.projectOf()
	if err != nil {
		return err
	}
	names, err := scriptNames(&p.Manifest, name)
	if err != nil {
		return err
	}
	server := name == "start" && isRegular(filepath.Join(p.Dir, "server.js"))
	if len(names) == 0 && !server {
		if c.cfg.Settings.Run.IfPresent || name == "test" && command == "test" && !c.ofNpm() {
			return nil // pnpm and CI scripts take a project without tests for one whose tests pass
		}
		return missingScript(name, &p.Manifest, p.Dir)
	}
	if err := c.verified(ctx); err != nil {
		return err
	}
	if len(names) == 0 {
		return r.line(p, name, "node server.js", args, "")
	}
	if len(names) == 1 && !c.cfg.Settings.Run.Stream {
		return r.script(ctx, p, names[0], args, "")
	}
	return r.several(ctx, p, names, args)
}

// npmFlags obeys what npm takes for its own behind the name of a script, up to "--"
// ("npm run build --if-present" is in many CI files), and returns the arguments of
// the script, without the first "--". Of other flags npm warns and drops them; they
// are passed on here.
func (c *call) npmFlags(args []string) (rest []string) {
	for i, arg := range args {
		switch arg {
		case "--":
			return append(rest, args[i+1:]...)
		case "--if-present":
			c.cfg.Settings.Run.IfPresent = true
		case "--ignore-scripts":
			c.cfg.Settings.Run.PrePost = false
		case "--silent", "-s":
			c.cfg.Settings.Terminal.LogLevel = "silent"
		default:
			rest = append(rest, arg)
		}
	}
	return rest
}

// projectOf is the project at hand, or the root of the workspace with -w.
func (c *call) projectOf() (*project.Project, error) {
	if c.cfg.Settings.Workspace.Root {
		c.workspace.here = "."
	}
	return c.project()
}

// recursive reports whether the call is for several projects.
func (c *call) recursive() bool {
	s := &c.cfg.Settings.Workspace
	return c.workspace.globs != nil && !s.Root && (s.Recursive || c.cfg.Settings.Run.Parallel || len(s.Filter)+len(s.FilterProd) > 0)
}

func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func missingScript(name string, m *project.Manifest, dir string) error {
	id := "ERR_PNPM_NO_SCRIPT"
	if name == "start" {
		id = "ERR_PNPM_NO_SCRIPT_OR_SERVER"
	}
	return &noScriptError{Name: name, Where: filepath.Join(dir, project.ManifestFile), Near: config.Nearest(name, m.ScriptOrder), ID: id}
}

// listScripts shows the scripts of a project, or with --json all of them.
func (c *call) listScripts(m *project.Manifest) error {
	if c.cfg.Settings.Call.JSON {
		out := project.Node{Kind: project.Map}
		for _, name := range m.ScriptOrder {
			out.Set(name, project.Text(m.Scripts[name]))
		}
		_, err := fmt.Fprintln(c.Stdout, string(out.JSON()))
		return err
	}
	if len(m.ScriptOrder) == 0 && !c.ofNpm() {
		_, err := fmt.Fprintln(c.Stdout, "There are no scripts specified.")
		return err
	}
	var own, others strings.Builder
	for _, name := range m.ScriptOrder {
		b := &others
		if slices.Contains(lifecycle, name) {
			b = &own
		}
		fmt.Fprintf(b, "  %s\n    %s\n", name, m.Scripts[name])
	}
	head, middle, gap := "Lifecycle scripts:\n", "Commands available via \"godwit run\":\n", "\n"
	if c.ofNpm() {
		head, middle, gap = fmt.Sprintf("Lifecycle scripts included in %s@%s:\n", m.Name, m.Version), "available via `godwit run`:\n", ""
	}
	text := ""
	if own.Len() > 0 {
		text = head + own.String()
	}
	if others.Len() > 0 {
		if text != "" {
			text += gap
		}
		text += middle + others.String()
	}
	_, err := io.WriteString(c.Stdout, ui.Plain(text))
	return err
}
