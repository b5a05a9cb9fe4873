// Package semver reads versions and ranges exactly as node-semver 7 does.
//
// "Exactly" includes what the grammar of semver.org does not know: x-ranges,
// loose mode, includePrerelease, prereleases that match only beside their own
// release, limits, and the odd results of node-semver's rewriting by regular
// expression. The verdicts in testdata were written by node-semver 7.8.6 (ISC),
// whose published behaviour is the specification of this package.
package semver

import (
	"fmt"
	"strconv"
)

// Limits of node-semver (internal/constants.js). They are part of the grammar:
// whatever exceeds them is invalid.
const (
	maxLength    = 256           // UTF-16 units in a version
	maxSafe      = 1<<53 - 1     // Number.MAX_SAFE_INTEGER
	maxDigits    = maxLength     // digits in a number that may be zero-padded
	maxIdentTail = maxLength - 6 // characters after the first of an identifier
	maxStrict    = 1 + maxLength // digits in a number without leading zeros
)

// Options are node-semver's. The zero value is what npm and pnpm use for
// almost everything.
type Options struct {
	Loose             bool // accept "1.2.3beta", "=v1.2.3", "01.2.3"; drop junk from ranges
	IncludePrerelease bool // prereleases match like any other version
}

// Version is a parsed version. The zero value is 0.0.0. Versions that differ
// only in build metadata are different values but compare as equal.
type Version struct {
	Major, Minor, Patch uint64 // at most 2^53-1 when parsed

	pre   string // dot-separated identifiers, numeric ones without leading zeros
	build string
}

// Parse reads a version. A leading "v" and surrounding white space are
// accepted, as node-semver does.
func Parse(s string, o Options) (Version, error) {
	if len(s) > maxLength && utf16Len(s) > maxLength {
		return Version{}, fmt.Errorf("invalid version %.40q…: longer than %d characters", s, maxLength)
	}
	v, ok := parseFull(trimSpace(s), o.Loose)
	if !ok {
		return Version{}, fmt.Errorf("invalid version %.80q: want major.minor.patch, such as 1.2.3 or 1.2.3-beta.1", s)
	}
	return v, nil
}

// MustParse is [Parse] without options for versions written in the program.
// It panics when s is not a version.
func MustParse(s string) Version {
	v, err := Parse(s, Options{})
	if err != nil {
		panic("semver: " + err.Error())
	}
	return v
}

// Valid reports whether [Parse] accepts s.
func Valid(s string, o Options) bool {
	if len(s) > maxLength && utf16Len(s) > maxLength {
		return false
	}
	_, ok := parseFull(trimSpace(s), o.Loose)
	return ok
}

// String formats the version as node-semver's "version" field: without build
// metadata.
func (v Version) String() string {
	return string(v.append(make([]byte, 0, 24)))
}

func (v Version) append(b []byte) []byte {
	b = strconv.AppendUint(b, v.Major, 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, v.Minor, 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, v.Patch, 10)
	if v.pre != "" {
		b = append(b, '-')
		b = append(b, v.pre...)
	}
	return b
}

// IsPrerelease reports whether v has prerelease identifiers.
func (v Version) IsPrerelease() bool { return v.pre != "" }

// Prerelease is what follows the hyphen, "" for a release: "beta.1".
func (v Version) Prerelease() string { return v.pre }

// Build is what follows the plus sign, or "".
func (v Version) Build() string { return v.build }

// Release is v without prerelease and build metadata.
func (v Version) Release() Version {
	return Version{Major: v.Major, Minor: v.Minor, Patch: v.Patch}
}

// parseFull matches node-semver's FULL, or LOOSE in loose mode, against all of s.
func parseFull(s string, loose bool) (v Version, ok bool) {
	i := 0
	if loose {
		i = skipPrefix(s, 0)
	} else if s != "" && s[0] == 'v' {
		i = 1
	}
	major := scanNumber(s, i, loose)
	if major == i || major == len(s) || s[major] != '.' {
		return Version{}, false
	}
	minor := scanNumber(s, major+1, loose)
	if minor == major+1 || minor == len(s) || s[minor] != '.' {
		return Version{}, false
	}
	patch := scanNumber(s, minor+1, loose)
	if patch == minor+1 {
		return Version{}, false
	}
	end := patch
	if end < len(s) && s[end] != '+' {
		patch, v.pre, end = scanTail(s, minor+1, patch, loose)
		v.pre = normalizePre(v.pre, loose)
	}
	if end < len(s) {
		plus := end
		if end = scanBuild(s, plus); end == plus {
			return Version{}, false
		}
		v.build = s[plus+1 : end]
	}
	v.Major, v.Minor, v.Patch = number(s[i:major]), number(s[major+1:minor]), number(s[minor+1:patch])
	return v, end == len(s) && v.Major <= maxSafe && v.Minor <= maxSafe && v.Patch <= maxSafe
}

// scanTail reads the prerelease that follows the patch number s[start:patch].
// In loose mode, in which it needs no hyphen, that may take the last digit of
// the number: "1.2.34.a" is 1.2.3 with the prerelease 4.a.
func scanTail(s string, start, patch int, loose bool) (newPatch int, pre string, end int) {
	pre, end = scanPrerelease(s, patch, loose)
	if end == patch && loose && patch-start > 1 && patch < len(s) && s[patch] == '.' {
		patch--
		pre, end = scanPrerelease(s, patch, loose)
	}
	return patch, pre, end
}
