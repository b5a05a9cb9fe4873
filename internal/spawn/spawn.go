// Package spawn runs processes to their end: one, whose signals and exit status
// are ours, or several at one time, whose lines stay apart.
package spawn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
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

// Run starts the process and waits for its end; it gets every signal once.
// signals may be nil. Errors: *ExitError, *NotFoundError.
func Run(cmd *exec.Cmd, signals <-chan os.Signal) error {
	if err := cmd.Start(); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
			return &NotFoundError{cmd.Path}
		}
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	done, forwarded := make(chan struct{}), make(chan struct{})
	go func() { // ends when the process has
		defer close(forwarded)
		for {
			select {
			case sig := <-signals:
				_ = cmd.Process.Signal(sig) // the process is gone: there is nobody to tell
			case <-done:
				return
			}
		}
	}()
	err := cmd.Wait()
	close(done)
	<-forwarded
	return exitError(err)
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
