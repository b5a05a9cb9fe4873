package cli

import (
	"context"
	"fmt"
	"sync"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// tellFitting makes add tell, of what it was asked for and what wants another
// version of Node, which version would do. That the chosen one does not is for
// the install to say.
func (c *call) tellFitting(ctx context.Context, req *install.Request, e *editing, src *source) {
	req.Node = sync.OnceValue(req.Node) // it starts a process
	e.chosen = func(p *graph.Package) {
		if _, asks := p.Engines.Lookup("node"); !asks || p.Resolution.Kind != graph.Registry || p.Key.Registry() != "" {
			return
		}
		node := req.Node()
		if _, fits := npm.EngineFits(p.Engines, "node", node); fits || node == (semver.Version{}) {
			return
		}
		doc, err := src.Packument(ctx, p.Name, false)
		if err != nil {
			return // the version that was chosen is enough to go on with
		}
		if version := newestFor(doc, node); version != "" {
			req.Sink.Emit(event.Warning{Code: "EBADENGINE", Message: fmt.Sprintf("the newest version of %s for node %s is %s: godwit add %[1]s@%[3]s", p.Name, node, version)})
		}
	}
}

// newestFor is the highest release that runs on a version of Node, or "".
func newestFor(doc *npm.Packument, node semver.Version) string {
	best := semver.Version{}
	found := ""
	for i, v := range doc.Versions() {
		if v.IsPrerelease() || found != "" && v.Compare(best) <= 0 {
			continue
		}
		m, err := doc.At(i)
		if err != nil {
			continue
		}
		if _, fits := npm.EngineFits(m.Engines, "node", node); fits {
			best, found = v, m.Version
		}
	}
	return found
}
