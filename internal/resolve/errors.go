package resolve

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
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
	return "ask for a range that a published version is in, in package.json or, where a package asks, with an override or another version of that package"
}

// Is makes errors.Is(err, ErrNoVersion) true.
func (e *NoMatchError) Is(target error) bool { return target == ErrNoVersion }

// LockedOptionalError is an optional dependency that the lockfile has and that
// cannot be had now. To leave it out would take it out of the lockfile for all
// machines, while most likely only this registry lacks it (pnpm issue 12853).
type LockedOptionalError struct{ Err error }

func (e *LockedOptionalError) Error() string {
	return "the lockfile has this optional dependency: " + e.Err.Error()
}

func (e *LockedOptionalError) Unwrap() error { return e.Err }

// Hint is what the user can do.
func (e *LockedOptionalError) Hint() string {
	return "if it was taken back for good, update what depends on it or remove it from the lockfile; else ask a registry that has it"
}

// ExoticError is a dependency of a package that comes past the registry, where
// only the project itself may have such.
type ExoticError struct{ Alias, Kind string }

func (e *ExoticError) Error() string {
	return fmt.Sprintf("%s is a %s dependency of a package, which block-exotic-subdeps forbids: its publisher, and no registry, would choose what is installed", e.Alias, e.Kind)
}

// Code is pnpm's code for this error.
func (e *ExoticError) Code() string { return "ERR_PNPM_EXOTIC_SUBDEP" }

// Hint is what the user can do.
func (e *ExoticError) Hint() string {
	return "replace it with an override, or, if you trust it, pass --no-block-exotic-subdeps or write blockExoticSubdeps: false to pnpm-workspace.yaml"
}

// InvalidPeerError is a peer of an importer whose specifier could not be
// compared with a version.
type InvalidPeerError struct{ Dir, Peer, Specifier string }

func (e *InvalidPeerError) Error() string {
	return fmt.Sprintf("the package.json in %s has the peer dependency %s with the value %q, which is no range", e.Dir, e.Peer, e.Specifier)
}

// Code is pnpm's code for this error.
func (e *InvalidPeerError) Code() string { return "ERR_PNPM_INVALID_PEER_DEPENDENCY_SPECIFICATION" }

// Hint is what the user can do.
func (e *InvalidPeerError) Hint() string {
	return "write a semver range, or a specifier with a protocol (workspace:, catalog:, npm:, file:)"
}

// checkPeers refuses a dist-tag as a peer of an importer, as pnpm does: nobody
// could say whether a version satisfies it.
func checkPeers(im Importer) error {
	for _, d := range im.Manifest.PeerDependencies {
		if s, err := specifier.Parse(d.Alias, d.Specifier); err == nil && s.Kind == specifier.Tag && !strings.Contains(d.Specifier, ":") {
			return &InvalidPeerError{im.Dir, d.Alias, d.Specifier}
		}
	}
	return nil
}

// TooManyError is a graph whose peers multiply beyond what can be walked.
type TooManyError struct{ Limit int }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("match peers: it takes more than %d steps, for too many packages see different peers in different places", e.Limit)
}

// Code is the code of this error.
func (e *TooManyError) Code() string { return "ERR_GODWIT_TOO_MANY_PEER_CONTEXTS" }

// Hint is what the user can do.
func (e *TooManyError) Hint() string {
	return "add the peers that differ from place to place to package.json, so that all packages share them"
}

func (w *peerWalk) tooMany() error {
	if w.work > w.opts.maxWork {
		return &TooManyError{w.opts.maxWork}
	}
	return nil
}
