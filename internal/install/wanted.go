package install

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install/plan"
	"godwit/internal/install/state"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
)

// wanted is the lockfile that node_modules shall be made of, with its graph.
func (e *engine) wanted() (*lockfile.Document, error) {
	began := e.Now()
	defer func() { e.stage(event.Resolve, began) }()
	doc, err := e.fitting()
	if err == nil && e.npm() && !e.Hoisted {
		// Its places are left to npm; what each package depends on they have said.
		doc.Graph = graph.Merged(doc.Graph)
	}
	return doc, err
}

// fitting is the present lockfile if it fits the manifests, else a new one.
func (e *engine) fitting() (*lockfile.Document, error) {
	e.was = e.look()
	if !e.Force {
		e.tasks.inPlace = e.was.Held.IDs()
	}
	present, err := e.present()
	if err != nil {
		return nil, err
	}
	if err := e.join(present); err != nil {
		return nil, err
	}
	if !e.foreign() { // yarn looks at all projects whenever it looks at any
		e.keepUnselected(present)
	}
	if present == nil && e.Frozen == MustBeFrozen {
		return nil, &NoLockfileError{e.lockfilePath()}
	}
	e.frozen = present != nil && e.Frozen != NotFrozen
	if present != nil {
		if e.Verify != nil {
			if err := e.Verify(e.ctx, present.Graph); err != nil {
				return nil, err
			}
		}
		reasons, err := e.compare(present)
		if err != nil {
			return nil, err
		}
		if e.frozen {
			if err := lockfile.Stale(e.lockfilePath(), reasons); err != nil {
				return nil, err
			}
		}
		if e.npm() && (e.frozen || !e.Resolve && serves(present, reasons)) {
			return e.adopt(present, reasons)
		}
		// Reasons that are left here are harmless if the lockfile is frozen.
		if !e.npm() && (e.frozen || len(reasons) == 0 && !e.Resolve) {
			return e.take(present)
		}
		if e.foreign() {
			return e.renewed(present)
		}
	}
	if e.foreign() {
		return e.renewed(nil)
	}
	return e.resolve(present)
}

// compare tells why the lockfile does not fit the projects. Hooks are asked about
// these only if it does not fit them as they are: where it does, it was made from
// what the hooks said of the same manifests.
func (e *engine) compare(present *lockfile.Document) (reasons []lockfile.Reason, err error) {
	if e.Hooks == nil {
		return lockfile.Satisfies(present, e.projects(), e.Lockfile), nil
	}
	if e.Lockfile.PnpmfileChecksum, err = e.Hooks.Checksum(e.ctx, present.Pnpm.PnpmfileChecksum); err != nil {
		return nil, err
	}
	if reasons = lockfile.Satisfies(present, e.projects(), e.Lockfile); len(reasons) == 0 {
		return nil, nil
	}
	if err := e.Hooks.Projects(e.ctx, e.importers); err != nil {
		return nil, err
	}
	return lockfile.Satisfies(present, e.projects(), e.Lockfile), nil
}

// hooksBefore is what hooks do before a resolution.
func (e *engine) hooksBefore(present *lockfile.Document) (_ *lockfile.Document, err error) {
	if e.Hooks == nil {
		return present, nil
	}
	if present == nil {
		if e.Lockfile.PnpmfileChecksum, err = e.Hooks.Checksum(e.ctx, ""); err != nil {
			return nil, err
		}
	}
	if err := e.Hooks.Projects(e.ctx, e.importers); err != nil {
		return nil, err
	}
	return e.Hooks.Before(e.ctx, present)
}

// present reads the lockfile, if there is one and it is to be used.
func (e *engine) present() (*lockfile.Document, error) {
	if !e.UseLockfile || e.Prefer != nil {
		return nil, nil
	}
	doc, err := e.Choice.Present(e.Root)
	if lockfile.IsOld(err) && e.Frozen == NotFrozen && e.Editor == nil {
		e.warn("OLD_LOCKFILE", "%v; all is resolved anew, and what was locked does not count", err)
		return nil, nil
	}
	return doc, err
}

