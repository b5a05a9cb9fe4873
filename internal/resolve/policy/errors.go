package policy

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/npm"
)

// AgeError is versions that are too new, where nothing older would do.
type AgeError struct {
	Violations []Violation
	Setting    string
	Locked     bool // a lockfile has them
}

func (e *AgeError) Error() string {
	lines := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		lines[i] = v.String()
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	what := "no older version will do for these, which %s does not admit:\n  %s"
	if e.Locked {
		what = "the lockfile has versions that %s does not admit:\n  %s"
	}
	return fmt.Sprintf(what, e.Setting, strings.Join(lines, "\n  "))
}

// Code is pnpm's code for this error.
func (e *AgeError) Code() string {
	if e.Locked {
		return "ERR_PNPM_MINIMUM_RELEASE_AGE_VIOLATION"
	}
	return "ERR_PNPM_NO_MATURE_MATCHING_VERSION"
}

// Hint is what the user can do.
func (e *AgeError) Hint() string {
	v := e.Violations[0]
	return fmt.Sprintf("wait, or add %s@%s and the others to minimumReleaseAgeExclude in pnpm-workspace.yaml", v.Name, v.Version)
}

// TrustError is a version that is vouched for less than an earlier one.
type TrustError struct {
	Name    npm.Name
	Version string
	Earlier string // "" where it could not be told
	problem string
}

func (e *TrustError) Error() string {
	if e.Earlier == "" {
		return fmt.Sprintf("%s@%s cannot be compared with earlier versions, as trustPolicy asks: %s", e.Name, e.Version, e.problem)
	}
	return fmt.Sprintf("%s@%s is vouched for less than before: %s", e.Name, e.Version, e.problem)
}

// Code is pnpm's code for this error.
func (e *TrustError) Code() string {
	if e.Earlier == "" {
		return "ERR_PNPM_TRUST_CHECK_FAIL"
	}
	return "ERR_PNPM_TRUST_DOWNGRADE"
}

// Hint is what the user can do.
func (e *TrustError) Hint() string {
	return fmt.Sprintf("the publisher's account may have been taken over: ask the project; if all is well, add %s@%s to trustPolicyExclude", e.Name, e.Version)
}

// MissingTimeError is a document that does not say when versions were published
// although a setting asks for that.
type MissingTimeError struct {
	Name    npm.Name
	Setting string
}

func (e *MissingTimeError) Error() string {
	return fmt.Sprintf("the registry does not say when the versions of %s were published, which %s asks for", e.Name, e.Setting)
}

// Code is pnpm's code for this error.
func (e *MissingTimeError) Code() string { return "ERR_PNPM_MISSING_TIME" }

// Hint is what the user can do.
func (e *MissingTimeError) Hint() string {
	return fmt.Sprintf("add %s to minimumReleaseAgeExclude, or set minimumReleaseAgeIgnoreMissingTime: true if the registry tells no times at all", e.Name)
}
