package pnpmlock

import (
	"errors"

	"godwit/internal/lockfile/conflict"
)

// readConflict reads both sides of a file with conflict markers and merges
// them. Git compares lines: where both sides added packages it may put the key
// of one above the fields of another, or write one twice. So whatever does not
// hold together is left out, for the install to resolve.
func readConflict(name, text string) (*Document, error) {
	sides, err := conflict.Split(text)
	var bad *conflict.MarkerError
	if errors.As(err, &bad) {
		return nil, &Error{File: name, Line: bad.Line, Col: 1, code: CodeBroken, hint: hintConflict,
			msg: "the file has conflict markers of git that do not pair up"}
	}
	a, err := readText(name+" (ours)", sides.Ours, decoder{tolerant: true})
	if err != nil {
		return nil, err
	}
	b, err := readText(name+" (theirs)", sides.Theirs, decoder{tolerant: true})
	if err != nil {
		return nil, err
	}
	d := Merge(a, b)
	d.Merged = true
	return d, nil
}
