package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"

	"godwit/internal/cli/ui"
	"godwit/internal/event"
	"godwit/internal/fsys"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/script"
	"godwit/internal/spawn"
)

// These are the versions of other tools that scripts are told they run under:
// those whose behaviour this program has.
const (
	pnpmVersion    = "12.21.0"
	npmVersion     = "11.19.1"
	bunVersion     = "1.4.5"
	berryVersion   = "4.18.1"
	classicVersion = "1.22.22"
)

// runner runs scripts of projects.
type runner struct {
	*call
	host    script.Host
	signals *spawn.Signals
	quiet   bool       // the command lines are not shown
	sink    event.Sink // takes the lines of scripts that an install runs; nil otherwise
	output  sync.Mutex // guards it, and what levels counts
	syncing sync.Mutex // held by who installs after a script

	needs   func(dir string) []string // projects that come before one; nil where none has to
	summary map[string]*execution     // by project; nil if nobody asked
}

// newRunner prepares to run scripts for a command of npm's name. stop gives the
// signals back.
func (c *call) newRunner(command string) (r *runner, stop func()) {
	r = &runner{call: c, quiet: c.cfg.Settings.Terminal.LogLevel == "silent" || c.cfg.Settings.Terminal.Reporter == "silent"}
	r.host = *c.scriptHost(command)
	r.host.InitDir = c.Dir
	if c.ofNpm() && command == "run-script" {
		r.host.Verb = "run" // npm's word since version 11
	}
	stop = func() {}
	if c.Signals != nil {
		from, end := c.Signals()
		r.signals, stop = spawn.NewSignals(from), end
	}
	return r, stop
}

// scriptAgent is what scripts see as npm_config_user_agent. "only-allow pnpm" and
// its like look at the first word, so it names the tool whose lockfile is kept, in
// that tool's own form.
func (c *call) scriptAgent(node string) string {
	version := "?"
	if v := script.NodeVersion(node); v != "" {
		version = "v" + v
	}
	machine := c.OS + " " + npm.PlatformOf(c.OS, c.Arch, "").CPU
	tool := ""
	switch c.flavour() {
	case lockfile.Npm:
		return fmt.Sprintf("npm/%s node/%s %s workspaces/%t godwit/%s", npmVersion, version, machine, c.workspace.npm, Version)
	case lockfile.Yarn:
		tool = "yarn/" + c.yarnAgent()
	case lockfile.Bun:
		tool = "bun/" + bunVersion
	default:
		tool, version = "pnpm/"+pnpmVersion, "?"
	}
	return fmt.Sprintf("%s npm/? node/%s %s godwit/%s", tool, version, machine, Version)
}

// yarnAgent is the version of yarn that scripts are told: the project's, or else
// the newest of the line that its lockfile is of.
func (c *call) yarnAgent() string {
	if version := c.yarnVersion(); version != "" {
		return version
	}
	if berry, err := lockfile.IsBerry(c.lock, ""); err == nil && berry {
		return berryVersion
	}
	return classicVersion
}

// pathOf is the last PATH among variables.
func pathOf(env []string) string {
	for _, kv := range slices.Backward(env) {
		if key, value, _ := strings.Cut(kv, "="); key == "PATH" || fsys.EnvIgnoresCase && strings.EqualFold(key, "PATH") {
			return value
		}
	}
	return ""
}

// script runs one script of a project with its pre and post scripts; only the
// script itself gets args. ctx is for what is installed after it; scripts end by
// signals.
func (r *runner) script(ctx context.Context, p *project.Project, event string, args []string, label string) error {
	for _, e := range []string{"pre" + event, event, "post" + event} {
		text := p.Manifest.Scripts[e]
		if text == "" || e != event && !r.cfg.Settings.Run.PrePost {
			continue
		}
		var with []string
		if e == event {
			with = args
		}
		if err := r.line(p, e, text, with, label); err != nil {
			return err
		}
	}
	return r.sync(ctx, p, event)
}

// line runs a line with arguments as the script event of a project.
func (r *runner) line(p *project.Project, event, text string, args []string, label string) error {
	cmd, err := r.host.Command(context.Background(), &script.Script{Event: event, Line: text, Args: args, Dir: p.Dir, Manifest: p.Raw()})
	if err != nil {
		return err
	}
	if label != "" {
		label += " " + event
	}
	if err := r.run(cmd, label, cmd.Args[len(cmd.Args)-1]); err != nil {
		return &scriptError{Event: event, Dir: p.Dir, Err: err, Quiet: r.quiet && errors.As(err, new(*spawn.ExitError))}
	}
	return nil
}

// print writes lines about a script that may run beside others.
func (r *runner) print(lines ...string) {
	r.output.Lock()
	defer r.output.Unlock()
	for _, line := range lines {
		if r.sink != nil {
			r.sink.Emit(event.Output{Line: line})
			continue
		}
		fmt.Fprintln(r.Stdout, line)
	}
}

