package sched

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrDropped is in the error of tasks that were dropped.
	ErrDropped = errors.New("dropped")
	// ErrClosed is the cause when the run was closed before its end.
	ErrClosed = errors.New("scheduler closed")
)

// Error is a failed task, as seen from the task that was waited for.
type Error struct {
	Key   Key      // the task that failed
	Chain []string // labels, from the task waited for down to the one that failed
	Why   string   // who wanted the failed task, in the words of whoever added it
	Err   error    // what Run returned
}

func (e *Error) Error() string {
	msg := strings.Join(e.Chain, " > ") + ": " + e.Err.Error()
	if e.Why != "" {
		msg += " (wanted by " + e.Why + ")"
	}
	return msg
}

func (e *Error) Unwrap() error { return e.Err }

// droppedError is the error of a dropped task.
type droppedError struct{ fault *Error }

func (e droppedError) Error() string   { return "dropped: " + e.fault.Error() }
func (e droppedError) Unwrap() []error { return []error{ErrDropped, e.fault} }

// canceledError is the error of a task that did not run because of another one.
type canceledError struct {
	label string
	cause error
}

func (e canceledError) Error() string { return fmt.Sprintf("%s: canceled: %v", e.label, e.cause) }
func (e canceledError) Unwrap() error { return e.cause }

// DeadlockError is a task that waits for something that cannot happen any
// more. It is a bug in whoever added the tasks.
type DeadlockError struct {
	Key   Key   // the task that waits
	Need  Key   // what it waits for
	Cycle []Key // the tasks that wait for each other; nil if Need was never added
}

func (e *DeadlockError) Error() string {
	if e.Cycle == nil {
		return fmt.Sprintf("sched: %q needs %q, which was never added", e.Key, e.Need)
	}
	parts := make([]string, len(e.Cycle))
	for i, k := range e.Cycle {
		parts[i] = fmt.Sprintf("%q", k)
	}
	return "sched: tasks wait for each other: " + strings.Join(parts, " needs ")
}
