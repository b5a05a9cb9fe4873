package resolve

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/specifier"
)

// pickKey is everything a pick depends on apart from the packument.
type pickKey struct {
	name   npm.Name
	what   string
	nearby string
	prefer string // who stated preferences
	how    picking
}

// resolveOne finds the package that w means.
func (r *resolver) resolveOne(w want, at *place) (seed, error) {
	if w.late {
		w, at = r.settlePeer(w, at)
	}
	if r.reuse.takes(w.locked, at.importer) {
		return r.fromLockfile(w, at)
	}
	if at.of == nil && w.locked != "" {
		_, w.specifier = w.locked.ID().Split() // as lockedWants does below
	}
	s, err := r.parse(w, at)
	if err != nil {
		return seed{}, err
	}
	f, err := r.resolveSpecifier(w, s, at)
	if err != nil {
		return seed{}, err
	}
	return seed{want: w, pkg: f.pkg, manifest: f.manifest, node: r.nodeFor(f.pkg, at.depth, isLeaf(f.manifest))}, nil
}

// parse reads what w asks for. Prefixes of registries are for projects: what they
// mean is theirs to say.
func (r *resolver) parse(w want, at *place) (specifier.Specifier, error) {
	if r.opts.Prefixed == nil || at.of != nil {
		return specifier.Parse(w.alias, w.specifier)
	}
	return specifier.ParsePrefixed(w.alias, w.specifier, func(prefix string) bool {
		_, ok := r.opts.Prefixed(prefix, "")
		return ok
	})
}

func (r *resolver) resolveSpecifier(w want, s specifier.Specifier, at *place) (found, error) {
	if w.peer && !w.follows {
		here := *at
		here.prefer, at = r.everyone, &here
	}
	if s.Kind == specifier.Workspace {
		return r.resolveWorkspace(w, s, at)
	}
	name, what, ok := registryPart(w.alias, s)
	if s.Kind == specifier.Tarball && r.opts.RegistryTarball != nil {
		name, what, ok = r.opts.RegistryTarball(s.URL)
	}
	switch {
	case !ok:
		return r.resolveExternal(s, at)
	case s.Registry != "":
		if name, ok = r.opts.Prefixed(s.Registry, name); !ok {
			return found{}, &specifier.ProtocolError{Scheme: s.Registry}
		}
		return r.resolveRegistry(name, what, at)
	case r.linksRanges(name, at):
		return r.resolveShadowed(w, name, what, at)
	}
	f, err := r.resolveRegistry(name, what, r.foreseenAt(w, name, at))
	if m := r.members.pick(name, what); err != nil && at.hoisting && m != nil && droppable(err) {
		return r.member(m, w, at) // a peer wanted as "workspace:^1"
	}
	return f, err
}

// fromLockfile takes the package that the lockfile has.
func (r *resolver) fromLockfile(w want, at *place) (seed, error) {
	id := w.locked.ID()
	m := r.reuse.manifest(w.locked)
	p := r.pkgs[id]
	if p == nil {
		p = &pkg{id: id, name: m.Name, version: m.Version, manifest: m, remembered: true, resolution: r.reuse.graph.Packages[w.locked].Resolution}
		if err := r.add(p); err != nil {
			return seed{}, err
		}
	}
	wants := r.reuse.wants(w.locked)
	leaf := len(wants) == 0 && len(r.reuse.peerDeps(m, wants)) == 0
	return seed{want: w, pkg: p, manifest: m, reused: true, node: r.nodeFor(p, at.depth, leaf)}, nil
}

// found is what a specifier means.
type found struct {
	pkg      *pkg
	manifest *npm.Manifest
}

