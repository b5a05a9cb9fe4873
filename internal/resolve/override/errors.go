package override

import (
	"fmt"

	"godwit/internal/npm"
)

// Error is an override that cannot be understood.
type Error struct{ code, message, hint string }

func (e *Error) Error() string { return e.message }

// Code is pnpm's code for this error.
func (e *Error) Code() string { return e.code }

// Hint is what the user can do.
func (e *Error) Hint() string { return e.hint }

func errSelector(selector string) error {
	return &Error{
		"ERR_PNPM_INVALID_SELECTOR", fmt.Sprintf("the selector %.200q in overrides names no package", selector),
		`write "name", "name@range" or "parent>name"`,
	}
}

const codeConvergence = "ERR_PNPM_INVALID_CONVERGENCE_OVERRIDE"

func errConvergenceScoped(selector string) error {
	return &Error{
		codeConvergence, fmt.Sprintf("the selector %.200q in overrides has an empty range beside a parent", selector),
		`leave out the "@", or the parent`,
	}
}

func errConvergenceValue(selector, value string) error {
	return &Error{
		codeConvergence, fmt.Sprintf("the override %.200q, whose range is empty, has the value %.200q, which is no version", selector, value),
		"write an exact version, which goes where a range admits it",
	}
}

func errReference(value, name string) error {
	return &Error{
		"ERR_PNPM_CANNOT_RESOLVE_OVERRIDE_VERSION",
		fmt.Sprintf("%s in overrides stands for the project's own dependency on %q, which there is not", value, name),
		"add it to package.json, or write the version",
	}
}

func errCatalog(e npm.Dep, cause string) error {
	return &Error{
		"ERR_PNPM_CATALOG_IN_OVERRIDES",
		fmt.Sprintf("the override %.200q has the value %.200q: %s", e.Alias, e.Specifier, cause),
		"add the entry to the catalog in pnpm-workspace.yaml, or write the version",
	}
}
