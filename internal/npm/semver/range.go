package semver

import "fmt"

// Range is a set of versions: a union of intersections of comparators. The
// zero Range holds no version. Ranges are immutable and may be shared.
type Range struct {
	comps []comparator // sets one after the other, each ending in one that is last
	raw   string       // as given, with white space collapsed
	opts  Options
}

// comparator is "operator version". It is comparable.
type comparator struct {
	Version
	op   operator
	last bool   // ends its set
	part uint32 // index of the text between "||" that its set was read from
}

type operator uint8

const (
	opAny operator = iota // every version; Version is unused
	opEQ
	opLT
	opLTE
	opGT
	opGTE
)

// The texts of the operators as node-semver prints them.
func (op operator) String() string {
	return [...]string{opAny: "", opEQ: "", opLT: "<", opLTE: "<=", opGT: ">", opGTE: ">="}[op]
}

func (op operator) isLower() bool { return op == opGT || op == opGTE }
func (op operator) isUpper() bool { return op == opLT || op == opLTE }

// inclusive reports whether the operator's own version passes it.
func (op operator) inclusive() bool { return op == opLTE || op == opGTE }

// ParseRange reads a range: "^1.2.3", "1.x || >=2.5.0 <3", "1 - 2", "" (any).
func ParseRange(s string, o Options) (Range, error) {
	p := rangeParser{opts: o}
	comps, raw, err := p.parse(s)
	if err != nil {
		return Range{}, fmt.Errorf("invalid range %.80q: %w", s, err)
	}
	return Range{comps: comps, raw: raw, opts: o}, nil
}

// ValidRange reports whether [ParseRange] accepts s.
func ValidRange(s string, o Options) bool {
	_, err := ParseRange(s, o)
	return err == nil
}

// Match reports whether v is in the range. Unless the range was parsed with
// IncludePrerelease, a prerelease is in only where one of the comparators of
// the matching set is a prerelease of the same major.minor.patch.
func (r Range) Match(v Version) bool {
	for sets := r.comps; len(sets) > 0; {
		var set []comparator
		set, sets = cutSet(sets)
		if matchSet(set, &v, r.opts.IncludePrerelease) {
			return true
		}
	}
	return false
}

// cutSet splits off the first set.
func cutSet(comps []comparator) (set, rest []comparator) {
	for i := range comps {
		if comps[i].last {
			return comps[:i+1], comps[i+1:]
		}
	}
	return comps, nil
}

func matchSet(set []comparator, v *Version, includePrerelease bool) bool {
	for i := range set {
		if !set[i].test(v) {
			return false
		}
	}
	if v.pre == "" || includePrerelease {
		return true
	}
	for i := range set {
		if c := &set[i]; c.pre != "" && c.sameRelease(v) {
			return true
		}
	}
	return false
}

func (v *Version) sameRelease(w *Version) bool {
	return v.Major == w.Major && v.Minor == w.Minor && v.Patch == w.Patch
}

// test compares only: the rule about prereleases belongs to the set.
func (c *comparator) test(v *Version) bool {
	if c.op == opAny {
		return true
	}
	order := v.compareRelease(&c.Version)
	if order == 0 {
		order = comparePre(v.pre, c.pre)
	}
	switch c.op {
	case opLT:
		return order < 0
	case opLTE:
		return order <= 0
	case opGT:
		return order > 0
	case opGTE:
		return order >= 0
	}
	return order == 0
}

// String prints the range as node-semver's "range" field: desugared into
// comparators, "" for any version.
func (r Range) String() string {
	b := make([]byte, 0, 32)
	for i := range r.comps {
		if i > 0 {
			if r.comps[i-1].last {
				b = append(b, "||"...)
			} else {
				b = append(b, ' ')
			}
		}
		b = r.comps[i].append(b)
	}
	return string(b)
}

// Raw is the range as it was given, with white space collapsed.
func (r Range) Raw() string { return r.raw }

// IsAny reports whether the range is "*".
func (r Range) IsAny() bool { return len(r.comps) == 1 && r.comps[0].op == opAny }

// Exact returns the version of a range that is nothing but one version.
func (r Range) Exact() (Version, bool) {
	if len(r.comps) == 1 && r.comps[0].op == opEQ {
		return r.comps[0].Version, true
	}
	return Version{}, false
}

func (c *comparator) append(b []byte) []byte {
	if c.op == opAny {
		return b
	}
	return c.Version.append(append(b, c.op.String()...))
}

// isNull reports whether c is node-semver's way to say "no version".
func (c *comparator) isNull() bool {
	return c.op == opLT && c.Major|c.Minor|c.Patch == 0 && c.pre == "0"
}

// MaxIndex returns the index of the highest of versions that r holds, the first
// of those that compare as equal; -1 means that r holds none of the versions.
func MaxIndex(versions []Version, r Range) int {
	best := -1
	for i := range versions {
		// Comparing first is cheaper: most versions are older than the best.
		if (best < 0 || versions[best].Less(versions[i])) && r.Match(versions[i]) {
			best = i
		}
	}
	return best
}
