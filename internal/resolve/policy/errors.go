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
	Npmrc      bool // see Policy
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
	hint := "wait, or " + exempt(e.Npmrc, ageExclude, v.Name, v.Version)
	if len(e.Violations) > 1 {
		hint += ", and the others likewise"
	}
	return hint
}

// The lists of exceptions.
const (
	ageExclude   = "minimumReleaseAgeExclude"
	trustExclude = "trustPolicyExclude"
)

// exempt is how a project makes an exception of a version, or of all of a name ("").
func exempt(npmrc bool, list string, name npm.Name, version string) string {
	what := string(name)
	if version != "" && !(npmrc && list == ageExclude) { // npm's patterns are of names alone
		what += "@" + version
	}
	switch {
	case !npmrc:
		return fmt.Sprintf("add %s to %s in pnpm-workspace.yaml", what, list)
	case list == ageExclude:
		return fmt.Sprintf("write min-release-age-exclude[]=%s to .npmrc", what)
	}
	return fmt.Sprintf("write trust-policy-exclude[]=%s to .npmrc", what)
}

// TrustError is a version that is vouched for less than an earlier one.
type TrustError struct {
	Name    npm.Name
	Version string
	Earlier string // "" where it could not be told
	Npmrc   bool   // see Policy
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
	return "the publisher's account may have been taken over: ask the project; if all is well, " + exempt(e.Npmrc, trustExclude, e.Name, e.Version)
}

// MissingTimeError is a document that does not say when versions were published
// although a setting asks for that.
type MissingTimeError struct {
	Name    npm.Name
	Setting string
	Npmrc   bool // see Policy
}

func (e *MissingTimeError) Error() string {
	return fmt.Sprintf("the registry does not say when the versions of %s were published, which %s asks for", e.Name, e.Setting)
}

// Code is pnpm's code for this error.
func (e *MissingTimeError) Code() string { return "ERR_PNPM_MISSING_TIME" }

// Hint is what the user can do.
func (e *MissingTimeError) Hint() string {
	list, ignore := ageExclude, "set minimumReleaseAgeIgnoreMissingTime: true"
	if e.Setting == "trustPolicy" {
		list = trustExclude
	}
	if e.Npmrc {
		ignore = "minimum-release-age-ignore-missing-time=true"
	}
	return exempt(e.Npmrc, list, e.Name, "") + ", or " + ignore + " if the registry tells no times at all"
}
