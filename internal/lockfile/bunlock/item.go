package bunlock

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
)

// item is a package, in however many places it is. The first of all is the project
// at the root.
type item struct {
	name    npm.Name
	ref     string // as in Package
	kind    source
	version string // of a registry's package, or of a project that says one
	parsed  *semver.Version
	dir     string // of a project
	edges   []*edge
	value   nicejson.Value // what is written; of a project its part of "workspaces"
}

// source is where a package comes from.
type source uint8

const (
	elsewhere source = iota // a repository, an archive, a link
	registry
	project
	folder
)

// edge is a dependency of a package, wherever that is.
type edge struct {
	alias, spec string
	group       group
	mayMiss     bool // a peer that is optional
	bundled     bool
	to          *item // nil is nothing
	settled     bool  // that it is nothing is known
	was         *item // what it led to before an update
}

// group says which map of a package.json an edge is from, in the order in which
// bun places what they have (Behavior.cmp of bun's dependency.rs).
type group uint8

const (
	member group = iota // a project of the workspace, for the one at the root
	dev
	optional
	prod
	peer
)

// written are the maps of a package.json in the order in which they are written.
var written = []struct {
	name  string
	group group
}{{"dependencies", prod}, {"devDependencies", dev}, {"optionalDependencies", optional}, {"peerDependencies", peer}}

// owner says whose a manifest is.
type owner uint8

const (
	published owner = iota
	atRoot          // the project at the root
	inside          // one of its workspace
)

func ownerOf(dir string) owner {
	if projectDir(dir) == "" {
		return atRoot
	}
	return inside
}

// edgesOf are what a manifest asks for, in the order in which bun asks. A project has
// what it needs to be worked on, too, and may ask for a package more than once.
func edgesOf(m *npm.Manifest, by owner) []*edge {
	var out []*edge
	at := func(alias string) int { return slices.IndexFunc(out, func(e *edge) bool { return e.alias == alias }) }
	add := func(deps npm.Deps, g group) {
		for _, d := range deps {
			e := &edge{alias: d.Alias, spec: d.Specifier, group: g, bundled: by == published && m.Bundled.Has(d.Alias)}
			i := at(d.Alias)
			switch {
			case i < 0, by == inside, by == atRoot && g != optional:
				out = append(out, e)
			case g == optional:
				out[i] = e // it counts more than the others
			}
		}
	}
	add(m.Dependencies, prod)
	if by != published {
		add(m.DevDependencies, dev)
	}
	add(m.OptionalDependencies, optional)
	add(peersOf(m), peer)
	for _, e := range out {
		e.mayMiss = e.group == peer && m.OptionalPeers[e.alias]
	}
	if by != published {
		sortEdges(out)
	}
	return out
}

// peersOf are the peers, with those that peerDependenciesMeta alone names.
func peersOf(m *npm.Manifest) npm.Deps {
	out := slices.Clone(m.PeerDependencies)
	for alias, may := range m.OptionalPeers {
		if _, named := out.Lookup(alias); may && !named {
			out = append(out, npm.Dep{Alias: alias, Specifier: "*"})
		}
	}
	return out
}

func sortEdges(edges []*edge) {
	slices.SortStableFunc(edges, func(x, y *edge) int {
		return cmp.Or(cmp.Compare(x.group, y.group), strings.Compare(x.alias, y.alias))
	})
}

// newItem is the package that an entry of a lockfile is about.
func newItem(p *Package) *item {
	it := &item{name: p.Name, ref: p.Ref, value: p.value, edges: edgesOf(p.Manifest, published)}
	dir, linked := linkOf(p.Ref)
	switch {
	case strings.HasPrefix(p.Ref, "workspace:"):
		it.kind, it.dir = project, projectDir(dir)
	case strings.HasPrefix(p.Ref, "file:"):
		it.kind = folder
	case !linked:
		it.setVersion(p.Ref)
		if it.parsed != nil {
			it.kind = registry
		}
	}
	return it
}

func (it *item) setVersion(text string) {
	if v, err := semver.Parse(text, semver.Options{}); err == nil {
		it.version, it.parsed = text, &v
	}
}

// id tells items apart.
func (it *item) id() string { return string(it.name) + "@" + it.ref }

// want is what a specifier asks for, when overrides and catalogs had their say.
type want struct {
	alias   string
	name    npm.Name
	text    string // a range or a dist-tag
	kind    specifier.Kind
	rng     semver.Range
	aliased bool   // it names the package itself: "npm:…"
	path    string // of what is on this machine
	raw     string
}

// star reports whether any version will do.
func (w *want) star() bool { return w.kind == specifier.Range && (w.text == "" || w.rng.IsAny()) }

// exact reports whether it is one version that is asked for.
func (w *want) exact() bool {
	return w.kind == specifier.Range && semver.Valid(strings.TrimLeft(w.text, "v= "), semver.Options{Loose: true})
}

// wantOf reads a specifier.
func wantOf(alias, spec string) (want, error) {
	s, err := specifier.Parse(alias, spec)
	if err != nil {
		return want{}, err
	}
	w := want{alias: alias, name: s.Name, text: s.Range, kind: s.Kind, path: s.Path, raw: spec, aliased: strings.HasPrefix(spec, "npm:")}
	if w.name == "" {
		w.name = npm.Name(alias)
	}
	switch {
	case s.Kind == specifier.Range && strings.TrimSpace(spec) == "": // bun takes nothing for "latest"
		w.kind, w.text = specifier.Tag, "latest"
	case s.Kind == specifier.Version, s.Kind == specifier.Range, s.Kind == specifier.Workspace:
		w.rng, err = semver.ParseRange(s.Range, semver.Options{Loose: true})
		if s.Kind == specifier.Workspace {
			err = nil // "^" and the like
		} else {
			w.kind = specifier.Range
		}
	}
	return w, err
}

// accepts reports whether a package that is found under the alias will do for what
// is from a registry, and whether it is at least of that kind.
func (w *want) accepts(it *item) (ok, alike bool) {
	switch it.kind {
	case registry:
		if w.aliased && it.name != w.name {
			return false, false
		}
		return w.rng.Match(*it.parsed), true
	case project:
		return !w.aliased && it.name == w.name && (w.star() || it.parsed != nil && w.rng.Match(*it.parsed)), false
	}
	return false, false
}

// fromRoot is a path that is written in the package.json of a project, from the
// directory of the lockfile.
func fromRoot(dir, p string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(dir, p)
}
