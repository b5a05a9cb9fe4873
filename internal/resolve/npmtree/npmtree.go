// Package npmtree resolves projects as npm does, which finds out what a package
// is and where it goes in one step: what can be required where decides what
// else has to be fetched.
//
//	queue   the project; what is nearest to it first
//	visit   what the first of the queue lacks, by name:
//	  find    a version of each, and with it the peers that it wants beside it;
//	          the set is put together in a tree of its own, under a virtual root
//	  place   each as high as it can go without taking anything from anybody:
//	            ok        nothing is there
//	            keep      what is there will do
//	            replace   what is there may go
//	            conflict  neither; one level below, then
//	  queue   what was placed, and whom that took something from
//
// A lockfile is a tree to begin with: only what it lacks or has wrong is looked
// at.
//
// The rules are those of npm 11 (@npmcli/arborist 9: build-ideal-tree,
// place-dep, can-place-dep, edge, override-set; npm-pick-manifest 11).
package npmtree

import (
	"context"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/resolve"
	"godwit/internal/resolve/policy"
)

// Source is where packages are looked at. Its methods are called from several
// goroutines.
type Source interface {
	// Packument is what the registry says about a name, in the full form: a
	// package-lock.json has fields that the short one lacks. With fresh what a
	// cache has of it will not do.
	Packument(ctx context.Context, name npm.Name, fresh bool) (*npm.Packument, error)
	// External looks at a tarball, an archive or a repository. Paths are relative
	// to dir, a slash path from the lockfile's directory.
	External(ctx context.Context, s specifier.Specifier, dir string) (*resolve.External, error)
	// Project reads the package.json of a directory, a slash path from the
	// lockfile's; nil if there is none.
	Project(dir string) (m *npm.Manifest, json []byte, err error)
	// Bundled lists what is in the tarball of a version beside its own files.
	Bundled(ctx context.Context, name npm.Name, tarball, integrity string) (*Bundle, error)
}

// Bundle is what a tarball has of other packages.
type Bundle struct {
	Packages   map[string][]byte // package.json by directory: "node_modules/a"
	Shrinkwrap []graph.Placed    // what its npm-shrinkwrap.json says; nil if it has none
}

// Strategy is where packages go.
type Strategy string

// The strategies, by npm's names (install-strategy).
const (
	Hoisted Strategy = "hoisted" // as high as they can
	Nested  Strategy = "nested"  // into what depends on them
	Shallow Strategy = "shallow" // into what the project depends on itself
)

// Options are the settings that shape a tree.
type Options struct {
	LegacyPeers  bool // peers are nobody's concern
	StrictPeers  bool // of packages as well, not of the project alone
	Force        bool // conflicts are overruled
	PreferDedupe bool
	InstallLinks bool // directories outside of the project are copied, not linked
	Allow        Allow
	Strategy     Strategy // "" is Hoisted
	Tag          string   // the dist-tag that is preferred where it fits; "latest"
	Policy       *policy.Policy
	Node         func() semver.Version // to prefer versions that run on it; zero prefers none
	// Prefer are versions that come before others where they will do, the highest
	// first: those of another tool's lockfile.
	Prefer map[npm.Name][]string
	// Platform says what runs here: nothing else is announced. May be nil.
	Platform func(os, cpu, libc []string) bool
}

// Allow says who may depend on what is of no registry: "all", "none", or "root",
// the project; "" is "all" (allow-git, allow-remote, allow-file, allow-directory).
type Allow struct{ Git, Remote, File, Directory string }

// Project is a project to resolve for.
type Project struct {
	Dir      string // slash path from the lockfile's directory; "." is the root
	Manifest *npm.Manifest
	JSON     []byte // its package.json
}

// Request is everything a resolution depends on besides the registry.
type Request struct {
	Root     string    // absolute directory of the lockfile
	Name     string    // of that directory
	Projects []Project // the root and the members of its workspace
	Options  Options
	Locked   []graph.Placed // what the present lockfile says
	// Inflate says that the lockfile has the places and versions of packages, but
	// not what they depend on: the registry is asked.
	Inflate bool
	// Update says which packages shall be as new as their dependents allow, by
	// the names they are depended on under; nil is none.
	Update func(name string) bool
	// Asked are dependencies, by project, that the user named: they are looked
	// for anew even if what is there would do.
	Asked  map[string][]string
	Fixing *Fixing // nil is npm's install
	// Picked is called from the resolving goroutine as soon as a package is
	// chosen, so that its download can start. May be nil.
	Picked func(id graph.Key, res graph.Resolution)
}

// Result is a resolved project.
type Result struct {
	Placed   []graph.Placed // all that is in the tree but the root; sorted
	Warnings []event.Warning
}

// Resolve finds the tree for req.
func Resolve(ctx context.Context, src Source, req *Request) (*Result, error) {
	b := newBuilder(ctx, src, req)
	defer b.docs.Close()
	if err := b.load(); err != nil {
		return nil, err
	}
	if err := b.checkRootRules(); err != nil {
		return nil, err
	}
	if err := b.build(); err != nil {
		return nil, err
	}
	if err := b.checkFailures(); err != nil {
		return nil, err
	}
	return &Result{Placed: b.placed(), Warnings: b.warnings}, nil
}
