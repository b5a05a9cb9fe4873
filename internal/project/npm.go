package project

import (
	"bytes"
	"encoding/json"
	"slices"
)

// AsNpm is a package.json as npm writes it when it changes one: all of it anew,
// with the indentation and line ends that it had, and all dependencies sorted.
func AsNpm(raw []byte) ([]byte, error) {
	for _, group := range []string{"dependencies", "optionalDependencies", "devDependencies", "peerDependencies"} {
		d, err := scan(raw)
		if err != nil {
			return nil, err
		}
		raw = d.sorted(group)
	}
	d, err := scan(raw)
	if err != nil {
		return nil, err
	}
	indent, newline := style(raw[d.open:])
	if newline == "" {
		indent, newline = "  ", "\n"
	}
	var compact, out bytes.Buffer
	if err := json.Compact(&compact, bytes.TrimPrefix(raw, []byte(bom))); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, compact.Bytes(), "", indent); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte(newline)), nil
}

// sorted is the file with one group of dependencies in order.
func (d *layout) sorted(group string) []byte {
	at := -1
	for i := range d.members { // of members with one name the last counts
		if d.members[i].name == group {
			at = i
		}
	}
	if at < 0 {
		return d.raw
	}
	m := d.members[at]
	deps, _, _, err := cut(m.value)
	if err != nil {
		return d.raw // no object: npm leaves it
	}
	slices.SortStableFunc(deps, func(a, b member) int { return Locale.Compare(a.name, b.name) })
	return d.replace(m.end-len(m.value), m.end, d.render(deps))
}
