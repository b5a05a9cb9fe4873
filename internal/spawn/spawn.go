// Package spawn runs processes to their end: one, whose signals and exit status
// are ours, or several at one time, whose lines stay apart.
package spawn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"

	"godwit/internal/fsys"
)

// ExitError is a process that did not end well.
type ExitError struct {
	Code   int       // its exit status; 128 and the signal's number if a signal ended it
	Signal os.Signal // or nil
}

func (e *ExitError) Error() string {
	if e.Signal != nil {
		return "ended by signal: " + e.Signal.String()
	}
	return fmt.Sprintf("exit status %d", e.Code)
}

// NotFoundError is a program that is not there.
type NotFoundError struct{ Program string }

func (e *NotFoundError) Error() string { return "there is no program " + e.Program }

// Signals are those that we get in the place of the processes that we run. Each goes
// to all that run when it comes, or to the next one. Where one is a shell that waits
// for what it has started, that gets the signal, too, for the shell would end and
// leave it; and we wait for it, as a server may have things to do before it ends.
// Safe for concurrent use.
type Signals struct {
	from <-chan os.Signal

	mu   sync.Mutex
	to   map[*exec.Cmd][]int // that run -> what those that are shells had started when a signal came
	came []os.Signal         // that nobody got yet
}

// NewSignals passes on what comes from a channel.
func NewSignals(from <-chan os.Signal) *Signals {
	return &Signals{from: from, to: map[*exec.Cmd][]int{}}
}

// pass hands the signals on until done is closed, together with the others who do so
// for their processes.
func (s *Signals) pass(done <-chan struct{}) {
	for {
		select {
		case sig := <-s.from:
			s.hand(sig)
		case <-done:
			return
		}
	}
}

// hand hands a signal on, now or to the next one.
func (s *Signals) hand(sig os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came = append(s.came, sig)
	s.deliver()
}

// deliver hands on what came, if there is anybody. mu is held.
func (s *Signals) deliver() {
	s.came = slices.DeleteFunc(s.came, func(sig os.Signal) bool {
		heard := false
		for cmd := range s.to {
			heard = s.signal(cmd, sig) || heard
		}
		return heard
	})
}

// signal hands a signal to a process and what it started, and reports whether
// anybody was there. mu is held.
func (s *Signals) signal(cmd *exec.Cmd, sig os.Signal) bool {
	below := s.to[cmd]
	for _, pid := range fsys.StartedBy(cmd.Process.Pid, cmd.Args) {
		if !slices.Contains(below, pid) {
			below = append(below, pid)
		}
	}
	if s.to[cmd] = below; len(below) > 0 {
		fsys.Adopt()
	}
	err := cmd.Process.Signal(sig) // fails if it has ended, which wait may not have said yet
	parents := append(slices.Clone(below), cmd.Process.Pid)
	for _, pid := range below {
		fsys.SignalChild(pid, sig, parents...)
	}
	return err == nil || len(below) > 0
}

// start starts a process, and no signal comes between that and knowing of it.
func (s *Signals) start(cmd *exec.Cmd) error {
	if s == nil {
		return cmd.Start()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := cmd.Start()
	if err == nil {
		s.to[cmd] = nil
		s.deliver()
	}
	return err
}

// wait waits for the end of what was started.
func (s *Signals) wait(cmd *exec.Cmd) error {
	if s == nil {
		return cmd.Wait()
	}
	done := make(chan struct{})
	var passing sync.WaitGroup
	passing.Go(func() { s.pass(done) })
	err := cmd.Wait()
	s.mu.Lock()
	below := s.to[cmd]
	s.mu.Unlock()
	for _, pid := range below {
		fsys.AwaitChild(pid)
	}
	close(done)
	passing.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.to, cmd)
	return err
}

// Run starts the process and waits for its end. signals may be nil. Errors:
// *ExitError, *NotFoundError.
func Run(cmd *exec.Cmd, signals *Signals) error {
	if err := signals.start(cmd); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
			return &NotFoundError{cmd.Path}
		}
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return exitError(signals.wait(cmd))
}

func exitError(err error) error {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return &ExitError{Code: 128 + int(status.Signal()), Signal: status.Signal()}
	}
	return &ExitError{Code: exit.ExitCode()}
}
