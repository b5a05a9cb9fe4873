package cli

import (
	"context"
	"path/filepath"
	"strings"

	"godwit/internal/git"
	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/peers"
	"godwit/internal/registry"
	"godwit/internal/resolve"
)

// origins is the registry and git as the engine sees them.
type origins struct {
	*registry.Client
	prefixed map[string]*registry.Client // by the prefix of the registry
	git      *git.Client
	arrived  *arrived
	npm      bool // the lockfile is npm's
	frozen   bool // nothing is fetched, since the store takes nothing
}

// Checkout implements download.Client.
func (t origins) Checkout(ctx context.Context, url, commit string) (string, error) {
	if t.frozen {
		return "", &frozenError{}
	}
	if t.Offline() {
		return "", &registry.OfflineError{What: "the repository of a dependency", Tarball: true}
	}
	if t.npm {
		return t.checkoutNpm(ctx, url, commit)
	}
	return t.git.Checkout(ctx, url, commit)
}

// Tarball implements download.Client.
func (t origins) Tarball(ctx context.Context, name npm.Name, url string, room func(size int64) []byte) ([]byte, error) {
	if t.frozen {
		return nil, &frozenError{}
	}
	if data := t.arrived.take(url); data != nil {
		return data, nil
	}
	return t.Client.Tarball(ctx, registry.TarballRequest{URL: url, Name: name, Room: room})
}

// TarballURL implements download.Client.
func (t origins) TarballURL(name npm.Name, version string) string {
	prefix, plain, ok := strings.Cut(version, ":")
	if !ok {
		return npm.TarballURL(t.Registry(name), name, version)
	}
	if at := t.prefixed[prefix]; at != nil {
		return npm.TarballURL(at.Registry(name), name, plain)
	}
	return "" // nobody knows
}

// frozenError is a package that the store does not have, where none may be added.
type frozenError struct{}

func (e *frozenError) Error() string {
	return "the store does not have it, and is frozen (frozen-store)"
}

// Code tells it apart.
func (e *frozenError) Code() string { return "ERR_GODWIT_FROZEN_STORE" }

// Hint is what the user can do.
func (e *frozenError) Hint() string {
	return "fill the store first: run the same command without frozen-store"
}

// local resolves in this process, or lets a server do that.
type local struct {
	served        *served // nil for no server
	source        *source
	catalogs      map[string]npm.Deps
	options       resolve.Options
	rules         *peers.Rules
	root          string // what messages call the root project
	shaping       *shaping
	unusedPatches bool                    // are allowed
	update        func(alias string) bool // see resolve.Request
	platform      func(os, cpu, libc []string) bool
	others        func() ([]resolve.Member, error) // that are no importers; nil is none
}

// localResolver resolves here, by the settings.
func (c *call) localResolver(src *source, shaping *shaping) *local {
	s := &c.cfg.Settings
	return &local{
		source: src, catalogs: c.catalogs(), rules: c.rules, root: c.projectName(),
		shaping: shaping, unusedPatches: s.Resolve.UnusedPatches,
		options: resolve.Options{
			Root:             filepath.ToSlash(c.workspace.root),
			AutoInstallPeers: s.Resolve.AutoInstallPeers && !s.Resolve.LegacyPeers, DedupePeerDependents: s.Resolve.DedupeDependents,
			DedupePeers: s.Resolve.DedupePeers, PeersFromHighest: s.Resolve.PeersFromHighest,
			PeersSuffixMaxLength: s.Dirs.MaxPeersSuffix, LowestDirect: s.Resolve.Mode == "lowest-direct",
			LinkWorkspace: c.linking(), PreferWorkspace: s.Workspace.Prefer, InjectWorkspace: s.Workspace.Inject,
			KeepInjected: !s.Workspace.DedupeInjected, PeersFromRoot: s.Workspace.PeersFromRoot,
			AllowExotic: !s.Resolve.BlockExotic, RegistryTarball: src.registryTarball,
			IgnoreCompat: s.Resolve.IgnoreCompat, Shape: shaping.shape, Patch: shaping.patchFor(),
			Policy: src.policy, TimeBased: src.times, Prefixed: src.qualified(),
		},
	}
}

func (l *local) looks() *source                      { return l.source }
func (l *local) renew(which func(alias string) bool) { l.update = which }

// Resolve implements install.Resolver.
func (l *local) Resolve(ctx context.Context, importers []install.Importer, locked install.Locked, picked install.Picked) (*install.Resolved, error) {
	l.source.locked = locked.Graph
	req := &resolve.Request{
		Options: l.options, Catalogs: l.catalogs, Update: l.update, Picked: picked,
		Locked: locked.Graph, LockedCatalogs: locked.Catalogs, Reshaped: locked.Reshaped, Preferred: locked.Preferred, Freed: locked.Freed,
		Fits: func(m *npm.Manifest) bool { return l.platform(m.OS, m.CPU, m.Libc) },
	}
	for _, im := range importers {
		req.Importers = append(req.Importers, resolve.Importer{Dir: im.Dir, Manifest: im.Manifest, Injected: injected(&im), Kept: im.Unselected})
		req.Members = append(req.Members, member(&im))
	}
	if l.others != nil {
		others, err := l.others()
		if err != nil {
			return nil, err
		}
		req.Members = append(req.Members, others...)
	}
	res, err := l.find(ctx, req, importers)
	if err != nil {
		return nil, err
	}
	out := &install.Resolved{Graph: res.Graph, Deprecated: res.Deprecated, Times: res.Times}
	for _, i := range peers.Check(res.Graph, l.rules) {
		out.PeerIssues = append(out.PeerIssues, peerLine(l.root, i))
	}
	if err := young(l.options.Policy, res, out); err != nil {
		return nil, err
	}
	return out, l.shaping.unused(res, out, l.unusedPatches)
}

// injected are the dependencies that a project wants copies of.
func injected(im *install.Importer) map[string]bool {
	out := map[string]bool{}
	for alias, flags := range im.Meta {
		out[alias] = flags["injected"] == "true"
	}
	return out
}

// member is a project as others can depend on it.
func member(im *install.Importer) resolve.Member {
	m := resolve.Member{Dir: im.Dir, Manifest: im.Manifest, Injected: injected(im)}
	if !im.NoLinkDirectory {
		m.Publish = im.PublishDirectory
	}
	return m
}

// find is the resolution itself.
func (l *local) find(ctx context.Context, req *resolve.Request, importers []install.Importer) (*resolve.Result, error) {
	switch {
	case l.served == nil:
	case l.others != nil:
		l.served.tell("the projects of this workspace have lockfiles of their own")
	default:
		if res, err := l.served.resolve(ctx, l.source, req, importers); res != nil || err != nil {
			return res, err
		}
	}
	return resolve.Resolve(ctx, l.source, req)
}
