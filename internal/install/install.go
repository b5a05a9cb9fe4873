// Package install is the engine: it makes node_modules what the manifests and
// the lockfile say.
//
// [Install] names every stage. A fresh, frozen, offline or partial install, and
// one with nothing to do, differ in what goes in, not in the way through:
//
//	wanted   the graph: from the lockfile if it satisfies the manifests,
//	         else from the resolver, which starts downloads as it picks
//	layout   graph -> directories (pure)
//	plan     directories, what is there, what the store has -> work (pure)
//	settle   with shared slots, whose names say what is in them: fetch first
//	run      download -> extract -> link, as tasks in lanes
//	build    install scripts of packages that may, in the order of dependencies
//	commit   lockfile and state
package install

import (
	"context"
	"io"
	"time"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install/download"
	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/patch"
	"godwit/internal/script"
	"godwit/internal/store"
)

// Importer is a project to install for.
type Importer struct {
	Dir      string // slash path from the root; "." is the root
	Manifest *npm.Manifest
	JSON     []byte // the file itself
	// Meta is dependenciesMeta of its package.json; the values are JSON
	// scalars as text.
	Meta map[string]map[string]string
	// PublishDirectory is publishConfig.directory; others are linked to it
	// unless NoLinkDirectory is set (publishConfig.linkDirectory is false).
	PublishDirectory string
	NoLinkDirectory  bool
	// Member is the manifest that others see, where Manifest is not what its
	// package.json says; else nil.
	Member *npm.Manifest
	// Written is what its package.json says, where Manifest has runtimes among the
	// dependencies that package.json names elsewhere; else nil.
	Written *npm.Manifest
	// Unselected projects keep what they have: their part of the lockfile, and
	// their node_modules if they were installed before.
	Unselected bool
}

// Resolver finds the graph for the importers of a request.
type Resolver interface {
	// Resolve calls picked as soon as a package is chosen.
	Resolve(ctx context.Context, importers []Importer, locked Locked, picked Picked) (*Resolved, error)
}

// Locked is what the present lockfile says; it is zero if there is none.
type Locked struct {
	Graph    *graph.Graph
	Placed   []graph.Placed      // the same of an npm project
	Old      bool                // Placed does not say what packages depend on
	Catalogs map[string]npm.Deps // the entries in use, by catalog
	Reshaped bool                // its graph was made under other rules: overrides, extensions
	// Preferred says that its versions are to be preferred, and that is all.
	Preferred bool
	Freed     []npm.Name // whose versions were chosen by rules that are gone
}

// Picked is told of a package that will be needed.
type Picked func(id graph.Key, res graph.Resolution)

// Resolved is what a resolver found.
type Resolved struct {
	Graph      *graph.Graph
	Placed     []graph.Placed       // of an npm project, instead of the graph
	PeerIssues []string             // peers that are missing or wrong, each with a line for every way to it
	Deprecated map[graph.Key]string // messages
	Warnings   []event.Warning
	Times      map[string]time.Time // when direct dependencies were published, where the lockfile is to say so
}

// Editor changes the manifests of projects by what is installed for them.
type Editor interface {
	// Chosen is told what was resolved for the manifests as they are asked for.
	// It gives them, and the importers of the graph, the specifiers to record.
	Chosen(g *graph.Graph, importers []Importer) error
	// Save writes the manifests, when all that they ask for is in place.
	Save() error
}

// Hooks are code of the project's own that has a say in what is resolved.
type Hooks interface {
	// Checksum is what a lockfile that was made with the hooks says of them;
	// recorded is what the present one says, or "".
	Checksum(ctx context.Context, recorded string) (string, error)
	// Projects gives the importers the manifests that the hooks make of theirs. It
	// does so once: importers that have them are left as they are.
	Projects(ctx context.Context, importers []Importer) error
	// Before is called before packages are chosen; present may be nil. What it
	// returns takes the place of that.
	Before(ctx context.Context, present *lockfile.Document) (*lockfile.Document, error)
	// Resolved has the last word about a lockfile that was made.
	Resolved(ctx context.Context, made *lockfile.Document) (*lockfile.Document, error)
}

