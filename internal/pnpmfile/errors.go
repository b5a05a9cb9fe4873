package pnpmfile

import (
	"fmt"
	"strings"
	"time"
)

// NotFoundError is a pnpmfile that a setting names and that is not there.
type NotFoundError struct{ Path string }

func (e *NotFoundError) Error() string { return "there is no pnpmfile " + e.Path }

// Code is pnpm's code for this error.
func (e *NotFoundError) Code() string { return "ERR_PNPM_PNPMFILE_NOT_FOUND" }

// Hint is what the user can do.
func (e *NotFoundError) Hint() string {
	return "make the file, or correct the setting pnpmfile (or global-pnpmfile)"
}

// HookError is a pnpmfile that cannot be loaded, or a hook that failed.
type HookError struct {
	File    string // its path
	Hook    string // "" while loading
	Message string // with the stack that node gave
	Bad     bool   // readPackage returned what is no manifest
}

func (e *HookError) Error() string {
	message := strings.ReplaceAll(e.Message, "\n", "\n  ")
	switch {
	case e.Bad:
		return message + " (the hook is in " + e.File + ")"
	case e.Hook == "":
		return fmt.Sprintf("load %s: %s", e.File, message)
	}
	return fmt.Sprintf("run %s of %s: %s", e.Hook, e.File, message)
}

// Code is pnpm's code for this error.
func (e *HookError) Code() string {
	if e.Bad {
		return "ERR_PNPM_BAD_READ_PACKAGE_HOOK_RESULT"
	}
	return "ERR_PNPM_PNPMFILE_FAIL"
}

// Hint is what the user can do.
func (e *HookError) Hint() string {
	if e.Bad {
		return "return the manifest from readPackage; to remove a dependency, delete its property"
	}
	return "correct the file, or go on without it: --ignore-pnpmfile"
}

// EndedError is a node process that answers no more.
type EndedError struct {
	Files  string
	Silent time.Duration // how long it said nothing while it was waited for; 0 if it ended
	Err    error         // how it ended, or nil
}

func (e *EndedError) Error() string {
	switch {
	case e.Silent > 0:
		return fmt.Sprintf("the hooks of %s gave no answer for %v", e.Files, e.Silent)
	case e.Err != nil:
		return fmt.Sprintf("the node process that runs the hooks of %s ended: %v", e.Files, e.Err)
	}
	return fmt.Sprintf("the node process that runs the hooks of %s ended", e.Files)
}

func (e *EndedError) Unwrap() error { return e.Err }

// Code is pnpm's code for this error.
func (e *EndedError) Code() string { return "ERR_PNPM_PNPMFILE_FAIL" }

// Hint is what the user can do.
func (e *EndedError) Hint() string {
	return "a hook must return and must not end its process; correct the file, or go on without it: --ignore-pnpmfile"
}

// NoNodeError is a pnpmfile where there is no node to run it.
type NoNodeError struct{ File string }

func (e *NoNodeError) Error() string {
	return e.File + " has hooks to run, and PATH has no node to run them with"
}

// Code is the code of this error.
func (e *NoNodeError) Code() string { return "ERR_GODWIT_NO_NODE" }

// Hint is what the user can do.
func (e *NoNodeError) Hint() string {
	return "install Node.js, or go on without the file: --ignore-pnpmfile"
}

// UnsupportedError is something that a pnpmfile exports and that is not called
// here: to go on without would install something else.
type UnsupportedError struct{ File, What string }

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s exports %s, which this version of godwit does not call", e.File, e.What)
}

// Code is the code of this error.
func (e *UnsupportedError) Code() string { return "ERR_GODWIT_UNSUPPORTED" }

// Hint is what the user can do.
func (e *UnsupportedError) Hint() string {
	return "install this project with pnpm, or go on without the file: --ignore-pnpmfile"
}
