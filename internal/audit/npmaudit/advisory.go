package npmaudit

import (
	"slices"
	"strings"

	"godwit/internal/audit"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// anyway is how npm holds versions against advisories: prereleases count.
var anyway = semver.Options{Loose: true, IncludePrerelease: true}

// advisory says which versions of a package are vulnerable: those that a registry
// names, or, of a package that depends on such a one, those that cannot do without
// it (@npmcli/metavuln-calculator 9).
type advisory struct {
	name  string           // of the package
	of    *audit.Advisory  // what the registry said
	cause *advisory        // what a dependent's follows from; nil is the registry's own
	doc   *npm.Packument   // nil where no registry has the package
	all   []semver.Version // of doc, in order
	text  string           // range
	rng   semver.Range     // that is text; holds nothing where text is none

	vulnerable map[string]bool // versions
	known      map[string]bool // what was found of versions
	specs      map[string]bool // and of what dependents ask for
}

// newAdvisory is about name; cause is what of was concluded from, or nil.
func newAdvisory(name string, of *audit.Advisory, cause *advisory, doc *npm.Packument) *advisory {
	a := &advisory{
		name: name, of: of, cause: cause, doc: doc,
		vulnerable: map[string]bool{}, known: map[string]bool{}, specs: map[string]bool{},
	}
	if doc != nil {
		a.all = slices.Clone(doc.Versions())
		slices.SortStableFunc(a.all, semver.Version.Compare)
	}
	if !a.meta() {
		if a.text = "*"; cause == nil && of.Vulnerable != "" { // a package that depends on itself is bad in all versions
			a.text = of.Vulnerable
		}
		a.rng, _ = semver.ParseRange(a.text, anyway) // one that is none holds nothing
	}
	a.testAll()
	if a.meta() {
		a.text = a.summarize()
		a.rng, _ = semver.ParseRange(a.text, anyway)
	}
	return a
}

// meta reports whether this follows from another package's advisory.
func (a *advisory) meta() bool { return a.cause != nil && a.cause.name != a.name }

// severity is the registry's word, and npm's where it says none.
func (a *advisory) severity() string {
	if a.of.Severity == "" {
		return "high"
	}
	return a.of.Severity
}

// concerns reports whether a version is vulnerable. asks, if given, is what the
// version is known to ask for of what it depends on.
func (a *advisory) concerns(version string, asks ...string) bool {
	hit, known := a.known[version]
	if !known {
		hit = a.vulnerable[version] || a.look(version, asks)
		a.vulnerable[version] = a.vulnerable[version] || hit
		a.known[version] = hit
	}
	return hit
}

func (a *advisory) look(version string, asks []string) bool {
	if !a.meta() {
		v, err := semver.Parse(version, anyway)
		return err == nil && a.rng.Match(v)
	}
	var m *npm.Manifest
	if a.doc != nil {
		m, _ = a.doc.Manifest(version) // one that is not there is nil
	}
	spec, depends := "", false
	switch {
	case len(asks) > 0 && asks[0] != "":
		spec, depends = asks[0], true
	case m != nil:
		spec, depends = needs(m, a.cause.name)
	}
	if !depends {
		return false
	}
	asked, err := semver.ParseRange(spec, anyway)
	switch {
	case err != nil:
		return true // nothing to hope for
	case m != nil && m.Bundled.Has(a.cause.name):
		return semver.Intersects(asked, a.cause.rng)
	}
	return a.cause.unavoidable(spec, asked)
}

// needs is what a version asks for of a package.
func needs(m *npm.Manifest, name string) (spec string, ok bool) {
	for _, deps := range []npm.Deps{m.Dependencies, m.OptionalDependencies, m.PeerDependencies} {
		if spec, ok = deps.Lookup(name); ok {
			return spec, true
		}
	}
	return "", false
}

// unavoidable reports whether a specifier leaves nothing but vulnerable versions, or
// none at all.
func (a *advisory) unavoidable(spec string, asked semver.Range) bool {
	if known, ok := a.specs[spec]; ok {
		return known
	}
	bad := !slices.ContainsFunc(a.all, func(v semver.Version) bool { return asked.Match(v) && !a.concerns(v.String()) })
	a.specs[spec] = bad
	return bad
}

// testAll looks at all versions, minor version by minor version. Where the first and
// the last one are vulnerable those between them are taken to be.
func (a *advisory) testAll() {
	var sets [][]semver.Version
	for i, v := range a.all {
		if last := len(sets) - 1; i > 0 && v.Major == a.all[i-1].Major && v.Minor == a.all[i-1].Minor {
			sets[last] = append(sets[last], v)
		} else {
			sets = append(sets, []semver.Version{v})
		}
	}
	for i := 0; i < len(sets); i++ {
		sets = append(sets, a.testSet(sets[i])...)
	}
}

// testSet looks at both ends of a set, and yields the halves where those differ.
// Prereleases are like the release next to them.
func (a *advisory) testSet(set []semver.Version) [][]semver.Version {
	head, tail := 0, len(set)-1
	first, last := a.concerns(set[0].String()), a.concerns(set[tail].String())
	for head < len(set) && set[head].IsPrerelease() {
		head++
	}
	if head == len(set) {
		head = 0
	} else if first {
		a.mark(set[:head])
	}
	for tail > head && set[tail].IsPrerelease() {
		tail--
	}
	if tail == head {
		tail = len(set) - 1
	} else if last {
		a.mark(set[tail+1:])
	}
	if a.concerns(set[head].String()) && a.concerns(set[tail].String()) {
		a.mark(set[head:tail])
		return nil
	}
	if tail < head+2 {
		return nil // all were looked at
	}
	return a.halves(set)
}

// halves cuts a set in two, without the prereleases at the cut.
func (a *advisory) halves(set []semver.Version) [][]semver.Version {
	before, after := set[:len(set)/2], set[len(set)/2:]
	if !before[0].IsPrerelease() {
		hit := a.concerns(before[len(before)-1].String())
		for n := len(before); before[n-1].IsPrerelease(); n = len(before) {
			a.markIf(hit, before[n-1:])
			before = before[:n-1]
		}
	}
	if !after[len(after)-1].IsPrerelease() {
		hit := a.concerns(after[0].String())
		for after[0].IsPrerelease() {
			a.markIf(hit, after[:1])
			after = after[1:]
		}
	}
	return [][]semver.Version{before, after}
}

func (a *advisory) mark(versions []semver.Version) {
	for _, v := range versions {
		a.vulnerable[v.String()] = true
	}
}

func (a *advisory) markIf(hit bool, versions []semver.Version) {
	if hit {
		a.mark(versions)
	}
}

// nothing is npm's range that holds no version.
const nothing = "<0.0.0-0"

// summarize is a range of the vulnerable versions. Prereleases between two of them
// that nobody looked at do not part them.
func (a *advisory) summarize() string {
	var bad []string
	for _, v := range a.all {
		if a.vulnerable[v.String()] {
			bad = append(bad, v.String())
		}
	}
	var ranges []string
	for i := 0; i < len(a.all); i++ {
		from, to := a.all[i].String(), ""
		for i < len(a.all) {
			v := a.all[i].String()
			if len(bad) == 0 || bad[0] != v {
				if !a.all[i].IsPrerelease() {
					break
				}
			} else {
				to, bad = v, bad[1:]
			}
			i++
		}
		switch {
		case to == "":
		case to == a.all[len(a.all)-1].String():
			ranges = append(ranges, ">="+from)
		case from == to:
			ranges = append(ranges, from)
		default:
			ranges = append(ranges, from+" - "+to)
		}
	}
	if len(ranges) == 0 {
		return nothing
	}
	return simplify(a.all, strings.Join(ranges, " || "))
}

// simplify is a shorter range of the same among versions, which are in order, where
// there is one (semver.simplifyRange).
func simplify(all []semver.Version, text string) string {
	rng, err := semver.ParseRange(text, anyway)
	if err != nil {
		return text
	}
	var out []string
	for i := 0; i < len(all); i++ {
		if !rng.Match(all[i]) {
			continue
		}
		from := i
		for i+1 < len(all) && rng.Match(all[i+1]) {
			i++
		}
		first, last := all[from].String(), all[i].String()
		switch open := i == len(all)-1; { // the last one may have successors
		case open && from == 0:
			out = append(out, "*")
		case open:
			out = append(out, ">="+first)
		case from == i:
			out = append(out, first)
		case from == 0:
			out = append(out, "<="+last)
		default:
			out = append(out, first+" - "+last)
		}
	}
	if simple := strings.Join(out, " || "); len(simple) < len(text) {
		return simple
	}
	return text
}
