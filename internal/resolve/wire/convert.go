package wire

import (
	"fmt"
	"maps"
	"slices"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/patch"
	"godwit/internal/resolve"
	"godwit/internal/resolve/compat"
	"godwit/internal/resolve/override"
	"godwit/internal/resolve/policy"
)

// Settings are what cannot be read off a resolve.Request, which has rules where
// the configuration has lists.
type Settings struct {
	Registries      map[string]Registry
	Extensions      []compat.Extension
	IgnoredOptional []string
	Patches         *patch.Set
	AgeExclude      []string
	TrustExclude    []string
	Externals       []External
	Platforms       []npm.Platform // as the Fits of the request has it
}

// New makes a request of req.
func New(req *resolve.Request, s Settings) *Request {
	r := &Request{
		Version: Version, Registries: s.Registries, Options: optionsOf(&req.Options), Patched: depsOf(s.Patches.Entries()),
		Reshaped: req.Reshaped, Preferred: req.Preferred, Lockfile: lockfileOf(req.Locked), Externals: s.Externals,
	}
	for _, name := range req.Freed {
		r.Freed = append(r.Freed, string(name))
	}
	r.Catalogs, r.LockedCatalogs = catalogsOf(req.Catalogs), catalogsOf(req.LockedCatalogs)
	if req.Update != nil {
		names := append([]string{}, updated(req)...) // none is an update of nothing
		r.Update = &names
	}
	r.platforms(s.Platforms)
	for i, im := range req.Importers {
		w := Importer{Dir: im.Dir, Manifest: manifestOf(im.Manifest), Kept: im.Kept, Publish: req.Members[i].Publish}
		for _, alias := range slices.Sorted(maps.Keys(im.Injected)) {
			if im.Injected[alias] {
				w.Injected = append(w.Injected, alias)
			}
		}
		r.Importers = append(r.Importers, w)
	}
	if shape := req.Options.Shape; shape != nil {
		r.Shape = shapeOf(shape, s)
	}
	r.Policy = policyOf(req.Options.Policy, s)
	return r
}

func (r *Request) platforms(all []npm.Platform) {
	for _, p := range all {
		r.Platforms = append(r.Platforms, Platform(p))
	}
}

// fits reports whether one of the platforms runs what is for these.
func (r *Request) fits(os, cpu, libc []string) bool {
	return len(r.Platforms) == 0 || slices.ContainsFunc(r.Platforms, func(p Platform) bool { return npm.Platform(p).Supports(os, cpu, libc) })
}

// updated lists what an update is about. Only what the lockfile has can be kept
// from its version.
func updated(req *resolve.Request) []string {
	names := map[string]bool{}
	if g := req.Locked; g != nil {
		for _, im := range g.Importers {
			for _, d := range im.Deps {
				names[d.Alias] = true
			}
		}
		for _, p := range g.Packages {
			names[string(p.Name)] = true
			for _, e := range p.Edges {
				names[e.Alias] = true
			}
		}
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool { return !req.Update(name) })
	return slices.Sorted(maps.Keys(names))
}

// Resolution is the request as the resolver knows it. RegistryTarball and Picked
// are for the caller to set.
func (r *Request) Resolution() (*resolve.Request, error) {
	opts, err := r.Options.options()
	if err != nil {
		return nil, err
	}
	req := &resolve.Request{
		Options: *opts, Reshaped: r.Reshaped, Preferred: r.Preferred, Catalogs: catalogs(r.Catalogs), LockedCatalogs: catalogs(r.LockedCatalogs),
	}
	for _, name := range r.Freed {
		req.Freed = append(req.Freed, npm.Name(name))
	}
	for i := range r.Importers {
		im := &r.Importers[i]
		m, injected := im.Manifest.manifest(), map[string]bool{}
		for _, alias := range im.Injected {
			injected[alias] = true
		}
		req.Importers = append(req.Importers, resolve.Importer{Dir: im.Dir, Manifest: m, Injected: injected, Kept: im.Kept})
		req.Members = append(req.Members, resolve.Member{Dir: im.Dir, Manifest: m, Injected: injected, Publish: im.Publish})
	}
	if req.Options.Shape, err = r.Shape.shape(); err != nil {
		return nil, err
	}
	if req.Options.Policy, err = r.Policy.policy(); err != nil {
		return nil, err
	}
	patches, err := patch.Known(r.Patched.deps())
	if err != nil {
		return nil, err
	}
	if patches != nil {
		req.Options.Patch = patches.Hash
	}
	req.Update = r.updates()
	if len(r.Platforms) > 0 {
		req.Fits = func(m *npm.Manifest) bool { return r.fits(m.OS, m.CPU, m.Libc) }
	}
	if r.Lockfile != "" {
		doc, err := lockfile.ParsePnpm("the lockfile of the request", []byte(r.Lockfile))
		if err != nil {
			return nil, err
		}
		req.Locked = doc.Graph
	}
	return req, nil
}