func (e *engine) resolve(present *lockfile.Document) (*lockfile.Document, error) {
	present, err := e.hooksBefore(present)
	if err != nil {
		return nil, err
	}
	if present == nil && e.npm() && e.Prefer == nil {
		present = lockfile.Installed(filepath.Join(e.Root, layout.ModulesDir))
	}
	locked := Locked{Graph: e.Prefer, Preferred: e.Prefer != nil}
	if present != nil {
		locked = Locked{
			Graph: present.Graph, Placed: present.Placed(), Old: e.npm() && present.Npm.Version == 1, Catalogs: present.Catalogs(),
			Preferred: e.Dedupe, Reshaped: lockfile.Reshaped(present, e.Lockfile), Freed: lockfile.Freed(present, e.Lockfile),
		}
	}
	res, err := e.Resolver.Resolve(e.ctx, e.importers, locked, e.picked)
	if err != nil {
		return nil, err
	}
	doc, err := e.document(res, present)
	if err != nil {
		return nil, err
	}
	if e.Hooks != nil {
		if doc, err = e.Hooks.Resolved(e.ctx, doc); err != nil {
			return nil, err
		}
	}
	for _, w := range res.Warnings {
		e.Sink.Emit(w)
	}
	e.deprecated(res.Deprecated)
	if len(res.PeerIssues) > 0 {
		if e.StrictPeers {
			return nil, &PeerError{res.PeerIssues}
		}
		e.warn("PEER_ISSUES", "some peer dependencies are missing or have another version than wanted:\n  %s", strings.Join(fewest(res.PeerIssues), "\n  "))
	}
	return doc, nil
}

// shownPeers leaves room on a screen of 24 lines for what was installed. Large
// applications have dozens of issues that are not theirs.
const shownPeers = 5

// fewest is what a warning tells of issues: one way to each of the first.
func fewest(issues []string) []string {
	var out []string
	for _, issue := range issues[:min(shownPeers, len(issues))] {
		line, _, _ := strings.Cut(issue, "\n")
		out = append(out, line)
	}
	if more := len(issues) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("and %d more, which godwit peers lists", more))
	}
	return out
}

// document is the lockfile for what was resolved.
func (e *engine) document(res *Resolved, present *lockfile.Document) (doc *lockfile.Document, err error) {
	place := func() (*lockfile.Document, error) {
		return lockfile.Place(e.lockfilePath(), res.Placed, e.projects(), e.Lockfile, present)
	}
	g := res.Graph
	if e.npm() {
		if doc, err = place(); err != nil {
			return nil, err
		}
		g = doc.Graph
	}
	if e.Editor != nil {
		if err := e.Editor.Chosen(g, e.importers); err != nil {
			return nil, err
		}
		if e.npm() {
			return place() // with the specifiers that were recorded
		}
	}
	if !e.npm() {
		doc = lockfile.New(lockfile.Pnpm, g, e.projects(), e.Lockfile, present)
		doc.SetTimes(res.Times)
	}
	return doc, nil
}

// deprecated tells of each deprecated version once, whatever its peers.
func (e *engine) deprecated(messages map[graph.Key]string) {
	told := map[graph.Key]bool{}
	for _, key := range slices.Sorted(maps.Keys(messages)) {
		if id := key.ID(); !told[id] {
			told[id] = true
			e.Sink.Emit(event.Deprecated{Key: string(id), Message: messages[key]})
		}
	}
}

// picked starts the download of a package while the resolver goes on. It cannot
// tell yet which dependency group and which project a package is for, so where
// one is left out it is for the plan to say what to fetch.
func (e *engine) picked(id graph.Key, res graph.Resolution) {
	e.Sink.Emit(event.Resolved{Key: string(id)})
	if !e.LockfileOnly && !e.DryRun && !e.Filtered && len(e.Layout.Groups) == len(groupNames) {
		e.tasks.prefetch(id, res)
	}
}

