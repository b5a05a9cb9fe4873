package semver

// node-semver 6 is what semver-range-intersect computes with (see
// intersect.go), and its results differ: upper bounds without "-0", build
// metadata only where a version may have it, no simplification.

// parseLegacy reads a range as node-semver 6 does without options.
func parseLegacy(s string) (Range, error) {
	p := rangeParser{legacy: true}
	comps, raw, err := p.parse(s)
	return Range{comps: comps, raw: raw}, err
}

// preEnd is the end of a prerelease as trimComparators looks for it. The two
// generations try the two forms of an identifier in different order.
func preEnd(s string, i int, loose, legacy bool) int {
	if !legacy {
		_, end := scanPrerelease(s, i, loose)
		return end
	}
	start := i
	if i < len(s) && s[i] == '-' {
		start++
	} else if !loose {
		return i
	}
	end := legacyIdentifier(s, start, loose)
	if end == start {
		if !loose || start == i {
			return i
		}
		end = legacyIdentifier(s, i, loose)
	}
	for end < len(s) && s[end] == '.' {
		next := legacyIdentifier(s, end+1, loose)
		if next == end+1 {
			break
		}
		end = next
	}
	return end
}

func legacyIdentifier(s string, i int, loose bool) int {
	if i == len(s) || isDigit(s[i]) {
		return scanNumber(s, i, loose)
	}
	if !isIdent(s[i]) {
		return i
	}
	return scanBuildIdentifier(s, i+1)
}
