package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"godwit/internal/event"
	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/install/state"
	"godwit/internal/layout"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// engine is one install. Its fields are set by begin, then owned by the
// goroutine of Install; what tasks share is in tasks.
type engine struct {
	*Request
	ctx       context.Context
	start     time.Time
	lock      *fsys.Lock
	using     *fsys.Lock // of the store; nil if nothing of it is relied on
	modules   *state.Modules
	importers []Importer  // set by Install
	frozen    bool        // the lockfile stays as it is: it must, or it fits anyway
	was       state.Found // set by wanted
	tasks     *tasks
	node      semver.Version   // zero until checkEngines asked, or unknown
	unfit     []*graph.Package // required, and not for this machine
	ignored   []string         // packages whose scripts nobody decided about, and that did not run

	beside   *beside                   // set by plan; nil if the tree is changed where it is
	leaveOut func(*graph.Package) bool // set by plan
	out      map[graph.Key]bool        // what leaveOut said; settle adds to it
	summary  event.Summary
}

// begin takes the project's lock, so that of two installs in one project the
// second waits and then finds nothing to do.
func begin(ctx context.Context, req *Request) (*engine, error) {
	e := &engine{
		Request: req, ctx: ctx, start: req.Now(),
	}
	tree := Tree{Root: req.Root, Modules: req.Layout.Modules, Outside: req.Outside}
	e.modules = state.Open(tree.place(), req.Now)
	e.summary.StageMillis = map[event.Stage]float64{}
	var err error
	if e.lock, err = lockProject(ctx, req); err != nil {
		return nil, err
	}
	e.tasks = newTasks(ctx, req)
	return e, nil
}

// lockProject locks the project's directory itself: a file in node_modules would
// go with it, and one elsewhere would be for those only who look there.
func lockProject(ctx context.Context, req *Request) (*fsys.Lock, error) {
	try := func() (*fsys.Lock, error) { return fsys.TryLockDir(req.Root, fsys.Exclusive) }
	lock, err := try()
	if errors.Is(err, errors.ErrUnsupported) {
		try = req.lockFile
		lock, err = try()
	}
	if errors.Is(err, fsys.ErrLocked) {
		req.Sink.Emit(event.Warning{Code: "WAITING", Message: "another install is at work in " + req.Root + "; waiting for it"})
		lock, err = fsys.AwaitLock(ctx, try)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the project %s: %w", req.Root, err)
	}
	return lock, nil
}

// lockFile is the lock of a project whose directory cannot be locked.
func (req *Request) lockFile() (*fsys.Lock, error) {
	if err := os.MkdirAll(req.LocksDir, 0o755); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(req.Root))
	return fsys.TryLock(filepath.Join(req.LocksDir, hex.EncodeToString(sum[:16])+".lock"), fsys.Exclusive)
}

func (e *engine) end() {
	e.tasks.close()
	e.keepOld() // when nothing is at work there any more
	if e.using != nil {
		e.using.Unlock()
	}
	e.lock.Unlock()
}

// read reads the projects, and does what comes before all else that is done.
func (e *engine) read() (err error) {
	if e.importers, err = e.Projects(); err != nil {
		return err
	}
	if e.Layout.Shared != nil {
		if name := e.unshareable(); name != "" {
			e.Layout.Shared = nil
			e.warn("UNSHARED", "%s finds no packages outside of the project, so they are in node_modules in spite of virtual-store=global", name)
		}
	}
	if err := e.ownModules(); err != nil {
		return err
	}
	if err := e.claim(); err != nil {
		return err
	}
	if e.Before != nil {
		return e.Before(e.importers)
	}
	return nil
}

// unshareable is a direct dependency that does not work with shared slots, or "".
func (e *engine) unshareable() string {
	for _, im := range e.importers {
		for _, deps := range []npm.Deps{im.Manifest.Dependencies, im.Manifest.DevDependencies, im.Manifest.OptionalDependencies} {
			for _, d := range deps {
				if slices.Contains(e.Unshared, d.Alias) {
					return d.Alias
				}
			}
		}
	}
	return ""
}