// Request is everything an install depends on.
type Request struct {
	Root     string // absolute directory of the lockfile and of node_modules
	Outside  []Outside
	LocksDir string // absolute directory for locks of projects whose own cannot be locked
	// Projects reads the projects to install for, sorted by their directories
	// part by part. It is called once, unless nothing has to be done.
	Projects func() ([]Importer, error)
	Resolver Resolver
	Editor   Editor // nil leaves manifests alone
	Hooks    Hooks  // nil for none
	// Before is called when there is something to do, and After when it is done,
	// but for the record of it: what After cannot finish is begun again by the
	// next install. Both may be nil.
	Before, After func(importers []Importer) error
	Client        download.Client
	Store         *store.Store
	Sink          event.Sink
	Trace         func(event.Span) // is told of every task that ran, by many goroutines; may be nil
	Now           func() time.Time
	Cores         int

	Choice       lockfile.Choice   // which lockfile counts
	Lockfile     lockfile.Settings // what a resolution depends on, as lockfiles record it
	Layout       layout.Options    // Skip, and ID of Shared, are set by the engine
	Unshared     []string          // dependencies of projects that keep Layout.Shared from being used
	NoModules    bool              // node_modules is left alone: packages are brought into the store
	TarballURLs  bool              // a pnpm-lock.yaml has the URL of every tarball
	NoBins       bool              // make no commands
	HoistMembers bool              // projects of a workspace are hoisted where no package has the name
	Hoisted      bool              // packages have directories, not slots
	Import       ImportMethod
	Patches      *patch.Set
	// Verify refuses a lockfile's graph that the project's policy does not
	// admit; nil admits all.
	Verify func(context.Context, *graph.Graph) error
	// Yarn is asked for what a yarn.lock lacks, and Bun for what a bun.lock lacks; nil
	// where the lockfile is another tool's.
	Yarn YarnSource
	Bun  BunSource
	// Update says of which packages such a lockfile shall get newer versions; nil is
	// none. UpdateAll says that it is about no names.
	Update    func(alias string, direct bool) bool
	UpdateAll bool
	// Complete finds out what the lockfile does not say of its packages and an
	// install needs to know; nil where it says everything.
	Complete func(context.Context, *graph.Graph) error
	Platform func(os, cpu, libc []string) bool // does a package run here
	Node     func() semver.Version             // to check engines against; zero checks nothing

	// Prefer are the packages of another lockfile: where the project's is to be made
	// anew, it gets their versions, wherever those will do. nil makes nothing anew.
	Prefer *graph.Graph
	// PreferHoisted says that the tool of that other lockfile hoists: then bun goes on
	// doing that in a workspace.
	PreferHoisted bool

	UseLockfile  bool
	KeepLockfile bool // it is read, and not written
	Frozen       Frozen
	Resolve      bool // resolve even if the lockfile fits
	LockfileOnly bool // resolve and write the lockfile, nothing else
	FetchOnly    bool // bring what the lockfile has into the store, nothing else
	FetchDirect  bool // with it: only what projects depend on themselves
	Carry        Carry
	Dedupe       bool // choose versions anew among those that the lockfile has
	Prune        bool // remove packages that are not ours from node_modules
	// IgnoreScripts runs none, and takes a repository as it is, even if a script
	// had to make a package of it. Otherwise Builds is asked.
	IgnoreScripts bool
	Builds        Builds
	Force         bool // make everything anew
	Clean         bool // remove every node_modules first
	DryRun        bool // decide and print to Out, change nothing
	Filtered      bool // some projects may be left as they are
	EngineStrict  bool // a package for another version of Node is an error
	NoRuntimes    bool // JavaScript runtimes among the dependencies are left out
	StrictPeers   bool // a peer that is missing or wrong is an error

	Settings string    // digest of the settings that shape node_modules
	Env      string    // the document in front of a new pnpm-lock.yaml; "" where there is none
	Inputs   []string  // files whose change makes node_modules stale
	Out      io.Writer // of the plan
	// Foretell is told, before anything is changed, what is to become of packages in a
	// hoisted layout. A DryRun without it prints the plan to Out.
	Foretell func([]Transition) error
}

