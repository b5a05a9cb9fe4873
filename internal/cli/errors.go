package cli

import (
	"context"
	"errors"
	"fmt"

	"godwit/internal/cli/ui"
	"godwit/internal/fsys"
	"godwit/internal/spawn"
)

// coded is an error with a stable code for scripts.
type coded interface{ Code() string }

// refusedError is a call that cannot be done, with its code for scripts ("" for
// none of its own) and what to do instead.
type refusedError struct{ what, code, next string }

func (e *refusedError) Error() string { return e.what }
func (e *refusedError) Code() string  { return e.code }
func (e *refusedError) Hint() string  { return e.next }

// hinted is an error that knows what the user can do.
type hinted interface{ Hint() string }

// printError tells what went wrong, then what to do:
//
//	ERR_PNPM_NO_MATCHING_VERSION  resolve app > a: no version of a matches …
//	  Next: change the range …
func printError(p *Process, err error) {
	if errors.Is(err, context.Canceled) && !errors.As(err, new(coded)) {
		fmt.Fprintln(p.Stderr, "interrupted: run the same command again to go on")
		return
	}
	if exit, ok := err.(*spawn.ExitError); ok && exit.Signal == nil {
		return // exec: what failed has said so itself
	}
	switch err.(type) {
	case outdatedError, vulnerableError, doctorError:
		return
	}
	code := "ERR_GODWIT"
	var c coded
	if errors.As(err, &c) && c.Code() != "" {
		code = c.Code()
	}
	fmt.Fprintf(p.Stderr, "%s  %s\n", code, ui.Plain(err.Error()))
	var h hinted
	hint := machineHint(err)
	if errors.As(err, &h) && h.Hint() != "" {
		hint = h.Hint()
	}
	if hint != "" {
		fmt.Fprintf(p.Stderr, "  Next: %s\n", ui.Plain(hint))
	}
}

// machineHint is what to do about an error of the operating system that nobody had
// more to say of, or "".
func machineHint(err error) string {
	switch {
	case fsys.DiskFull(err):
		return "free some space, and run the same command again; where there is some, the disk may have no place for more files (df -i), or a quota may be used up"
	case fsys.TooManyFiles(err):
		return "let this process open more files (ulimit -n 1024), or set network-concurrency to 8"
	case fsys.ReadOnly(err):
		return "let this user do that (permissions, a file system that is read-only), or run the command as the user whose files they are"
	}
	return ""
}
