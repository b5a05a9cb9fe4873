package patch

import (
	"errors"
	"fmt"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/patch/unidiff"
)

// Error is a patch that cannot be used.
type Error struct {
	code, message, hint string
	err                 error
}

func (e *Error) Error() string { return e.message }
func (e *Error) Unwrap() error { return e.err }

// Code is pnpm's code for this error.
func (e *Error) Code() string { return e.code }

// Hint is what the user can do.
func (e *Error) Hint() string { return e.hint }

func (p *Patch) invalid(err error) error {
	code := "ERR_PNPM_INVALID_PATCH"
	if bad := (*unidiff.Error)(nil); errors.As(err, &bad) && bad.Outside {
		code = "ERR_PNPM_PATCH_FAILED" // as in pnpm, which sees it only then
	}
	return &Error{
		code, fmt.Sprintf("read the patch %s for %s: %v", p.Path, p.Key, err),
		"make the patch anew with pnpm patch, or with diff -u", err,
	}
}

// Failed is the error of a patch that does not apply to a package.
func (p *Patch) Failed(name npm.Name, version string, err error) error {
	return &Error{
		"ERR_PNPM_PATCH_FAILED", fmt.Sprintf("apply the patch %s to %s@%s: %v", p.Path, name, version, err),
		"make the patch anew for this version, or name the version it was made for in patchedDependencies", err,
	}
}

func conflict(name npm.Name, version string, fits []ranged) error {
	var ranges []string
	for _, r := range fits {
		ranges = append(ranges, r.text)
	}
	return &Error{
		"ERR_PNPM_PATCH_KEY_CONFLICT",
		fmt.Sprintf("%s@%s is in %d ranges of patchedDependencies: %s", name, version, len(fits), strings.Join(ranges, ", ")),
		fmt.Sprintf("add the key %s@%s", name, version), nil,
	}
}

// UnusedError is patches that no package has a use for.
type UnusedError struct{ Keys []string }

func (e *UnusedError) Error() string {
	return "these entries of patchedDependencies fit no package: " + strings.Join(e.Keys, ", ")
}

// Code is pnpm's code for this error.
func (e *UnusedError) Code() string { return "ERR_PNPM_UNUSED_PATCH" }

// Hint is what the user can do.
func (e *UnusedError) Hint() string {
	return "remove them, make them fit the versions in use, or set allowUnusedPatches: true in pnpm-workspace.yaml"
}
