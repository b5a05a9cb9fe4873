package resolve

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// NoMatchError says that a package exists, but not in a version that is
// wanted.
type NoMatchError struct {
	Name   npm.Name
	Wanted string
	Latest string   // what the dist-tag latest stands for, or ""
	Tags   []string // the dist-tags there are, if a tag was wanted
	Newest []string // the highest versions there are, highest first
	Count  int      // of all versions
}

// newestShown is how many versions an error lists: enough to see a typo in
// the range, few enough for one line of a terminal.
const newestShown = 5

func noMatch(doc *npm.Packument, name npm.Name, wanted string) error {
	e := &NoMatchError{Name: name, Wanted: wanted, Latest: doc.DistTags["latest"], Count: doc.Len()}
	if _, err := semver.ParseRange(wanted, loose); err != nil {
		for tag := range doc.DistTags {
			e.Tags = append(e.Tags, tag)
		}
		slices.Sort(e.Tags)
	}
	versions := slices.Clone(doc.Versions())
	slices.SortFunc(versions, func(a, b semver.Version) int { return b.Compare(a) })
	for _, v := range versions[:min(newestShown, len(versions))] {
		e.Newest = append(e.Newest, v.String())
	}
	return e
}

func (e *NoMatchError) Error() string {
	if e.Count == 0 {
		return fmt.Sprintf("no version of %s is published", e.Name)
	}
	have := fmt.Sprintf("the latest is %s; the newest are %s", e.Latest, strings.Join(e.Newest, ", "))
	if e.Tags != nil {
		have += "; its dist-tags are " + strings.Join(e.Tags, ", ")
	}
	return fmt.Sprintf("no version of %s matches %q: %s", e.Name, e.Wanted, have)
}

// Code is pnpm's code for this error.
func (e *NoMatchError) Code() string { return "ERR_PNPM_NO_MATCHING_VERSION" }

// Hint is what the user can do.
func (e *NoMatchError) Hint() string {
	return "change the range in package.json to one that a published version is in"
}

// Is makes errors.Is(err, ErrNoVersion) true.
func (e *NoMatchError) Is(target error) bool { return target == ErrNoVersion }
