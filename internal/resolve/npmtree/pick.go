package npmtree

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/semver"
	"godwit/internal/resolve/ahead"
	"godwit/internal/resolve/policy"
)

// npmVersion is what packages see that ask for a version of npm ("engines"): the
// one whose rules these are.
var npmVersion = semver.MustParse("11.0.0")

// pick chooses a version of a registry's package.
func (b *builder) pick(w *wanted) (*pkg, error) {
	key := pickKey{w.name, w.text, w.spec.Aliased()}
	if got, ok := b.picks[key]; ok {
		return got.pkg, got.err
	}
	p, err := b.pickNew(w)
	b.picks[key] = found{p, err}
	if err == nil {
		b.announce(p)
	}
	return p, err
}

func (b *builder) pickNew(w *wanted) (*pkg, error) {
	doc, err := b.docs.Get(w.name)
	if err != nil {
		return nil, err
	}
	version, err := b.version(doc, w)
	if err == nil && version == "" {
		doc = b.docs.Fresh(w.name)
		version, err = b.version(doc, w)
	}
	if err != nil {
		return nil, err
	}
	if version == "" {
		return nil, noVersion(doc, w)
	}
	m, err := doc.Manifest(version)
	if err != nil {
		return nil, err
	}
	raw, err := doc.Raw(version)
	if err != nil {
		return nil, err
	}
	p := newPkg(m, raw)
	p.resolved, p.integrity = m.Dist.Tarball, integrityOf(&m.Dist)
	p.shrinkwrap = isTrue(raw, "_hasShrinkwrap")
	b.bundles = b.bundles || len(p.bundled) > 0
	return p, nil
}

// integrityOf is what the registry says of the bytes, "" if nothing usable.
func integrityOf(d *npm.Dist) string {
	in, err := integrity.Parse(d.Integrity)
	if d.Integrity == "" {
		in, err = integrity.FromShasum(d.Shasum)
	}
	if err != nil {
		return ""
	}
	return in.String()
}

// view is what the policy leaves of a document.
func (b *builder) view(doc *npm.Packument) (*policy.View, error) {
	if v, ok := b.views[doc]; ok {
		return v, nil
	}
	if !b.opts.Policy.Concerns(doc.Name) {
		return nil, nil
	}
	v, err := b.opts.Policy.View(doc, time.Time{})
	if err == nil {
		b.views[doc] = v
	}
	return v, err
}

// version is what choose takes of what the policy leaves.
func (b *builder) version(doc *npm.Packument, w *wanted) (string, error) {
	view, err := b.view(doc)
	if err != nil {
		return "", err
	}
	var avoid semver.Range
	if b.req.Fixing != nil && !w.spec.Aliased() { // npm looks for the alias among the vulnerable
		avoid = b.req.Fixing.Avoid(w.name)
	}
	return b.opts.choose(doc, w, view, avoid), nil
}

// choose is the version that npm takes, "" if there is none: one of Options.Prefer
// (of a tag the highest); else the preferred dist-tag if it fits, runs on this Node
// and is not deprecated; else the highest of which that is true; else the highest
// that runs; else the highest. Versions to avoid come behind all others.
func (o *Options) choose(doc *npm.Packument, w *wanted, view *policy.View, avoid semver.Range) string {
	rng := w.rng
	for _, version := range o.Prefer[doc.Name] {
		if i := doc.IndexOf(version); i >= 0 && view.Admits(i) && (w.kind == aTag || rng.Match(doc.Versions()[i])) {
			return version
		}
	}
	if w.kind == aTag {
		tagged := doc.DistTags[w.text]
		if i := doc.IndexOf(tagged); i < 0 || view.Admits(i) {
			return known(doc, tagged)
		}
		var err error
		if rng, err = semver.ParseRange("<="+tagged, loose); err != nil {
			return ""
		}
	} else if v, exact := exactly(w.text); exact {
		if i := doc.IndexOf(v); i >= 0 && view.Admits(i) {
			return v
		}
		return ""
	}
	anything := strings.TrimSpace(w.text) == "*"
	if i := doc.IndexOf(doc.DistTags[o.Tag]); i >= 0 && view.Admits(i) && !doc.Deprecated(i) && !avoid.Match(doc.Versions()[i]) &&
		(anything || rng.Match(doc.Versions()[i])) && o.runs(doc, i) {
		return doc.Key(i)
	}
	return o.best(doc, rng, view, avoid)
}

