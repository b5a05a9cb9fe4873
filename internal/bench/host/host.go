// Package host is what the benchmark asks of the operating system: to run a
// process and say what it cost, to make and drop file systems, and to tell how
// much is stored. It alone has files for one GOOS.
package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Command is a process to measure.
type Command struct {
	Path  string        `json:"path"`
	Args  []string      `json:"args"`
	Env   []string      `json:"env"` // the whole environment
	Dir   string        `json:"dir"`
	Out   string        `json:"out"`   // file for stdout; a pipe would charge our reading to the tool
	Err   string        `json:"err"`   // file for stderr
	Limit time.Duration `json:"limit"` // after it the process and its children are killed; 0 means never
}

// Usage is what a process and the children it waited for used.
type Usage struct {
	Wall        time.Duration `json:"wall"`
	User        time.Duration `json:"user"`
	Sys         time.Duration `json:"sys"`
	MaxRSS      int64         `json:"maxRSS"` // bytes; of the largest process, not the sum
	MinorFaults int64         `json:"minorFaults"`
	Voluntary   int64         `json:"voluntary"`   // context switches
	Involuntary int64         `json:"involuntary"` // context switches
}

// Outcome is how a process ended.
type Outcome struct {
	Usage
	Code     int  `json:"code"` // exit status; -1 if a signal ended it
	TimedOut bool `json:"timedOut"`
}

// Run runs c in this process and waits. An exit status other than 0 is an
// Outcome, not an error. When ctx ends or c.Limit passes, the whole process
// group is killed.
//
// Linux starts a child's peak memory at its parent's, so Run belongs in a small
// process of its own: see Measure.
func Run(ctx context.Context, c Command) (Outcome, error) {
	out, err := os.Create(c.Out)
	if err != nil {
		return Outcome{}, fmt.Errorf("output of %s: %w", c.Path, err)
	}
	defer out.Close()
	errOut, err := os.Create(c.Err)
	if err != nil {
		return Outcome{}, fmt.Errorf("output of %s: %w", c.Path, err)
	}
	defer errOut.Close()
	limited := ctx
	if c.Limit > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, c.Limit)
		defer cancel()
	}
	cmd := exec.CommandContext(limited, c.Path, c.Args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.Env, c.Dir, out, errOut
	isolate(cmd)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return Outcome{}, fmt.Errorf("start in %s: %w", c.Dir, err)
	}
	err = cmd.Wait()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && limited.Err() == nil {
		return Outcome{}, fmt.Errorf("wait for %s: %w", c.Path, err)
	}
	o := Outcome{Usage: usage(cmd.ProcessState), Code: cmd.ProcessState.ExitCode()}
	o.Wall = wall
	o.TimedOut = limited.Err() != nil && ctx.Err() == nil && o.Code != 0
	return o, ctx.Err()
}

// Serve is the other end of Measure: it runs the command it reads from stdin
// and writes the outcome to stdout.
func Serve(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	var c Command
	if err := json.NewDecoder(stdin).Decode(&c); err != nil {
		return fmt.Errorf("measure: the command: %w", err)
	}
	o, err := Run(ctx, c)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(o)
}
