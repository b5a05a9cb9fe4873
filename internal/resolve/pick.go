package resolve

import (
	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/resolve/policy"
)

// Weights of preferred versions, as in pnpm: what the lockfile has outranks
// what a manifest asks for directly, which outranks what was resolved nearby.
const (
	weightShared = 10 * weightLocked // what any importer asks for, to the peers of another
	weightLocked = 1_000_000
	weightDirect = 1_000
	weightNearby = 1
)

type selectorKind uint8

const (
	byVersion selectorKind = iota
	byRange
	byTag
)

// selector prefers the versions it matches.
type selector struct {
	kind   selectorKind
	weight int  // 0 where only the lockfile has it
	locked bool // the lockfile has it
}

// preferences are the selectors for one name, by what they select.
type preferences map[string]selector

// selectorFor classifies a specifier the way npm's version-selector-type
// does; ok is false for what is no plain registry specifier.
func selectorFor(spec string, weight int) (s selector, ok bool) {
	if _, err := semver.Parse(spec, loose); err == nil {
		return selector{kind: byVersion, weight: weight}, true
	}
	if _, err := semver.ParseRange(spec, loose); err == nil {
		return selector{kind: byRange, weight: weight}, true
	}
	return selector{kind: byTag, weight: weight}, isTag(spec)
}

// isTag reports whether encodeURIComponent would leave spec alone.
func isTag(spec string) bool {
	_, err := npm.ParseName(spec)
	return err == nil && spec[0] != '@'
}

var loose = semver.Options{Loose: true}

// overlay holds the versions resolved among the siblings of a package and of
// its ancestors; its dependencies prefer them, so that one copy serves all.
type overlay struct {
	above    *overlay
	versions map[npm.Name][]string
	known    map[npm.Name]bool // names in any overlay; shared by all
}

func (o *overlay) with(deps []seed, known map[npm.Name]bool) *overlay {
	versions := map[npm.Name][]string{}
	for _, d := range deps {
		if p := d.pkg; p.version != "" && !p.isLink() {
			versions[p.name] = append(versions[p.name], p.version)
			known[p.name] = true
		}
	}
	return &overlay{o, versions, known}
}

func (o *overlay) of(name npm.Name) []string {
	if o == nil || !o.known[name] {
		return nil // so that a long chain of dependencies is not walked for each
	}
	var out []string
	for ; o != nil; o = o.above {
		out = append(out, o.versions[name]...)
	}
	return out
}

// picking is what else a pick depends on.
type picking struct {
	lowest   bool // the lowest version rather than the highest
	direct   bool // for an importer: of the lockfile's versions the highest, be it latest or not
	reshaped bool // what the lockfile has, made under other rules, goes before what is nearby
}

// pickVersion chooses among the versions of a packument. what is an exact
// version, a range or a dist-tag; "" is returned when nothing fits.
//
// The order is pnpm's: the preferred versions by weight; else the dist-tag
// latest if it fits; else the highest. Deprecated versions come last. Where the
// view leaves nothing, it is the lowest of all.
func pickVersion(doc *npm.Packument, what string, prefer preferences, nearby []string, how picking, view *policy.View) string {
	version := pickFrom(view, doc, what, prefer, nearby, how)
	if version == "" && view != nil {
		how.lowest = true
		version = pickFrom(nil, doc, what, prefer, nearby, how)
	}
	return version
}

func pickFrom(view *policy.View, doc *npm.Packument, what string, prefer preferences, nearby []string, how picking) string {
	if what == "" {
		what = "*"
	}
	if v, err := semver.Parse(what, loose); err == nil {
		return exactVersion(doc, what, v)
	}
	rng, err := semver.ParseRange(what, loose)
	if err != nil {
		return view.Tag(doc, what)
	}
	p := picker{doc: doc, rng: rng, latest: -1, how: how, view: view}
	if tag := view.Tag(doc, "latest"); tag != "" {
		p.latest = doc.IndexOf(tag)
	}
	if i := p.preferred(what, prefer, nearby); i >= 0 {
		return doc.Key(i)
	}
	all := func(int) bool { return true }
	// A range for anything does not admit prereleases, but who publishes
	// nothing else wants them used; who asked for something besides gets a
	// release, if there is one.
	anything := what == "*" && (len(prefer)+len(nearby) == 0 || p.best(all, false) < 0)
	if how.lowest {
		p.any = anything
		return p.string(p.best(all, true))
	}
	latestFits := p.latest >= 0 && (anything || p.fits(p.latest))
	if latestFits && !doc.Deprecated(p.latest) {
		return doc.Key(p.latest)
	}
	if i := p.best(func(i int) bool { return !doc.Deprecated(i) }, false); i >= 0 {
		return doc.Key(i)
	}
	if latestFits {
		return doc.Key(p.latest)
	}
	return p.string(p.best(all, false))
}

