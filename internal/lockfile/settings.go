package lockfile

import (
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock"
	"godwit/internal/npm"
)

// Settings are what a resolution depends on beside the manifests, as lockfiles
// record it.
type Settings struct {
	Catalogs                  map[string]map[string]string // catalog -> alias -> specifier
	Overrides                 npm.Deps
	PackageExtensionsChecksum string            // "sha256-…", or ""
	PnpmfileChecksum          string            // "sha256-…", or ""
	IgnoredOptional           []string          // ignoredOptionalDependencies
	Patched                   map[string]string // key of patchedDependencies -> SHA-256 of the patch, hex

	AutoInstallPeers     bool
	DedupePeers          bool
	ExcludeLinks         bool // excludeLinksFromLockfile
	InjectWorkspace      bool // injectWorkspacePackages
	LinkWorkspace        bool // linkWorkspacePackages: plain ranges may mean a project; not recorded
	PeersSuffixMaxLength int  // bytes; 0 stands for 1000

	// Resolution are autoDedupe, dedupeInjectedDeps, dedupePeerDependents and
	// linkWorkspacePackages as text, where the lockfile is to record them
	// (lockfile.includeResolutionSettings); nil otherwise.
	Resolution map[string]string
}

// Project is what a lockfile must fit: a package.json and where it is.
type Project struct {
	Dir              string // slash path from the lockfile's directory; "." is the root
	Manifest         *npm.Manifest
	DependenciesMeta map[string]map[string]string // alias -> flag -> JSON scalar as text
	PublishDirectory string                       // publishConfig.directory
	NoLinkDirectory  bool                         // publishConfig.linkDirectory is false
	// Local: not a project but a directory that a "file:" dependency copies,
	// given so that a change of its package.json is seen.
	Local bool
}

// New makes the document for a graph that was resolved for the projects under
// the settings. What a previous document holds beyond that, of other tools for
// example, is taken over; it may be nil.
func New(f Format, g *graph.Graph, projects []Project, s Settings, previous *Document) *Document {
	d := &Document{Format: f, Graph: g}
	if f != Pnpm {
		return d
	}
	rec := &pnpmlock.Record{}
	if previous != nil && previous.Pnpm != nil {
		*rec = *previous.Pnpm
	}
	d.Pnpm = rec
	rec.Settings = s.record(rec.Settings)
	rec.Merged = false
	rec.Catalogs = usedCatalogs(g, s.Catalogs)
	rec.Overrides = s.Overrides
	rec.PackageExtensionsChecksum = s.PackageExtensionsChecksum
	rec.PnpmfileChecksum = s.PnpmfileChecksum
	rec.IgnoredOptional = s.IgnoredOptional
	rec.Patched = make(map[string]pnpmlock.Patch, len(s.Patched))
	for key, hash := range s.Patched {
		rec.Patched[key] = pnpmlock.Patch{Hash: hash}
	}
	importers := make(map[string]pnpmlock.Importer, len(projects))
	for _, p := range projects {
		im := rec.Importers[p.Dir]
		im.DependenciesMeta, im.PublishDirectory, im.NoLinkDirectory = p.DependenciesMeta, p.PublishDirectory, p.NoLinkDirectory
		importers[p.Dir] = im
	}
	rec.Importers = importers
	return d
}

// record is the settings as a lockfile has them.
func (s *Settings) record(previous *pnpmlock.Settings) *pnpmlock.Settings {
	rec := &pnpmlock.Settings{}
	if previous != nil {
		*rec = *previous
	}
	rec.AutoInstallPeers = s.AutoInstallPeers
	rec.DedupePeers = s.DedupePeers
	rec.ExcludeLinks = s.ExcludeLinks
	rec.InjectWorkspace = s.InjectWorkspace
	rec.PeersSuffixMaxLength = s.PeersSuffixMaxLength
	rec.Resolution = s.Resolution
	return rec
}

// catalogPrefix marks a specifier that stands for a catalog's.
const catalogPrefix = "catalog:"

// usedCatalogs are the entries that importers refer to, with the versions they
// got.
func usedCatalogs(g *graph.Graph, catalogs map[string]map[string]string) pnpmlock.Catalogs {
	used := pnpmlock.Catalogs{}
	for _, im := range g.Importers {
		for _, d := range im.Deps {
			name, ok := strings.CutPrefix(d.Specifier, catalogPrefix)
			if !ok {
				continue
			}
			if name = strings.TrimSpace(name); name == "" {
				name = "default"
			}
			p := g.Packages[d.Target.Key]
			specifier, ok := catalogs[name][d.Alias]
			if !ok || p == nil {
				continue
			}
			if used[name] == nil {
				used[name] = map[string]pnpmlock.CatalogEntry{}
			}
			used[name][d.Alias] = pnpmlock.CatalogEntry{Specifier: specifier, Version: p.Version}
		}
	}
	return used
}
