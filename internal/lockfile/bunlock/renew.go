package bunlock

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
)

// Renewal is what a lockfile is made anew for.
type Renewal struct {
	Projects []Project // the root is among them
	Settings Settings
	// Update says which dependencies of a project get the newest version that they
	// accept, whatever is there, and Named which ones of packages; nil is none. All
	// says that it is about no names: then everything is looked at again.
	Update func(dir, alias string) bool
	Named  func(alias string) bool
	All    bool
	// Choose finds versions of packages. One that is optional and that there is
	// none of has no manifest.
	Choose func([]Want) ([]Found, error)
	// Usual reports whether a tarball is where those of bun's own registry are,
	// which the file does not say.
	Usual func(tarball string) bool
	// Dedupe chooses again among the versions that are there.
	Dedupe bool
	// Hoists says that a new file is for a project that was hoisted until now.
	Hoists bool
}

// Project is a project that a lockfile is for.
type Project struct {
	Dir      string // slash path from the lockfile's directory; "." is the root
	Manifest *npm.Manifest
	JSON     []byte // its package.json
}

// Want is a package that the lockfile does not have.
type Want struct {
	Name     npm.Name
	Range    string // a range of versions, or a tag
	Tag      bool
	Optional bool
}

// Found is a version of a package, with what the registry says of it as it stands
// there.
type Found struct {
	Manifest *npm.Manifest
	JSON     []byte
}

// Renew is the lockfile for the projects as they are now. The present one may be
// nil.
//
// What is locked stays. The rest is found as bun finds it, breadth first: each
// dependency takes the best version that the registry has for it, or one that
// another has got already if that will do; then peers take what there is. In the end
// versions that are new and that nobody needs are given up, see [collapse], and
// everything gets its place, see [hoist]. (PackageManagerEnqueue.rs, dedupe.rs and
// lockfile/Tree.rs of bun 1.4.)
func (r *Record) Renew(in Renewal) (*Record, error) {
	root, members := in.items()
	w := &walk{Renewal: &in, old: r, members: members, ids: map[string]*item{}, names: map[npm.Name][]*item{}, seen: map[*item]bool{}, found: map[wantKey]Found{}}
	if r != nil {
		w.carried = r.carry(root, members, &in)
	} else {
		w.carried = &carrying{}
	}
	if err := w.run(root); err != nil {
		return nil, err
	}
	w.redirect()
	if in.Dedupe {
		w.collapse(root, nil)
	} else {
		w.collapse(root, w.carried)
	}
	forget(root)
	if _, err := hoist(root); err != nil { // which finds what optional peers are
		return nil, err
	}
	places, err := hoist(root)
	if err != nil {
		return nil, err
	}
	return in.record(r, places)
}

// walk finds what dependencies lead to.
type walk struct {
	*Renewal
	old     *Record
	carried *carrying
	members map[string]*item // projects, by name
	// projects are all of them, the root first.
	projects []*item
	ids      map[string]*item
	names    map[npm.Name][]*item // of a registry, the highest version first
	certain  map[*item]bool       // are there whoever asked first
	// ofProject are those that were chosen for a project.
	ofProject map[*item]bool
	exact     map[*item]bool // projects ask for that very version
	seen      map[*item]bool // their dependencies were asked for
	queue     []asking
	peers     []asking
	bound     []asking // peers that were found
	found     map[wantKey]Found
}

// asking is a dependency with the package that has it.
type asking struct {
	by   *item
	edge *edge
}

type wantKey struct {
	name npm.Name
	text string
	tag  bool
}

func (w *walk) run(root *item) error {
	w.certain, w.ofProject, w.exact = map[*item]bool{}, map[*item]bool{}, map[*item]bool{}
	w.projects = []*item{root}
	for _, name := range slices.Sorted(maps.Keys(w.members)) {
		w.projects = append(w.projects, w.members[name])
	}
	for _, it := range w.carried.all {
		w.know(it)
		w.visit(it)
	}
	for _, it := range w.projects[1:] {
		if w.carried.same[it] {
			w.visit(it)
		}
	}
	w.visit(root)
	for len(w.queue) > 0 || len(w.peers) > 0 {
		for len(w.queue) > 0 {
			next := w.queue[0]
			w.queue = w.queue[1:]
			if err := w.decide(next.by, next.edge); err != nil {
				return err
			}
		}
		for _, it := range w.ids {
			w.certain[it] = true
		}
		peers := w.peers
		w.peers = nil
		if err := w.round(peers); err != nil {
			return err
		}
	}
	w.raise()
	return nil
}

// redirect lets packages follow what a project has another version of now, where they
// had the same as it before and accept the new one.
func (w *walk) redirect() {
	moved := map[*item]*item{}
	for _, by := range w.projects {
		for _, e := range by.edges {
			if was := e.was; was != nil && e.to != nil && e.to != was && was.kind == registry && e.to.kind == registry && was.name == e.to.name {
				moved[was] = e.to
			}
		}
	}
	if len(moved) == 0 {
		return
	}
	for _, by := range w.carried.all {
		for _, e := range by.edges {
			to := moved[e.to]
			if to == nil || e.bundled {
				continue
			}
			if m, err := w.meant(by, e); err == nil && m.kind == specifier.Range && m.rng.Match(*to.parsed) {
				e.to = to
			}
		}
	}
}

