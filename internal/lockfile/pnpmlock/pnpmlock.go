// Package pnpmlock is the pnpm-lock.yaml of pnpm 9 to 12 (format 9.0) as a
// graph and the record of the settings it was resolved under.
//
//	lockfileVersion: '9.0'
//	settings, catalogs, overrides, …      Record
//	importers: dir → group → alias →      graph.Importer
//	    specifier, version (a ref)
//	packages: name@version →              what does not depend on peers
//	    resolution, engines, peerDependencies, …
//	snapshots: key with peer suffix →     graph.Package, one for each
//	    dependencies: alias → ref
//
// A ref is the version part of a key when the alias is the package's name, the
// whole key when it is not, or "link:" and a path. [Read] checks that every
// ref leads somewhere; [Document.Append] writes what pnpm 12 would write for
// the same document, byte for byte.
package pnpmlock

import (
	"fmt"

	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock/yamltree"
	"godwit/internal/npm"
)

// FileName is the name of the file in a project.
const FileName = "pnpm-lock.yaml"

// Document is one lockfile.
type Document struct {
	Graph *graph.Graph
	Record
}

// Record is what a lockfile says beside the graph. A document that a new graph
// is written to keeps the Record of the one that was read, so that nothing that
// others put there is lost.
type Record struct {
	Version                   string // lockfileVersion; "" is written as "9.0"
	Settings                  *Settings
	Catalogs                  Catalogs
	Overrides                 npm.Deps          // in the order of the configuration
	PackageExtensionsChecksum string            // "sha256-…", or ""
	PnpmfileChecksum          string            // "sha256-…", or ""
	IgnoredOptional           []string          // ignoredOptionalDependencies
	Patched                   map[string]Patch  // patchedDependencies
	Time                      map[string]string // key without peers -> ISO 8601; direct dependencies only
	Importers                 map[string]Importer

	// Env is the text of the first of two documents, in which pnpm pins itself
	// and its configuration dependencies; "" if there is one document.
	Env string
	// Merged says that the file had conflict markers of git and that both
	// sides were merged while reading.
	Merged bool

	extra     []yamltree.Item               // top-level keys that pnpm does not define
	packages  map[graph.Key][]yamltree.Item // fields of packages that the graph has no place for
	snapshots map[graph.Key][]yamltree.Item // the same of snapshots
}

// Patch is a patch of the configuration.
type Patch struct {
	Hash string // SHA-256, hex
	Path string // as pnpm 9 and 10 wrote it; "" in what pnpm 11 and 12 write
}

// Importer is what the lockfile says of a project beside its dependencies.
type Importer struct {
	// DependenciesMeta is that of package.json; the values are JSON scalars
	// as text ("injected": "true").
	DependenciesMeta map[string]map[string]string
	PublishDirectory string
	NoLinkDirectory  bool // linkDirectory: false, the only value that is recorded
	extra            []yamltree.Item
}

// Settings are those that a resolution depends on.
type Settings struct {
	AutoInstallPeers     bool
	DedupePeers          bool // recorded only if true
	ExcludeLinks         bool // excludeLinksFromLockfile
	InjectWorkspace      bool // injectWorkspacePackages, recorded only if true
	PeersSuffixMaxLength int  // bytes; 0 stands for the default, which is not recorded

	// Resolution holds what lockfile.includeResolutionSettings adds, as text;
	// see resolutionSettings for the names.
	Resolution map[string]string
	extra      []yamltree.Item
}

// DefaultPeersSuffixMaxLength is pnpm's, in bytes.
const DefaultPeersSuffixMaxLength = 1000

// PeersSuffixLen is the limit with its default applied.
func (s *Settings) PeersSuffixLen() int {
	if s == nil || s.PeersSuffixMaxLength == 0 {
		return DefaultPeersSuffixMaxLength
	}
	return s.PeersSuffixMaxLength
}

// Catalogs are the entries in use: catalog -> alias -> entry.
type Catalogs map[string]map[string]CatalogEntry

// CatalogEntry is the specifier of a catalog and what it was resolved to.
type CatalogEntry struct{ Specifier, Version string }

// The codes of [Error], those of pnpm.
const (
	CodeBroken   = "ERR_PNPM_BROKEN_LOCKFILE"
	CodeBreaking = "ERR_PNPM_LOCKFILE_BREAKING_CHANGE"
	CodeMissing  = "ERR_PNPM_LOCKFILE_MISSING_DEPENDENCY"
)

// Error is a lockfile that cannot be used.
type Error struct {
	File      string
	Line, Col int  // 0 where no place is to blame
	Old       bool // it is of a pnpm whose lockfiles nobody reads any more
	code      string
	msg       string
	hint      string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.msg)
}

// Code is pnpm's code for this error.
func (e *Error) Code() string { return e.code }

// Hint is what the user can do.
func (e *Error) Hint() string { return e.hint }