// exactVersion finds what as written, else a version that equals it
// ("v1.0.0", "=1.0.0").
func exactVersion(doc *npm.Packument, what string, v semver.Version) string {
	if doc.IndexOf(what) >= 0 {
		return what
	}
	if s := v.String(); doc.IndexOf(s) >= 0 {
		return s
	}
	return ""
}

type picker struct {
	doc    *npm.Packument
	rng    semver.Range
	latest int
	any    bool // whatever rng says
	how    picking
	view   *policy.View
}

func (p *picker) fits(i int) bool {
	return (p.any || p.rng.Match(p.doc.Versions()[i])) && p.view.Admits(i)
}

func (p *picker) string(i int) string {
	if i < 0 {
		return ""
	}
	return p.doc.Key(i)
}

// best is the highest (or lowest) version that fits and is allowed, or -1.
func (p *picker) best(allowed func(int) bool, lowest bool) int {
	found := -1
	n := p.doc.Len()
	for i := range n {
		// Documents list versions as they were published: from this end the
		// first that is allowed is most likely the one.
		if !lowest {
			i = n - 1 - i
		}
		if found >= 0 {
			c := p.doc.Versions()[i].Compare(p.doc.Versions()[found])
			if lowest && c >= 0 || !lowest && c < 0 {
				continue
			}
		}
		if p.fits(i) && allowed(i) {
			found = i
		}
	}
	return found
}

// preferred is the version with the greatest weight among those that fit and
// that some selector names, or -1.
func (p *picker) preferred(what string, prefer preferences, nearby []string) int {
	if len(prefer) == 0 && len(nearby) == 0 {
		return -1
	}
	weight := map[int]int{}
	add := func(i, w int) {
		if i >= 0 && p.fits(i) {
			weight[i] += w
		}
	}
	// What was resolved nearby is what the dependent will see most likely,
	// whatever the lockfile has elsewhere.
	seen := map[string]bool{}
	for _, v := range nearby {
		if !seen[v] && v != what {
			seen[v] = true
			add(p.doc.IndexOf(v), weightNearby)
		}
	}
	useLocked := len(weight) == 0 || p.how.reshaped
	for key, s := range prefer {
		w := s.weight
		if s.locked && useLocked {
			w += weightLocked
		}
		if key != what && w > 0 {
			p.eachSelected(key, s.kind, func(i int) { add(i, w) })
		}
	}
	latest := p.latest
	if p.how.direct && useLocked && hasLocked(prefer) {
		latest = -1
	}
	best := -1
	for i, w := range weight {
		if best < 0 || w > weight[best] || w == weight[best] && p.before(i, best, latest) {
			best = i
		}
	}
	return best
}

// eachSelected calls f for the versions that a selector names.
func (p *picker) eachSelected(selector string, kind selectorKind, f func(int)) {
	switch kind {
	case byVersion:
		f(p.doc.IndexOf(selector))
	case byTag:
		f(p.doc.IndexOf(p.doc.DistTags[selector]))
	default:
		r, err := semver.ParseRange(selector, loose)
		for i := range p.doc.Len() {
			if err == nil && r.Match(p.doc.Versions()[i]) {
				f(i)
			}
		}
	}
}

func hasLocked(prefer preferences) bool {
	for _, s := range prefer {
		if s.locked {
			return true
		}
	}
	return false
}

// before orders versions of equal weight: latest first, then the highest; or
// the lowest first.
func (p *picker) before(a, b, latest int) bool {
	if p.how.lowest {
		return p.doc.Versions()[a].Compare(p.doc.Versions()[b]) < 0
	}
	if a == latest || b == latest {
		return a == latest
	}
	return p.doc.Versions()[a].Compare(p.doc.Versions()[b]) > 0
}

// versionAtLeast compares versions, or strings where they are none.
func versionAtLeast(a, b string) bool {
	va, erra := semver.Parse(a, loose)
	vb, errb := semver.Parse(b, loose)
	if erra != nil || errb != nil {
		return a >= b
	}
	return va.Compare(vb) >= 0
}

// directVersions are the versions that importers depend on themselves, by
// importer and name.
type directVersions map[string]map[npm.Name][]string

func (d directVersions) add(importer string, p *pkg) {
	if d[importer] == nil {
		d[importer] = map[npm.Name][]string{}
	}
	d[importer][p.name] = append(d[importer][p.name], p.version)
}

// above is the highest of them that is above the version of key and in rng, or
// "".
func (d directVersions) above(importer, name string, key graph.Key, rng string) string {
	versions := d[importer][npm.Name(name)]
	_, ref := key.ID().Split()
	pinned, err1 := semver.Parse(ref, semver.Options{})
	r, err2 := semver.ParseRange(rng, semver.Options{})
	if len(versions) == 0 || err1 != nil || err2 != nil {
		return ""
	}
	return highest(versions, func(v semver.Version) bool { return v.Compare(pinned) > 0 && r.Match(v) })
}
