package cli

import (
	"context"
	"errors"
	"fmt"

	"godwit/internal/cli/ui"
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
	if errors.As(err, &h) && h.Hint() != "" {
		fmt.Fprintf(p.Stderr, "  Next: %s\n", ui.Plain(h.Hint()))
	}
}
