// Package policy says which published versions a project admits: those that
// have been public long enough, and whose origin is vouched for no less than
// that of the versions before them.
//
// The rules are those of pnpm 12 (minimumReleaseAge and trustPolicy in its npm
// resolver, MIT), but for one: trust is compared among versions with the same
// major, since a project may publish an old line in an old way.
package policy

import (
	"fmt"
	"time"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// Policy is the rules of a project; immutable. The nil Policy admits all.
type Policy struct {
	// Cutoff is the time after which a version counts as not published; zero
	// admits all. Setting names what it follows from, for messages.
	Cutoff  time.Time
	Setting string
	Strict  bool // a version after Cutoff is an error where there is no other

	Exclude     Exclude // what Cutoff does not apply to
	MissingTime bool    // a document without times is taken as it is

	// NoDowngrade refuses versions that are vouched for less than earlier ones.
	NoDowngrade  bool
	TrustExclude Exclude
	TrustAge     time.Duration // versions older than this are not looked at; 0 looks at all
	Now          time.Time     // for TrustAge

	// Npmrc says that the project's settings are in .npmrc, and pnpm-workspace.yaml
	// is none of its files; for messages.
	Npmrc bool
}

// NeedsTimes reports whether doc, which lacks publication times, does not do: a
// document that has not changed since the cutoff has nothing after it.
func (p *Policy) NeedsTimes(doc *npm.Packument) bool {
	if p == nil || doc.Full {
		return false
	}
	return p.NoDowngrade && !p.TrustExclude.All(doc.Name) || !p.Cutoff.IsZero() && !p.Exclude.All(doc.Name) && !before(doc, p.Cutoff)
}

// Concerns reports whether the policy has anything to say of a name.
func (p *Policy) Concerns(name npm.Name) bool {
	return p != nil && (p.NoDowngrade && !p.TrustExclude.All(name) || !p.Cutoff.IsZero() && !p.Exclude.All(name))
}

// before reports whether nothing of doc is newer than cutoff.
func before(doc *npm.Packument, cutoff time.Time) bool {
	modified, known := doc.Modified()
	return known && !modified.After(cutoff)
}

// View is what a cutoff leaves of a document. The nil View is all of it.
type View struct {
	doc    *npm.Packument
	cutoff time.Time
	except func(version string) bool
	tags   map[string]string // moved so far

	distrusted map[string]*TrustError // by version; only of Enforced
}

// View is what the policy leaves of doc for dependencies that may not be newer
// than cutoff, which is zero where only the policy's own counts. The error is a
// [*MissingTimeError].
func (p *Policy) View(doc *npm.Packument, cutoff time.Time) (*View, error) {
	v := &View{doc: doc, cutoff: cutoff, tags: map[string]string{}}
	if p != nil {
		if p.Exclude.All(doc.Name) { // from either cutoff, as in pnpm
			return nil, nil
		}
		if !p.Cutoff.IsZero() && (cutoff.IsZero() || p.Cutoff.Before(cutoff)) {
			v.cutoff = p.Cutoff
		}
	}
	if v.cutoff.IsZero() || before(doc, v.cutoff) {
		return nil, nil
	}
	if !doc.Full {
		if p.ignoresMissingTime() {
			return nil, nil
		}
		return nil, p.missingTime(doc, p.setting())
	}
	v.except = func(version string) bool { return p != nil && p.Exclude.version(doc.Name, version) }
	return v, nil
}

// Admitted is what the policy leaves of doc as a document: other versions, and
// dist-tags that stand for them. The error is a [*MissingTimeError].
func (p *Policy) Admitted(doc *npm.Packument) (*npm.Packument, error) {
	if !p.Concerns(doc.Name) {
		return doc, nil
	}
	v, err := p.View(doc, time.Time{})
	if err != nil || v == nil {
		return doc, err
	}
	return v.Of(doc), nil
}

// Of is what a view leaves of its document, as a document.
func (v *View) Of(doc *npm.Packument) *npm.Packument {
	tags := map[string]string{}
	for tag := range doc.DistTags {
		if target := v.Tag(doc, tag); target != "" {
			tags[tag] = target
		}
	}
	return doc.Filter(v.Admits, tags)
}

func (p *Policy) ignoresMissingTime() bool { return p != nil && p.MissingTime }

func (p *Policy) setting() string {
	if p == nil || p.Setting == "" {
		return "resolutionMode: time-based"
	}
	return p.Setting
}

func (p *Policy) missingTime(doc *npm.Packument, setting string) error {
	return &MissingTimeError{Name: doc.Name, Setting: setting, Npmrc: p != nil && p.Npmrc}
}

// Admits reports whether version i of the document is left.
func (v *View) Admits(i int) bool {
	if v == nil {
		return true
	}
	return v.old(i) && v.distrusted[v.doc.Key(i)] == nil
}

// old reports whether version i is not after the cutoff, or excluded from it.
func (v *View) old(i int) bool {
	if v == nil || v.cutoff.IsZero() {
		return true
	}
	published, known := v.doc.PublishedAt(i)
	return known && !published.After(v.cutoff) || v.except(v.doc.Key(i))
}

// Tag is the version that a dist-tag stands for, "" if none. One that stands
// for a version that is not left stands for the highest before it: of the same
// major unless it is latest, a prerelease only for a prerelease, and deprecated
// only where all are.
func (v *View) Tag(doc *npm.Packument, tag string) string {
	target, ok := doc.DistTags[tag]
	if v == nil || !ok {
		return target
	}
	if moved, known := v.tags[tag]; known {
		return moved
	}
	moved := v.moved(tag, target)
	v.tags[tag] = moved
	return moved
}

func (v *View) moved(tag, target string) string {
	original, err := semver.Parse(target, semver.Options{Loose: true})
	if err != nil {
		return ""
	}
	versions := v.doc.Versions()
	best := -1
	for i := range v.doc.Len() {
		if !v.Admits(i) {
			continue
		}
		if v.doc.Key(i) == target {
			return target
		}
		c := versions[i]
		if c.Compare(original) > 0 || tag != "latest" && c.Major != original.Major || c.IsPrerelease() != original.IsPrerelease() {
			continue
		}
		if best < 0 {
			best = i
			continue
		}
		was, is := v.doc.Deprecated(best), v.doc.Deprecated(i)
		if c.Compare(versions[best]) > 0 && was == is || was && !is {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return v.doc.Key(best)
}

// Violation is a version that was taken, or that a lockfile has, in spite of
// its age.
type Violation struct {
	Name      npm.Name
	Version   string
	Published time.Time // zero where that is not known
	Cutoff    time.Time
	Chain     []string // of those who want it, the importer first; nil in a lockfile
}

func (v Violation) String() string {
	if v.Published.IsZero() {
		return fmt.Sprintf("%s@%s is not among the versions that the registry has, or it does not say when it was published", v.Name, v.Version)
	}
	way := ""
	for _, dependent := range v.Chain {
		way += dependent + " > "
	}
	return fmt.Sprintf("%s%s@%s was published at %s, after %s", way, v.Name, v.Version, stamp(v.Published), stamp(v.Cutoff))
}

// CheckLocked reports whether a version that a lockfile has is too new. What
// cannot be told counts as such, or is a [*MissingTimeError].
func (p *Policy) CheckLocked(doc *npm.Packument, version string) (v Violation, young bool, err error) {
	if p.Cutoff.IsZero() || p.Exclude.version(doc.Name, version) {
		return Violation{}, false, nil
	}
	published, known := doc.Published(version)
	_, missing := doc.Raw(version)
	switch {
	case known:
	case !doc.Full && missing == nil && before(doc, p.Cutoff):
		return Violation{}, false, nil
	case !doc.Full && missing == nil && p.MissingTime:
		return Violation{}, false, nil
	case !doc.Full && missing == nil:
		return Violation{}, false, p.missingTime(doc, p.setting())
	}
	v = Violation{Name: doc.Name, Version: version, Published: published, Cutoff: p.Cutoff}
	return v, !known || published.After(p.Cutoff), nil
}

// stamp is a time as registries write it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Young reports whether a version is too new for the policy's own cutoff. One
// whose time is not known is not.
func (p *Policy) Young(doc *npm.Packument, version string) (Violation, bool) {
	if p == nil || p.Cutoff.IsZero() || p.Exclude.version(doc.Name, version) {
		return Violation{}, false
	}
	published, known := doc.Published(version)
	if !known || !published.After(p.Cutoff) {
		return Violation{}, false
	}
	return Violation{Name: doc.Name, Version: version, Published: published, Cutoff: p.Cutoff}, true
}
