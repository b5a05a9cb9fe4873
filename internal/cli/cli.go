// Package cli is the command line: one file for each command, and what all of
// them share. It is the only package that prints.
package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"godwit/internal/config"
	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/peers"
	"godwit/internal/project"
)

// Version is what --version prints; set with -ldflags -X by releases.
var Version = "0.1.0-dev"

// call is one command with its configuration.
type call struct {
	*Process
	args   *config.Args
	cfg    *config.Config
	inputs config.Inputs

	workspace projectSet
	shared    bool                      // it is about a group of global packages
	rules     *peers.Rules              // set by install
	rebuild   func(*graph.Package) bool // whose scripts run once more; set by rebuild
	lock      lockfile.File             // that the project keeps; set by install
	tool      toolSettings              // of that lockfile's tool; set by install

	otherLocks []lockfile.File       // that do not count beside it
	unhooked   string                // digest of the settings before updateConfig changed some; "" if it changed none
	hooked     string                // what stands for what it changed
	prefer     map[npm.Name][]string // versions that a new lockfile takes first; set by import
}

// Run runs one command and returns the exit status: 0, that of the script that
// failed, that of a process that a signal ended where [Interrupted] ends ctx, or 1 for
// any other failure.
func Run(ctx context.Context, p *Process) int {
	err := run(ctx, p)
	if err == nil {
		return 0
	}
	printError(p, err)
	code, signal := exitStatus(ctx, err)
	if signal != nil && p.Raise != nil {
		p.Raise(signal)
	}
	return code
}

func run(ctx context.Context, p *Process) error {
	p = p.asNamed()
	args, err := config.ParseArgs(inOurWords(npmWords(p)), config.Grammar{Command: commandOf, Stop: stops})
	if err != nil {
		return err
	}
	if args.Has("version") {
		_, err := fmt.Fprintln(p.Stdout, (&call{Process: p, args: args}).version())
		return err
	}
	if args.Has("help") {
		return runHelp(ctx, p, args.Positional)
	}
	cmd := find(commandOf(args.Positional))
	if cmd == nil {
		return other(ctx, p, args)
	}
	if cmd.talk != nil {
		return cmd.talk(ctx, p, args.Positional[1:])
	}
	if err := cmd.checkArgs(args); err != nil {
		return err
	}
	c, err := load(p, args, cmd.anywhere)
	if err != nil {
		if commandOf(args.Positional) == "add" && !args.On("global") && errors.As(err, new(*project.NotFoundError)) {
			return begin(ctx, p, args)
		}
		return err
	}
	if c.workspace.stray != "" && commandOf(args.Positional) == "add" && !c.recursive() && !c.cfg.Settings.Workspace.Root {
		return begin(ctx, p, args)
	}
	if c.separate() {
		return c.separately(ctx, cmd)
	}
	if args.On("json") && cmd.stops == 0 { // else it may be for what the command runs
		return c.answered(ctx, cmd)
	}
	return cmd.run(ctx, c)
}

// other runs what is no command: a script of the project, or a command of its
// dependencies.
func other(ctx context.Context, p *Process, args *config.Args) error {
	name := args.Positional[0]
	c, err := load(p, args, true)
	if err != nil {
		return err
	}
	if handled, err := c.fallback(ctx, name); handled {
		return err
	}
	return unknown(name, c.runnable()...)
}

// stops reports whether the words so far are all that is ours.
func stops(positional []string) bool {
	cmd := find(positional[0])
	return cmd == nil || cmd.stops > 0 && len(positional) >= cmd.stops
}

// commandOf is the command that positional arguments ask for. None at all is
// an install.
func commandOf(positional []string) string {
	if len(positional) == 0 {
		return "install"
	}
	if cmd := find(positional[0]); cmd != nil {
		if cmd.names[0] == "install" && len(positional) > 1 {
			return "add"
		}
		return cmd.names[0]
	}
	return ""
}

// load finds the project, which need not be there if the command works anywhere,
// and resolves the settings for it.
func load(p *Process, args *config.Args, anywhere bool) (*call, error) {
	c := &call{Process: p, args: args}
	host := p.host()
	if global := args.On("global") && commandOf(args.Positional) != "config"; !global { // no project has a say in that
		if err := c.locate(host); err != nil && !(anywhere && errors.As(err, new(*project.NotFoundError))) {
			return nil, err
		}
	}
	if err := c.retell(); err != nil {
		return nil, err
	}
	var err error
	if c.cfg, err = config.Load(host, args, c.inputs); err == nil && c.cfg.Settings.Call.NoQuestions {
		alone := *p
		alone.Terminal = false
		c.Process = &alone
	}
	return c, err
}

// host is the process as settings see it.
func (p *Process) host() config.Host {
	return config.Host{Dir: p.Dir, Home: p.Home, OS: p.OS, Env: p.Env, Spare: p.spare, AskRegistry: func(npm, dir string) (string, error) {
		return p.Output(dir, npm, "config", "get", "registry")
	}}
}

// spare is a directory among the temporary files for who has no home directory, or
// one that is not theirs, as in containers that run as any user (pnpm has a store
// there as well, for everybody).
func (p *Process) spare(dir string) string {
	if p.Temp == "" || filepath.IsAbs(dir) && fsys.Usable(dir) {
		return ""
	}
	own, err := fsys.OwnDir(p.Temp, "godwit")
	if err != nil {
		return "" // what is wrong with dir is said by who needs it
	}
	return own
}
