package fsys

import (
	"math"

	"golang.org/x/sys/windows"
)

// OpenFiles is bounded by nothing but memory.
func OpenFiles() int { return math.MaxInt32 }

func tooManyFiles(err error) bool { return is(err, windows.ERROR_TOO_MANY_OPEN_FILES) }
