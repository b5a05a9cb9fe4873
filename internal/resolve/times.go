package resolve

import (
	"time"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/resolve/policy"
)

// viewKey is what a view depends on.
type viewKey struct {
	doc    *npm.Packument
	cutoff int64
}

// viewOf is what there is of a document for a dependency of an importer, or for
// another one.
func (r *resolver) viewOf(doc *npm.Packument, direct bool) (*policy.View, error) {
	var cutoff time.Time
	if r.opts.TimeBased && !direct {
		cutoff = r.cutoff
	}
	if r.opts.Policy == nil && cutoff.IsZero() {
		return nil, nil
	}
	key := viewKey{doc, cutoff.UnixMilli()}
	view, known := r.views[key]
	if known {
		return view, nil
	}
	view, err := r.opts.Policy.View(doc, cutoff)
	if err == nil {
		r.views[key] = view
	}
	return view, err
}

// glance is viewOf for a guess.
func (r *resolver) glance(doc *npm.Packument) *policy.View {
	view, _ := r.viewOf(doc, false)
	return view
}

// admit checks a version that was picked. One that is too new is noted only:
// there was no other.
func (r *resolver) admit(doc *npm.Packument, version string, at *place) error {
	p := r.opts.Policy
	if p == nil {
		return nil
	}
	if v, young := p.Young(doc, version); young {
		v.Chain = at.chain()
		r.young[graph.Key(doc.Name)+"@"+graph.Key(version)] = v
	}
	return p.CheckTrust(doc, version)
}

// grace is how much later than the newest direct dependency others may have been
// published: pnpm's, for packages that are published together.
const grace = time.Hour

// date finds out when the newest of what importers ask for was published, which
// bounds everything else.
func (r *resolver) date(levels [][]seed) error {
	var newest time.Time
	for _, level := range levels {
		for _, s := range level {
			if s.pkg.resolution.Kind != graph.Registry {
				continue
			}
			doc, err := r.docs.Get(s.pkg.name)
			if err != nil {
				return &Error{s.place.chain(), err}
			}
			if published, known := doc.Published(s.pkg.version); known && published.After(newest) {
				newest = published
			}
		}
	}
	if !newest.IsZero() {
		r.cutoff = newest.Add(grace)
	}
	return nil
}

// reportTimes tells when things were published, as far as anybody asked.
func (r *resolver) reportTimes(res *Result) {
	for id, v := range r.young {
		for key := range res.Graph.Packages {
			if key.ID() == id {
				res.Young = append(res.Young, v)
				break
			}
		}
	}
	if !r.opts.TimeBased {
		return
	}
	res.Times = map[string]time.Time{}
	for _, im := range res.Graph.Importers {
		for _, d := range im.Deps {
			p := res.Graph.Packages[d.Target.Key]
			if p == nil || p.Resolution.Kind != graph.Registry {
				continue
			}
			if doc := r.docs.Known(p.Name); doc != nil {
				if at, known := doc.Published(p.Version); known {
					res.Times[string(d.Target.Key.ID())] = at
				}
			}
		}
	}
}
