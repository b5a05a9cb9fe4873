package semver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// IncOptions says how [Inc] names a prerelease.
type IncOptions struct {
	Identifier string  // first identifiers of a prerelease: "beta"
	Base       IncBase // the number that follows them at first
	Loose      bool    // let numbers in Identifier have leading zeros
}

// IncBase is the number a new prerelease starts with.
type IncBase uint8

const (
	BaseZero IncBase = iota // beta.0
	BaseOne                 // beta.1
	BaseNone                // beta; a second one of that name is an error
)

// Inc returns the version that follows v in the sense of release: "major",
// "minor", "patch", "premajor", "preminor", "prepatch", "prerelease", "release"
// (drops the prerelease) or "pre" (increments a prerelease, and makes one of a
// release that precedes v).
func Inc(v Version, release string, o IncOptions) (Version, error) {
	if strings.HasPrefix(release, "pre") {
		if o.Identifier == "" && o.Base == BaseNone {
			return Version{}, fmt.Errorf("increment %s: a prerelease without a number needs an identifier", v)
		}
		if pre, _ := scanIncIdentifier(o); pre != o.Identifier {
			return Version{}, fmt.Errorf("increment %s: invalid prerelease identifier %.80q", v, o.Identifier)
		}
	}
	hadPre := v.pre != ""
	next := v.Release()
	switch release {
	case "major":
		if v.Minor != 0 || v.Patch != 0 || !hadPre {
			next.Major++
		}
		next.Minor, next.Patch = 0, 0
	case "minor":
		if v.Patch != 0 || !hadPre {
			next.Minor++
		}
		next.Patch = 0
	case "patch":
		if !hadPre {
			next.Patch++
		}
	case "premajor":
		return Version{Major: v.Major + 1}.incPre(o)
	case "preminor":
		return Version{Major: v.Major, Minor: v.Minor + 1}.incPre(o)
	case "prepatch":
		next.Patch++
		return next.incPre(o)
	case "prerelease":
		if !hadPre {
			next.Patch++
			return next.incPre(o)
		}
		return v.incPre(o)
	case "pre":
		return v.incPre(o)
	case "release":
		if !hadPre {
			return Version{}, fmt.Errorf("increment %s: it is not a prerelease", v)
		}
	default:
		return Version{}, fmt.Errorf("increment %s: unknown release type %.40q: want major, minor, patch, premajor, preminor, prepatch, prerelease or release", v, release)
	}
	return next, nil
}

func scanIncIdentifier(o IncOptions) (string, int) {
	if o.Identifier == "" {
		return "", 0
	}
	return scanPrerelease("-"+o.Identifier, 0, o.Loose)
}

// incPre increments the last number of the prerelease, or starts a new one.
func (v Version) incPre(o IncOptions) (Version, error) {
	base := "0"
	if o.Base == BaseOne {
		base = "1"
	}
	ids := []string{base}
	if v.pre != "" {
		ids = strings.Split(v.pre, ".")
		if !incLast(ids) {
			if o.Identifier == v.pre && o.Base == BaseNone {
				return Version{}, fmt.Errorf("increment %s: the prerelease %s is there already", v, v.pre)
			}
			ids = append(ids, base)
		}
	}
	if o.Identifier != "" {
		want := strings.Split(o.Identifier, ".")
		if !hasIdentifiers(ids, want) || len(ids) == len(want) || !isJSNumber(ids[len(want)]) {
			ids = []string{o.Identifier, base}
			if o.Base == BaseNone {
				ids = ids[:1]
			}
		}
	}
	v.pre, v.build = strings.Join(ids, "."), ""
	return v, nil
}

// incLast increments the last number among ids.
func incLast(ids []string) bool {
	for i, id := range slices.Backward(ids) {
		if allDigits(id) && number(id) < maxSafe {
			ids[i] = strconv.FormatUint(number(id)+1, 10)
			return true
		}
	}
	return false
}

// hasIdentifiers reports whether ids begins with what equals want in precedence.
func hasIdentifiers(ids, want []string) bool {
	if len(want) > len(ids) {
		return false
	}
	for i := range want {
		if ids[i] != want[i] && compareIdentifier(ids[i], want[i]) != 0 {
			return false
		}
	}
	return true
}

// isJSNumber reports whether JavaScript's isNaN(id) is false, which is what
// node-semver asks of the number that follows an identifier. Identifiers have
// letters, digits and hyphens only.
func isJSNumber(id string) bool {
	if len(id) > 2 && id[0] == '0' {
		if digits, ok := map[byte]string{'x': "0123456789abcdefABCDEF", 'o': "01234567", 'b': "01"}[id[1]|0x20]; ok {
			return strings.Trim(id[2:], digits) == ""
		}
	}
	id = strings.TrimPrefix(id, "-")
	if id == "Infinity" {
		return true
	}
	mantissa, exponent, ok := id, "0", false
	if i := strings.IndexAny(id, "eE"); i >= 0 {
		mantissa, exponent, ok = id[:i], strings.TrimPrefix(id[i+1:], "-"), true
	}
	return allDigits(mantissa) && (!ok || allDigits(exponent))
}
