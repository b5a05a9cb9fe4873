// Package resolve turns specifiers into versions: a project's manifests and
// the registry's packuments into the graph of everything that is needed.
//
// It works in three passes, each a function of the one before:
//
//	tree    level by level, which version every package asks for; a package
//	        is expanded once, where it stands shallowest (tree.go)
//	hoist   peers that nobody provides are installed at the importer, until
//	        none is missing (hoist.go)
//	peers   every occurrence is matched with the peers above it; occurrences
//	        that match alike become one package of the graph (peers.go)
//
// The result depends on the inputs only, never on the order in which the
// registry answers. The rules are pnpm's, so that lockfiles agree.
package resolve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/resolve/ahead"
	"godwit/internal/resolve/compat"
	"godwit/internal/resolve/policy"
)

// Source is where the resolver learns about packages. Its methods are called
// from several goroutines.
type Source interface {
	// Packument is what the registry says about name. With fresh what a cache
	// has of it will not do.
	Packument(ctx context.Context, name npm.Name, fresh bool) (*npm.Packument, error)
	// External looks at a package that does not come from a registry: a
	// directory, a tarball or a repository. Relative paths are relative to dir, a slash
	// path from the lockfile's directory.
	External(ctx context.Context, s specifier.Specifier, dir string) (*External, error)
	// Integrity is that of the tarball of a version of which the registry says
	// no hash; tarball is its URL, or "".
	Integrity(ctx context.Context, name npm.Name, version, tarball string) (string, error)
}

// External is a package from outside a registry.
type External struct {
	ID         string // what stands for the version in its key: "file:lib", a URL; for a link "link:lib"
	Manifest   *npm.Manifest
	JSON       []byte // its package.json; nil if there is none
	Resolution graph.Resolution
}

// Importer is a project to resolve for.
type Importer struct {
	Dir      string // slash path from the lockfile's directory; "." is the root
	Manifest *npm.Manifest
	// Injected names the dependencies on members of the workspace that are
	// copied instead of linked (dependenciesMeta).
	Injected map[string]bool
	// Kept importers are no part of an update.
	Kept bool
}

// Options are the settings that shape a graph.
type Options struct {
	Root                 string // absolute directory of the lockfile, with slashes; only importers outside of it need that
	AutoInstallPeers     bool
	PeersFromHighest     bool // auto-install-peers-from-highest-match
	DedupePeers          bool
	DedupePeerDependents bool
	PeersSuffixMaxLength int // 0 means 1000, pnpm's default
	LowestDirect         bool
	IgnoreCompat         bool // ignore-compatibility-db: take manifests as they are
	LinkWorkspace        LinkWorkspace
	PreferWorkspace      bool // prefer-workspace-packages: a member goes before a higher version of the registry
	InjectWorkspace      bool // inject-workspace-packages: members are copied, not linked
	KeepInjected         bool // a copy that is the same as a link stays a copy (not dedupe-injected-deps)
	PeersFromRoot        bool // resolve-peers-from-workspace-root
	AllowExotic          bool // block-exotic-subdeps=false: packages may depend on repositories and URLs

	// Prefixed is the name by which the source knows a package of the registry with a
	// prefix: its own where that is the registry of the name, or a qualified one. May be
	// nil; ok is false for a prefix that no registry has.
	Prefixed func(prefix string, name npm.Name) (_ npm.Name, ok bool)
	// RegistryTarball tells which package of a registry a URL stands for, if it
	// is that of the registry's own tarball. May be nil.
	RegistryTarball func(url string) (name npm.Name, version string, ok bool)
	Shape           *Shape
	// Patch is the SHA-256 (hex) of the patch that the package gets, or "".
	// nil patches nothing.
	Patch func(name npm.Name, version string) (hash string, err error)

	Policy *policy.Policy // which published versions there are; nil admits all
	// TimeBased takes the lowest version for what an importer asks for itself,
	// and for the rest the highest that was there when the newest of those was
	// published.
	TimeBased bool

	maxWork int // see defaultMaxWork
}

