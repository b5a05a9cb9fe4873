package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// child is a helper of the benchmark in a process of its own, so that its work
// is not charged to the runner and its memory not inherited by the tools.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer // closing it ends the child, also when this process is killed
	ready ready
}

// startChild runs this program with args and --until-eof, and waits until it
// says that it can be asked. What it says on stderr goes to the file log.
func startChild(ctx context.Context, log string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cmd := exec.CommandContext(ctx, self, append(args, "--until-eof")...)
	cmd.Stderr = f
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", args[0], err)
	}
	c := &child{cmd: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &c.ready)
	}
	if err != nil {
		c.stop()
		said, _ := os.ReadFile(log)
		return nil, fmt.Errorf("%s did not start: %s", args[0], strings.TrimSpace(string(said)))
	}
	return c, nil
}

// stop ends the child and waits for it. What it thought of that is in its log.
func (c *child) stop() {
	c.stdin.Close()
	_ = c.cmd.Wait()
}

// untilEOF returns a context that ends with ctx or when stdin does.
func untilEOF(ctx context.Context, stdin io.Reader) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}()
	return ctx, cancel
}
