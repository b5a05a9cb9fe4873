// Package npmaudit tells what advisories mean for a tree of packages, as npm tells
// it.
//
//	advisory   which versions of a package are vulnerable. The registry names them;
//	           of a dependent they follow from what its versions ask for
//	match      the packages in the tree that have one of those versions
//	climb      who depends on such a package gets an advisory of its own, if that
//	           leaves it nothing better; so on until nobody is left
//	fix        where a project is reached: is there a better version within what it
//	           asks for, only outside, or none? It is the same for all on the way
//
// The rules are those of npm 11 (@npmcli/arborist 9: audit-report and vuln;
// @npmcli/metavuln-calculator 9; npm-audit-report 7).
package npmaudit

import (
	"context"
	"slices"
	"time"

	"godwit/internal/audit"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/query"
	"godwit/internal/resolve/npmtree"
)

// Tree is what is audited.
type Tree struct {
	Nodes  []*query.Node               // in npm's order
	Counts func(*query.Node) bool      // which packages the call is about
	About  map[string][]audit.Advisory // the registry's, by the names of packages
}

// Name is the name that a package says it has.
func Name(n *query.Node) string { return n.Package.Field("name").Text }

// Version is the version that a package says it has.
func Version(n *query.Node) string { return n.Package.Field("version").Text }

// Question is what the bulk endpoint is asked about: versions by name. The project's
// own packages, and links, are nobody else's business.
func (t *Tree) Question() map[string][]string {
	out := map[string][]string{}
	for _, n := range t.Nodes {
		if name, version := Name(n), Version(n); t.audits(n) && !slices.Contains(out[name], version) {
			out[name] = append(out[name], version)
		}
	}
	return out
}

func (t *Tree) audits(n *query.Node) bool {
	return Version(n) != "" && !n.Root && !n.Link && len(n.LinksIn) == 0 && t.Counts(n)
}

// Registry is where packuments are from. It is called from one goroutine.
type Registry interface {
	// Packuments gets what the registry says of names, each of which was not asked
	// for before. What it does not have, or does not give, is left out.
	Packuments(ctx context.Context, names []npm.Name) map[npm.Name]*npm.Packument
}

// Report is the vulnerable packages of a tree.
type Report struct {
	tree    *Tree
	options *npmtree.Options
	vulns   []*Vuln // in the order in which they were found
	byName  map[string]*Vuln
	docs    map[npm.Name]*npm.Packument
	memo    map[memoKey]*advisory
}

type memoKey struct {
	name  string
	id    int
	cause *advisory
}

// Find makes the report. Options say which versions are preferred, and Options.Policy
// which are too young.
func Find(ctx context.Context, t *Tree, reg Registry, options *npmtree.Options) (*Report, error) {
	r := &Report{tree: t, options: options, byName: map[string]*Vuln{}, docs: map[npm.Name]*npm.Packument{}, memo: map[memoKey]*advisory{}}
	byName := map[string][]*query.Node{}
	for _, n := range t.Nodes {
		byName[Name(n)] = append(byName[Name(n)], n)
	}
	f := &finding{Report: r, nodes: byName, seen: map[string]bool{}, listed: map[*advisory]bool{}}
	f.fetch(ctx, reg, f.first())
	for _, name := range f.first() {
		for i := range t.About[string(name)] {
			f.list(r.advisory(string(name), &t.About[string(name)][i], nil))
		}
	}
	for done := 0; done < len(f.advisories); {
		wave := f.advisories[done:]
		f.fetch(ctx, reg, f.dependents(wave))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, a := range wave {
			f.apply(a)
		}
		done += len(wave)
	}
	for _, v := range r.vulns {
		for _, a := range v.advisories {
			if cause := r.byName[v.dependency(a)]; a.meta() && cause != nil {
				v.follows(cause)
			}
		}
	}
	return r, nil
}

// finding is a report in the making.
type finding struct {
	*Report
	nodes      map[string][]*query.Node // by name
	advisories []*advisory              // grows while it is worked off
	listed     map[*advisory]bool
	seen       map[string]bool // names with ranges
}

// first are the names that the registry's advisories are about, sorted.
func (f *finding) first() []npm.Name {
	var out []npm.Name
	for name := range f.tree.About {
		out = append(out, npm.Name(name))
	}
	slices.Sort(out)
	return out
}

func (f *finding) list(a *advisory) {
	if !f.listed[a] {
		f.listed[a] = true
		f.advisories = append(f.advisories, a)
	}
}

// fetch gets the packuments that are not there yet.
func (f *finding) fetch(ctx context.Context, reg Registry, names []npm.Name) {
	names = slices.DeleteFunc(names, func(name npm.Name) bool { _, asked := f.docs[name]; return asked })
	got := reg.Packuments(ctx, names)
	for _, name := range names {
		f.docs[name] = got[name]
	}
}

