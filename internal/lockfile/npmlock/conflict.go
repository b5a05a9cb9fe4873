package npmlock

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"godwit/internal/lockfile/npmlock/nicejson"
)

// mergeSides makes one file of one in which git left conflict markers: what
// either side changed is taken, and of what both changed ours
// (parse-conflict-json).
func mergeSides(data []byte) ([]byte, error) {
	sides, err := split(string(data))
	if err != nil {
		return nil, err
	}
	var parsed [3]nicejson.Value
	for i, text := range sides {
		parsed[i], err = nicejson.Parse([]byte(text))
		switch {
		case err != nil && side(i) == base:
			parsed[i] = nicejson.Object() // git was not asked to write it down
		case err != nil:
			return nil, fmt.Errorf("one side of the conflict in it: %w", err)
		}
	}
	merged := merge(parsed[ours], parsed[theirs], parsed[base])
	return merged.Append(nil, nicejson.DefaultStyle, nil), nil
}

func hasConflict(data []byte) bool {
	return bytes.HasPrefix(data, []byte("<<<<<<<")) || bytes.Contains(data, []byte("\n<<<<<<<"))
}

// side is one of the three files that git could not merge.
type side int

const (
	ours side = iota
	base
	theirs
)

// split rebuilds the three files.
func split(text string) ([3]string, error) {
	var out [3]strings.Builder
	const all = side(-1)
	at := all
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "<<<<<<<"):
			at = ours
		case strings.HasPrefix(line, "|||||||") && at == ours:
			at = base
		case strings.HasPrefix(line, "=======") && (at == ours || at == base):
			at = theirs
		case strings.HasPrefix(line, ">>>>>>>") && at == theirs:
			at = all
		default:
			for s := range out {
				if at == all || at == side(s) {
					out[s].WriteString(line)
				}
			}
		}
	}
	if at != all {
		return [3]string{}, errors.New("its conflict markers do not pair up")
	}
	return [3]string{out[ours].String(), out[base].String(), out[theirs].String()}, nil
}

// merge takes of each member the side that changed it.
func merge(ours, theirs, base nicejson.Value) nicejson.Value {
	if ours.Kind != '{' || theirs.Kind != '{' {
		if nicejson.Equal(ours, base) {
			return theirs
		}
		return ours
	}
	out := nicejson.Object()
	mine, other, was := ours.Members(), theirs.Members(), base.Members()
	for _, f := range ours.Fields {
		old, inBase := was[f.Name]
		change, there := other[f.Name]
		switch {
		case there:
			out.Fields = append(out.Fields, nicejson.Field{Name: f.Name, Value: merge(f.Value, change, old)})
		case !inBase || !nicejson.Equal(f.Value, old): // else they removed it
			out.Fields = append(out.Fields, f)
		}
	}
	for _, f := range theirs.Fields {
		old, inBase := was[f.Name]
		if _, there := mine[f.Name]; !there && (!inBase || !nicejson.Equal(f.Value, old)) {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}
