package resolve

import (
	"slices"
	"sort"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// reuse answers what the present lockfile has to say about an edge. The rules
// are pnpm's (lockfile_reuse in its dependency resolver, MIT):
//
//   - a dependency of an importer that the range still admits, and a dependency
//     of a package that stands where it stood, keep their version;
//   - such a package is taken from the lockfile with everything below it, and
//     the registry is not asked, if all of it can be read off the lockfile and
//     none of it has a peer, matched or not, and if the lockfile was made with
//     the same overrides and extensions;
//   - unless it depends on something of which the importer now says something
//     else: then its edges are looked at one by one.
//
// The nil reuse knows nothing. Immutable but for the memo.
type reuse struct {
	graph   *graph.Graph
	byID    map[graph.Key]*graph.Package
	byName  map[npm.Name][]graph.Key
	changed map[string]map[string]bool // importer -> aliases whose specifier is not the lockfile's
	whole   map[graph.Key]bool
	update  updates
	freed   []npm.Name
}

func newReuse(req *Request) *reuse {
	g := req.Locked
	if g == nil || req.Preferred {
		return nil
	}
	u := &reuse{graph: g, freed: req.Freed, byID: map[graph.Key]*graph.Package{}, byName: map[npm.Name][]graph.Key{}, changed: map[string]map[string]bool{}}
	for key, p := range g.Packages {
		u.byID[key.ID()] = p
		u.byName[key.Name()] = append(u.byName[key.Name()], key)
	}
	for _, im := range req.Importers {
		u.changed[im.Dir] = req.changedSpecifiers(g.Importer(im.Dir), im.Manifest)
	}
	if !req.Reshaped {
		u.findWhole()
	}
	u.update = newUpdates(req)
	return u
}

// changedSpecifiers lists the dependencies of m for which the lockfile's importer
// has another specifier, catalogs looked up on both sides.
func (req *Request) changedSpecifiers(im *graph.Importer, m *npm.Manifest) map[string]bool {
	changed := map[string]bool{}
	for _, deps := range []npm.Deps{m.PeerDependencies, m.DevDependencies, m.Dependencies, m.OptionalDependencies} {
		for _, d := range deps {
			was, ok := lockedDirect(im, d.Alias)
			changed[d.Alias] = !ok ||
				meant(req.LockedCatalogs, d.Alias, was.Specifier) != meant(req.Catalogs, d.Alias, d.Specifier)
		}
	}
	return changed
}

// lockedDirect finds a dependency of an importer that the lockfile has; im may
// be nil.
func lockedDirect(im *graph.Importer, alias string) (graph.Direct, bool) {
	if im != nil {
		for _, g := range []graph.Group{graph.Prod, graph.Optional, graph.Dev} {
			for _, d := range im.Deps {
				if d.Group == g && d.Alias == alias {
					return d, true
				}
			}
		}
	}
	return graph.Direct{}, false
}

// direct is the package that an importer's dependency has in the lockfile, or
// "" if there is none that specifier admits.
func (u *reuse) direct(dir, alias, specifier string) graph.Key {
	if u == nil {
		return ""
	}
	d, ok := lockedDirect(u.graph.Importer(dir), alias)
	if !ok || u.update.wanted(dir, alias) {
		return ""
	}
	// Which runtime is meant is not in its specifier alone: "lts" is another every year.
	if d.Target.Key.Runtime() && d.Specifier == specifier || u.keeps(specifier, d.Target.Key) {
		return d.Target.Key
	}
	return ""
}

// child is the package that a dependency of parent, below the importer at dir,
// has in the lockfile, or "" if there is none that specifier admits.
func (u *reuse) child(dir string, parent graph.Key, alias, specifier string) graph.Key {
	if u == nil || parent == "" || u.update.wanted(dir, alias) {
		return ""
	}
	p := u.graph.Packages[parent]
	if p == nil {
		return ""
	}
	i := sort.Search(len(p.Edges), func(i int) bool { return p.Edges[i].Alias >= alias })
	if i == len(p.Edges) || p.Edges[i].Alias != alias {
		return ""
	}
	if key := p.Edges[i].Target.Key; key.Runtime() && strings.HasPrefix(specifier, graph.RuntimePrefix) || u.keeps(specifier, key) {
		return key
	}
	return ""
}

// keeps reports whether an edge to key stays for a dependency with specifier.
func (u *reuse) keeps(specifier string, key graph.Key) bool {
	return admits(specifier, key) && !slices.Contains(u.freed, key.ID().Name())
}

// admits reports whether specifier is a plain range with the version of key in
// it, where a prerelease must be asked for.
func admits(specifier string, key graph.Key) bool {
	_, ref := key.ID().Split()
	v, err1 := semver.Parse(ref, semver.Options{})
	rng, err2 := semver.ParseRange(specifier, semver.Options{})
	return err1 == nil && err2 == nil && rng.Match(v)
}

// lockedFor reports whether the lockfile has a version that w asks for, whoever
// has it there.
func (r *resolver) lockedFor(w want) bool {
	if r.req.Locked == nil {
		return false
	}
	name, rng, ok := registrySpec(npm.Dep{Alias: w.alias, Specifier: w.specifier})
	for key := range r.req.Locked.Packages {
		if ok && key.Name() == name && admits(rng, key) {
			return true
		}
	}
	return false
}

// kept is a package of the lockfile that fits a specifier, or "" if there is none or
// newer ones are asked for: what an edge will most likely lead to, whoever's it is.
func (u *reuse) kept(name npm.Name, specifier string) (key graph.Key) {
	if u == nil || u.update.names != nil {
		return ""
	}
	for _, k := range u.byName[name] {
		if k > key && u.keeps(specifier, k) { // the last one, so that each run asks for the same
			key = k
		}
	}
	return key
}

// takes reports whether the package key is taken from the lockfile with all
// that is below it, for the importer at dir.
func (u *reuse) takes(key graph.Key, dir string) bool {
	if u == nil || key == "" || !u.whole[key] || u.update.above(dir, key) {
		return false
	}
	for _, e := range u.graph.Packages[key].Edges {
		if u.changed[dir][e.Alias] {
			return false
		}
	}
	return true
}

// findWhole finds the packages that the lockfile tells all about: from a
// registry and without peers of their own, like everything below them. Where
// there are peers pnpm 12.21 reads the documents anew.
func (u *reuse) findWhole() {
	keys := make([]graph.Key, 0, len(u.graph.Packages))
	number := make(map[graph.Key]int, len(u.graph.Packages))
	for key := range u.graph.Packages {
		number[key] = len(keys)
		keys = append(keys, key)
	}
	dependents := make([][]int, len(keys))
	var broken []int
	for i, key := range keys {
		p := u.graph.Packages[key]
		ok := fromRegistry(p) && len(p.Peers) == 0
		for _, e := range p.Edges {
			j, there := number[e.Target.Key]
			if ok = ok && there; there {
				dependents[j] = append(dependents[j], i)
			}
		}
		if !ok {
			broken = append(broken, i)
		}
	}
	u.whole = make(map[graph.Key]bool, len(keys))
	for _, key := range keys {
		u.whole[key] = true
	}
	for len(broken) > 0 {
		i := broken[len(broken)-1]
		broken = broken[:len(broken)-1]
		if u.whole[keys[i]] {
			delete(u.whole, keys[i])
			broken = append(broken, dependents[i]...)
		}
	}
}

func fromRegistry(p *graph.Package) bool {
	_, ref := p.Key.ID().Split()
	return p.Resolution.Kind == graph.Registry && semver.Valid(ref, semver.Options{})
}

// manifest is what the lockfile says of a package, but for its dependencies:
// those are its edges.
func (u *reuse) manifest(key graph.Key) *npm.Manifest {
	p := u.graph.Packages[key]
	m := &npm.Manifest{
		Name: p.Name, Version: p.Version, PeerDependencies: p.Peers, OptionalPeers: p.OptionalPeers,
		Engines: p.Engines, OS: p.OS, CPU: p.CPU, Libc: p.Libc, LibcText: p.LibcText, Deprecated: p.Deprecated, Bundled: p.Bundled,
	}
	if p.HasBin {
		m.BinDir = "." // which commands there are, the tarball will tell
	}
	return m
}

// wants lists the dependencies of a package as the lockfile has them, sorted by
// alias. The peers among its edges are left out: they are matched anew. An edge
// to what the suffix does not name is no peer, even if one is called like it.
func (u *reuse) wants(key graph.Key) []want {
	p := u.graph.Packages[key]
	peer := map[string]bool{}
	for _, d := range p.Peers {
		peer[d.Alias] = true
	}
	for _, name := range p.TransitivePeers {
		peer[name] = true
	}
	matched, hashed := map[graph.Key]bool{}, false
	for _, segment := range key.Peers() {
		matched[segment.ID()] = true
		_, version := segment.Split()
		hashed = hashed || version == ""
	}
	var out []want
	for _, e := range p.Edges {
		if peer[e.Alias] && (hashed || matched[e.Target.Key.ID()]) {
			continue
		}
		name, version := e.Target.Key.ID().Split()
		specifier := version
		if string(name) != e.Alias {
			specifier = "npm:" + string(name) + "@" + version
		}
		out = append(out, want{alias: e.Alias, specifier: specifier, optional: e.Optional, locked: e.Target.Key})
	}
	return out
}

// peerDeps are the peers of a package that none of its own dependencies, as
// wants lists them, supplies.
func (u *reuse) peerDeps(m *npm.Manifest, wants []want) []peerDep {
	return slices.DeleteFunc(peersOf(m, nil), func(p peerDep) bool {
		return slices.ContainsFunc(wants, func(w want) bool { return w.alias == p.name })
	})
}

// peers are the versions that the lockfile has matched for the peers of what
// the importer at dir depends on, by name. An importer that the lockfile does
// not know has those of all packages.
func (u *reuse) peers(dir string) map[string]map[string]bool {
	if u == nil {
		return nil
	}
	out := map[string]map[string]bool{}
	note := func(key graph.Key) {
		for name, versions := range u.peersOf(key) {
			for v := range versions {
				put(out, name, v)
			}
		}
	}
	if im := u.graph.Importer(dir); im != nil {
		for _, d := range im.Deps {
			note(d.Target.Key)
		}
		return out
	}
	for key := range u.graph.Packages {
		note(key)
	}
	return out
}

func put(m map[string]map[string]bool, name, version string) {
	if m[name] == nil {
		m[name] = map[string]bool{}
	}
	m[name][version] = true
}

// peersOf reads the peers off the suffix of key, nested ones too. A suffix that
// was too long does not tell: then they are those edges that are peers.
func (u *reuse) peersOf(key graph.Key) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	p := u.graph.Packages[key]
	aliases := aliasesOf(p)
	for _, segment := range strings.FieldsFunc(key.Suffix(), func(r rune) bool { return r == '(' || r == ')' }) {
		name, version := graph.Key(segment).Split()
		if version == "" {
			continue
		}
		alias := string(name)
		if list := aliases[graph.Key(segment)]; len(list) > 0 {
			alias, aliases[graph.Key(segment)] = list[0], list[1:]
		}
		put(out, alias, version)
	}
	if len(out) > 0 || p == nil || key.Suffix() == "" {
		return out
	}
	for _, e := range p.Edges {
		if _, peer := p.Peers.Lookup(e.Alias); peer && e.Target.Key != "" {
			_, version := e.Target.Key.ID().Split()
			put(out, e.Alias, version)
		}
	}
	return out
}

// aliasesOf lists under which names p sees what a segment of its suffix may
// mean: first its own peers, then its only other dependency on it. It is empty
// where every name is the package's own.
func aliasesOf(p *graph.Package) map[graph.Key][]string {
	if p == nil {
		return nil
	}
	renamed := false
	peers, others := map[graph.Key][]string{}, map[graph.Key][]string{}
	for _, e := range p.Edges {
		if e.Target.Key == "" {
			continue
		}
		id := e.Target.Key.ID()
		renamed = renamed || string(id.Name()) != e.Alias
		if _, peer := p.Peers.Lookup(e.Alias); peer {
			peers[id] = append(peers[id], e.Alias)
		} else {
			others[id] = append(others[id], e.Alias)
		}
	}
	if !renamed {
		return nil
	}
	for id, list := range others {
		if len(list) == 1 {
			peers[id] = append(peers[id], list[0])
		}
	}
	return peers
}
