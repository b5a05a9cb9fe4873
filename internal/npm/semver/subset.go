package semver

import "strings"

// Subset reports whether every version that sub holds is in dom, by
// node-semver's reckoning: it does not see that sets of dom may cover one of
// sub together. Both should have been parsed with the same options; sub's
// count.
func Subset(sub, dom Range) bool {
	if sub.raw == dom.raw && sub.opts == dom.opts && len(sub.comps) > 0 {
		return true
	}
	s := subsetter{includePrerelease: sub.opts.IncludePrerelease}
	sawNonNull := false
	for rest := sub.comps; len(rest) > 0; {
		var set []comparator
		set, rest = cutSet(rest)
		found := isNull
		for others := dom.comps; len(others) > 0 && found != isSubset; {
			var other []comparator
			other, others = cutSet(others)
			found = s.simple(set, other)
			if found != isSubset && sameSource(&sub, set, &dom, other) {
				found = isSubset
			}
			sawNonNull = sawNonNull || found != isNull
		}
		if found != isSubset && sawNonNull {
			return false
		}
	}
	return true
}

// sameSource reports whether two sets were read from the same text, in which
// case node-semver's cache makes them one, and a subset, be they ever so empty.
func sameSource(r *Range, set []comparator, o *Range, other []comparator) bool {
	return r.opts == o.opts && !set[0].isNull() && r.source(set) == o.source(other)
}

func (r *Range) source(set []comparator) string {
	text := r.raw
	for range set[0].part {
		_, text, _ = strings.Cut(text, "||")
	}
	text, _, _ = strings.Cut(text, "||")
	return stripBuilds(trimSpace(text))
}

// verdict is what node-semver's simpleSubset returns.
type verdict uint8

const (
	isNull    verdict = iota // the set holds nothing
	notSubset                // it holds something that the other does not
	isSubset
)

type subsetter struct {
	includePrerelease bool
}

// bounds is what a set comes down to.
type bounds struct {
	gt, lt *comparator // tightest bounds, nil where open
	point  bool        // gt and lt are inclusive and meet
}

func (s subsetter) simple(sub, dom []comparator) verdict {
	lowest := []comparator{{op: opGTE}}
	if len(dom) == 1 && dom[0].op == opAny {
		if s.includePrerelease || len(sub) == 1 && sub[0].op == opAny {
			return isSubset
		}
		dom = lowest
	}
	if len(sub) == 1 && sub[0].op == opAny {
		sub = lowest
		if s.includePrerelease {
			sub = []comparator{{op: opGTE, Version: Version{pre: "0"}}}
		}
	}
	b, exact, ok := s.bounds(sub)
	switch {
	case !ok:
		return isNull
	case exact != nil:
		return s.exact(exact, b, dom)
	case s.within(b, dom):
		return isSubset
	}
	return notSubset
}

// bounds is not ok for a set that holds nothing.
func (s subsetter) bounds(set []comparator) (b bounds, exact *comparator, ok bool) {
	for i := range set {
		switch c := &set[i]; {
		case c.op.isLower():
			b.gt = higher(b.gt, c)
		case c.op.isUpper():
			b.lt = lower(b.lt, c)
		case exact != nil:
			return b, nil, false
		default:
			exact = c
		}
	}
	if b.gt != nil && b.lt != nil {
		order := b.gt.Compare(b.lt.Version)
		if order > 0 || order == 0 && (b.gt.op != opGTE || b.lt.op != opLTE) {
			return b, nil, false
		}
		b.point = order == 0
	}
	return b, exact, true
}

// exact decides for a set that is one version.
func (s subsetter) exact(eq *comparator, b bounds, dom []comparator) verdict {
	in := intersecter(s)
	if b.gt != nil && !in.match(b.gt, &eq.Version) || b.lt != nil && !in.match(b.lt, &eq.Version) {
		return isNull
	}
	for i := range dom {
		if !in.match(&dom[i], &eq.Version) {
			return notSubset
		}
	}
	return isSubset
}

// within decides for a set between two bounds.
func (s subsetter) within(b bounds, dom []comparator) bool {
	needGT := s.needsPre(b.gt)
	needLT := s.needsPre(b.lt) && !(b.lt.op == opLT && b.lt.pre == "0") // <1.2.3-0 is <1.2.3
	var hasGT, hasLT bool
	for i := range dom {
		c := &dom[i]
		hasGT, hasLT = hasGT || c.op.isLower(), hasLT || c.op.isUpper()
		if b.gt != nil {
			needGT = needGT && !(c.pre != "" && c.sameRelease(&b.gt.Version))
			if c.op.isLower() {
				if higher(b.gt, c) == c {
					return false
				}
			} else if b.gt.op == opGTE && !c.test(&b.gt.Version) {
				return false
			}
		}
		if b.lt != nil {
			needLT = needLT && !(c.pre != "" && c.sameRelease(&b.lt.Version))
			if c.op.isUpper() {
				if lower(b.lt, c) == c {
					return false
				}
			} else if b.lt.op == opLTE && !c.test(&b.lt.Version) {
				return false
			}
		}
		if c.op == opEQ && !b.point {
			return false
		}
	}
	switch {
	case b.gt != nil && hasLT && b.lt == nil, b.lt != nil && hasGT && b.gt == nil:
		return false // open where dom is not
	}
	return !needGT && !needLT
}

// needsPre reports whether bound lets in prereleases of its own release, which
// dom then must do too.
func (s subsetter) needsPre(bound *comparator) bool {
	return bound != nil && !s.includePrerelease && bound.pre != ""
}

// higher returns the tighter of two lower bounds, a where they are the same.
func higher(a, b *comparator) *comparator {
	if a == nil {
		return b
	}
	order := a.Compare(b.Version)
	if order < 0 || order == 0 && b.op == opGT && a.op == opGTE {
		return b
	}
	return a
}

// lower returns the tighter of two upper bounds, a where they are the same.
func lower(a, b *comparator) *comparator {
	if a == nil {
		return b
	}
	order := a.Compare(b.Version)
	if order > 0 || order == 0 && b.op == opLT && a.op == opLTE {
		return b
	}
	return a
}