// seed starts the downloads of a lockfile's packages before anything else is
// done with it. With shared slots only the plan knows what is missing, a moment
// later: to ask here, too, would double what a warm install asks of the disk.
func (e *engine) seed(g *graph.Graph) {
	if e.LockfileOnly || e.DryRun || e.Layout.Shared != nil {
		return
	}
	scope := e.scope(g)
	scope.Skip = func(p *graph.Package) bool { return p.Optional && !e.Platform(p.OS, p.CPU, p.Libc) }
	for key := range g.Reachable(scope) {
		if p := g.Packages[key]; !p.Inside {
			e.tasks.prefetch(key, p.Resolution)
		}
	}
}

func (e *engine) projects() []lockfile.Project { return Recorded(e.importers) }

// Recorded is what a lockfile has to fit, of each project.
func Recorded(importers []Importer) []lockfile.Project {
	out := make([]lockfile.Project, len(importers))
	for i := range importers {
		out[i] = importers[i].Recorded()
	}
	return out
}

// Recorded is what a lockfile has to fit.
func (im *Importer) Recorded() lockfile.Project {
	return lockfile.Project{
		Dir: im.Dir, Manifest: im.Manifest, JSON: im.JSON, DependenciesMeta: im.Meta,
		PublishDirectory: im.PublishDirectory, NoLinkDirectory: im.NoLinkDirectory,
	}
}

func (e *engine) lockfilePath() string { return filepath.Join(e.Root, e.Choice.File()) }

func (e *engine) writeOptions() lockfile.WriteOptions {
	return lockfile.WriteOptions{TarballURL: e.Client.TarballURL, IncludeTarballURL: e.TarballURLs}
}

// commitLockfile writes the lockfile and ends an install that does no more.
func (e *engine) commitLockfile(doc *lockfile.Document) error {
	if _, err := e.save(doc); err != nil {
		return err
	}
	e.summary.Packages = len(doc.Graph.Packages)
	e.done(false)
	return nil
}

// save writes manifests and lockfile, in this order: a manifest that is ahead of
// its lockfile is resolved again, a lockfile without its manifest is wrong. It
// returns the text of the lockfile, or nil if that was not made.
func (e *engine) save(doc *lockfile.Document) ([]byte, error) {
	if e.Editor != nil && !e.DryRun {
		if err := e.Editor.Save(); err != nil {
			return nil, err
		}
	}
	return e.writeLockfile(doc)
}

func (e *engine) writeLockfile(doc *lockfile.Document) ([]byte, error) {
	if !e.UseLockfile || e.KeepLockfile || e.frozen || e.DryRun {
		return nil, nil
	}
	opts := e.writeOptions()
	opts.KeepEnv = true // a file of two documents stays one, as with pnpm
	if doc.Pnpm != nil && e.Env != "" {
		doc.Pnpm.Env = e.Env
	}
	text := doc.Text(opts)
	if _, err := lockfile.Write(e.lockfilePath(), doc, text); err != nil {
		return nil, err
	}
	return text, e.Choice.Clear(e.Root)
}

// commit records what was done: the lockfile, its copy beside the slots, and
// the state by which the next install knows that there is nothing to do.
func (e *engine) commit(doc *lockfile.Document, p *plan.Plan) error {
	if e.npm() && !e.frozen {
		doc.FillIntegrity(e.tasks.arrived)
	}
	if !e.frozen {
		// A kill while files of the project are written leaves what the next install
		// has to find, though nothing may have changed.
		if err := e.modules.Suspend(); err != nil {
			return err
		}
	}
	text, err := e.save(doc)
	if err != nil {
		return err
	}
	if e.After != nil {
		if err := e.After(e.importers); err != nil {
			return err
		}
	}
	// Before the record says that there is nothing to do any more.
	if err := e.keepNew(); err != nil {
		return err
	}
	if err := e.remember(doc, text, p); err != nil {
		return err
	}
	e.done(p.Empty() && e.summary.Removed == 0)
	return nil
}