// useStore keeps what is in the store there until the install ends.
func (e *engine) useStore() (err error) {
	if e.LockfileOnly || e.DryRun {
		return nil
	}
	e.using, err = e.Store.Use(e.ctx, func() {
		e.warn("WAITING", "the store %s is being pruned; waiting for that", e.Store.Dir())
	})
	return err
}

// unchanged ends an install that has nothing to do before anything is read
// that is larger than a few kilobytes.
func (e *engine) unchanged() bool {
	if e.Force || e.Builds.Again != nil || e.Resolve || e.LockfileOnly || e.DryRun || e.Filtered || e.Clean || e.FetchOnly || e.NoModules || e.Prune {
		return false
	}
	in, same := e.modules.Unchanged(e.Settings)
	if !same {
		return false
	}
	e.ignored = in.Ignored
	e.done(true)
	return true
}

func (e *engine) done(upToDate bool) {
	e.summary.WallMillis = millis(e.Now().Sub(e.start))
	e.Sink.Emit(event.Done{Summary: e.summary, UpToDate: upToDate})
}

// stage notes the time of a stage that is no task.
func (e *engine) stage(stage event.Stage, began time.Time) {
	end := e.Now()
	e.summary.StageMillis[stage] = millis(end.Sub(began))
	if e.Trace != nil {
		e.Trace(event.Span{Name: string(stage), Kind: string(stage), Lane: "engine", Start: began, End: end})
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// plan lays the graph out and compares it with what is there.
func (e *engine) plan(g *graph.Graph) (*plan.Plan, error) {
	e.leaveOut = e.skip(g)
	if e.npm() {
		e.withDependents(g, g.OptionalOnly())
	}
	l, p, err := e.lay(g)
	if err != nil {
		return nil, err
	}
	if len(e.unfit) > 0 {
		p := e.unfit[0]
		return nil, e.explain(g, &PackageError{Action: "install", ID: p.Key.ID(), Err: &PlatformError{platforms(p)}})
	}
	skipped := p.Skipped + len(p.Found)
	e.summary.Packages = len(l.Slots)
	e.summary.Warm, e.summary.Cold, e.summary.Skipped = len(p.Warm), len(p.Cold), skipped
	e.Sink.Emit(event.Planned{Warm: len(p.Warm), Cold: len(p.Cold), Skipped: skipped})
	e.changes(l, g)
	switch {
	case e.Foretell != nil:
		all, err := e.foreseen(p)
		if err == nil {
			err = e.Foretell(all)
		}
		return p, err
	case e.DryRun:
		p.Print(e.Out)
		e.summary.Added, e.summary.Removed = p.Changes(e.was.Held)
		e.Sink.Emit(event.Foretold{Summary: e.summary, UpToDate: p.Empty()})
	}
	return p, nil
}

func (e *engine) lay(g *graph.Graph) (*layout.Layout, *plan.Plan, error) {
	opts := e.Layout
	opts.Skip = e.leaveOut
	if e.filtered() {
		opts.Importers = e.laid(g)
	}
	if e.HoistMembers {
		for _, im := range e.importers {
			opts.Members = append(opts.Members, layout.Member{Name: string(im.Manifest.Name), Dir: im.Dir})
		}
	}
	e.tasks.builds = e.builds(g)
	if opts.Shared != nil {
		opts.Shared = &layout.Shared{Dir: opts.Shared.Dir, ID: e.tasks.sharedBase}
	}
	l, err := e.layOut(g, opts)
	if err != nil {
		return nil, nil, err
	}
	if e.NoBins {
		l.DropBins()
	}
	if err := e.besides(l); err != nil {
		return nil, nil, err
	}
	held := e.was.Held
	switch {
	case e.beside != nil:
		held = e.stays()
	case e.Force:
		held = held.Doubt()
	}
	return l, plan.Make(l, e.rerun(held, l), e.tasks), nil
}

func (e *engine) layOut(g *graph.Graph, opts layout.Options) (*layout.Layout, error) {
	if e.Hoisted {
		return layout.Hoisted(g, opts)
	}
	return layout.Isolated(g, opts), nil
}

// skip leaves out optional packages that do not run here. A package that is
// required is installed all the same: the user may know better (pnpm installs
// and warns). npm refuses one for another platform.
func (e *engine) skip(g *graph.Graph) func(*graph.Package) bool {
	optional := g.OptionalOnly()
	e.out = map[graph.Key]bool{}
	return func(p *graph.Package) bool {
		out, known := e.out[p.Key]
		if !known {
			out = e.unwanted(p, optional[p.Key])
			e.out[p.Key] = out
		}
		return out
	}
}

func (e *engine) unwanted(p *graph.Package, optional bool) bool {
	if e.NoRuntimes && p.Key.Runtime() {
		return true
	}
	fits := e.Platform(p.OS, p.CPU, p.Libc)
	switch {
	case fits && (e.fitsNode(p) || e.npm() && !e.EngineStrict && !optional):
		return false
	case optional:
		return true
	case !fits && (e.EngineStrict || e.npm()):
		e.unfit = append(e.unfit, p)
	case !fits:
		e.warn("EBADPLATFORM", "%s is for %s, not for this machine; it is installed because it is required", p.Key.ID(), platforms(p))
	}
	return false
}

func platforms(p *graph.Package) string {
	return fmt.Sprintf("os %v, cpu %v, libc %v", p.OS, p.CPU, p.Libc)
}

func (e *engine) warn(code, format string, args ...any) {
	e.Sink.Emit(event.Warning{Code: code, Message: fmt.Sprintf(format, args...)})
}

// run does the work of a plan.
func (e *engine) run(g *graph.Graph, p *plan.Plan) error {
	if err := e.prepare(); err != nil || p.Empty() && e.beside == nil {
		return err
	}
	roots := e.roots()
	if e.Layout.Shared != nil {
		// What is written there is in staging directories of our own.
		roots = append(roots, link.Root{Dir: e.Store.Links(), Apart: true})
		if err := e.Store.Register(e.Root); err != nil {
			return err
		}
	}
	linker, err := link.New(link.Options{
		Roots:  roots,
		Import: e.Import,
		Width:  link.DefaultWidth(e.Cores),
	})
	if err != nil {
		return fmt.Errorf("open %s: %w", e.Root, err)
	}
	defer linker.Close()
	e.tasks.now = linker.Now
	if err := e.clear(linker, p); err != nil {
		return err
	}
	if err := e.own(); err != nil {
		return err
	}
	e.tasks.place(linker, p)
	counts, err := e.tasks.wait()
	if err != nil {
		return e.explain(g, err)
	}
	if err := e.tasks.bins(e.ctx, linker, p); err != nil {
		return err
	}
	if err := e.forget(linker, p); err != nil {
		return err
	}
	if err := e.swap(linker); err != nil {
		return err
	}
	if err := e.build(g, linker, p); err != nil {
		return e.explain(g, err)
	}
	e.count(counts, linker.Stats())
	e.summary.Added, e.summary.Removed = p.Changes(e.was.Held)
	return nil
}

// clear makes room: what is not wanted any more goes.
func (e *engine) clear(linker *link.Linker, p *plan.Plan) error {
	if e.beside.staged() != "" {
		return e.modules.Suspend()
	}
	held := e.was.Held
	if e.beside != nil {
		if err := e.vacate(); err != nil {
			return err
		}
		held = e.stays()
	}
	if err := e.modules.Begin(p.During(held)); err != nil {
		return err
	}
	return linker.Remove(e.ctx, e.abs(p.Remove))
}

func (e *engine) abs(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = e.tasks.abs(p)
	}
	return out
}