// Request is everything a resolution depends on besides the registry.
type Request struct {
	Importers []Importer // in the order of their directories, part by part
	// Members are the projects that "workspace:" can mean; importers, mostly.
	Members []Member
	// Catalogs are what "catalog:" and "catalog:name" stand for, by name; the
	// unnamed one is "default".
	Catalogs map[string]npm.Deps
	Options  Options
	// Locked is the graph of the present lockfile, or nil. What still fits
	// stays as it is.
	Locked *graph.Graph
	// LockedCatalogs are the entries that were in use when it was made.
	LockedCatalogs map[string]npm.Deps
	// Reshaped says that the lockfile was made with another Shape: its versions
	// stay where they fit, but what depends on what is found out anew.
	Reshaped bool
	// Preferred says that nothing of the lockfile stays for being there: its
	// versions are preferred, and that is all.
	Preferred bool
	Freed     []npm.Name // packages whose versions in it are not even preferred
	// Update says of which packages, by the names that they are depended on
	// under, the newest version is wanted that the specifiers allow, whatever is
	// locked. nil is none.
	Update func(alias string) bool
	// Picked is called from the resolving goroutine as soon as a package is
	// chosen, so that its download can start.
	Picked func(id graph.Key, res graph.Resolution)
	// Fits says which packages run where they will be installed. Picked is not
	// called for an optional package that does not, nor for what only it needs;
	// in the graph are all. nil is that every package fits.
	Fits func(m *npm.Manifest) bool
}

// settled is the graph whose edges still hold, or nil.
func (req *Request) settled() *graph.Graph {
	if req.Reshaped || req.Preferred {
		return nil
	}
	return req.Locked
}

// Result is a resolved project.
type Result struct {
	Graph      *graph.Graph
	Deprecated map[graph.Key]string
	// Unused are the selectors of overrides that no manifest had anything for;
	// known only where all manifests were seen.
	Unused []string
	// Times says when what importers depend on was published, by "name@version",
	// if TimeBased.
	Times map[string]time.Time
	Young []policy.Violation // versions that are newer than the policy wants
}

// Resolve finds the graph for req.
func Resolve(ctx context.Context, src Source, req *Request) (*Result, error) {
	if g := pruned(req); g != nil {
		announce(g, req)
		return &Result{Graph: g}, nil
	}
	r, err := newResolver(ctx, src, req)
	if err != nil {
		return nil, err
	}
	defer r.docs.Close()
	states, err := r.start(req.Importers)
	if err != nil {
		return nil, err
	}
	if err := r.hoistPeers(states); err != nil {
		return nil, err
	}
	return r.finish(states)
}

// defaultMaxWork bounds the peer walk: one for each occurrence that is looked
// at, and one for every copiesPerVisit entries that are copied or compared on
// the way. A project of 2,750 packages (ant-design) takes 14,400; peers that
// multiply with every level take any number, and memory ends before patience.
const (
	defaultMaxWork = 1_000_000
	copiesPerVisit = 4
)

// resolver owns the state of one resolution; only the goroutine that called
// Resolve touches it.
type resolver struct {
	ctx            context.Context
	req            *Request
	opts           *Options
	src            Source
	docs           *ahead.Documents
	pkgs           map[graph.Key]*pkg
	asPublished    map[*npm.Manifest]*npm.Manifest                 // of what the project's Shape changed
	runs           map[*npm.Manifest]*npm.Manifest                 // what wants runtimes, with them among its dependencies
	asked          map[*npm.Manifest]func() (*npm.Manifest, error) // the project's hook, about them
	deprecated     map[graph.Key]string                            // what the lockfile says; it goes before the registry's word
	picks          map[pickKey]found
	peerNames      map[string]bool
	preferred      map[npm.Name]preferences // what the lockfile has
	everyone       stated
	roots          []*pkg
	tree           reached
	reuse          *reuse
	directVersions directVersions
	foresight      *foresight // nil where it would change nothing
	mend           compat.Extensions
	nearby         map[npm.Name]bool // names that some overlay has
	anyBroken      bool              // some pkg.broken is set
	members        members
	rewrites       int               // how often a package that had edges got others
	marked         treeSize          // of the tree whose cycles are marked
	shared         *discovery        // of the peers that are missing
	owned          map[string][]*pkg // importer -> packages that it expanded, and perhaps lost since
	rootSpecs      []rootSpec        // set when all importers have their dependencies

	cutoff time.Time // of what no importer asks for, if TimeBased
	views  map[viewKey]*policy.View
	young  map[graph.Key]policy.Violation // of what was picked
}