// best is the first of the versions in a range, the highest first, that is the
// least amiss.
func (o *Options) best(doc *npm.Packument, rng semver.Range, view *policy.View, avoid semver.Range) string {
	versions := doc.Versions()
	var fits []int
	for i := range versions {
		if rng.Match(versions[i]) && view.Admits(i) {
			fits = append(fits, i)
		}
	}
	slices.SortStableFunc(fits, func(x, y int) int { return versions[y].Compare(versions[x]) })
	best, bestRank := -1, -1
	for _, i := range fits {
		rank := 0
		if o.runs(doc, i) {
			rank = 2
		}
		if !doc.Deprecated(i) {
			rank++
		}
		if !avoid.Match(versions[i]) {
			rank += 4
		}
		if rank > bestRank {
			best, bestRank = i, rank
		}
		if rank == 7 {
			break
		}
	}
	if best < 0 {
		return ""
	}
	return doc.Key(best)
}

// runs reports whether a version is for the Node at hand.
func (o *Options) runs(doc *npm.Packument, i int) bool {
	m, err := doc.At(i)
	if err != nil {
		return false
	}
	if len(m.Engines) == 0 {
		return true
	}
	if _, fits := npm.EngineFits(m.Engines, "npm", npmVersion); !fits {
		return false
	}
	if want, _ := m.Engines.Lookup("node"); want == "" || o.Node == nil {
		return true
	}
	node := o.Node()
	_, fits := npm.EngineFits(m.Engines, "node", node)
	return fits || node == semver.Version{}
}

// exactly is the version that a specifier names, if it names one.
func exactly(text string) (string, bool) {
	v, err := semver.Parse(strings.TrimLeft(strings.TrimSpace(text), "= v"), loose)
	if err != nil {
		return "", false
	}
	return v.String(), true
}

func known(doc *npm.Packument, version string) string {
	if version != "" && doc.IndexOf(version) >= 0 {
		return version
	}
	return ""
}

// likely is what the version depends on that a specifier probably means.
func (b *builder) likely(doc *npm.Packument, spec string) (needs []ahead.Need) {
	version := known(doc, doc.DistTags[spec])
	if version == "" {
		rng, err := semver.ParseRange(spec, loose)
		if err != nil {
			return nil
		}
		latest := doc.IndexOf(doc.DistTags[b.opts.Tag])
		if latest < 0 || !rng.Match(doc.Versions()[latest]) {
			latest = semver.MaxIndex(doc.Versions(), rng)
		}
		if latest < 0 {
			return nil
		}
		version = doc.Key(latest)
	}
	m, err := doc.Manifest(version)
	if err != nil {
		return nil
	}
	lists := []npm.Deps{m.Dependencies, m.OptionalDependencies}
	if !b.opts.LegacyPeers {
		lists = append(lists, m.PeerDependencies)
	}
	for _, deps := range lists {
		for _, d := range deps {
			if w := b.want(d.Alias, d.Specifier); w.err == nil && (w.kind == aRange || w.kind == aTag) && !m.Bundled.Has(d.Alias) {
				needs = append(needs, ahead.Need{Name: w.name, Spec: w.text})
			}
		}
	}
	return needs
}

// VersionError is a version that the registry does not have.
type VersionError struct {
	Name npm.Name
	Want string
	Tags map[string]string
}

func noVersion(doc *npm.Packument, w *wanted) error {
	return &VersionError{Name: doc.Name, Want: w.text, Tags: doc.DistTags}
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("no matching version found for %s@%s", e.Name, e.Want)
}

// Code is npm's code for this error.
func (e *VersionError) Code() string { return "ETARGET" }

// NotFound tells that an optional dependency may lack it.
func (e *VersionError) NotFound() bool { return true }

// Hint is what the user can do.
func (e *VersionError) Hint() string {
	return fmt.Sprintf("ask for a version that is there (latest is %q), or remove min-release-age and before if they leave it out", e.Tags["latest"])
}
