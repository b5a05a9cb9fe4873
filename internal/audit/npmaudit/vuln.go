package npmaudit

import (
	"slices"
	"strings"

	"godwit/internal/audit"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/query"
)

// Vuln is a package of which vulnerable versions are in the tree.
type Vuln struct {
	Name     string
	Severity string
	Blocked  *Blocked // an update would help, and is too young; nil is none

	advisories []*advisory
	via        []*Vuln       // what it follows from
	effects    []*Vuln       // what follows from it
	nodes      []*query.Node // that are vulnerable
	tops       []*query.Node // projects that ask for nothing better
	fix        Fix
	doc        *npm.Packument
	all        []semver.Version
}

// FixKind is whether there is a way out.
type FixKind uint8

// The kinds.
const (
	NoFix      FixKind = iota
	FixInRange         // an update within what projects ask for
	FixForced          // a project has to ask for another version
)

// Fix is the way out of a vulnerability. Of FixForced it is the version to ask for.
type Fix struct {
	Kind          FixKind
	Name, Version string
	Major         bool // it may break what depends on it
	Outside       bool // of what is asked for
}

// Fix is the way out.
func (v *Vuln) Fix() Fix { return v.fix }

// Nodes are the vulnerable packages of that name.
func (v *Vuln) Nodes() []*query.Node { return v.nodes }

// Tops are the projects that cannot be helped without another specifier.
func (v *Vuln) Tops() []*query.Node { return v.tops }

func (v *Vuln) add(a *advisory) {
	if !slices.Contains(v.advisories, a) {
		v.advisories = append(v.advisories, a)
	}
	v.weigh()
}

// weigh takes the worst severity of the advisories.
func (v *Vuln) weigh() {
	v.Severity = ""
	for _, a := range v.advisories {
		if s := a.severity(); audit.Rank(s) > audit.Rank(v.Severity) {
			v.Severity = s
		}
	}
}

// dependency is the name of what an advisory about v follows from.
func (v *Vuln) dependency(a *advisory) string {
	if a.cause == nil {
		return a.name
	}
	return a.cause.name
}

// follows notes that v follows from cause, which a fix for v fixes, too.
func (v *Vuln) follows(cause *Vuln) {
	if !slices.Contains(v.via, cause) {
		v.via = append(v.via, cause)
	}
	if !slices.Contains(cause.effects, v) {
		cause.effects = append(cause.effects, v)
	}
	v.settle(v.fix)
}

// settle gives v a way out, and one to what it follows from: the hardest of those
// that any of its effects needs.
func (v *Vuln) settle(f Fix) {
	v.fix = f
	for _, cause := range v.via {
		harder := f.Kind == NoFix || cause.fix.Kind == FixInRange || f.Kind == FixForced && !(cause.fix.Kind == FixForced && cause.fix.Major)
		if cause.fix != f && harder {
			cause.settle(f)
		}
	}
}

// rangeText is the vulnerable versions, by advisories.
func (v *Vuln) rangeText() string {
	var parts []string
	for _, a := range v.advisories {
		parts = append(parts, a.text)
	}
	return strings.Join(parts, " || ")
}

// Range is the vulnerable versions, in short.
func (v *Vuln) Range() string { return simplify(v.advisories[0].all, v.rangeText()) }

func (v *Vuln) avoid() semver.Range {
	rng, _ := semver.ParseRange(v.rangeText(), anyway) // what is none keeps nothing away
	return rng
}

func (v *Vuln) avoids(version string) bool {
	parsed, err := semver.Parse(version, anyway)
	return err == nil && v.avoid().Match(parsed)
}

// avoidable reports whether a specifier leaves a version that is not vulnerable. A
// dist-tag leaves none.
func (v *Vuln) avoidable(s specifier.Specifier) bool {
	asked, err := semver.ParseRange(s.Range, semver.Options{})
	if err != nil {
		return false
	}
	avoid := v.avoid()
	return slices.ContainsFunc(v.all, func(version semver.Version) bool { return asked.Match(version) && !avoid.Match(version) })
}
