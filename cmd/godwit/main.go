// Command godwit is a package manager for JavaScript: a drop-in for npm and
// pnpm projects.
package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"godwit/internal/cli"
)

func main() {
	collectLess()

	// A reader of our output that goes away (| head) does not end an install:
	// caught, the signal becomes an error of the write.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	// net/http writes what servers send out of turn to the log that is everybody's.
	log.SetOutput(io.Discard)

	ctx, stop := interruptible(context.Background())
	code := guarded(os.Stderr, func() int { return cli.Run(ctx, process()) })
	stop()
	os.Exit(code)
}

// interruptible makes a context that ends, with a *cli.Interrupted, when somebody wants
// this process to end. The second signal ends it at once. What was ignored from the
// beginning stays so: nohup godwit install &.
func interruptible(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	c := make(chan os.Signal, 1)
	notify(c, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	stop := func() { signal.Stop(c); cancel(nil) }
	go func() { // ends with stop, or with the first signal
		select {
		case sig := <-c:
			signal.Stop(c)
			cancel(&cli.Interrupted{Signal: sig})
		case <-ctx.Done():
		}
	}()
	return ctx, stop
}

// notify is signal.Notify for those that are not ignored.
func notify(c chan<- os.Signal, sigs ...os.Signal) {
	for _, sig := range sigs {
		if !signal.Ignored(sig) {
			signal.Notify(c, sig)
		}
	}
}

// process is everything the command sees of the world outside.
func process() *cli.Process {
	dir, _ := os.Getwd()
	program, _ := os.Executable()
	return &cli.Process{
		Program: program, Name: os.Args[0], Args: os.Args[1:], Dir: dir, Home: home(), Temp: os.TempDir(), Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Terminal: term.IsTerminal(int(os.Stderr.Fd())), Shown: term.IsTerminal(int(os.Stdout.Fd())),
		OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(),
		Signals: signals, Raise: raise, Secret: secret,
		Now: time.Now, Output: output, Libc: libc,
	}
}

// home is the home directory, "" if there is none: services are started without the
// variable, and a container's user need not be in a list.
func home() string {
	dir, err := os.UserHomeDir()
	if err == nil {
		return dir
	}
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return ""
}

// secret reads a line from the terminal without showing it.
func secret() (string, error) {
	text, err := term.ReadPassword(int(os.Stdin.Fd()))
	return string(text), err
}

// signals passes on what would end the process.
func signals() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 4) // more at one time than anybody sends
	notify(c, syscall.SIGTERM, syscall.SIGHUP)
	typed := c
	if term.IsTerminal(int(os.Stdin.Fd())) {
		typed = make(chan os.Signal, 1) // Ctrl-C goes to all in the terminal: once is enough
	}
	notify(typed, os.Interrupt)
	return c, func() { signal.Stop(c); signal.Stop(typed) }
}

// raise ends the process by a signal, so that the shell knows. Where that is not
// possible the exit status tells.
func raise(sig os.Signal) {
	signal.Reset(sig)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(sig) == nil {
		time.Sleep(100 * time.Millisecond) // it arrives at once; not at all if it is ignored
	}
}

// output runs a program and returns what it prints.
func output(dir, program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// libc is the C library that Node is linked with here, by what is installed.
func libc() string {
	if runtime.GOOS != "linux" {
		return ""
	}
	if found, err := fs.Glob(os.DirFS("/"), "lib/ld-musl-*"); err == nil && len(found) > 0 {
		if _, err := os.Stat("/etc/alpine-release"); !errors.Is(err, fs.ErrNotExist) {
			return "musl"
		}
	}
	return "glibc"
}