// dependents are the names of all who depend on what advisories concern.
func (f *finding) dependents(wave []*advisory) []npm.Name {
	var out []npm.Name
	known := map[string]bool{}
	for _, a := range wave {
		for _, n := range f.nodes[a.name] {
			if !f.tree.audits(n) || !a.concerns(Version(n)) {
				continue
			}
			for _, e := range n.In {
				if name := Name(e.From); !e.From.Own && !known[name] {
					known[name] = true
					out = append(out, npm.Name(name))
				}
			}
		}
	}
	return out
}

// advisory is the one about name that follows from of, made once.
func (r *Report) advisory(name string, of *audit.Advisory, cause *advisory) *advisory {
	key := memoKey{name, of.ID, cause}
	if r.memo[key] == nil {
		r.memo[key] = newAdvisory(name, of, cause, r.docs[npm.Name(name)])
	}
	return r.memo[key]
}

// apply finds what an advisory concerns.
func (f *finding) apply(a *advisory) {
	v := f.byName[a.name]
	if v == nil {
		v = &Vuln{Name: a.name, doc: a.doc, all: a.all, fix: Fix{Kind: FixInRange}}
		f.byName[a.name] = v
		f.vulns = append(f.vulns, v)
	}
	v.add(a)
	if key := a.name + "@" + a.text; !f.seen[key] {
		f.seen[key] = true
		for _, n := range f.nodes[a.name] {
			if f.tree.audits(n) && a.concerns(Version(n)) && !slices.Contains(v.nodes, n) {
				v.nodes = append(v.nodes, n)
				f.climb(v, a, n)
			}
		}
	}
	if len(v.nodes) == 0 {
		delete(f.byName, v.Name)
		f.vulns = slices.DeleteFunc(f.vulns, func(o *Vuln) bool { return o == v })
		return
	}
	v.advisories = slices.DeleteFunc(v.advisories, func(a *advisory) bool {
		return !slices.ContainsFunc(v.nodes, func(n *query.Node) bool { return a.concerns(Version(n)) })
	})
	v.weigh()
}

// climb looks at who depends on a vulnerable package.
func (f *finding) climb(v *Vuln, a *advisory, n *query.Node) {
	for _, e := range n.In {
		if e.From.Own {
			f.reached(v, e)
			continue
		}
		// What depends on itself is no news to anybody but npm, which says so.
		if meta := f.advisory(Name(e.From), a.of, a); meta.concerns(Version(e.From), e.Spec) {
			f.list(meta)
		}
	}
}

// reached is for a project that depends on a vulnerable package.
func (f *finding) reached(v *Vuln, e *query.Edge) {
	if slices.Contains(v.tops, e.From) {
		return
	}
	v.settle(f.fixFor(v, e))
	if v.fix.Kind != FixInRange {
		v.tops = append(v.tops, e.From)
		return
	}
	v.Blocked = f.blocked(v, e)
}

// fixFor is what becomes of v by another version of it for e.
func (r *Report) fixFor(v *Vuln, e *query.Edge) Fix {
	s, err := specifier.Parse(e.Name, e.Spec)
	if err != nil || !s.Kind.IsRegistry() {
		return Fix{}
	}
	if v.avoidable(s) {
		return Fix{Kind: FixInRange}
	}
	if v.doc == nil {
		return Fix{}
	}
	way, ok := r.options.Avoiding(v.doc, s, v.avoid())
	if !ok {
		return Fix{}
	}
	return Fix{Kind: FixForced, Name: string(v.doc.Name), Version: way.Version, Major: way.Major, Outside: way.Outside}
}

// blocked is a fix that is too young for the policy, or nil.
func (r *Report) blocked(v *Vuln, e *query.Edge) *Blocked {
	p := r.options.Policy
	if p == nil || p.Cutoff.IsZero() || v.doc == nil || p.Exclude.All(v.doc.Name) {
		return nil
	}
	s, err := specifier.Parse(e.Name, e.Spec)
	if err != nil {
		return nil
	}
	free := *r.options
	free.Policy = nil
	version := free.Pick(v.doc, s, v.avoid())
	if got := r.options.Pick(v.doc, s, v.avoid()); got == "" || v.avoids(got) {
		return &Blocked{Version: version, Before: p.Cutoff.UTC()}
	}
	return nil
}

// Concerns reports whether a version of a package is vulnerable.
func (r *Report) Concerns(name npm.Name, version string) bool {
	v := r.byName[string(name)]
	return v != nil && version != "" && slices.ContainsFunc(v.advisories, func(a *advisory) bool { return a.concerns(version) })
}

// Avoid is the range of vulnerable versions of a package; of another one it holds
// nothing.
func (r *Report) Avoid(name npm.Name) semver.Range {
	if v := r.byName[string(name)]; v != nil {
		return v.avoid()
	}
	return semver.Range{}
}

// Vulns are the vulnerable packages in the order in which they were found.
func (r *Report) Vulns() []*Vuln { return r.vulns }

// Blocked is a fix that is there, and too young.
type Blocked struct {
	Version string    `json:"version"`
	Before  time.Time `json:"before"`
}