// updates says which packages are updated; nil is none.
func (r *Request) updates() func(alias string) bool {
	if r.Update == nil {
		return nil
	}
	names := map[string]bool{}
	for _, name := range *r.Update {
		names[name] = true
	}
	return func(alias string) bool { return names[alias] }
}

// NewExternal is what a dependency of a project in dir, or of a directory there,
// was found to be.
func NewExternal(dir, alias, specifier string, e *resolve.External) External {
	return External{
		Dir: dir, Alias: alias, Specifier: specifier, ID: e.ID, Manifest: manifestOf(e.Manifest),
		Directory: e.Resolution.Directory, Tarball: e.Resolution.Tarball, Integrity: e.Resolution.Integrity,
	}
}

// External is it as the resolver knows it.
func (e *External) External() *resolve.External {
	res := graph.Resolution{Kind: graph.Directory, Directory: e.Directory}
	if e.Tarball != "" {
		res = graph.Resolution{Kind: graph.Tarball, Tarball: e.Tarball, Integrity: e.Integrity}
	}
	return &resolve.External{ID: e.ID, Manifest: e.Manifest.manifest(), Resolution: res}
}

func catalogsOf(catalogs map[string]npm.Deps) map[string]Deps {
	if len(catalogs) == 0 {
		return nil
	}
	out := make(map[string]Deps, len(catalogs))
	for name, deps := range catalogs {
		out[name] = depsOf(deps)
	}
	return out
}

func catalogs(sent map[string]Deps) map[string]npm.Deps {
	out := make(map[string]npm.Deps, len(sent))
	for name, deps := range sent {
		out[name] = deps.deps()
	}
	return out
}

// lockfileOf is a graph as text, without settings; "" for none.
func lockfileOf(g *graph.Graph) string {
	if g == nil {
		return ""
	}
	return LockfileText(g, nil)
}

// LockfileText is a graph as a pnpm-lock.yaml, without settings. A tarball that
// is where tarballURL says has no URL in it; nil writes all URLs.
func LockfileText(g *graph.Graph, tarballURL func(npm.Name, string) string) string {
	doc := lockfile.New(lockfile.Pnpm, g, nil, lockfile.Settings{}, nil)
	return string(doc.Append(nil, lockfile.WriteOptions{TarballURL: tarballURL}))
}

func depsOf(deps npm.Deps) Deps {
	if len(deps) == 0 {
		return nil
	}
	out := make(Deps, len(deps))
	for i, d := range deps {
		out[i] = [2]string{d.Alias, d.Specifier}
	}
	return out
}

func (d Deps) deps() npm.Deps {
	if len(d) == 0 {
		return nil
	}
	out := make(npm.Deps, len(d))
	for i, pair := range d {
		out[i] = npm.Dep{Alias: pair[0], Specifier: pair[1]}
	}
	return out
}

func manifestOf(m *npm.Manifest) Manifest {
	out := Manifest{
		Name: string(m.Name), Version: m.Version,
		Prod: depsOf(m.Dependencies), Dev: depsOf(m.DevDependencies), Optional: depsOf(m.OptionalDependencies),
		Peers: depsOf(m.PeerDependencies), Accept: depsOf(m.Accept), Bundled: m.Bundled, HasBin: len(m.Bin) > 0 || m.BinDir != "",
		Engines: depsOf(m.Engines), Runtimes: m.Runtimes, OS: m.OS, CPU: m.CPU, Libc: m.Libc, LibcText: m.LibcText, Deprecated: m.Deprecated,
	}
	for _, name := range slices.Sorted(maps.Keys(m.OptionalPeers)) {
		if m.OptionalPeers[name] {
			out.OptionalPeers = append(out.OptionalPeers, name)
		}
	}
	return out
}

func (m *Manifest) manifest() *npm.Manifest {
	out := &npm.Manifest{
		Name: npm.Name(m.Name), Version: m.Version,
		Dependencies: m.Prod.deps(), DevDependencies: m.Dev.deps(), OptionalDependencies: m.Optional.deps(),
		PeerDependencies: m.Peers.deps(), Accept: m.Accept.deps(), Bundled: m.Bundled, Engines: m.Engines.deps(),
		Runtimes: m.Runtimes, OS: m.OS, CPU: m.CPU, Libc: m.Libc, LibcText: m.LibcText, Deprecated: m.Deprecated,
	}
	if m.HasBin {
		out.BinDir = "." // which commands there are is for the client to see
	}
	if len(m.OptionalPeers) > 0 {
		out.OptionalPeers = map[string]bool{}
		for _, name := range m.OptionalPeers {
			out.OptionalPeers[name] = true
		}
	}
	return out
}

// linkWorkspace are the words for its values.
var linkWorkspace = [...]string{resolve.LinkNone: "", resolve.LinkDirect: "direct", resolve.LinkDeep: "deep"}

