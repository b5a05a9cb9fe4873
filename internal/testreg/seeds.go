package testreg

import (
	"fmt"
	"strconv"
	"strings"
)

// Seeds reads which random projects a campaign is to make: a number of them, or
// FIRST-LAST of the seeds, of which last is left out.
func Seeds(s string) (first, last uint64, err error) {
	from, to, isRange := strings.Cut(s, "-")
	if !isRange {
		from, to = "0", s
	}
	first, err1 := strconv.ParseUint(from, 10, 64)
	last, err2 := strconv.ParseUint(to, 10, 64)
	if err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("%q is neither N nor FIRST-LAST", s)
	}
	return first, last, nil
}
