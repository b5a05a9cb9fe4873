package semver

import "strings"

// span is what semver-range-intersect makes of a set of comparators: one
// version, or what lies between two bounds of which either may be "any". It is
// comparable: last and part of its comparators are always the same.
type span struct {
	single    bool
	low, high comparator // low is the version of a single one
}

func legacyIntersects(a, b []comparator) bool {
	return intersecter{legacy: true}.ranges(a, b)
}

// spanOf is not ok for a set that holds nothing.
func spanOf(set []comparator) (s span, ok bool) {
	var exact *comparator
	for i := range set {
		if set[i].op != opEQ {
			continue
		}
		if exact != nil && exact.value() != set[i].value() {
			return span{}, false
		}
		exact = &set[i]
	}
	if exact != nil {
		return singleSpan(*exact), true
	}
	return newSpan(lowerBound(set, false), upperBound(set, false))
}

func singleSpan(c comparator) span {
	c.op, c.last, c.part = opEQ, true, 0
	return span{single: true, low: c}
}

// newSpan is not ok for bounds that do not meet.
func newSpan(low, high comparator) (s span, ok bool) {
	low.last, high.last, low.part, high.part = false, true, 0, 0
	if low.op != opAny && high.op != opAny && low.Version == high.Version && low.op.inclusive() && high.op.inclusive() {
		return singleSpan(low), true
	}
	return span{low: low, high: high}, intersecter{legacy: true}.comparators(&low, &high)
}

// set is the span as a set of comparators, as if its text had been parsed. It
// lives in buf.
func (s *span) set(buf *[2]comparator) []comparator {
	set := buf[:0]
	if s.low.op != opAny {
		set = append(set, s.low)
	}
	if s.high.op != opAny {
		set = append(set, s.high)
	}
	if len(set) == 0 {
		set = append(set, comparator{})
	}
	set[len(set)-1].last = true
	return set
}

func (s *span) text() string {
	if s.single {
		return s.low.value()
	}
	return strings.TrimSpace(s.low.value() + " " + s.high.value())
}

func (s *span) meets(o *span) bool {
	var a, b [2]comparator
	return legacyIntersects(s.set(&a), o.set(&b))
}

// intersect is not ok where semver-range-intersect throws, and finds nothing
// where the two do not meet.
func (s span) intersect(o span) (out span, found, ok bool) {
	if !s.meets(&o) {
		return span{}, false, true
	}
	if s.single {
		return s, true, true
	}
	if o.single {
		return o, true, true
	}
	lows, highs := []comparator{s.low, o.low}, []comparator{s.high, o.high}
	low := lowerBound(append(lows[:2:2], known(highs)...), true)
	high := upperBound(append(highs[:2:2], known(lows)...), true)
	out, ok = newSpan(low, high)
	return out, ok, ok
}

// known drops "any".
func known(list []comparator) (out []comparator) {
	for _, c := range list {
		if c.op != opAny {
			out = append(out, c)
		}
	}
	return out
}

// merge is the union of two spans that meet, where it is one span. It is not
// ok where semver-range-intersect throws.
func (s span) merge(o span) (out span, found, ok bool) {
	switch {
	case !s.meets(&o):
		return span{}, false, true
	case s.single:
		return o, true, true
	case o.single:
		return s, true, true
	}
	low, ok1 := looser(s.low, o.low, -1)
	high, ok2 := looser(s.high, o.high, +1)
	if !ok1 || !ok2 {
		return span{}, false, true
	}
	out = span{low: low, high: high}
	ok = intersecter{legacy: true}.comparators(&low, &high)
	return out, ok, ok
}

// looser returns the bound that lets more pass: the one further in direction
// dir. There is none where the other one lets in prereleases of its release,
// which would be lost.
func looser(a, b comparator, dir int) (comparator, bool) {
	if a.op == opAny {
		return a, b.op == opAny || b.pre == ""
	}
	if b.op == opAny {
		return b, a.pre == ""
	}
	main := a.compareRelease(&b.Version) * dir
	if main > 0 && b.pre != "" || main < 0 && a.pre != "" {
		return comparator{}, false
	}
	order := a.Compare(b.Version) * dir
	if a.op == b.op || order != 0 {
		if order > 0 {
			return a, true
		}
		return b, true
	}
	if a.op.inclusive() {
		return a, true
	}
	return b, true
}

// lowerBound is the tightest lower bound in list. Where list comes from two
// sets (union of bounds of an intersection), a prerelease that only one of them
// lets in is rounded up to its release.
func lowerBound(list []comparator, two bool) comparator {
	return tightest(list, two, tightening{dir: +1, is: operator.isLower, strict: opGT, rounded: opGTE, opposite: opLTE})
}

// upperBound is the tightest upper bound in list, as lowerBound is the lower.
func upperBound(list []comparator, two bool) comparator {
	return tightest(list, two, tightening{dir: -1, is: operator.isUpper, strict: opLT, rounded: opLT, opposite: opGTE})
}

// tightening is the direction in which tightest works.
type tightening struct {
	dir      int // +1: the higher the tighter
	is       func(operator) bool
	strict   operator
	rounded  operator // of a prerelease that is rounded to its release
	opposite operator // inclusive bound from the other side
}

func tightest(list []comparator, two bool, t tightening) comparator {
	var best comparator
	first := true
	for _, c := range list {
		switch {
		case !t.is(c.op) && c.op != opAny:
		case first:
			best, first = c, false
		default:
			best = t.pick(best, c, two, list)
		}
	}
	return best
}

func (t tightening) pick(a, b comparator, two bool, list []comparator) comparator {
	if a.op == opAny || b.op == opAny {
		if a.op == opAny {
			a = b
		}
		if two && a.pre != "" && !t.pinned(a, list) {
			return comparator{op: t.rounded, Version: a.Release()}
		}
		return a
	}
	order := a.Compare(b.Version) * t.dir
	if a.op != b.op && order == 0 {
		if a.op == t.strict {
			return a
		}
		return b
	}
	tighter := b
	if order > 0 {
		tighter = a
	}
	if main := a.compareRelease(&b.Version) * t.dir; two && main != 0 && a.pre != "" && b.pre != "" {
		op := tighter.op
		if t.dir < 0 {
			op = t.rounded
		}
		return comparator{op: op, Version: tighter.Release()}
	}
	return tighter
}

// pinned reports whether an inclusive bound from the other side has the same
// version.
func (t tightening) pinned(c comparator, list []comparator) bool {
	if c.op == t.strict {
		return false
	}
	for i := range list {
		if list[i].op == t.opposite && list[i].Version == c.Version {
			return true
		}
	}
	return false
}