func newResolver(ctx context.Context, src Source, req *Request) (*resolver, error) {
	opts := req.Options
	var mend compat.Extensions
	if !opts.IgnoreCompat {
		mend = compat.Builtin()
	}
	if opts.PeersSuffixMaxLength == 0 {
		opts.PeersSuffixMaxLength = 1000
	}
	if opts.maxWork == 0 {
		opts.maxWork = defaultMaxWork
	}
	r := &resolver{
		ctx: ctx, src: src, req: req, opts: &opts, mend: mend,
		pkgs: map[graph.Key]*pkg{}, asPublished: map[*npm.Manifest]*npm.Manifest{}, runs: map[*npm.Manifest]*npm.Manifest{}, asked: map[*npm.Manifest]func() (*npm.Manifest, error){}, picks: map[pickKey]found{},
		deprecated: map[graph.Key]string{}, peerNames: map[string]bool{}, preferred: map[npm.Name]preferences{},
		reuse: newReuse(req), directVersions: directVersions{}, nearby: map[npm.Name]bool{}, owned: map[string][]*pkg{},
		views: map[viewKey]*policy.View{}, young: map[graph.Key]policy.Violation{},
	}
	r.docs = ahead.New(ctx, src.Packument, r.likely)
	r.members = newMembers(req.Members)
	r.foresight = newForesight(req)
	r.preferLocked(req.Locked)
	return r, nil
}

// stated are preferences that somebody stated, together with what the lockfile
// has of those packages.
type stated struct {
	by    string // who: the directory of an importer, or everyone
	names map[npm.Name]preferences
}

// everyone states what all importers ask for. Their own peers, where those are
// installed along, prefer that, even to what the lockfile has; everything else
// prefers only what its importer asks for (as seen with pnpm 12.21).
const everyone = "*"

// prefer adds what deps ask for, catalogs looked up.
func (r *resolver) prefer(st stated, deps npm.Deps, weight int) {
	for _, d := range deps {
		name := npm.Name(d.Alias)
		spec, err := r.dereference(d.Alias, d.Specifier)
		s, ok := selectorFor(spec, weight)
		if !ok || err != nil { // who asks for it is told of the error
			continue
		}
		if st.names[name] == nil {
			st.names[name] = maps.Clone(r.preferred[name])
		}
		if st.names[name] == nil {
			st.names[name] = preferences{}
		}
		s.locked = st.names[name][spec].locked
		st.names[name][spec] = s
	}
}

// preferDirect is what an importer asks for, all of it if it asks for one
// package in several groups.
func (r *resolver) preferDirect(im Importer) stated {
	st, m := stated{im.Dir, map[npm.Name]preferences{}}, im.Manifest
	for _, deps := range []npm.Deps{m.DevDependencies, m.Dependencies, m.OptionalDependencies} {
		r.prefer(st, deps, weightDirect)
	}
	if r.opts.AutoInstallPeers {
		r.prefer(st, undeclared(m), weightDirect)
	}
	return st
}

// preferAll is what all importers ask for.
func (r *resolver) preferAll(importers []Importer) stated {
	st := stated{everyone, map[npm.Name]preferences{}}
	for _, im := range importers {
		for _, deps := range []npm.Deps{im.Manifest.DevDependencies, im.Manifest.Dependencies, im.Manifest.OptionalDependencies} {
			r.prefer(st, deps, weightShared)
		}
	}
	return st
}

// preferencesAt are the preferences for name at a place and who stated them: its
// importer, or "" for the lockfile alone.
func (r *resolver) preferencesAt(at *place, name npm.Name) (p preferences, by string) {
	if p, ok := at.prefer.names[name]; ok {
		return p, at.prefer.by
	}
	return r.preferred[name], ""
}

// undeclared lists the peers of m that it does not depend on otherwise.
func undeclared(m *npm.Manifest) (peers npm.Deps) {
	declared := wantedOf(m, false)
	for _, d := range m.PeerDependencies {
		if _, ok := declared[d.Alias]; !ok {
			peers = append(peers, d)
		}
	}
	return peers
}

func (r *resolver) preferLocked(g *graph.Graph) {
	if g == nil {
		return
	}
	for key, p := range g.Packages {
		if p.Deprecated != "" {
			r.deprecated[key.ID()] = p.Deprecated
		}
		if p.Resolution.Kind == graph.Registry && !slices.Contains(r.req.Freed, p.Name) && !r.req.updates(string(p.Name)) {
			if r.preferred[p.Name] == nil {
				r.preferred[p.Name] = preferences{}
			}
			_, version := key.ID().Split()
			r.preferred[p.Name][version] = selector{kind: byVersion, locked: true}
		}
	}
}

