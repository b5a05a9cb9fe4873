// Package unidiff applies unified diffs, as diff -u and git diff write them.
//
// It is pure: [Parse] reads a patch file, and [Diff.Apply] turns the files that
// a package has into those it shall have. A hunk is found as pnpm and
// patch-package find it, so that patch files made there apply here alike: lines
// are compared without the blanks at their ends, so that line ends of either
// kind match, and a hunk may stand up to twenty lines from where it was made. A
// line that stays keeps its own end.
package unidiff

import "fmt"

// Diff is a parsed patch file. It is immutable.
type Diff struct{ files []file }

// file is what a patch does to one file.
type file struct {
	from, to string // slash paths below the package; "" where there is no file
	mode     mode   // of to
	hunks    []hunk
	line     int // of the patch, from 1
}

// name is the file as messages call it.
func (f *file) name() string {
	if f.to == "" {
		return f.from
	}
	return f.to
}

// mode is what a patch says of a file's permissions.
type mode uint8

const (
	asItWas mode = iota
	plain        // 100644
	exec         // 100755
)

// hunk is one place of a file that changes.
type hunk struct {
	start int // index of its first line in the old file
	old   int // lines that it has in the old file
	lines []line
	line  int // of the patch, from 1
}

type line struct {
	kind byte // ' ', '-' or '+'
	text string
	// last says that the file ends with this line and without a line end.
	last bool
}

// Error is a patch file that cannot be read, or does not apply.
type Error struct {
	Line    int    // of the patch file, from 1
	File    string // of the package; "" where none is to blame
	Hunk    int    // of the file, from 1; 0 where none is to blame
	Problem string
	Outside bool // the patch is for a file that is not in the package
}

func (e *Error) Error() string {
	where := fmt.Sprintf("line %d", e.Line)
	if e.Hunk > 0 {
		where = fmt.Sprintf("hunk %d (line %d of the patch)", e.Hunk, e.Line)
	}
	if e.File != "" {
		return fmt.Sprintf("%.200q: %s %s", e.File, where, e.Problem)
	}
	return where + " " + e.Problem
}
