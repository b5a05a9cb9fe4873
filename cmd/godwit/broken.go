package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"unicode"

	"godwit/internal/cli"
)

// guarded is the exit status of run. Panics are for broken invariants: one that gets
// here is a bug of ours, and whoever meets it learns what to do about it, before the
// stack. Those of other goroutines nobody can catch for them; Go prints them.
func guarded(stderr io.Writer, run func() int) (status int) {
	defer func() {
		if broken := recover(); broken != nil {
			fmt.Fprintf(stderr, "godwit: internal error: %s\n"+
				"  Next: report it as a bug of godwit %s on %s/%s, with the name of the command and what follows; leave arguments and tokens out\n\n%s",
				oneLine(fmt.Sprint(broken)), cli.Version, runtime.GOOS, runtime.GOARCH, debug.Stack())
			status = 1
		}
	}()
	return run()
}

// oneLine takes out of a message what a terminal would obey: it may quote a package.
func oneLine(message string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, message)
}