// finish runs the last walk and builds the graph from it.
func (r *resolver) finish(states []*importerState) (*Result, error) {
	r.markCycles()
	w := newPeerWalk(r.opts, r.peerNames)
	r.walkAll(w, states)
	if err := w.tooMany(); err != nil {
		return nil, err
	}
	f := newFinalPaths(w)
	vs := w.variants(f)
	keys := directKeys(states, f)
	if !r.opts.KeepInjected && len(r.members) > 0 {
		dedupeInjected(r.opts.Root, states, keys, vs)
		dropUnreachable(keys, vs)
	}
	moved := map[graph.Key]graph.Key{}
	if r.opts.DedupePeerDependents {
		moved = dedupeVariants(vs)
	}
	g := &graph.Graph{Packages: map[graph.Key]*graph.Package{}}
	res := &Result{Graph: g, Deprecated: map[graph.Key]string{}}
	for _, s := range states {
		g.Importers = append(g.Importers, s.build(r.opts.Root, keys[s.dir], moved))
	}
	for _, im := range g.Importers {
		for _, d := range im.Deps {
			addReachable(g, vs, d.Target.Key, res.Deprecated)
		}
	}
	sort.Slice(g.Importers, func(i, j int) bool { return g.Importers[i].Dir < g.Importers[j].Dir })
	for key := range g.OptionalOnly() {
		g.Packages[key].Optional = true
	}
	r.reportTimes(res)
	if r.opts.Shape != nil && (r.reuse == nil || r.req.Reshaped) {
		res.Unused = r.opts.Shape.Overrides.Unused()
	}
	return res, nil
}

// build turns an importer into one of the graph: what its manifest asks for,
// without the peers that were installed along with it.
func (s *importerState) build(root string, keys map[string]graph.Key, moved map[graph.Key]graph.Key) *graph.Importer {
	im := &graph.Importer{Dir: s.dir}
	for _, d := range s.direct {
		want, declared := s.wanted[d.alias]
		if !declared || d.provided {
			continue
		}
		key := keys[d.alias]
		if to, ok := moved[key]; ok {
			key = to
		}
		to := target(key)
		to.Link = relativeLink(root, s.dir, to.Link)
		im.Deps = append(im.Deps, graph.Direct{Alias: d.alias, Group: want.group, Specifier: want.specifier, Target: to})
	}
	sortDirect(im.Deps)
	return im
}

// walkAll matches the peers of all importers, in the order of their
// directories' bytes, as pnpm does.
func (r *resolver) walkAll(w *peerWalk, states []*importerState) {
	order := slices.SortedFunc(slices.Values(states), func(a, b *importerState) int { return strings.Compare(a.dir, b.dir) })
	var above parentRefs
	for _, s := range order {
		if s.dir == "." && r.opts.PeersFromRoot {
			above = w.importerRefs(s.direct, nil)
		}
	}
	for _, s := range order {
		w.importer(s.direct, 0, above)
	}
}

func sortDirect(deps []graph.Direct) {
	sort.Slice(deps, func(i, j int) bool {
		a, b := deps[i], deps[j]
		return a.Group < b.Group || a.Group == b.Group && a.Alias < b.Alias
	})
}

// addReachable moves the variants that key needs into the graph.
func addReachable(g *graph.Graph, vs map[graph.Key]*variant, key graph.Key, deprecated map[graph.Key]string) {
	todo := []graph.Key{key}
	for len(todo) > 0 {
		key := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		v := vs[key]
		if v == nil || g.Packages[key] != nil {
			continue
		}
		g.Packages[key] = v.build()
		if msg := v.pkg.deprecated; msg != "" {
			deprecated[v.pkg.id] = msg
		}
		for _, child := range v.edges {
			todo = append(todo, child)
		}
	}
}

// treeSize changes with the tree.
type treeSize struct{ pkgs, rewrites int }

// markCycles numbers the dependency cycles among the packages known so far.
func (r *resolver) markCycles() {
	if now := (treeSize{len(r.pkgs), r.rewrites}); r.marked == now {
		return
	} else {
		r.marked = now
	}
	var all []*pkg
	for _, p := range r.pkgs {
		all = append(all, p)
	}
	number := make(map[*pkg]int, len(all))
	for i, p := range all {
		number[p] = i
	}
	comp := components(len(all), func(i int) []int {
		out := make([]int, len(all[i].edges))
		for k, e := range all[i].edges {
			out[k] = number[e.to]
		}
		return out
	})
	for i, p := range all {
		p.cycle = comp[i]
	}
}

// Error is a dependency that cannot be resolved, with the way that led to it.
type Error struct {
	Chain []string // importer first
	Cause error
}

func (e *Error) Error() string {
	return fmt.Sprintf("resolve %s: %v", joinChain(e.Chain), e.Cause)
}

func (e *Error) Unwrap() error { return e.Cause }

func joinChain(chain []string) string {
	s := ""
	for i, c := range chain {
		if i > 0 {
			s += " > "
		}
		s += c
	}
	return s
}