func optionsOf(o *resolve.Options) Options {
	return Options{
		AutoInstallPeers: o.AutoInstallPeers, PeersFromHighest: o.PeersFromHighest, DedupePeers: o.DedupePeers,
		DedupePeerDependents: o.DedupePeerDependents, PeersSuffixMaxLength: o.PeersSuffixMaxLength,
		LowestDirect: o.LowestDirect, TimeBased: o.TimeBased, IgnoreCompat: o.IgnoreCompat,
		LinkWorkspace: linkWorkspace[o.LinkWorkspace], PreferWorkspace: o.PreferWorkspace,
		InjectWorkspace: o.InjectWorkspace, KeepInjected: o.KeepInjected, PeersFromRoot: o.PeersFromRoot,
		AllowExotic: o.AllowExotic,
	}
}

func (o *Options) options() (*resolve.Options, error) {
	link := slices.Index(linkWorkspace[:], o.LinkWorkspace)
	if link < 0 {
		return nil, fmt.Errorf("%w (linkWorkspace %.40q)", ErrVersion, o.LinkWorkspace)
	}
	return &resolve.Options{
		AutoInstallPeers: o.AutoInstallPeers, PeersFromHighest: o.PeersFromHighest, DedupePeers: o.DedupePeers,
		DedupePeerDependents: o.DedupePeerDependents, PeersSuffixMaxLength: o.PeersSuffixMaxLength,
		LowestDirect: o.LowestDirect, TimeBased: o.TimeBased, IgnoreCompat: o.IgnoreCompat,
		LinkWorkspace: resolve.LinkWorkspace(link), PreferWorkspace: o.PreferWorkspace,
		InjectWorkspace: o.InjectWorkspace, KeepInjected: o.KeepInjected, PeersFromRoot: o.PeersFromRoot,
		AllowExotic: o.AllowExotic,
	}, nil
}

func shapeOf(shape *resolve.Shape, s Settings) *Shape {
	out := &Shape{Overrides: depsOf(shape.Overrides.Entries()), Ignored: s.IgnoredOptional}
	for _, e := range s.Extensions {
		w := Extension{Selector: e.Selector, Prod: e.Dependencies, Optional: e.OptionalDependencies, Peers: e.PeerDependencies}
		for name, meta := range e.PeerDependenciesMeta {
			if w.PeersMeta == nil {
				w.PeersMeta = map[string]*bool{}
			}
			w.PeersMeta[name] = meta.Optional
		}
		out.Extensions = append(out.Extensions, w)
	}
	return out
}

func (s *Shape) shape() (*resolve.Shape, error) {
	if s == nil {
		return nil, nil
	}
	var list []compat.Extension
	for _, w := range s.Extensions {
		e := compat.Extension{Selector: w.Selector}
		e.Dependencies, e.OptionalDependencies, e.PeerDependencies = w.Prod, w.Optional, w.Peers
		for name, optional := range w.PeersMeta {
			if e.PeerDependenciesMeta == nil {
				e.PeerDependenciesMeta = map[string]compat.PeerMeta{}
			}
			e.PeerDependenciesMeta[name] = compat.PeerMeta{Optional: optional}
		}
		list = append(list, e)
	}
	extensions, err := compat.Parse(list)
	if err != nil {
		return nil, err
	}
	overrides, err := override.Parse(s.Overrides.deps(), override.Options{
		Root: "/", Direct: func(string) (string, bool) { return "", false },
	})
	if err != nil {
		return nil, err
	}
	return &resolve.Shape{Extensions: extensions, Overrides: overrides, IgnoredOptional: npm.Matcher(s.Ignored)}, nil
}

func policyOf(p *policy.Policy, s Settings) *Policy {
	if p == nil {
		return nil
	}
	return &Policy{
		Cutoff: p.Cutoff, Setting: p.Setting, Strict: p.Strict, Exclude: s.AgeExclude, MissingTime: p.MissingTime,
		NoDowngrade: p.NoDowngrade, TrustExclude: s.TrustExclude, TrustAge: p.TrustAge, Now: p.Now, Npmrc: p.Npmrc,
	}
}

func (p *Policy) policy() (*policy.Policy, error) {
	if p == nil {
		return nil, nil
	}
	out := &policy.Policy{
		Cutoff: p.Cutoff, Setting: p.Setting, Strict: p.Strict, MissingTime: p.MissingTime,
		NoDowngrade: p.NoDowngrade, TrustAge: p.TrustAge, Now: p.Now, Npmrc: p.Npmrc,
	}
	var err error
	if out.Exclude, err = policy.ParseExclude("minimumReleaseAgeExclude", p.Exclude); err != nil {
		return nil, err
	}
	out.TrustExclude, err = policy.ParseExclude("trustPolicyExclude", p.TrustExclude)
	return out, err
}
