package project

import (
	"bytes"
	"encoding/json"
	"slices"
)

// SetRuntime is a manifest, text, that wants a version of a JavaScript runtime to be
// downloaded, as pnpm writes that: field is "devEngines" or "engines", version a range
// or what else means one. With "" nothing is wanted any more. Without need the same
// slice as text comes back.
func (p *Project) SetRuntime(text []byte, field, name, version string) ([]byte, error) {
	if p.File != ManifestFile {
		root, err := parseManifest(p.Path(), text)
		if err != nil {
			return nil, err
		}
		engines, changed := withRuntime(root.Field(field), name, version)
		if !changed {
			return text, nil
		}
		return p.set(text, []string{field, "runtime"}, engines.Field("runtime"))
	}
	d, err := scan(text)
	if err != nil {
		return nil, err
	}
	d.indent, d.newline = style(text[d.open:])
	at, old := -1, Node{}
	for i := range d.members { // of members with one name the last counts
		if d.members[i].name == field {
			at = i
		}
	}
	if at >= 0 {
		if old, err = parseJSON(p.Path(), d.members[at].value); err != nil {
			return nil, err
		}
	}
	engines, changed := withRuntime(old, name, version)
	switch {
	case !changed:
		return text, nil
	case at >= 0:
		m := d.members[at]
		value, err := d.value(engines)
		return d.replace(m.end-len(m.value), m.end, value), err
	}
	value, err := d.value(engines)
	return d.append(field, value), err
}

// withRuntime is devEngines, or engines, with another runtime in it.
func withRuntime(engines Node, name, version string) (_ Node, changed bool) {
	runtime := engines.Field("runtime")
	list := runtime.Items
	if runtime.Kind == Map {
		list = []Node{runtime}
	}
	i := slices.IndexFunc(list, func(n Node) bool { return n.Field("name").Text == name })
	entry := Node{Kind: Map}
	if i >= 0 {
		entry = list[i]
		entry.Fields = slices.Clone(entry.Fields)
	}
	switch {
	case version == "" && (i < 0 || entry.Field("onFail").Text != "download"),
		i >= 0 && version != "" && entry.Field("version").Text == version && entry.Field("onFail").Text == "download":
		return engines, false
	case version == "":
		list = slices.Delete(slices.Clone(list), i, i+1)
	default:
		entry.Set("name", Text(name))
		entry.Set("version", Text(version))
		entry.Set("onFail", Text("download"))
		if list = slices.Clone(list); i >= 0 {
			list[i] = entry
		} else {
			list = append(list, entry)
		}
	}
	if engines.Kind != Map {
		engines = Node{Kind: Map}
	}
	engines.Fields = slices.Clone(engines.Fields)
	switch {
	case len(list) == 0:
		engines.Fields = slices.DeleteFunc(engines.Fields, func(f Field) bool { return f.Key == "runtime" })
	case len(list) == 1 && runtime.Kind != List:
		engines.Set("runtime", list[0])
	default:
		engines.Set("runtime", Node{Kind: List, Items: list})
	}
	return engines, true
}

// value is a value as it stands behind the name of a top-level member.
func (d *layout) value(n Node) ([]byte, error) {
	var b bytes.Buffer
	if d.newline == "" {
		err := json.Compact(&b, n.JSON())
		return b.Bytes(), err
	}
	err := json.Indent(&b, n.JSON(), d.indent, d.indent)
	return bytes.ReplaceAll(b.Bytes(), []byte("\n"), []byte(d.newline)), err
}
