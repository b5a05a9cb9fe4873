package semver

// Diff names the kind of release that lies between two versions: "major",
// "premajor", "minor", "preminor", "patch", "prepatch" or "prerelease"; "" if
// they compare as equal.
func Diff(a, b Version) string {
	order := a.Compare(b)
	if order == 0 {
		return ""
	}
	low, high := a, b
	if order > 0 {
		low, high = b, a
	}
	if low.pre != "" && high.pre == "" {
		// A release ends what its prereleases began.
		if low.Patch == 0 && low.Minor == 0 {
			return "major"
		}
		if low.compareRelease(&high) == 0 {
			if low.Minor != 0 && low.Patch == 0 {
				return "minor"
			}
			return "patch"
		}
	}
	prefix := ""
	if high.pre != "" {
		prefix = "pre"
	}
	switch {
	case a.Major != b.Major:
		return prefix + "major"
	case a.Minor != b.Minor:
		return prefix + "minor"
	case a.Patch != b.Patch:
		return prefix + "patch"
	}
	return "prerelease"
}
