package semver

import (
	"cmp"
	"strconv"
	"strings"
)

// Compare orders versions by precedence and returns -1, 0 or +1. Build
// metadata does not count. It is usable with slices.SortFunc.
func (v Version) Compare(w Version) int {
	if c := v.compareRelease(&w); c != 0 {
		return c
	}
	return comparePre(v.pre, w.pre)
}

// Less reports whether v precedes w.
func (v Version) Less(w Version) bool { return v.Compare(w) < 0 }

// CompareTexts orders the texts of versions; what is none comes first.
func CompareTexts(a, b string) int {
	x, _ := Parse(a, Options{})
	y, _ := Parse(b, Options{})
	return x.Compare(y)
}

// CompareBuild is [Version.Compare] with build metadata as the tie-break: the
// order of node-semver's sort.
func (v Version) CompareBuild(w Version) int {
	if c := v.Compare(w); c != 0 {
		return c
	}
	return compareIdentifiers(v.build, w.build)
}

func (v *Version) compareRelease(w *Version) int {
	switch {
	case v.Major != w.Major:
		return cmp.Compare(v.Major, w.Major)
	case v.Minor != w.Minor:
		return cmp.Compare(v.Minor, w.Minor)
	}
	return cmp.Compare(v.Patch, w.Patch)
}

// comparePre orders prereleases; having none is the greatest.
func comparePre(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	return compareIdentifiers(a, b)
}

// compareIdentifiers orders two dot-separated lists, "" being the empty one.
// As in node-semver, the first pair that is not identical decides, even where
// both are numbers that look equal after rounding.
func compareIdentifiers(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if x != y {
			return compareIdentifier(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareIdentifier puts numbers before names.
func compareIdentifier(x, y string) int {
	xnum, ynum := allDigits(x), allDigits(y)
	switch {
	case xnum && ynum:
		return compareDigits(x, y)
	case xnum:
		return -1
	case ynum:
		return 1
	}
	return cmp.Compare(x, y)
}

// compareDigits compares as JavaScript does: beyond 2^53 with the precision of
// a float64.
func compareDigits(x, y string) int {
	if len(x) <= 15 && len(y) <= 15 {
		return cmp.Compare(number(x), number(y))
	}
	f, _ := strconv.ParseFloat(x, 64)
	g, _ := strconv.ParseFloat(y, 64)
	return cmp.Compare(f, g)
}
