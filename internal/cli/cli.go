// Package cli is the command line: one file for each command, and what all of
// them share. It is the only package that prints.
package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/config"
	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/peers"
	"godwit/internal/project"
)

// Version is what --version prints; set with -ldflags -X by releases.
var Version = "0.1.0-dev"

// command is one word of the command line.
type command struct {
	names []string // the first is its own, the others are aliases
	usage string   // what is typed behind the program's name
	help  string   // one line
	run   func(context.Context, *call) error
	// words are what must follow, one of them; nil takes nothing.
	words []string
	// free takes any arguments; run looks at them.
	free bool
	// stops is how many words, its own among them, are ours: flags behind them
	// are for what the command runs. 0 is all.
	stops int
	bare  bool // words may be left out
	// anywhere says that it needs no project.
	anywhere bool
	// talk is set instead of run by a command that needs no project and no
	// settings, only its arguments.
	talk func(ctx context.Context, p *Process, args []string) error
}

// commands is the closed set, in the order of the help text.
func commands() []command {
	return []command{
		{names: []string{"install", "i"}, usage: "[install] [flags]", help: "install the dependencies of the project", run: runInstall},
		{names: []string{"ci", "clean-install"}, usage: "ci [flags]", help: "install what the lockfile says, into an empty node_modules", run: runCI},
		{names: []string{"add"}, usage: "add <package>... [flags]", help: "add dependencies to package.json and install them; so does install with names behind it", run: runAdd, free: true},
		{names: []string{"remove", "rm", "uninstall", "un", "uni"}, usage: "remove <name>... [flags]", help: "remove dependencies from package.json and node_modules", run: runRemove, free: true},
		{names: []string{"update", "up", "upgrade"}, usage: "update [name or pattern]... [flags]", help: "take newer versions of dependencies, within their ranges or with --latest", run: runUpdate, free: true},
		{names: []string{"run", "run-script"}, usage: "run [flags] [script] [arguments of the script]...", help: "run a script of package.json, with its pre and post scripts, or list them", run: runRun, free: true, stops: 2},
		{names: []string{"test", "t", "tst"}, usage: "test [arguments of the script]...", help: "run the script test", run: runNamed, free: true, stops: 1},
		{names: []string{"start"}, usage: "start [arguments of the script]...", help: "run the script start, or else server.js", run: runNamed, free: true, stops: 1},
		{names: []string{"stop"}, usage: "stop [arguments of the script]...", help: "run the script stop", run: runNamed, free: true, stops: 1},
		{names: []string{"restart"}, usage: "restart [arguments of the scripts]...", help: "run the scripts stop, restart and start", run: runRestart, free: true, stops: 1},
		{names: []string{"exec"}, usage: "exec [flags] <command> [arguments]...", help: "run a command with those of the dependencies on PATH", run: runExec, free: true, stops: 2},
		{names: []string{"dlx", "x"}, usage: "dlx [flags] <package> [arguments]...", help: "run a command of a package that is no dependency; so does gwx", run: runDlx, free: true, stops: 2, anywhere: true},
		{names: []string{"create"}, usage: "create <name> [arguments]...", help: "make a project with the package create-<name>; so does init with a name behind it", run: runCreate, free: true, stops: 2, anywhere: true},
		{names: []string{"list", "ls", "ll", "la"}, usage: "list [name or pattern]... [flags]", help: "show what is installed", run: runList, free: true},
		{names: []string{"why", "explain"}, usage: "why <name or pattern>... [flags]", help: "show every way from the projects to a package", run: runWhy, free: true},
		{names: []string{"outdated"}, usage: "outdated [name or pattern]... [flags]", help: "show which dependencies have newer versions, and fail if any has", run: runOutdated, free: true},
		{names: []string{"init", "innit"}, usage: "init [flags]", help: "make a package.json", run: runInit, free: true, stops: 2, anywhere: true},
		{names: []string{"config", "c", "get", "set"}, usage: "config get|set|delete|list [key] [value] [flags]", help: "show settings and where they come from, and change them", run: runConfig, free: true, anywhere: true},
		{names: []string{"root"}, usage: "root [flags]", help: "print the directory of the dependencies", run: runRoot, anywhere: true},
		{names: []string{"bin"}, usage: "bin [flags]", help: "print the directory of their commands", run: runBin, anywhere: true},
		{
			names: []string{"store"}, usage: "store path|status|prune", help: "where the store is, whether it is whole, and remove what no project uses",
			run: runStore, words: []string{"path", "status", "prune"}, anywhere: true,
		},
		{names: []string{"peers"}, usage: "peers [check] [flags]", help: "tell what is wrong with peer dependencies, and why", run: runPeers, words: []string{"check"}, bare: true},
		{names: []string{"rebuild", "rb"}, usage: "rebuild [name]... [flags]", help: "run install scripts that are allowed once more", run: runRebuild, free: true},
		{names: []string{"approve-builds"}, usage: "approve-builds [name | !name]... [--all]", help: "decide which packages may run install scripts, and run them", run: runApproveBuilds, free: true},
		{names: []string{"ignored-builds"}, usage: "ignored-builds", help: "list packages whose install scripts did not run", run: runIgnoredBuilds},
		{names: []string{"help"}, usage: "help [command]", help: "tell about a command and its flags", talk: runHelp},
	}
}

