package project

import (
	"cmp"
	"slices"
	"strings"
)

// Order is how a tool sorts the members it writes.
type Order uint8

// The orders in use.
const (
	Locale  Order = iota // npm: localeCompare("en")
	Code                 // pnpm: by code units, in all maps of dependencies once one changes
	Changed              // bun, yarn: by code units, in the maps that change
	Kept                 // none: what is new comes last, as with scripts
)

// Compare orders two names.
func (o Order) Compare(a, b string) int {
	switch o {
	case Code, Changed:
		return strings.Compare(a, b)
	case Kept:
		return 0
	}
	return compareLocale(a, b)
}

// localeOrder is ASCII in the order of the Unicode collation root, as
// localeCompare has it: signs, digits, letters.
const localeOrder = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"

// compareLocale is localeCompare("en") for the characters of names: first
// without regard to case, then lower case first. Characters beyond ASCII,
// which names in use do not have, come last in the order of their bytes.
func compareLocale(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(weight(a[i]), weight(b[i])); c != 0 {
			return c
		}
	}
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	for i := range len(a) {
		if a[i] != b[i] { // they differ in case only: the greater byte is the lower case
			return cmp.Compare(b[i], a[i])
		}
	}
	return 0
}

// weight is the place of a character, the same for both cases of a letter.
func weight(c byte) int {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	if i := strings.IndexByte(localeOrder, c); i >= 0 {
		return i
	}
	return len(localeOrder) + int(c)
}

// ordered is a package.json with all maps of dependencies in order. One that is in
// order stays as it is written, and what is no map stays.
func ordered(raw []byte, order Order) ([]byte, error) {
	for _, group := range []string{"dependencies", "optionalDependencies", "devDependencies", "peerDependencies"} {
		d, err := scan(raw)
		if err != nil {
			return nil, err
		}
		d.indent, d.newline = style(raw[d.open:])
		raw = d.ordered(group, order)
	}
	return raw, nil
}

func (d *layout) ordered(group string, order Order) []byte {
	at := d.last(group)
	if at < 0 {
		return d.raw
	}
	m := d.members[at]
	deps, _, _, err := cut(m.value)
	compare := func(a, b member) int { return order.Compare(a.name, b.name) }
	if err != nil || slices.IsSortedFunc(deps, compare) {
		return d.raw
	}
	slices.SortStableFunc(deps, compare)
	return d.replace(m.end-len(m.value), m.end, d.render(deps))
}

// last is where a member is; of several with one name the last counts. -1 is nowhere.
func (d *layout) last(name string) int {
	for i := len(d.members) - 1; i >= 0; i-- {
		if d.members[i].name == name {
			return i
		}
	}
	return -1
}
