package semver

// Intersects reports whether a version may be in both ranges, by node-semver's
// reckoning. Both should have been parsed with the same options; a's count. It
// takes time quadratic in the number of comparators in a set.
func Intersects(a, b Range) bool {
	in := intersecter{includePrerelease: a.opts.IncludePrerelease}
	return in.ranges(a.comps, b.comps)
}

type intersecter struct {
	includePrerelease bool
}

func (in intersecter) ranges(a, b []comparator) bool {
	for len(a) > 0 {
		var setA []comparator
		setA, a = cutSet(a)
		if !in.satisfiable(setA) {
			continue
		}
		for rest := b; len(rest) > 0; {
			var setB []comparator
			setB, rest = cutSet(rest)
			if in.satisfiable(setB) && in.sets(setA, setB) {
				return true
			}
		}
	}
	return false
}

// satisfiable reports whether all pairs in a set intersect.
func (in intersecter) satisfiable(set []comparator) bool {
	for i := len(set) - 1; i > 0; i-- {
		for j := range i {
			if !in.comparators(&set[i], &set[j]) {
				return false
			}
		}
	}
	return true
}

func (in intersecter) sets(a, b []comparator) bool {
	for i := range a {
		for j := range b {
			if !in.comparators(&a[i], &b[j]) {
				return false
			}
		}
	}
	return true
}

func (in intersecter) comparators(a, b *comparator) bool {
	switch {
	case a.op == opAny:
		return true
	case a.op == opEQ: // a prerelease is not in "any"
		return in.match(b, &a.Version)
	case b.op == opAny:
		return true
	case b.op == opEQ:
		return in.match(a, &b.Version)
	case in.belowAll(a) || in.belowAll(b):
		return false
	case a.op.isLower() == b.op.isLower():
		return true
	}
	order := a.Compare(b.Version)
	switch {
	case order == 0:
		return a.op.inclusive() && b.op.inclusive() && a.samePre(b)
	case order < 0:
		return a.op.isLower()
	}
	return a.op.isUpper()
}

// samePre guards against prereleases that differ beyond the precision of a
// JavaScript number: they compare as equal without being the same.
func (c *comparator) samePre(d *comparator) bool { return c.pre == d.pre }

// match is whether the range of one comparator holds v.
func (in intersecter) match(c *comparator, v *Version) bool {
	return matchSet([]comparator{*c}, v, in.includePrerelease)
}

// belowAll reports whether nothing can be as low as c demands.
func (in intersecter) belowAll(c *comparator) bool {
	if in.includePrerelease {
		return c.isNull()
	}
	return c.op == opLT && c.Major|c.Minor|c.Patch == 0
}