// call is one command with its configuration.
type call struct {
	*Process
	args   *config.Args
	cfg    *config.Config
	inputs config.Inputs

	workspace projectSet
	rules     *peers.Rules              // set by install
	rebuild   func(*graph.Package) bool // whose scripts run once more; set by rebuild
	lock      lockfile.File             // that the project keeps; set by install
}

// Run runs one command and returns the exit status: 0, that of the script that
// failed, or 1 for any other failure.
func Run(ctx context.Context, p *Process) int {
	err := run(ctx, p)
	if err == nil {
		return 0
	}
	printError(p, err)
	code, signal := exitStatus(err)
	if signal != nil && p.Raise != nil {
		p.Raise(signal)
	}
	return code
}

func run(ctx context.Context, p *Process) error {
	args, err := config.ParseArgs(p.Args, config.Grammar{Command: commandOf, Stop: stops})
	if err != nil {
		return err
	}
	if args.Has("version") {
		_, err := fmt.Fprintln(p.Stdout, Version)
		return err
	}
	if args.Has("help") {
		return runHelp(ctx, p, args.Positional)
	}
	cmd := find(commandOf(args.Positional))
	if cmd == nil {
		return other(p, args)
	}
	if cmd.talk != nil {
		return cmd.talk(ctx, p, args.Positional[1:])
	}
	if cmd.words != nil && !(cmd.bare && len(args.Positional) == 1) {
		if err := cmd.checkWord(args.Positional[1:]); err != nil {
			return err
		}
	} else if cmd.words == nil && !cmd.free && len(args.Positional) > 1 {
		return fmt.Errorf("%s takes no arguments, and got %s", cmd.names[0], strings.Join(args.Positional[1:], " "))
	}
	c, err := load(p, args, cmd.anywhere)
	if err != nil {
		return err
	}
	return cmd.run(ctx, c)
}

// checkWord refuses what follows a command that wants one of its words.
func (cmd *command) checkWord(words []string) error {
	if len(words) == 1 && slices.Contains(cmd.words, words[0]) {
		return nil
	}
	return fmt.Errorf("%s wants one of %s behind it, and nothing else", cmd.names[0], strings.Join(cmd.words, ", "))
}

// other runs what is no command: a script of the project, or a command of its
// dependencies.
func other(p *Process, args *config.Args) error {
	name := args.Positional[0]
	c, err := load(p, args, true)
	if err != nil {
		return err
	}
	if handled, err := c.fallback(name); handled {
		return err
	}
	return unknown(name)
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

func find(name string) *command {
	for _, cmd := range commands() {
		for _, n := range cmd.names {
			if n == name {
				return &cmd
			}
		}
	}
	return nil
}

func unknown(name string) error {
	var names []string
	for _, cmd := range commands() {
		names = append(names, cmd.names...)
	}
	msg := fmt.Sprintf("unknown command %q", name)
	if near := config.Nearest(name, names); len(near) > 0 {
		msg += ": did you mean " + strings.Join(near, " or ") + "?"
	} else {
		msg += ": godwit help lists those there are"
	}
	return errors.New(msg)
}

// load finds the project, which need not be there if the command works anywhere,
// and resolves the settings for it.
func load(p *Process, args *config.Args, anywhere bool) (*call, error) {
	c := &call{Process: p, args: args}
	host := config.Host{Dir: p.Dir, Home: p.Home, OS: p.OS, Env: p.Env, AskRegistry: func(npm, dir string) (string, error) {
		return p.Output(dir, npm, "config", "get", "registry")
	}}
	if err := c.locate(host); err != nil && !(anywhere && errors.As(err, new(*project.NotFoundError))) {
		return nil, err
	}
	var err error
	c.cfg, err = config.Load(host, args, c.inputs)
	return c, err
}
