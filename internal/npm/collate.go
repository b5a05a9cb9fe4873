package npm

import (
	"cmp"
	"unicode/utf8"
)

// collation is the order of ASCII in the collation "en" of ICU, which
// localeCompare uses: punctuation counts, and letters differ in case only where
// all else is equal, small ones first.
const collation = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ"

// collationRanks says where each ASCII character is in the collation, the letters of both
// cases in one place. Control characters do not count, which is rank 0.
var collationRanks = func() (r [utf8.RuneSelf]uint8) {
	for i := range len(collation) {
		r[collation[i]] = uint8(i + 1)
	}
	for c := 'a'; c <= 'z'; c++ {
		r[c-'a'+'A'] = r[c]
	}
	return r
}()

// Collate orders strings as a.localeCompare(b, 'en') does, which is how npm sorts
// whatever it sorts, if they are ASCII.
// Other letters come behind those of ASCII, by their code points; the names of
// packages have none, and directories of workspaces hardly ever.
func Collate(a, b string) int {
	x, y, byCase := a, b, 0
	for {
		rx, cx := collated(&x)
		ry, cy := collated(&y)
		if rx != ry {
			return cmp.Compare(rx, ry)
		}
		if rx == 0 {
			return cmp.Or(byCase, cmp.Compare(a, b))
		}
		if byCase == 0 && cx != cy { // one letter in two cases
			byCase = cmp.Compare(cy, cx)
		}
	}
}

// collated takes the first character that counts off s. The rank is 0 at the end.
func collated(s *string) (rank int, c rune) {
	for *s != "" {
		c, n := utf8.DecodeRuneInString(*s)
		*s = (*s)[n:]
		if c >= utf8.RuneSelf {
			return int(c), c
		}
		if collationRanks[c] > 0 {
			return int(collationRanks[c]), c
		}
	}
	return 0, 0
}
