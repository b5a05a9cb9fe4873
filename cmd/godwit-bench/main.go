// Command godwit-bench measures package managers from outside: it starts each
// as a process, against a registry it replays from disk.
//
//	godwit-bench peers                             install the others
//	godwit-bench run --fixture DIR                 measure
//	godwit-bench scale                             measure made-up projects of several sizes
//	godwit-bench record --data DIR --listen ADDR   fill a recording through any client
//	godwit-bench serve  --data DIR --listen ADDR   serve it, frozen
//
// "godwit-bench help" lists the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// process is what a command may touch of the world.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// command is one word after the program's name.
type command struct {
	name  string
	brief string
	run   func(ctx context.Context, p process, args []string) error
}

// commands in the order help lists them.
func commands() []command {
	return []command{
		{"run", "measure tools against each other and report", run},
		{"scale", "measure made-up projects of several sizes", scale},
		{"synth", "make up a project, and a recording of its packages", makeSynthetic},
		{"report", "make the reports again from a result.json", reportAgain},
		{"peers", "install the other tools into a folder", peers},
		{"record", "serve a registry and keep what it is asked for", record},
		{"serve", "serve a recording, frozen", serve},
		{"link", "relay to a server over a link of given latency and bandwidth", relay},
		{"measure", "run one command for run; not for people", measure},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := process{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	if err := dispatch(ctx, p, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(p.stderr, "godwit-bench:", err)
		}
		os.Exit(1)
	}
}

// dispatch runs the command that args name.
func dispatch(ctx context.Context, p process, args []string) error {
	if len(args) == 0 {
		args = []string{"help"}
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, p, args[1:])
		}
	}
	usage(p.stderr)
	if args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		return nil
	}
	return fmt.Errorf("no command %q; the list is above", args[0])
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: godwit-bench COMMAND [flags]    (COMMAND --help lists its flags)")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.brief)
	}
}

// parse reads the flags of a command that takes no other arguments.
func parse(flags *flag.FlagSet, p process, args []string) error {
	flags.SetOutput(p.stderr)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s: %q is not a flag; see %s --help", flags.Name(), flags.Arg(0), flags.Name())
	}
	return nil
}