// run shows a command line, if there is one, and runs a process; with a label
// its lines are written behind that. Where the settings want its output in one
// piece, that is held until it ends, as with pnpm.
func (r *runner) run(cmd *exec.Cmd, label, line string) error {
	if label == "" {
		if line != "" && !r.quiet {
			fmt.Fprintf(r.Stderr, "$ %s\n", ui.Plain(line))
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = r.Stdin, r.Stdout, r.Stderr
		return spawn.Run(cmd, r.signals)
	}
	print, held := func(line string) { r.print(line) }, []string(nil)
	if r.cfg.Settings.Run.Aggregate {
		print = func(line string) { held = append(held, line) }
	}
	if line != "" && !r.quiet {
		print(label + "$ " + ui.Plain(line))
	}
	prefix := label + ": "
	if r.cfg.Settings.Run.HidePrefix {
		prefix = ""
	}
	lines := &spawn.Lines{Emit: func(line string) { print(prefix + line) }}
	cmd.Stdout, cmd.Stderr = lines, lines // one after the other, as pnpm has it
	err := spawn.Run(cmd, r.signals)
	lines.Close()
	switch {
	case r.quiet:
	case err != nil:
		print(label + ": Failed")
	default:
		print(label + ": Done")
	}
	r.print(held...)
	return err
}

// scriptNames finds the scripts of a project that a name means: "/build:.*/" is a
// regular expression.
func scriptNames(m *project.Manifest, name string) ([]string, error) {
	inner, ok := strings.CutPrefix(name, "/")
	if at := strings.LastIndexByte(inner, '/'); ok && at >= 0 {
		if at != len(inner)-1 {
			return nil, &usageError{fmt.Sprintf("the script name %q has flags of a regular expression behind it", name), "leave them out: /" + inner[:at] + "/"}
		}
		re, err := regexp.Compile(inner[:at])
		if err != nil {
			return nil, fmt.Errorf("read the regular expression %s: %w", name, err)
		}
		return slices.DeleteFunc(slices.Clone(m.ScriptOrder), func(s string) bool { return !re.MatchString(s) }), nil
	}
	if m.Scripts[name] == "" {
		return nil, nil
	}
	return []string{name}, nil
}

// scriptError is a script that failed.
type scriptError struct {
	Event, Dir string
	Err        error
	Quiet      bool // --silent: what failed has said so itself
}

func (e *scriptError) Error() string {
	return fmt.Sprintf("the script %s in %s failed: %v", e.Event, e.Dir, e.Err)
}
func (e *scriptError) Unwrap() error { return e.Err }

// Code is npm's code, and pnpm's, for this error.
func (e *scriptError) Code() string { return "ELIFECYCLE" }

// Hint is about what shells say with a status of theirs; what the script says itself
// stands above.
func (e *scriptError) Hint() string {
	exit, ok := errors.AsType[*spawn.ExitError](e.Err)
	if !ok || exit.Code != 127 {
		return ""
	}
	return "127 is what the shell says of a command that it does not find: is the package that has it in package.json, and installed?"
}

// noScriptError is a script that a project does not have.
type noScriptError struct {
	Name, Where string
	Near        []string
	ID          string
}

func (e *noScriptError) Error() string {
	msg := fmt.Sprintf("there is no script %q in %s", e.Name, e.Where)
	if len(e.Near) > 0 {
		msg += ": did you mean " + strings.Join(e.Near, " or ") + "?"
	}
	return msg
}

// Code is pnpm's code for this error.
func (e *noScriptError) Code() string { return e.ID }

// Hint is what the user can do.
func (e *noScriptError) Hint() string { return "godwit run lists the scripts that there are" }

// Interrupted is why a context ends when a signal asks for the end of the command.
type Interrupted struct{ Signal os.Signal }

func (e *Interrupted) Error() string { return "interrupted: " + e.Signal.String() }

// Is makes it the same as a context that ends for no reason.
func (e *Interrupted) Is(target error) bool { return target == context.Canceled }

// exitStatus is the exit status that an error asks for, and the signal that ended
// what we ran, or is to end us: a shell goes on with its loop behind a command that
// only failed.
func exitStatus(ctx context.Context, err error) (int, os.Signal) {
	if exit, ok := errors.AsType[*spawn.ExitError](err); ok {
		return exit.Code, exit.Signal
	}
	interrupted, ok := context.Cause(ctx).(*Interrupted)
	if !ok {
		return 1, nil
	}
	code := 1
	if number, ok := interrupted.Signal.(syscall.Signal); ok {
		code = 128 + int(number) // as shells count
	}
	return code, interrupted.Signal
}
