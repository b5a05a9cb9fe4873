package npm

import (
	"strconv"

	"godwit/internal/npm/jsonscan"
)

// The functions of this file read one JSON value each and answer with the zero
// value when it is of another type, absent (nil) or malformed.

func stringValue(raw []byte) string {
	s, _ := jsonscan.String(raw)
	return s
}

// listValue reads an array of strings; its other elements are left out.
func listValue(raw []byte) []string {
	if !isKind(raw, '[') {
		return nil
	}
	list := []string{} // an empty list is not an absent one: see Platform.Supports
	s := jsonscan.New(raw)
	for range s.Elements() {
		if v, ok := jsonscan.String(s.Value()); ok {
			list = append(list, v)
		}
	}
	return list
}

// stringOrList reads "linux" as ["linux"].
func stringOrList(raw []byte) []string {
	if s := stringValue(raw); s != "" {
		return []string{s}
	}
	return listValue(raw)
}

// depsValue reads an object of strings in document order. As in JavaScript, a
// key that comes twice keeps its first place and its last value.
func depsValue(raw []byte) Deps {
	if !isKind(raw, '{') {
		return nil
	}
	var deps Deps
	var seen map[string]int // only for maps long enough that searching them hurts
	s := jsonscan.New(raw)
	for key := range s.Members() {
		dep := Dep{Alias: string(key)}
		var ok bool
		if dep.Specifier, ok = jsonscan.String(s.Value()); !ok {
			continue
		}
		at := -1
		at, seen = deps.find(dep.Alias, seen)
		if at >= 0 {
			deps[at] = dep
			continue
		}
		if seen != nil {
			seen[dep.Alias] = len(deps)
		}
		deps = append(deps, dep)
	}
	return deps
}

// find returns the place of alias or -1. Beyond 64 entries (nearly no manifest
// has more, and a hostile one may have a million) it builds and returns an
// index, which the caller keeps up to date.
func (d Deps) find(alias string, index map[string]int) (int, map[string]int) {
	if len(d) < 64 {
		for i := range d {
			if d[i].Alias == alias {
				return i, nil
			}
		}
		return -1, nil
	}
	if index == nil {
		index = make(map[string]int, 2*len(d))
		for i := range d {
			index[d[i].Alias] = i
		}
	}
	if i, ok := index[alias]; ok {
		return i, index
	}
	return -1, index
}

// stringMap reads an object of strings.
func stringMap(raw []byte) map[string]string {
	deps := depsValue(raw)
	if len(deps) == 0 {
		return nil
	}
	m := make(map[string]string, len(deps))
	for _, d := range deps {
		m[d.Alias] = d.Specifier
	}
	return m
}

// keysValue lists the keys of an object.
func keysValue(raw []byte) []string {
	if !isKind(raw, '{') {
		return nil
	}
	var keys []string
	s := jsonscan.New(raw)
	for key := range s.Members() {
		keys = append(keys, string(key))
	}
	return keys
}

// sizeValue reads a count: a number that is whole, not negative and small
// enough to be one.
func sizeValue(raw []byte) int64 {
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f < 0 || f >= 1<<53 || f != float64(int64(f)) {
		return 0
	}
	return int64(f)
}

// truthy is JavaScript's idea of a value that counts as true.
func truthy(raw []byte) bool {
	switch string(raw) {
	case "", "false", "null", `""`:
		return false
	}
	if raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9' {
		f, err := strconv.ParseFloat(string(raw), 64)
		return err != nil || f != 0 // out of range is still not zero
	}
	return true
}

func isKind(raw []byte, first byte) bool { return len(raw) > 0 && raw[0] == first }
