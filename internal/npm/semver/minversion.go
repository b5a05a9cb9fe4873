package semver

// MinVersion returns the lowest version that can match r.
func MinVersion(r Range) (Version, bool) {
	for _, lowest := range []Version{{}, {pre: "0"}} {
		if r.Match(lowest) {
			return lowest, true
		}
	}
	var best Version
	found := false
	for rest := r.comps; len(rest) > 0; {
		var set []comparator
		set, rest = cutSet(rest)
		if v, ok := minOfSet(set); ok && (!found || v.Less(best)) {
			best, found = v, true
		}
	}
	return best, found && r.Match(best)
}

// minOfSet is the highest of a set's lower bounds.
func minOfSet(set []comparator) (best Version, found bool) {
	for i := range set {
		v := set[i].Version
		switch {
		case set[i].op.isUpper():
			continue
		case set[i].op == opGT && v.pre == "":
			v.Patch++
		case set[i].op == opGT:
			v.pre += ".0"
		}
		if !found || best.Less(v) {
			best, found = v, true
		}
	}
	return best, found
}
