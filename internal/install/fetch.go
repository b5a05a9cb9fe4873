package install

import (
	"godwit/internal/graph"
	"godwit/internal/install/download"
	"godwit/internal/install/link"
)

// fetchLocked brings what the lockfile has for this machine into the store, for
// installs to come. Nothing else changes, and the manifests are not looked at:
// they may not be there yet.
func (e *engine) fetchLocked() error {
	if e.Carry.To == nil && e.Carry.Names == nil {
		if err := e.useStore(); err != nil {
			return err
		}
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
	if e.Carry.Names == nil {
		e.done(e.summary.Cold == 0)
	}
	return nil
}

// fetchAll brings what a graph has for this machine into the store, or where
// Carry says.
func (e *engine) fetchAll(g *graph.Graph) error {
	needs := e.needs(g)
	if e.Carry.Names != nil {
		names := make([]string, len(needs))
		for i, n := range needs {
			names[i] = download.CarriedID(n.res)
		}
		e.Carry.Names(names)
		return nil
	}
	taken := 0
	for _, n := range needs {
		if e.Carry.To == nil && e.tasks.known(e.tasks.base(n.key, n.res)) {
			e.summary.Warm++
			continue
		}
		e.summary.Cold++
		if e.Carry.From != nil && e.Carry.From.Has(download.CarriedID(n.res)) {
			taken++
		}
		var drop func(error) bool
		if n.optional {
			drop = isFetchError
		}
		e.tasks.fetch(n.key, n.res, drop)
	}
	counts, err := e.tasks.wait()
	if err != nil {
		return e.explain(g, err)
	}
	e.summary.Packages = len(needs)
	e.count(counts, link.Stats{})
	e.summary.Reused = e.summary.Warm + taken
	e.summary.Downloaded -= taken
	return nil
}

// need is a package that a fetch is about.
type need struct {
	key      graph.Key
	res      graph.Resolution
	optional bool
}

// needs lists what a graph has for this machine, each thing once.
func (e *engine) needs(g *graph.Graph) []need {
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
	var needs []need
	for key := range g.Reachable(scope) {
		p := g.Packages[key]
		what := whatIs(key, p.Resolution)
		if e.FetchDirect && !direct[key] || p.Inside || p.Resolution.Kind == graph.Directory || seen[what] || !e.Carry.wants(p.Resolution) {
			continue
		}
		seen[what] = true
		needs = append(needs, need{key, p.Resolution, optional[key]})
	}
	return needs
}

// wants reports whether a package is asked for, as far as Carry has a say.
func (c *Carry) wants(res graph.Resolution) bool {
	if !c.Only && c.To == nil && c.Names == nil {
		return true
	}
	id := download.CarriedID(res)
	return id != "" && (!c.Only || c.From.Has(id))
}
