package project

import "slices"

// SetText gives a member of a JSON document the string text, and changes no other
// byte. path leads to it from the top. Where a member on the way is missing the
// document is returned as it is, but that a new one at the top is put behind the
// first.
func SetText(raw []byte, text string, path ...string) ([]byte, error) {
	d, err := scan(raw)
	if err != nil {
		return nil, err
	}
	at := -1
	for i := range d.members { // of members with one name the last counts
		if d.members[i].name == path[0] {
			at = i
		}
	}
	value := quote(text)
	switch {
	case at < 0 && len(path) == 1 && len(d.members) > 0:
		indent, newline := style(d.raw[d.open:])
		added := "," + newline + indent
		if newline == "" {
			added = ", "
		}
		added += string(quote(path[0])) + ": " + string(value)
		return slices.Insert(slices.Clone(raw), d.members[0].end, []byte(added)...), nil
	case at < 0:
		return raw, nil
	}
	m := d.members[at]
	if len(path) > 1 {
		if value, err = SetText(m.value, text, path[1:]...); err != nil {
			return nil, err
		}
	}
	return slices.Concat(raw[:m.end-len(m.value)], value, raw[m.end:]), nil
}