func (r *resolver) resolveExternal(s specifier.Specifier, at *place) (found, error) {
	if at.of != nil && (!isPath(s) || !r.chosen(at.of, s.Alias)) {
		if inside, ok := insideOf(at.of, s); ok {
			return r.linkInside(inside, s)
		}
		if !r.opts.AllowExotic && isExotic(at.of, s) {
			return found{}, &ExoticError{Alias: s.Alias, Kind: s.Kind.String()}
		}
	}
	ext, err := r.src.External(r.ctx, s, at.dir)
	if err != nil {
		return found{}, err
	}
	id := graph.Key(ext.ID)
	m := ext.Manifest
	if !strings.HasPrefix(ext.ID, linkPrefix) {
		id = graph.Key(m.Name) + "@" + id
		if m, err = r.published(m, origin{json: ext.JSON}); err != nil {
			return found{}, err
		}
	}
	p := r.pkgs[id]
	if p == nil {
		p = &pkg{id: id, name: m.Name, version: m.Version, manifest: m, resolution: ext.Resolution}
		if err := r.add(p); err != nil {
			return found{}, err
		}
	}
	return found{p, m}, nil
}

// isPath reports whether s is a path.
func isPath(s specifier.Specifier) bool {
	return s.Kind == specifier.Directory || s.Kind == specifier.Archive
}

// isExotic reports whether a dependency of p comes from where its publisher
// chose, past the registry: from a repository or a URL. A path that a package
// from elsewhere names leads to files of this machine, which are nobody's to
// choose. pnpm refuses the former, and follows such paths (12.21).
func isExotic(p *pkg, s specifier.Specifier) bool {
	switch s.Kind {
	case specifier.Git, specifier.Tarball:
		return true
	}
	return isPath(s) && p.resolution.Kind != graph.Directory
}

// insideOf is the directory that file: means in a package that is not a
// directory of this machine: one of its own.
func insideOf(p *pkg, s specifier.Specifier) (dir string, ok bool) {
	if s.Kind != specifier.Directory || p.resolution.Kind == graph.Directory || path.IsAbs(s.Path) {
		return "", false
	}
	dir = path.Clean(s.Path)
	return dir, dir != ".." && !strings.HasPrefix(dir, "../") && !strings.HasPrefix(dir, "~") && !strings.Contains(dir, ":")
}

// linkInside is the package for a directory inside of its dependent.
func (r *resolver) linkInside(dir string, s specifier.Specifier) (found, error) {
	id := graph.Key("link:" + graph.InsidePrefix + dir)
	p := r.pkgs[id]
	if p == nil {
		p = &pkg{
			id: id, name: npm.Name(s.Alias), manifest: &npm.Manifest{Name: npm.Name(s.Alias)},
			resolution: graph.Resolution{Kind: graph.Directory, Directory: dir},
		}
		if err := r.add(p); err != nil {
			return found{}, err
		}
	}
	return found{p, p.manifest}, nil
}

func (r *resolver) resolveRegistry(name npm.Name, what string, at *place) (found, error) {
	asked := name
	prefix, plain, prefixed := strings.Cut(string(name), ":")
	if prefixed {
		name, prefix = npm.Name(plain), prefix+":"
	} else {
		prefix = ""
	}
	nearby := at.nearby.of(name)
	how := r.howAt(at)
	prefer, by := r.preferencesAt(at, name)
	key := pickKey{asked, what, strings.Join(nearby, " "), by, how}
	if f, ok := r.picks[key]; ok {
		return f, nil
	}
	from, err := r.choose(key, prefer, nearby)
	if err != nil {
		return found{}, err
	}
	version := from.version
	if version == "" {
		return found{}, noMatch(from.doc, name, what)
	}
	if err := r.admit(from.doc, version, at); err != nil {
		return found{}, err
	}
	m, err := r.manifestOf(from)
	if err != nil {
		return found{}, err
	}
	id := graph.Key(name) + "@" + graph.Key(prefix+version)
	p := r.pkgs[id]
	if p == nil {
		p = &pkg{id: id, name: name, version: version, manifest: m, resolution: registryResolution(m)}
		if p.resolution.Integrity == "" {
			// The first who fetches it says what it is, so that all others get
			// the same.
			if p.resolution.Integrity, err = r.src.Integrity(r.ctx, name, version, m.Dist.Tarball); err != nil {
				return found{}, err
			}
		}
		if err := r.add(p); err != nil {
			return found{}, err
		}
	}
	p.learn(m)
	f := found{p, m}
	r.picks[key] = f
	return f, nil
}

