package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

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

// errSaid ends a command that has found something, and said what.
var errSaid = errors.New("what was found has been said")

// hinted is an error that knows what the user can do.
type hinted interface{ Hint() string }

// printError tells what went wrong, then what to do:
//
//	ERR_PNPM_NO_MATCHING_VERSION  resolve app > a: no version of a matches …
//	  Next: change the range …
func printError(p *Process, err error) {
	if closed(p.Stdout, err) {
		return
	}
	if errors.Is(err, context.Canceled) && !errors.As(err, new(coded)) {
		fmt.Fprintln(p.Stderr, "interrupted: run the same command again to go on")
		return
	}
	if exit, ok := err.(*spawn.ExitError); ok && exit.Signal == nil {
		return // exec: what failed has said so itself
	}
	if failed, ok := err.(*scriptError); err == errSaid || ok && failed.Quiet {
		return
	}
	fmt.Fprintf(p.Stderr, "%s  %s\n", codeOf(err), ui.Plain(err.Error()))
	if next := nextOf(err); next != "" {
		fmt.Fprintf(p.Stderr, "  Next: %s\n", next)
	}
	annotate(p, err)
}

// closed reports whether an error says that whoever reads stdout has read enough:
// godwit list | head.
func closed(stdout io.Writer, err error) bool {
	file, isFile := stdout.(interface{ Name() string })
	var pipe *fs.PathError
	return isFile && errors.Is(err, syscall.EPIPE) && errors.As(err, &pipe) && pipe.Path == file.Name()
}

func codeOf(err error) string {
	var c coded
	if errors.As(err, &c) && c.Code() != "" {
		return c.Code()
	}
	return "ERR_GODWIT"
}

func nextOf(err error) string {
	var h hinted
	if errors.As(err, &h) && h.Hint() != "" {
		return ui.Plain(h.Hint())
	}
	return machineHint(err)
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

// answered runs a command that was asked for JSON. Programs read the error, too,
// where they look for the answer, unless there is one.
func (c *call) answered(ctx context.Context, cmd *command) error {
	out := &answer{Writer: c.Stdout}
	p := *c.Process
	p.Stdout, c.Process = out, &p
	err := cmd.run(ctx, c)
	if err == nil || out.given || err == errSaid {
		return err
	}
	return errors.Join(err, writeJSON(out, map[string]any{"error": c.failure(err)}))
}

// answer is stdout of such a command.
type answer struct {
	io.Writer
	given bool
}

func (a *answer) Write(data []byte) (int, error) {
	a.given = true
	return a.Writer.Write(data)
}

// npmCodes are npm's codes for what pnpm has a code for.
var npmCodes = map[string]string{
	"ERR_PNPM_NO_MATCHING_VERSION":                    "ETARGET",
	"ERR_PNPM_NO_MATURE_MATCHING_VERSION":             "ETARGET",
	"ERR_PNPM_TARBALL_INTEGRITY":                      "EINTEGRITY",
	"ERR_PNPM_META_FETCH_FAIL":                        "FETCH_ERROR",
	"ERR_PNPM_BROKEN_METADATA_JSON":                   "FETCH_ERROR",
	"ERR_PNPM_NO_OFFLINE_META":                        "ENOTCACHED",
	"ERR_PNPM_NO_OFFLINE_TARBALL":                     "ENOTCACHED",
	"ERR_PNPM_NO_LOCKFILE":                            "EUSAGE",
	"ERR_PNPM_OUTDATED_LOCKFILE":                      "EUSAGE",
	"ERR_PNPM_FROZEN_LOCKFILE_WITH_OUTDATED_LOCKFILE": "EUSAGE",
}

// failure is an error in the shape of the project's tool.
func (c *call) failure(err error) map[string]string {
	code, text := codeOf(err), ui.Plain(err.Error())
	if c.lock.Format == "" {
		_ = c.findLock() // the command did not need to know; without an answer it is pnpm's shape
	}
	if !c.ofNpm() {
		return map[string]string{"code": code, "message": text}
	}
	if status, ok := strings.CutPrefix(code, "ERR_PNPM_FETCH_"); ok {
		code = "E" + status
	}
	code = cmp.Or(npmCodes[code], code)
	return map[string]string{"code": code, "summary": text, "detail": nextOf(err)}
}
