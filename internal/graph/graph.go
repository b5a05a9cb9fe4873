// Package graph is the one model of a resolved project: importers, packages
// and the edges between them. Resolvers produce it, lockfile codecs read and
// write it, layouts turn it into directories. It is immutable once built.
package graph

import (
	"slices"
	"strings"

	"godwit/internal/npm"
)

// Key identifies a package of the graph in pnpm's "depPath" grammar:
//
//	key  = name "@" version { "(" peer ")" }
//	peer = key
//
// where version is a semver version, a "file:" path or a URL. The bracketed
// tail is the peer suffix: two packages that differ only there have the same
// files and different neighbours.
type Key string

// ID is the key without its peer suffix ("a@1.0.0(b@2.0.0)" -> "a@1.0.0") and
// without the hash of a patch, which pnpm writes in front of the peers
// ("a@1.0.0(patch_hash=…)(b@2.0.0)"). Brackets of a path are no suffix: only
// balanced ones at the very end are.
func (k Key) ID() Key { return k[:suffixStart(string(k))] }

// Suffix is the peer suffix with its brackets, or "".
func (k Key) Suffix() string { return string(k[len(k.ID()):]) }

// Split separates "@scope/name@version(peers)" at the "@" before the version.
func (k Key) Split() (name npm.Name, ref string) {
	if len(k) > 1 {
		if i := strings.IndexByte(string(k[1:]), '@'); i >= 0 {
			return npm.Name(k[:i+1]), string(k[i+2:])
		}
	}
	return npm.Name(k), ""
}

// Name is the name of the package.
func (k Key) Name() npm.Name { name, _ := k.Split(); return name }

// Registry is the prefix of the registry that the package is from ("work" of
// "a@work:1.0.0"), or "".
func (k Key) Registry() string {
	_, ref := k.Split()
	prefix, version, ok := strings.Cut(ref, ":")
	if !ok || version == "" || version[0] < '0' || version[0] > '9' || prefix == "file" || prefix == "runtime" {
		return ""
	}
	return prefix
}

// RuntimePrefix begins the version of a JavaScript runtime in a key
// ("node@runtime:22.11.0"), and what asks for one.
const RuntimePrefix = "runtime:"

// Runtime reports whether the package is a JavaScript runtime.
func (k Key) Runtime() bool {
	_, ref := k.ID().Split()
	return strings.HasPrefix(ref, RuntimePrefix)
}

// Group says which dependency map of a package.json an edge comes from.
type Group uint8

// The groups in the order in which lockfiles list them.
const (
	Prod Group = iota
	Dev
	Optional
)

// Target is what an edge leads to: a package of the graph, or a directory
// outside the graph that is linked in place. Exactly one is set.
type Target struct {
	Key  Key
	Link string // slash path relative to the importer's (or, from a package, the lockfile's) directory
}

// InsidePrefix begins a Link that is below the directory of the dependent
// package, as pnpm writes what a published package calls "file:sub".
const InsidePrefix = "<root>/"

// Direct is a dependency of an importer.
type Direct struct {
	Alias     string // folder name in node_modules
	Group     Group
	Specifier string // as written in package.json
	Target    Target
}

// Importer is a project that depends on things.
type Importer struct {
	Dir  string   // slash path from the lockfile's directory; "." is the root
	Deps []Direct // sorted by group, then alias
}

// Edge is a dependency of a package.
type Edge struct {
	Alias    string // folder name beside the dependent
	Target   Target
	Optional bool // from optionalDependencies
}

// Kind says where the files of a package come from.
type Kind uint8

// Kinds of Resolution.
const (
	Registry   Kind = iota // a version in a registry; Tarball may be "" (the registry's canonical URL)
	Tarball                // a URL, or "file:" and a path, given by the user
	Directory              // a directory copied into the virtual store
	Git                    // a commit of a repository
	Binary                 // an archive of executables: a JavaScript runtime
	Variations             // one of several resolutions, by platform
	Custom                 // of a type that only a hook of the project can fetch
)

// Resolution says where the files of a package come from and how to check
// them.
type Resolution struct {
	Kind      Kind
	Integrity string // SRI; "" only where the source has none
	Tarball   string // URL, or "file:" path; of a Binary its archive
	Directory string // slash path from the lockfile's directory
	Repo      string // Git
	Commit    string // Git
	Path      string // Git and git-hosted tarballs: the directory inside
	GitHosted bool   // a tarball that a git host made of a commit
	Exec      *Exec  // Binary
	Variants  []Variant
}

// Exec says how to use an archive of executables.
type Exec struct {
	Archive string            // "tarball" or "zip"
	Bin     map[string]string // command -> path inside the archive; the key "" stands for the package's name
	Prefix  string            // the top directory of a zip, to strip
}

// Variant is the resolution for some platforms.
type Variant struct {
	Platforms  []Platform
	Resolution Resolution // never Variations
}

// Platform is what process.platform and process.arch say, and on Linux the C
// library where it is not glibc.
type Platform struct{ OS, CPU, Libc string }

// Package is a node of the graph.
type Package struct {
	Key           Key
	Name          npm.Name
	Version       string // from its manifest; for Registry packages the same as in Key
	Resolution    Resolution
	Engines       npm.Deps
	OS, CPU, Libc []string
	LibcText      bool // the manifest has libc as one string, and pnpm's lockfile keeps that
	Deprecated    string
	HasBin        bool
	Bundled       npm.Bundled
	Peers         npm.Deps        // declared peerDependencies
	OptionalPeers map[string]bool // peers whose absence is fine; may name one that is not in Peers
	Edges         []Edge          // sorted by alias; includes resolved peers
	// TransitivePeers are the peer names that packages below need and that
	// are resolved above this package; sorted.
	TransitivePeers []string
	Optional        bool   // reached through optional edges only
	Patch           string // hex hash of the applied patch, or ""

	// Dir is where a hoisted lockfile has the package: a slash path from the
	// lockfile's directory. It is "" where the layout decides. A package that
	// such a lockfile has in several places is as many packages, whose keys
	// differ in their suffix.
	Dir string
	// Inside says that the package at Dir comes with the tarball of the one
	// around it.
	Inside bool
}

// Link is a symbolic link to a project.
type Link struct {
	At     string // slash path from the lockfile's directory
	Target string // the same, of the directory it leads to
}

// Graph is a resolved project. Read only once built.
type Graph struct {
	Importers []*Importer // sorted by Dir
	Packages  map[Key]*Package
	Links     []Link // that a hoisted lockfile has; sorted by At
}

// Importer finds the importer at dir, or nil.
func (g *Graph) Importer(dir string) *Importer {
	i, ok := slices.BinarySearchFunc(g.Importers, dir, func(im *Importer, dir string) int { return strings.Compare(im.Dir, dir) })
	if !ok {
		return nil
	}
	return g.Importers[i]
}