// Transition is what would become of the package in one directory.
type Transition = plan.Transition

// Carry says of a fetch what it has to do with tarballs that are carried from one
// machine to the next. The zero value is nothing.
type Carry struct {
	From download.Carried // where to look before a registry is asked; nil is nowhere
	Only bool             // what is not there is left out
	// To gets the tarballs, verified, and the store does not; nil fills the store.
	// It is called by several goroutines.
	To func(id string, data []byte) error
	// Names is told what To would get, and nothing else is done.
	Names func(ids []string)
}

// ImportMethod is how the files of the store get into node_modules.
type ImportMethod = link.Import

// ParseImportMethod reads the setting package-import-method.
func ParseImportMethod(s string) (ImportMethod, error) { return link.ParseImport(s) }

// TryImport places the file name, which is in the directory from, in the
// directory to as a package's file would be, and says how that was done.
func TryImport(from, to, name string, how ImportMethod) (string, error) {
	return link.Try(from, to, name, how)
}

// Frozen says what may become of the lockfile.
type Frozen uint8

// The values of Frozen.
const (
	NotFrozen    Frozen = iota
	FrozenIfAny         // if there is one it must fit, and is not changed
	MustBeFrozen        // it must be there, too
)

// Builds is what the install scripts of packages may do.
type Builds struct {
	// Verdict says whether those of a package may run; nil is about none.
	Verdict func(*graph.Package) Verdict
	Host    func() *script.Host // where they run; called if any does
	Width   int                 // how many packages build at once
	Strict  bool                // to leave out scripts that nobody decided about is an error
	// Cached takes what scripts made from the store, and Cache puts it there.
	Cached, Cache bool
	Again         func(*graph.Package) bool // their scripts run even if they ran; nil is none
	Jail          bool                      // scripts may only build, see [build.Jail]
	// Machine, and the major version of Node, tell apart what they make. Called if
	// any may run.
	Machine func() string
}

// Verdict is a decision of the user about the scripts of a package.
type Verdict uint8

// The verdicts.
const (
	Undecided Verdict = iota
	Allowed
	Denied
)

func (b *Builds) verdict(p *graph.Package) Verdict {
	if b.Verdict == nil {
		return Undecided
	}
	return b.Verdict(p)
}

// Install makes node_modules of the project complete. The summary goes to the
// sink.
func Install(ctx context.Context, req *Request) error {
	e, err := begin(ctx, req)
	if err != nil {
		return err
	}
	defer e.end()
	if e.unchanged() {
		return e.undecided()
	}
	if req.FetchOnly {
		return e.fetchLocked()
	}
	if err := e.read(); err != nil {
		return err
	}
	if err := e.useStore(); err != nil {
		return err
	}
	wanted, err := e.wanted()
	if err != nil {
		return err
	}
	if req.LockfileOnly {
		return e.commitLockfile(wanted)
	}
	if req.NoModules && !req.DryRun {
		if err := e.fetchAll(wanted.Graph); err != nil {
			return err
		}
		return e.commitLockfile(wanted)
	}
	if req.Clean && !req.DryRun {
		if err := e.clean(); err != nil {
			return err
		}
	}
	if err := e.checkEngines(wanted.Graph); err != nil {
		return err
	}
	work, err := e.plan(wanted.Graph)
	if err != nil || req.DryRun {
		return err
	}
	if work, err = e.settle(wanted.Graph, work); err != nil {
		return err
	}
	if err := e.run(wanted.Graph, work); err != nil {
		return err
	}
	if req.Prune {
		if err := e.dropExtraneous(work); err != nil {
			return err
		}
	}
	if err := e.commit(wanted, work); err != nil {
		return err
	}
	return e.undecided()
}
