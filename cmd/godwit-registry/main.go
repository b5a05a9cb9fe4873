// Command godwit-registry is a registry for a team: it asks other registries,
// keeps what they say, and resolves for clients that ask it to.
//
//	godwit-registry serve                  on this machine, for this user; no configuration
//	godwit-registry serve --config FILE    as the file says
//	godwit-registry check --config FILE    only say what is wrong with the file
//
// doc/server.md is for those who run it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"godwit/internal/config"
)

// version is set when a release is built: -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once
	dir, _ := os.Getwd()
	home, _ := os.UserHomeDir()
	p := &process{
		host:   config.Host{Dir: dir, Home: home, OS: runtime.GOOS, Env: os.Environ(), AskRegistry: askRegistry},
		stdout: os.Stdout, stderr: os.Stderr, getenv: os.LookupEnv, now: time.Now,
		limitMemory: func(bytes int64) {
			if os.Getenv("GOMEMLIMIT") == "" {
				debug.SetMemoryLimit(bytes)
			}
		},
	}
	err := p.run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) { // who asked for help got it
		fmt.Fprintln(os.Stderr, "godwit-registry:", err)
		os.Exit(1)
	}
}

// askRegistry asks npm which registry it is set to use.
func askRegistry(npm, dir string) (string, error) {
	cmd := exec.Command(npm, "config", "get", "registry")
	cmd.Dir = dir
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// process is what the program sees of the world.
type process struct {
	host           config.Host
	stdout, stderr io.Writer
	getenv         func(string) (string, bool)
	now            func() time.Time
	limitMemory    func(bytes int64)
	listening      func(address string) // told where it listens; may be nil
}

const usage = `usage: godwit-registry serve [--config FILE] [--listen HOST:PORT] [--upstream URL] [--cache DIR]
       godwit-registry check --config FILE
       godwit-registry version
`

// run carries out one command line.
func (p *process) run(ctx context.Context, args []string) error {
	command := "help"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch command {
	case "serve", "check":
		return p.serve(ctx, command, args)
	case "version", "--version":
		_, err := fmt.Fprintln(p.stdout, version)
		return err
	case "help", "--help", "-h":
		_, err := io.WriteString(p.stdout, usage)
		return err
	}
	return fmt.Errorf("no command %q\n%s", command, strings.TrimSuffix(usage, "\n"))
}

// serve reads the configuration and serves, or only checks it.
func (p *process) serve(ctx context.Context, command string, args []string) error {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(p.stderr)
	path := flags.String("config", "", "`file` of the configuration, in YAML")
	var over file
	flags.StringVar(&over.Listen, "listen", "", "`address` to listen on, instead of the file's")
	flags.StringVar(&over.Upstream.Registry, "upstream", "", "`URL` of the registry to ask, instead of the file's")
	flags.StringVar(&over.Cache.Dir, "cache", "", "`folder` of the cache, instead of the file's")
	flags.Func("alias", "`URL` by which clients call that registry, besides the file's", func(url string) error {
		over.Aliases = append(over.Aliases, url)
		return nil
	})
	check := flags.Bool("check", false, "only say what is wrong with the configuration")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s: %q is not a flag", command, flags.Arg(0))
	}
	s, err := p.settings(*path, over)
	if err != nil {
		return err
	}
	if *check || command == "check" {
		_, err := fmt.Fprintln(p.stdout, "the configuration is good")
		return err
	}
	return p.daemon(ctx, s)
}
