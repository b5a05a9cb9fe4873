package semver

import (
	"slices"
	"strings"
)

// Intersect writes the intersection of ranges as one range, the way the npm
// package semver-range-intersect 0.3 does, which pnpm asks when several
// packages want the same peer: its text ends up in lockfiles. ok is false for
// ranges that are invalid, by that package's reckoning have nothing in common,
// or have more than a few hundred alternatives.
func Intersect(ranges ...string) (text string, ok bool) {
	parsed := make([]Range, len(ranges))
	for i, s := range ranges {
		var err error
		if parsed[i], err = parseLegacy(s); err != nil {
			return "", false
		}
	}
	for i := range parsed {
		for j := i + 1; j < len(parsed); j++ {
			if !legacyIntersects(parsed[i].comps, parsed[j].comps) {
				return "", false
			}
		}
	}
	var result []span // empty: no range yet, which intersects with anything
	for _, r := range parsed {
		var spans []span
		for rest := r.comps; len(rest) > 0; {
			var set []comparator
			set, rest = cutSet(rest)
			if s, ok := spanOf(set); ok {
				spans = append(spans, s)
			}
		}
		if len(spans) > maxSpans {
			return "", false
		}
		spans, ok := mergeSpans(spans)
		if !ok {
			return "", false
		}
		if result, ok = intersectSpans(result, spans); !ok {
			return "", false
		}
	}
	return unionText(result)
}

func unionText(spans []span) (string, bool) {
	if len(spans) == 0 {
		return "", false
	}
	var texts []string
	for _, s := range spans {
		if t := s.text(); !slices.Contains(texts, t) {
			texts = append(texts, t)
		}
	}
	if text := strings.Join(texts, " || "); text != "" {
		return text, true
	}
	return "*", true
}

// maxSpans bounds the work of mergeSpans, which is quadratic, and of the
// ranges that follow. Real ranges make a dozen.
const maxSpans = 512

// intersectSpans intersects two unions, of which an empty one is left out of
// account. It is not ok where semver-range-intersect throws.
func intersectSpans(a, b []span) ([]span, bool) {
	if len(a) == 0 || len(b) == 0 {
		return append(a, b...), true
	}
	var out []span
	for _, x := range a {
		for _, y := range b {
			s, found, ok := x.intersect(y)
			if !ok {
				return nil, false
			}
			if found {
				out = append(out, s)
			}
			if len(out) > maxSpans {
				return nil, false
			}
		}
	}
	return mergeSpans(out)
}

// mergeSpans unites spans that overlap, in the order in which
// semver-range-intersect does: it shows in the text.
func mergeSpans(spans []span) (merged []span, ok bool) {
	for _, s := range spans {
		if merged, ok = mergeInto(merged, s); !ok {
			return nil, false
		}
	}
	return merged, true
}

func mergeInto(merged []span, s span) (out []span, ok bool) {
	kept := make([]span, 0, len(merged)+1)
	first, absorbed := false, false
	for _, old := range merged {
		if absorbed {
			kept = append(kept, old)
			continue
		}
		united, found, ok := old.merge(s)
		switch {
		case !ok:
			return nil, false
		case !found:
			kept = append(kept, old)
		case united == old:
			kept = append(kept, old)
			absorbed = true
		default: // old is replaced by what it became
			first = first || !old.single && !s.single
			s = united
		}
	}
	switch {
	case absorbed:
		return kept, true
	case first:
		return append([]span{s}, kept...), true
	}
	return append(kept, s), true
}