// howAt is how versions are picked at a place.
func (r *resolver) howAt(at *place) picking {
	direct := at.depth == 0 && !at.hoisting
	return picking{lowest: (r.opts.LowestDirect || r.opts.TimeBased) && direct, direct: direct, reshaped: r.req.Reshaped || r.req.Preferred}
}

// choose picks a version, the empty one if none is wanted.
func (r *resolver) choose(key pickKey, prefer preferences, nearby []string) (origin, error) {
	if r.foresight != nil {
		if from, ok := r.foresight.picks[key]; ok {
			return from, nil
		}
	}
	doc, err := r.docs.Get(key.name)
	if err != nil {
		return origin{}, err
	}
	version, err := r.version(doc, key, prefer, nearby)
	if err == nil && version == "" {
		doc = r.docs.Fresh(key.name)
		version, err = r.version(doc, key, prefer, nearby)
	}
	return origin{doc: doc, version: version}, err
}

// manifestOf is the manifest of a version as the project's rules leave it.
func (r *resolver) manifestOf(from origin) (*npm.Manifest, error) {
	m, err := from.doc.Manifest(from.version)
	if err != nil {
		return nil, fmt.Errorf("read the manifest of %s@%s: %w", from.doc.Name, from.version, err)
	}
	return r.published(m, from)
}

// version picks a version of what the policy leaves of a document; "" if none is
// wanted.
func (r *resolver) version(doc *npm.Packument, key pickKey, prefer preferences, nearby []string) (string, error) {
	view, err := r.viewOf(doc, key.how.direct)
	if err != nil {
		return "", err
	}
	return pickVersion(doc, key.what, prefer, nearby, key.how, view), nil
}

// add takes in a package that was not seen before.
func (r *resolver) add(p *pkg) error {
	r.pkgs[p.id] = p
	p.deprecated = cmp.Or(r.deprecated[p.id], p.manifest.Deprecated)
	if p.isLink() {
		return nil
	}
	if r.opts.Patch != nil {
		var err error
		if p.patch, err = r.opts.Patch(p.name, p.version); err != nil {
			return err
		}
	}
	if r.reuse == nil { // otherwise most of them will not be asked for
		r.lookAhead(childWants(p.manifest, nil), "")
	}
	return nil
}

// need tells of a package that somebody needs who is needed, and of what it was
// found to depend on while nobody needed it.
func (r *resolver) need(p *pkg, optional bool) {
	if p.needed || p.isLink() || optional && r.req.Fits != nil && !r.req.Fits(p.manifest) {
		return
	}
	p.needed = true
	r.req.Picked(p.id, p.resolution)
	for _, e := range p.edges {
		r.need(e.to, e.optional)
	}
}

// registrySpec is what a dependency asks of a registry, if it does.
func registrySpec(d npm.Dep) (name npm.Name, what string, ok bool) {
	s, err := specifier.Parse(d.Alias, d.Specifier)
	if err != nil {
		return "", "", false
	}
	return registryPart(d.Alias, s)
}

// registryPart is what s asks of a registry, if it does.
func registryPart(alias string, s specifier.Specifier) (name npm.Name, what string, ok bool) {
	switch s.Kind {
	case specifier.Version, specifier.Range, specifier.Tag:
		return s.Name, s.Range, true
	}
	return "", "", false
}

func registryResolution(m *npm.Manifest) graph.Resolution {
	res := graph.Resolution{Kind: graph.Registry, Integrity: m.Dist.Integrity, Tarball: m.Dist.Tarball}
	if res.Integrity == "" && m.Dist.Shasum != "" {
		if in, err := integrity.FromShasum(m.Dist.Shasum); err == nil {
			res.Integrity = in.String()
		}
	}
	return res
}

// ErrNoVersion is the cause of an error when a package exists but none of its
// versions is wanted.
var ErrNoVersion = errors.New("no matching version")

func droppable(err error) bool {
	var lookup interface{ NotFound() bool }
	return errors.Is(err, ErrNoVersion) || errors.As(err, &lookup) && lookup.NotFound()
}
