package resolve

import (
	"slices"
	"strings"

	"godwit/internal/npm/semver"
)

// mergeRanges combines what the dependents of a missing peer want. must is
// false when all of them can do without it; rng is "" when they contradict
// each other.
func mergeRanges(peers []missingPeer, fromHighest bool) (rng string, must bool) {
	var ranges, members []string // members: those that say "workspace:" and no version
	for _, p := range peers {
		if p.optional {
			continue
		}
		must = true
		list := &ranges
		if p.hoistable() != p.wanted && strings.HasPrefix(p.raw, workspacePrefix) {
			list = &members
		}
		if r := p.hoistable(); !slices.Contains(*list, r) {
			*list = append(*list, r)
		}
	}
	merged := mergePlain(ranges, fromHighest)
	switch {
	case len(members) == 0:
		return merged, must
	case len(ranges) > 0 && semver.ValidRange(merged, loose) && merged != "":
		return workspacePrefix + merged, true
	case len(ranges) > 0:
		return "", true
	case len(members) > 1:
		return workspacePrefix + "*", true
	}
	return members[0], true
}

const workspacePrefix = "workspace:"

// hoistable is what a missing peer is installed by: a member of the workspace
// that is wanted in no version can only be had as such.
func (p peerDep) hoistable() string {
	switch p.wanted {
	case "*", "^", "~":
		return p.raw
	}
	return p.wanted
}

func mergePlain(ranges []string, fromHighest bool) string {
	if len(ranges) <= 1 {
		return strings.Join(ranges, "")
	}
	if merged := Intersection(ranges); merged != "" {
		return merged
	}
	if fromHighest {
		return strings.Join(ranges, " || ")
	}
	return ""
}

// maxAlternatives bounds a merged range. Unions multiply with every dependent;
// published ranges have a dozen alternatives at most.
const maxAlternatives = 200

// Intersection is a range for the versions that are in all of ranges, or "" if
// there are none or one of ranges is none.
func Intersection(ranges []string) string {
	var merged []string // alternatives
	for i, text := range ranges {
		r, err := semver.ParseRange(text, loose)
		if err != nil {
			return ""
		}
		alternatives := strings.Split(r.String(), "||")
		if i == 0 {
			merged = alternatives
			continue
		}
		var next []string
		for _, a := range merged {
			for _, b := range alternatives {
				if next = appendBoth(next, a, b); len(next) > maxAlternatives {
					return ""
				}
			}
		}
		merged = next
	}
	return strings.Join(merged, " || ")
}

// appendBoth appends the intersection of two alternatives, unless it is empty
// or already inside another one. Prereleases are versions like others there, as in
// pnpm 12: what is within >=16.0.0-beta <16.0.0 is within <16.0.0, too.
func appendBoth(list []string, a, b string) []string {
	plain := semver.Options{Loose: true, IncludePrerelease: true}
	ra, err1 := semver.ParseRange(a, plain)
	rb, err2 := semver.ParseRange(b, plain)
	both, err3 := semver.ParseRange(a+" "+b, plain)
	if err1 != nil || err2 != nil || err3 != nil || !semver.Intersects(ra, rb) {
		return list
	}
	for _, have := range list {
		if r, err := semver.ParseRange(have, plain); err == nil && semver.Subset(both, r) {
			return list
		}
	}
	return append(list, both.String())
}

func distinctRanges(have []string, peers []missingPeer) []string {
	for _, p := range peers {
		rng := peerRange(p.wanted)
		if !semver.ValidRange(rng, loose) {
			rng = "*" // a dist-tag: nothing to compare with
		}
		if !slices.Contains(have, rng) {
			have = append(have, rng)
		}
	}
	return have
}

func highest(versions []string, ok func(semver.Version) bool) string {
	best, bestVersion := "", semver.Version{}
	for _, s := range versions {
		v, err := semver.Parse(s, loose)
		if err == nil && ok(v) && (best == "" || v.Compare(bestVersion) > 0) {
			best, bestVersion = s, v
		}
	}
	return best
}

// peerRange is the part of a peer's specifier that versions can be compared
// with.
func peerRange(spec string) string {
	spec = withoutWorkspace(spec)
	if rest, ok := strings.CutPrefix(spec, "npm:"); ok {
		if i := strings.LastIndexByte(rest, '@'); i > 0 {
			return rest[i+1:]
		}
		return "*"
	}
	if spec == "^" || spec == "~" || !semver.ValidRange(spec, loose) {
		return "*" // also for a dist-tag or a URL: any version is what it asks for
	}
	return spec
}

func withoutWorkspace(spec string) string { return strings.TrimPrefix(spec, "workspace:") }

// PeerSatisfied compares a provider's version with the wanted range. A
// prerelease counts as the release it precedes: whoever installs it on
// purpose does not want to be told (yarn's satisfiesWithPrereleases).
func PeerSatisfied(version, wanted string) bool {
	wanted = peerRange(wanted)
	if wanted == "*" {
		return true
	}
	v, err1 := semver.Parse(version, loose)
	rng, err2 := semver.ParseRange(wanted, loose)
	if err1 != nil || err2 != nil {
		return version == wanted
	}
	return rng.Match(v) || v.IsPrerelease() && rng.Match(v.Release())
}
