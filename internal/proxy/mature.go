package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"godwit/internal/npm"
	"godwit/internal/resolve/policy"
)

// maturePath is where it is asked what the policy leaves of a name; the name
// follows.
const maturePath = "-/godwit/v1/mature/"

// mature is what a bot may propose, in the form that Renovate reads
// (customDatasources): releases and tags; and what it may not, and why.
type mature struct {
	Name     npm.Name          `json:"name"`
	Releases []release         `json:"releases"` // the lowest first
	Tags     map[string]string `json:"tags"`
	Held     []heldRelease     `json:"held"`
	Next     time.Time         `json:"next,omitzero"` // when the first of held is free
	Policy   rules             `json:"policy"`
}

type release struct {
	Version    string    `json:"version"`
	Published  time.Time `json:"releaseTimestamp,omitzero"`
	Deprecated bool      `json:"isDeprecated,omitempty"`
}

type heldRelease struct {
	release
	Because string    `json:"because"`        // "age" or "trust"
	Message string    `json:"message"`        // for people
	Until   time.Time `json:"until,omitzero"` // when it is free, if time helps
}

// rules are the policy, in pnpm's words and units.
type rules struct {
	MinimumAge  float64 `json:"minimumReleaseAge"` // minutes; 0 is none
	TrustPolicy string  `json:"trustPolicy"`       // "off" or "no-downgrade"
}

// serveMature answers which versions of a name the policy leaves. It is made anew
// when the document is, and when a version matures.
func (p *Proxy) serveMature(w http.ResponseWriter, r *http.Request, name npm.Name) error {
	base, err := p.base(r)
	if err != nil {
		return err
	}
	known, key, err := p.fullRecord(r.Context(), base, name)
	if err != nil {
		return err
	}
	if !known.Full {
		return problem(http.StatusBadGateway, "the registry behind this one has the short form of %s only", name)
	}
	at := "mature " + key
	d, ok := p.memory.lookup(at).(*rendering)
	if !ok || !p.current(d, known) {
		if d, err = p.renderings.start(p, at+" "+known.Tag, func(ctx context.Context) (*rendering, error) {
			d, err := p.makeMature(ctx, base, name)
			if err == nil {
				p.memory.keep(at, d, int64(len(d.packed)))
			}
			return d, err
		}).wait(r.Context()); err != nil {
			return err
		}
	}
	p.setAge(w, known, d.until)
	return p.send(w, r, d, "application/json")
}

func (p *Proxy) makeMature(ctx context.Context, base string, name npm.Name) (*rendering, error) {
	from := p.opts.Now()
	doc, known, done, err := p.fullDocument(ctx, base, name)
	if err != nil {
		return nil, err
	}
	defer done()
	all := doc.Packument()
	view, held, until, err := p.view(all)
	if err != nil {
		return nil, err
	}
	out := mature{
		Name: name, Releases: []release{}, Tags: map[string]string{}, Held: []heldRelease{}, Next: until,
		Policy: rules{MinimumAge: p.opts.MinimumAge.Minutes(), TrustPolicy: "off"},
	}
	if p.opts.NoDowngrade {
		out.Policy.TrustPolicy = "no-downgrade"
	}
	why := make(map[string]policy.Held, len(held))
	for _, h := range held {
		why[h.Version] = h
	}
	for _, i := range ascending(all) {
		r := releaseOf(all, i)
		if h, isHeld := why[r.Version]; isHeld {
			out.Held = append(out.Held, p.heldRelease(r, h))
		} else {
			out.Releases = append(out.Releases, r)
		}
	}
	for tag := range all.DistTags {
		if target := view.Tag(all, tag); target != "" {
			out.Tags[tag] = target
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	d := pack(text)
	d.of, d.from, d.until = known.Tag, from, until
	return d, nil
}

// ascending are the indices of versions, the lowest first.
func ascending(doc *npm.Packument) []int {
	order := make([]int, doc.Len())
	for i := range order {
		order[i] = i
	}
	versions := doc.Versions()
	slices.SortStableFunc(order, func(a, b int) int { return versions[a].Compare(versions[b]) })
	return order
}

func releaseOf(doc *npm.Packument, i int) release {
	published, _ := doc.PublishedAt(i)
	return release{Version: doc.Key(i), Published: published, Deprecated: doc.Deprecated(i)}
}

func (p *Proxy) heldRelease(r release, h policy.Held) heldRelease {
	out := heldRelease{release: r, Until: h.Until, Because: "age"}
	switch {
	case h.Trust != nil: // which time alone seldom mends
		out.Because, out.Message = "trust", h.Trust.Error()
	case r.Published.IsZero():
		out.Message = "the registry does not say when it was published"
	default:
		out.Message = fmt.Sprintf("it has to be public for %v", p.opts.MinimumAge)
	}
	return out
}
