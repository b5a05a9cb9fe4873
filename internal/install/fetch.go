package install

import (
	"godwit/internal/graph"
	"godwit/internal/install/link"
)

// fetchLocked brings what the lockfile has for this machine into the store, for
// installs to come. Nothing else changes, and the manifests are not looked at:
// they may not be there yet.
func (e *engine) fetchLocked() error {
	if err := e.useStore(); err != nil {
		return err
	}
	present, err := e.present()
	if err != nil {
		return err
	}
	if present == nil {
		return &NoLockfileError{e.lockfilePath()}
	}
	if e.foreign() {
		if err := e.joinAlone(present); err != nil {
			return err
		}
	}
	if e.Verify != nil {
		if err := e.Verify(e.ctx, present.Graph); err != nil {
			return err
		}
	}
	if err := e.fetchAll(present.Graph); err != nil {
		return err
	}
	e.done(e.summary.Cold == 0)
	return nil
}

// fetchAll brings what a graph has for this machine into the store.
func (e *engine) fetchAll(g *graph.Graph) error {
	optional := g.OptionalOnly()
	scope := graph.Scope{Groups: e.Layout.Groups}
	scope.Skip = func(p *graph.Package) bool { return optional[p.Key] && !e.Platform(p.OS, p.CPU, p.Libc) }
	direct := map[graph.Key]bool{}
	for _, im := range g.Importers {
		for _, d := range im.Deps {
			direct[d.Target.Key] = true
		}
	}
	seen := map[string]bool{}
	for key := range g.Reachable(scope) {
		p := g.Packages[key]
		what := whatIs(key, p.Resolution)
		if e.FetchDirect && !direct[key] || p.Inside || p.Resolution.Kind == graph.Directory || seen[what] {
			continue
		}
		seen[what] = true
		if e.tasks.known(e.tasks.base(p.Resolution)) {
			e.summary.Warm++
			continue
		}
		e.summary.Cold++
		var drop func(error) bool
		if optional[key] {
			drop = isFetchError
		}
		e.tasks.fetch(key, p.Resolution, drop)
	}
	counts, err := e.tasks.wait()
	if err != nil {
		return e.explain(g, err)
	}
	e.summary.Packages = len(seen)
	e.count(counts, link.Stats{})
	e.summary.Reused = e.summary.Warm
	return nil
}