// remember records what is installed; text is the lockfile's, if that was made.
func (e *engine) remember(doc *lockfile.Document, text []byte, p *plan.Plan) error {
	in := state.Inputs{Settings: e.Settings}
	e.ignored, in.Unbuilt = e.unbuilt(p)
	in.Ignored = e.ignored
	for _, path := range e.Inputs {
		file, err := state.Look(e.Root, path)
		if err != nil {
			return fmt.Errorf("look at %s: %w", path, err)
		}
		in.Files = append(in.Files, file)
	}
	if e.filtered() || e.KeepLockfile && !e.frozen || dependsOnDirectories(doc.Graph) {
		// Not all projects are complete, or there is more than the lockfile has, or:
		// What is in those directories is not watched: look at them every time.
		in.Settings = ""
	}
	if err := e.copyLockfile(doc, text, p); err != nil {
		return err
	}
	if err := e.modules.Commit(in, p.After); err != nil {
		return err
	}
	if e.Layout.Shared == nil && e.was.Held.AnyShared() {
		return e.Store.Unregister(e.Root)
	}
	return nil
}

// copyLockfile leaves in node_modules what tells the lockfile's own tool that the
// tree is complete.
func (e *engine) copyLockfile(doc *lockfile.Document, text []byte, p *plan.Plan) error {
	if e.npm() && e.Hoisted {
		return lockfile.WriteHidden(filepath.Join(e.Root, layout.ModulesDir), doc, installed(doc.Graph, p), e.Now)
	}
	store := e.tasks.abs(e.tasks.virtualStore())
	if err := os.MkdirAll(store, 0o755); err != nil {
		return fmt.Errorf("record what was installed: %w", err)
	}
	if record := e.recorded(doc); record != doc || text == nil || doc.Pnpm.Env != "" {
		doc, text = record, record.Text(e.writeOptions()) // which is of one document only
	}
	_, err := lockfile.Write(filepath.Join(store, "lock.yaml"), doc, text)
	if err == nil && e.looksForModules() {
		err = lockfile.WriteModules(e.modulesOf("."))
	}
	return err
}

// looksForModules reports whether the project uses nx, or lerna, which is made of it:
// in a project of pnpm's they do nothing without pnpm's record of node_modules.
func (e *engine) looksForModules() bool {
	return slices.ContainsFunc(e.importers, func(im Importer) bool {
		for _, deps := range []npm.Deps{im.Manifest.Dependencies, im.Manifest.DevDependencies} {
			for _, name := range []string{"nx", "lerna"} {
				if _, has := deps.Lookup(name); has {
					return true
				}
			}
		}
		return false
	})
}

func dependsOnDirectories(g *graph.Graph) bool {
	for _, p := range g.Packages {
		if p.Resolution.Kind == graph.Directory {
			return true
		}
	}
	return false
}

// NoLockfileError is a lockfile that is missing where none must be made.
type NoLockfileError struct{ Path string }

func (e *NoLockfileError) Error() string {
	return fmt.Sprintf("%s is missing, and it must not be made (frozen-lockfile)", e.Path)
}

// Code is pnpm's code for this error.
func (e *NoLockfileError) Code() string { return "ERR_PNPM_NO_LOCKFILE" }

// Hint is what the user can do.
func (e *NoLockfileError) Hint() string {
	return "run godwit install --no-frozen-lockfile and commit the lockfile it writes"
}

// PeerError is what is wrong with peers, where strict-peer-dependencies makes
// that an error.
type PeerError struct{ Issues []string }

func (e *PeerError) Error() string {
	return "peer dependencies are missing or have another version than wanted:\n  " + strings.Join(e.Issues, "\n  ")
}

// Code is pnpm's code for this error.
func (e *PeerError) Code() string { return "ERR_PNPM_PEER_DEP_ISSUES" }

// Hint is what the user can do.
func (e *PeerError) Hint() string {
	return "add the missing peers to package.json in a version that all accept, or set strict-peer-dependencies=false"
}
