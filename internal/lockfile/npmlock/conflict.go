package npmlock

import (
	"fmt"

	"godwit/internal/lockfile/conflict"
	"godwit/internal/lockfile/npmlock/nicejson"
)

// mergeSides makes one file of one in which git left conflict markers: what
// either side changed is taken, and of what both changed ours
// (parse-conflict-json).
func mergeSides(data []byte) ([]byte, error) {
	sides, err := conflict.Split(string(data))
	if err != nil {
		return nil, err
	}
	ours, err := nicejson.Parse([]byte(sides.Ours))
	if err != nil {
		return nil, fmt.Errorf("one side of the conflict in it: %w", err)
	}
	theirs, err := nicejson.Parse([]byte(sides.Theirs))
	if err != nil {
		return nil, fmt.Errorf("one side of the conflict in it: %w", err)
	}
	base, err := nicejson.Parse([]byte(sides.Base))
	if err != nil {
		base = nicejson.Object() // git was not asked to write it down
	}
	merged := merge(ours, theirs, base)
	return merged.Append(nil, nicejson.DefaultStyle, nil), nil
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
