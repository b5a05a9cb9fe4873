package pnpmlock

import "strings"

// The lines that git writes around and between the sides of a conflict. The
// middle one, of the diff3 style, is followed by the common ancestor.
const (
	oursMark   = "<<<<<<<"
	baseMark   = "|||||||"
	theirsMark = "======="
	endMark    = ">>>>>>>"
)

// side is what lines between two markers belong to.
type side uint8

const (
	both side = iota
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
		return both, true
	}
	return both, false
}

// follows reports whether git writes a marker of next inside s.
func (s side) follows(next side) bool {
	switch next {
	case ours:
		return s == both
	case base:
		return s == ours
	case theirs:
		return s == ours || s == base
	}
	return s == theirs
}

func hasConflict(text string) bool {
	return strings.HasPrefix(text, oursMark) || strings.Contains(text, "\n"+oursMark)
}

// readConflict reads both sides of a file with conflict markers and merges
// them.
func readConflict(name, text string) (*Document, error) {
	left, right, line := sides(text)
	if line != 0 {
		return nil, &Error{File: name, Line: line, Col: 1, code: CodeBroken, hint: hintConflict,
			msg: "the file has conflict markers of git that do not pair up"}
	}
	a, err := readText(name+" (ours)", left)
	if err != nil {
		return nil, err
	}
	b, err := readText(name+" (theirs)", right)
	if err != nil {
		return nil, err
	}
	d := Merge(a, b)
	d.Merged = true
	return d, nil
}

// sides rebuilds the two files that git could not merge. If the markers are
// not where git writes them, badLine is the number of the first such line.
func sides(text string) (left, right string, badLine int) {
	var a, b strings.Builder
	a.Grow(len(text))
	b.Grow(len(text))
	at, n := both, 0
	for line := range strings.Lines(text) {
		n++
		if next, ok := opened(strings.TrimSuffix(line, "\n")); ok {
			if !at.follows(next) {
				return "", "", n
			}
			at = next
			continue
		}
		if at == both || at == ours {
			a.WriteString(line)
		}
		if at == both || at == theirs {
			b.WriteString(line)
		}
	}
	if at != both {
		return "", "", n
	}
	return a.String(), b.String(), 0
}
