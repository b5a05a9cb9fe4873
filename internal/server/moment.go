package server

import (
	"time"

	"godwit/internal/npm"
	"godwit/internal/resolve/wire"
)

// moment is when a request is made, as far as its policy compares publications
// with that. Two requests that differ in nothing else have the same answer until
// a version ripens between them.
type moment struct {
	cutoff time.Time // what was published later counts as not published; zero without such a rule
	trust  time.Time // what was published up to then is trusted; zero without such a rule
}

func momentOf(p *wire.Policy) (m moment) {
	if p == nil {
		return m
	}
	m.cutoff = p.Cutoff
	if p.NoDowngrade && p.TrustAge > 0 {
		m.trust = p.Now.Add(-p.TrustAge - 1) // longer ago than TrustAge, not as long
	}
	return m
}

// soon reports whether m is a moment after o: so little that who asks then may
// share what is found for o, as if it had asked that much earlier.
func (m moment) soon(o moment) bool {
	near := func(at, was time.Time) bool { return !at.Before(was) && at.Sub(was) < defaultResolve }
	return near(m.cutoff, o.cutoff) && near(m.trust, o.trust)
}

// timeless is a request without its moment, but with whether it has one.
func timeless(r *wire.Request) *wire.Request {
	some := time.Unix(0, 0).UTC()
	out, p := *r, *r.Policy
	if p.Now = some; !p.Cutoff.IsZero() {
		p.Cutoff = some
	}
	out.Policy = &p
	return &out
}

// window is the instants that compare with all publications that were looked at
// as one of them does. Those of the zero window are all.
type window struct{ from, until time.Time }

// see narrows the window around at for a publication.
func (w *window) see(at, published time.Time) {
	if published.After(at) {
		if w.until.IsZero() || published.Before(w.until) {
			w.until = published
		}
	} else if published.After(w.from) {
		w.from = published
	}
}

func (w *window) holds(at time.Time) bool {
	return !at.Before(w.from) && (w.until.IsZero() || at.Before(w.until))
}

// span is the moments that an answer holds for.
type span struct{ cutoff, trust window }

func (s *span) holds(m moment) bool { return s.cutoff.holds(m.cutoff) && s.trust.holds(m.trust) }

// see narrows the span around m for a document that was looked at.
func (s *span) see(m moment, doc *npm.Packument) {
	if m == (moment{}) {
		return
	}
	event := func(at time.Time, known bool) {
		if known && !m.cutoff.IsZero() {
			s.cutoff.see(m.cutoff, at)
		}
		if known && !m.trust.IsZero() {
			s.trust.see(m.trust, at)
		}
	}
	event(doc.Modified()) // whether a document has to be looked at closely follows from it
	for i := range doc.Len() {
		event(doc.PublishedAt(i))
	}
}
