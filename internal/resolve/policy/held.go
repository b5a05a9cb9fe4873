package policy

import (
	"time"

	"godwit/internal/npm"
)

// Held is a version that a policy keeps from those it is enforced on.
type Held struct {
	Version   string
	Published time.Time   // zero where that is not known
	Young     bool        // it is after the cutoff, or nobody knows
	Trust     *TrustError // why it is not trusted; nil if it is
	Until     time.Time   // when it is held no more; zero if time does not help
}

// Enforced is what the policy leaves of doc for others, who pick by themselves:
// unlike View, versions that CheckTrust would refuse are not in it. The nil View is
// all of it. The error is a [*MissingTimeError].
func (p *Policy) Enforced(doc *npm.Packument) (*View, []Held, error) {
	if !p.Concerns(doc.Name) {
		return nil, nil, nil
	}
	v, err := p.View(doc, time.Time{})
	if err != nil {
		return nil, nil, err
	}
	distrusted, err := p.distrusted(doc)
	if err != nil {
		return nil, nil, err
	}
	if v == nil {
		v = &View{doc: doc, tags: map[string]string{}}
	}
	v.distrusted = distrusted
	var held []Held
	for i := range doc.Len() {
		if !v.Admits(i) {
			held = append(held, p.held(v, i))
		}
	}
	if held == nil {
		return nil, nil, nil
	}
	return v, held, nil
}

// held is version i, which the view does not admit.
func (p *Policy) held(v *View, i int) Held {
	h := Held{Version: v.doc.Key(i), Young: !v.old(i), Trust: v.distrusted[v.doc.Key(i)]}
	var known bool
	if h.Published, known = v.doc.PublishedAt(i); !known {
		return h
	}
	if h.Young {
		h.Until = h.Published.Add(p.Now.Sub(v.cutoff))
	}
	switch {
	case h.Trust == nil:
	case p.TrustAge == 0:
		h.Until = time.Time{}
	case h.Published.Add(p.TrustAge).After(h.Until):
		h.Until = h.Published.Add(p.TrustAge + 1) // longer ago than TrustAge, not as long
	}
	return h
}
