package npmtree

import (
	"cmp"
	"time"

	"godwit/internal/event"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/resolve/policy"
)

// Fixing is what npm's audit fix gets rid of, where it can.
type Fixing struct {
	Dirs       []string // of vulnerable packages, as slash paths; whoever depends on them is looked at
	Vulnerable func(name npm.Name, version string) bool
	// Avoid is the range of vulnerable versions of a package, which are chosen where
	// there is nothing else only.
	Avoid func(name npm.Name) semver.Range
}

// vulnerable reports whether n, which may be nil, is to be got rid of.
func (b *builder) vulnerable(n *node) bool {
	return b.req.Fixing != nil && n != nil && b.req.Fixing.Vulnerable(n.packageName(), n.version())
}

// queueVulnerable queues who depends on what is vulnerable. What came in the tarball
// of another package stays.
func (b *builder) queueVulnerable() {
	if b.req.Fixing == nil {
		return
	}
	for _, dir := range b.req.Fixing.Dirs {
		n := b.root.index.byDir[dir]
		if n == nil {
			continue
		}
		if outer := n.bundler(); outer != nil {
			b.warnings = append(b.warnings, event.Warning{Code: "BUNDLED_VULNERABLE", Message: "audit fix: " + label(n) + " at " + dir +
				" came in the tarball of " + label(outer) + ", and stays as it is; look for an update of that"})
			continue
		}
		for _, e := range n.in {
			b.queue.add(e.from)
		}
	}
}

// Pick is the version that s means, which is of a registry's package, "" if there is
// none. Those to avoid come last.
func (o *Options) Pick(doc *npm.Packument, s specifier.Specifier, avoid semver.Range) string {
	var view *policy.View
	if o.Policy.Concerns(doc.Name) {
		var err error
		if view, err = o.Policy.View(doc, time.Time{}); err != nil {
			return ""
		}
	}
	w := parseWanted(s.Alias, s.Raw)
	if w.err != nil || w.kind != aRange && w.kind != aTag {
		return ""
	}
	tagged := *o
	tagged.Tag = cmp.Or(o.Tag, "latest")
	return tagged.choose(doc, w, view, avoid)
}

// Way is a version to ask for in the place of one to avoid.
type Way struct {
	Version string
	Outside bool // of what was asked for
	Major   bool // and of its major version
}

// Avoiding finds a version that need not be avoided: one that s means, else of the
// same major version, else any (npm-pick-manifest, avoidStrict).
func (o *Options) Avoiding(doc *npm.Packument, s specifier.Specifier, avoid semver.Range) (Way, bool) {
	free := *o
	free.Policy = nil
	version := free.Pick(doc, s, avoid)
	if version == "" {
		return Way{}, false
	}
	for _, w := range []Way{{Version: version}, {Outside: true}, {Outside: true, Major: true}} {
		switch {
		case w.Major:
			w.Version = free.Pick(doc, registrySpecifier(doc, "*"), avoid)
		case w.Outside:
			w.Version = free.Pick(doc, registrySpecifier(doc, "^"+version), avoid)
		}
		if i := doc.IndexOf(w.Version); i >= 0 && !avoid.Match(doc.Versions()[i]) {
			return w, true
		}
	}
	return Way{}, false
}

func registrySpecifier(doc *npm.Packument, rng string) specifier.Specifier {
	return specifier.Specifier{Alias: string(doc.Name), Raw: rng}
}
