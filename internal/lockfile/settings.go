package lockfile

import (
	"maps"
	"slices"
	"strings"
	"time"

	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock"
	"godwit/internal/npm"
)

// Settings are what a resolution depends on beside the manifests, as lockfiles
// record it.
type Settings struct {
	Root                      string                       // absolute directory of the lockfile, with slashes; not recorded
	Catalogs                  map[string]map[string]string // catalog -> alias -> specifier
	Others                    []Project                    // of the workspace, with lockfiles of their own; not recorded
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
	LegacyPeers          bool // npm's legacy-peer-deps; not recorded
	OmitResolved         bool // npm's omit-lockfile-registry-resolved; not recorded
	NpmOverrides         bool // package.json has overrides of npm's; not recorded
	PeersSuffixMaxLength int  // bytes; 0 stands for 1000

	Resolutions npm.Deps // yarn's, of the package.json at the root; not recorded
	// Extend adds to a manifest what yarn's packageExtensions have for it; nil adds
	// nothing. Not recorded.
	Extend func(*npm.Manifest) *npm.Manifest
	Yarn   YarnTool // what a new yarn.lock is made for; not recorded

	// Resolution are autoDedupe, dedupeInjectedDeps, dedupePeerDependents and
	// linkWorkspacePackages as text, where the lockfile is to record them
	// (lockfile.includeResolutionSettings); nil otherwise.
	Resolution map[string]string
}

// Project is what a lockfile must fit: a package.json and where it is.
type Project struct {
	Dir              string // slash path from the lockfile's directory; "." is the root
	Manifest         *npm.Manifest
	JSON             []byte                       // its package.json
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

// SetTimes records when direct dependencies were published, by "name@version",
// beside what is recorded already; what nothing depends on is not written.
func (d *Document) SetTimes(times map[string]time.Time) {
	if d.Pnpm == nil || len(times) == 0 {
		return
	}
	all := make(map[string]string, len(times))
	maps.Copy(all, d.Pnpm.Time)
	for id, at := range times {
		all[id] = at.UTC().Format("2006-01-02T15:04:05.000Z") // as registries write it
	}
	d.Pnpm.Time = all
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

// Catalogs are the entries of catalogs that were in use, sorted by alias.
func (d *Document) Catalogs() map[string]npm.Deps {
	if d.Pnpm == nil {
		return nil
	}
	out := make(map[string]npm.Deps, len(d.Pnpm.Catalogs))
	for name, entries := range d.Pnpm.Catalogs {
		for _, alias := range slices.Sorted(maps.Keys(entries)) {
			out[name] = append(out[name], npm.Dep{Alias: alias, Specifier: entries[alias].Specifier})
		}
	}
	return out
}

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

// Freed lists the names of packages that an override, now gone, held at a version
// for all who depend on them: what the document has of those is nobody's choice
// any more. As in pnpm, an override for a range or for one dependent holds none.
func Freed(d *Document, s Settings) (names []npm.Name) {
	if d.Pnpm == nil {
		return nil
	}
	for _, o := range d.Pnpm.Overrides {
		if _, still := s.Overrides.Lookup(o.Alias); still {
			continue
		}
		if name, err := npm.ParseName(o.Alias); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// Reshaped reports whether the settings would have made other manifests of
// those that the document's graph was made from.
func Reshaped(d *Document, s Settings) bool {
	if d.Pnpm == nil {
		return false
	}
	c := comparison{doc: d, settings: s}
	c.shape(d.Pnpm)
	return len(c.reasons) > 0 || d.Pnpm.PnpmfileChecksum != s.PnpmfileChecksum
}
