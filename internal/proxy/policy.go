package proxy

import (
	"context"
	"errors"
	"net/http"
	"time"

	"godwit/internal/npm"
	"godwit/internal/proxy/render"
	"godwit/internal/registry"
	"godwit/internal/resolve/policy"
)

// Holds reports whether there is a policy that keeps versions back.
func (o *Options) Holds() bool { return o.MinimumAge > 0 || o.NoDowngrade }

// policy is the rules of this moment; nil if there are none.
func (p *Proxy) policy() *policy.Policy {
	if !p.opts.Holds() {
		return nil
	}
	rules := &policy.Policy{
		Setting: "minimum-release-age of the registry proxy", Exclude: p.opts.Exclude, Now: p.opts.Now(),
		NoDowngrade: p.opts.NoDowngrade, TrustExclude: p.opts.TrustExclude, TrustAge: p.opts.TrustAge,
	}
	if p.opts.MinimumAge > 0 {
		rules.Cutoff = rules.Now.Add(-p.opts.MinimumAge)
	}
	return rules
}

// view is what the policy leaves of a document, nil for all of it, what it holds
// back, and when the first of that is free, zero for never.
func (p *Proxy) view(doc *npm.Packument) (view *policy.View, held []policy.Held, until time.Time, err error) {
	if view, held, err = p.policy().Enforced(doc); err != nil {
		return nil, nil, time.Time{}, err
	}
	for _, h := range held {
		if !h.Until.IsZero() && (until.IsZero() || h.Until.Before(until)) {
			until = h.Until
		}
	}
	return view, held, until, nil
}

// hide takes out what the policy holds back, and moves dist-tags that name it.
// until is when the first of that is free.
func (p *Proxy) hide(doc *render.Document, o *render.Options) (until time.Time, err error) {
	all := doc.Packument()
	view, held, until, err := p.view(all)
	if err != nil || len(held) == 0 {
		return time.Time{}, err
	}
	hidden := make(map[string]bool, len(held))
	for _, h := range held {
		hidden[h.Version] = true
	}
	o.Hide = func(version string) bool { return hidden[version] }
	o.Tag = func(tag, _ string) string { return view.Tag(all, tag) }
	return until, nil
}

// Admit is what the policy leaves of a full packument, for others who read the
// same registries, and until when, zero for always.
func (p *Proxy) Admit(doc *npm.Packument) (left *npm.Packument, until time.Time, err error) {
	view, _, until, err := p.view(doc)
	if err != nil || view == nil {
		return doc, until, err
	}
	return view.Of(doc), until, nil
}

// admit refuses the tarball of a version that is held back, so that a URL in a
// lockfile is no way around the policy. published is zero where that is not known.
func (p *Proxy) admit(ctx context.Context, r *http.Request, t target, published time.Time) error {
	rules := p.policy()
	if !rules.Concerns(t.name) {
		return nil
	}
	base, err := p.base(r)
	if err != nil {
		return err
	}
	err = p.admitTrust(ctx, base, t, rules)
	if err == nil && (published.IsZero() || published.After(rules.Cutoff)) && !rules.Cutoff.IsZero() {
		err = p.admitAge(ctx, base, t, rules)
	}
	if err != nil {
		p.counts.Hidden.Add(1)
	}
	return err
}

func (p *Proxy) admitAge(ctx context.Context, base string, t target, rules *policy.Policy) error {
	doc, _, done, err := p.fullDocument(ctx, base, t.name)
	if err != nil {
		return err
	}
	defer done()
	violation, young, err := rules.CheckLocked(doc.Packument(), t.version)
	if err == nil && young {
		err = problem(http.StatusForbidden, "%s (%s)", violation, rules.Setting)
	}
	return err
}

// distrust is which versions of a document are not trusted, and why. Each tarball
// asks for it, so that it is kept.
type distrust struct {
	of          string // Tag of the record
	from, until time.Time
	why         map[string]string
}

// admitTrust refuses a version that trust-policy holds back.
func (p *Proxy) admitTrust(ctx context.Context, base string, t target, rules *policy.Policy) error {
	if !rules.NoDowngrade {
		return nil
	}
	known, key, err := p.fullRecord(ctx, base, t.name)
	if err != nil {
		return err
	}
	now := rules.Now
	d, ok := p.memory.lookup("distrust " + key).(*distrust)
	if !ok || d.of != known.Tag || now.Before(d.from) || !d.until.IsZero() && !now.Before(d.until) {
		doc, known, done, err := p.fullDocument(ctx, base, t.name)
		if err != nil {
			return err
		}
		defer done()
		_, held, until, err := p.view(doc.Packument())
		if err != nil {
			return err
		}
		d = &distrust{of: known.Tag, from: now, until: until, why: map[string]string{}}
		size := 0
		for _, h := range held {
			if h.Trust != nil {
				d.why[h.Version] = h.Trust.Error()
				size += len(h.Version) + len(d.why[h.Version])
			}
		}
		p.memory.keep("distrust "+key, d, int64(size))
	}
	if why := d.why[t.version]; why != "" {
		return problem(http.StatusForbidden, "%s (trust-policy of the registry proxy)", why)
	}
	return nil
}

// fullRecord is the record of the full document about name, and its key.
func (p *Proxy) fullRecord(ctx context.Context, base string, name npm.Name) (known *record, key string, err error) {
	known, err = p.record(ctx, ask{name: name, form: registry.Full, base: base})
	return known, p.key(name, registry.Full), err
}

// fullDocument is the stored document about name, unfiltered, in the form that
// the policy reads. done must be called when it is not needed any more.
func (p *Proxy) fullDocument(ctx context.Context, base string, name npm.Name) (doc *render.Document, known *record, done func(), err error) {
	doc, known, done, err = p.tryFullDocument(ctx, base, name)
	if errors.Is(err, errDrivenOut) {
		doc, known, done, err = p.tryFullDocument(ctx, base, name)
	}
	return doc, known, done, err
}

func (p *Proxy) tryFullDocument(ctx context.Context, base string, name npm.Name) (doc *render.Document, known *record, done func(), err error) {
	known, key, err := p.fullRecord(ctx, base, name)
	if err != nil {
		return nil, nil, nil, err
	}
	packed, err := p.stored(known, key)
	if err != nil {
		return nil, nil, nil, err
	}
	doc, done, err = p.parsed(ctx, name, packed, known.Size)
	return doc, known, done, err
}
