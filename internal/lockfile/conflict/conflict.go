// Package conflict takes apart a text file in which git left the markers of a
// merge that it could not make.
package conflict

import (
	"fmt"
	"strings"
)

// The letters of the lines that git writes around and between the sides of a
// conflict, seven of each. The second one, of the styles diff3 and zdiff3, is
// followed by the common ancestor.
const (
	oursMark   = '<'
	baseMark   = '|'
	theirsMark = '='
	endMark    = '>'

	// markLen is how long a marker is. Git writes longer ones into an ancestor
	// that it had to merge of several itself and could not.
	markLen = 7
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
// its own only, as git writes it; the others may be followed by a name.
func opened(line string) (side, bool) {
	if len(line) < markLen {
		return all, false
	}
	rest := strings.TrimLeft(line, line[:1])
	if len(line)-len(rest) < markLen || rest != "" && (rest[0] != ' ' || line[0] == theirsMark) {
		return all, false
	}
	switch line[0] {
	case oursMark:
		return ours, true
	case baseMark:
		return base, true
	case theirsMark:
		return theirs, true
	case endMark:
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
	const openLine = "<<<<<<<"
	return strings.HasPrefix(text, openLine) || strings.Contains(text, "\n"+openLine)
}

// Sides are the files that git could not merge. Base has of a conflict nothing
// where git was not asked to write it down.
type Sides struct{ Ours, Base, Theirs string }

// Join is a file that is one conflict as a whole, which [Split] takes apart
// again. It is how sides that are known by themselves reach a reader of files.
func Join(s Sides) string {
	var b strings.Builder
	for _, part := range []struct {
		mark byte
		text string
	}{{oursMark, s.Ours}, {baseMark, s.Base}, {theirsMark, s.Theirs}, {endMark, ""}} {
		b.WriteString(strings.Repeat(string(part.mark), markLen) + "\n" + part.text)
		if part.text != "" && !strings.HasSuffix(part.text, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Split rebuilds the files. A conflict inside a side, which somebody committed
// unresolved or git met in an ancestor, is what its own first side says. An
// error is markers that are not where git writes them, a *MarkerError.
func Split(text string) (Sides, error) {
	var out [theirs + 1]strings.Builder
	at := []side{all} // the innermost conflict last
	n := 0
	for line := range strings.Lines(text) {
		n++
		if next, ok := opened(strings.TrimRight(line, "\r\n")); ok {
			var fits bool
			if at, fits = step(at, next); !fits {
				return Sides{}, &MarkerError{n}
			}
			continue
		}
		for s := ours; s <= theirs; s++ {
			if holds(at, s) {
				out[s].WriteString(line)
			}
		}
	}
	if len(at) > 1 {
		return Sides{}, &MarkerError{n}
	}
	return Sides{out[ours].String(), out[base].String(), out[theirs].String()}, nil
}

// maxNested bounds conflicts in conflicts. Git makes two of them at most by
// itself; what is deeper was not made by merging.
const maxNested = 16

// step goes over a marker.
func step(at []side, next side) ([]side, bool) {
	last := len(at) - 1
	switch {
	case next == ours:
		return append(at, ours), last < maxNested
	case last == 0 || !at[last].follows(next):
		return at, false
	case next == all:
		return at[:last], true
	}
	at[last] = next
	return at, true
}

// holds reports whether a line belongs to the file of a side.
func holds(at []side, s side) bool {
	for i, in := range at[1:] {
		if i == 0 && in != s || i > 0 && in != ours {
			return false
		}
	}
	return true
}

// MarkerError is a marker where git writes none.
type MarkerError struct{ Line int }

func (e *MarkerError) Error() string {
	return fmt.Sprintf("line %d: it has conflict markers of git that do not pair up", e.Line)
}
