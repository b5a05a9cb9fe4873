package policy

import (
	"fmt"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// Exclude is what a rule does not apply to: names in which "*" stands for any
// text, or exact versions of one name ("foo@1.0.0 || 1.0.1"). The zero Exclude
// excludes nothing.
type Exclude struct{ rules []excluded }

type excluded struct {
	pattern  string
	versions []string // nil stands for all
}

// ParseExclude reads a list of the configuration; setting is named in errors,
// which are of type [*ExcludeError].
func ParseExclude(setting string, list []string) (Exclude, error) {
	var e Exclude
	for _, text := range list {
		r := excluded{pattern: text}
		if len(text) > 1 {
			if i := strings.IndexByte(text[1:], '@'); i >= 0 {
				r.pattern = text[:i+1]
				for part := range strings.SplitSeq(text[i+2:], "||") {
					v, err := semver.Parse(strings.TrimSpace(part), semver.Options{})
					if err != nil {
						return e, &ExcludeError{setting, text, "ERR_PNPM_INVALID_VERSION_UNION", "only exact versions can stand behind the name"}
					}
					r.versions = append(r.versions, v.String())
				}
				if strings.Contains(r.pattern, "*") {
					return e, &ExcludeError{setting, text, "ERR_PNPM_NAME_PATTERN_IN_VERSION_UNION", "a pattern cannot have versions"}
				}
			}
		}
		e.rules = append(e.rules, r)
	}
	return e, nil
}

// All reports whether every version of a name is excluded.
func (e Exclude) All(name npm.Name) bool {
	for _, r := range e.rules {
		if r.versions == nil && matches(r.pattern, string(name)) {
			return true
		}
	}
	return false
}

func (e Exclude) version(name npm.Name, version string) bool {
	for _, r := range e.rules {
		if !matches(r.pattern, string(name)) {
			continue
		}
		if r.versions == nil {
			return true
		}
		for _, v := range r.versions {
			if v == version {
				return true
			}
		}
	}
	return false
}

// matches applies a pattern; "!" in front takes all that it does not match.
func matches(pattern, name string) bool {
	if not, ok := strings.CutPrefix(pattern, "!"); ok {
		return !matches(not, name)
	}
	return npm.Wildcard(pattern, name)
}

// ExcludeError is an entry of a list of exclusions that cannot be read.
type ExcludeError struct{ Setting, Entry, code, problem string }

func (e *ExcludeError) Error() string {
	return fmt.Sprintf("%s: %.200q: %s", e.Setting, e.Entry, e.problem)
}

// Code is pnpm's code for this error.
func (e *ExcludeError) Code() string { return e.code }

// Hint is what the user can do.
func (e *ExcludeError) Hint() string { return `write "name", "@scope/*" or "name@1.0.0 || 1.0.1"` }