// know makes a package one that others may get.
func (w *walk) know(it *item) {
	w.ids[it.id()] = it
	if it.kind != registry {
		return
	}
	list := w.names[it.name]
	at := slices.IndexFunc(list, func(o *item) bool { return it.parsed.Compare(*o.parsed) > 0 })
	if at < 0 {
		at = len(list)
	}
	w.names[it.name] = slices.Insert(list, at, it)
}

// visit asks for what a package depends on and does not have, once.
func (w *walk) visit(it *item) {
	if w.seen[it] {
		return
	}
	w.seen[it] = true
	for _, e := range it.edges {
		switch {
		case e.to != nil || e.settled || e.mayMiss:
		case e.group == peer:
			w.peers = append(w.peers, asking{it, e})
		default:
			w.queue = append(w.queue, asking{it, e})
		}
	}
}

// meant is what an edge of a package asks for under the overrides and catalogs.
func (w *walk) meant(by *item, e *edge) (want, error) {
	spec := e.spec
	if e.group != member && !strings.HasPrefix(spec, "npm:") {
		if to, ok := w.Settings.overridden(by, e); ok {
			spec = to
		}
	}
	m, err := wantOf(e.alias, spec)
	if err == nil && m.kind == specifier.Catalog {
		s, _ := specifier.Parse(e.alias, spec)
		to, ok := w.Settings.catalog(s.Catalog, e.alias)
		if !ok {
			return m, &CatalogError{s.Catalog, e.alias}
		}
		return wantOf(e.alias, to)
	}
	return m, err
}

// decide finds what a dependency leads to.
func (w *walk) decide(by *item, e *edge) error {
	m, err := w.meant(by, e)
	if err != nil {
		return err
	}
	switch m.kind {
	case specifier.Range, specifier.Tag:
		if it := w.members[string(m.name)]; it != nil && m.kind == specifier.Range {
			if ok, _ := m.accepts(it); ok {
				e.to = it
				break
			}
		}
		if e.to, err = w.choose(by, e, &m); err != nil {
			return err
		}
	case specifier.Workspace:
		e.to = w.member(by, &m)
	default:
		e.to = w.carried.kept[e.alias+" "+m.raw]
	}
	if e.to != nil {
		w.visit(e.to)
		return nil
	}
	e.settled = true
	if !m.kind.IsRegistry() && e.group != optional {
		return &UnaddableError{e.alias + "@" + m.raw}
	}
	return nil
}

// member is a project that is asked for by its name or directory.
func (w *walk) member(by *item, m *want) *item {
	if it := w.members[string(m.name)]; it != nil {
		return it
	}
	dir := fromRoot(by.dir, m.path)
	for _, it := range w.members {
		if m.path != "" && it.dir == dir {
			return it
		}
	}
	return nil
}

// UnaddableError is something that cannot be written to a bun.lock.
type UnaddableError struct{ Descriptor string }

func (e *UnaddableError) Error() string {
	return fmt.Sprintf("bun.lock has no %s, and this version of godwit cannot write what bun would write for it", e.Descriptor)
}

// Code is the code of this error.
func (e *UnaddableError) Code() string { return "ERR_GODWIT_UNSUPPORTED" }

// Hint is what the user can do.
func (e *UnaddableError) Hint() string { return "run bun install --lockfile-only, then install again" }

// CatalogError is a reference to a catalog that has nothing of the name.
type CatalogError struct{ Catalog, Alias string }

func (e *CatalogError) Error() string {
	return fmt.Sprintf("the catalog %q in package.json has no entry for %s", e.Catalog, e.Alias)
}

// Code is pnpm's code for this error.
func (e *CatalogError) Code() string { return "ERR_PNPM_CATALOG_ENTRY_NOT_FOUND_FOR_SPEC" }

// Hint is what the user can do.
func (e *CatalogError) Hint() string {
	return "add the package to \"catalog\", or to the one of \"catalogs\", in the package.json at the root"
}

// EndlessError is a tree that does not end.
type EndlessError struct{ Name string }

func (e *EndlessError) Error() string {
	return fmt.Sprintf("the dependencies of this project take more than %d places; %s is one of the last", maxPlaced, e.Name)
}

// Code is the code of this error.
func (e *EndlessError) Code() string { return "ERR_GODWIT_ENDLESS" }

// Hint is what the user can do.
func (e *EndlessError) Hint() string {
	return "look for packages that depend on each other in many versions"
}

// forget drops what nothing leads to, optional peers aside, from what those lead
// to: they may be looked for again.
func forget(root *item) {
	alive := map[*item]bool{root: true}
	for queue := []*item{root}; len(queue) > 0; queue = queue[1:] {
		for _, e := range queue[0].edges {
			if e.to != nil && !e.mayMiss && !alive[e.to] {
				alive[e.to] = true
				queue = append(queue, e.to)
			}
		}
	}
	for it := range alive {
		for _, e := range it.edges {
			if e.mayMiss && !alive[e.to] {
				e.to = nil
			}
		}
	}
}
