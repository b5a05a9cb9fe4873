//go:build unix

package fsys

import (
	"math"

	"golang.org/x/sys/unix"
)

// OpenFiles is how many files, directories and connections this process may have
// open at one time.
func OpenFiles() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt32
	}
	return int(min(limit.Cur, math.MaxInt32))
}

func tooManyFiles(err error) bool { return is(err, unix.EMFILE, unix.ENFILE) }
