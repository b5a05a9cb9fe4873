// Package conflict takes apart a text file in which git left the markers of a
// merge that it could not make.
package conflict

import (
	"fmt"
	"strings"
)

// The lines that git writes around and between the sides of a conflict. The
// second one, of the diff3 style, is followed by the common ancestor.
const (
	oursMark   = "<<<<<<<"
	baseMark   = "|||||||"
	theirsMark = "======="
	endMark    = ">>>>>>>"
)

// side is what lines between two markers belong to.
type side uint8

const (
	all side = iota
	ours
	base
	theirs
)

// opened is the side that a marker line begins. "=======" counts on a line of
// its own only, as git writes it.
func opened(line string) (side, bool) {
	switch {
	case strings.HasPrefix(line, oursMark):
		return ours, true
	case strings.HasPrefix(line, baseMark):
		return base, true
	case line == theirsMark:
		return theirs, true
	case strings.HasPrefix(line, endMark):
		return all, true
	}
	return all, false
}

// follows reports whether git writes a marker of next inside s.
func (s side) follows(next side) bool {
	switch next {
	case ours:
		return s == all
	case base:
		return s == ours
	case theirs:
		return s == ours || s == base
	}
	return s == theirs
}

// Has reports whether there are markers in a text.
func Has(text string) bool {
	return strings.HasPrefix(text, oursMark) || strings.Contains(text, "\n"+oursMark)
}

// Sides are the files that git could not merge. Base has of a conflict nothing
// where git was not asked to write it down.
type Sides struct{ Ours, Base, Theirs string }

// Split rebuilds the files. An error is markers that are not where git writes
// them, a *MarkerError.
func Split(text string) (Sides, error) {
	var out [theirs + 1]strings.Builder
	at, n := all, 0
	for line := range strings.Lines(text) {
		n++
		if next, ok := opened(strings.TrimRight(line, "\r\n")); ok {
			if !at.follows(next) {
				return Sides{}, &MarkerError{n}
			}
			at = next
			continue
		}
		for s := ours; s <= theirs; s++ {
			if at == all || at == s {
				out[s].WriteString(line)
			}
		}
	}
	if at != all {
		return Sides{}, &MarkerError{n}
	}
	return Sides{out[ours].String(), out[base].String(), out[theirs].String()}, nil
}

// MarkerError is a marker where git writes none.
type MarkerError struct{ Line int }

func (e *MarkerError) Error() string {
	return fmt.Sprintf("line %d: it has conflict markers of git that do not pair up", e.Line)
}
