package replay

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// member is one name and value of a JSON object. Objects are handled as lists
// of members because the order of versions is part of what a registry says.
type member struct {
	name  string
	value jsontext.Value
}

// lenient reads what registries really send: some old packuments hold
// duplicate names and broken UTF-8.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// members lists the members of the JSON object v, in order.
func members(v []byte) ([]member, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(v), lenient...)
	open, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if open.Kind() != '{' {
		return nil, fmt.Errorf("a JSON object was expected, not %s", open.Kind())
	}
	var out []member
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		m := member{name: name.String()}
		value, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		m.value = value.Clone()
		out = append(out, m)
	}
	_, err = dec.ReadToken()
	return out, err
}

// object is the inverse of members.
func object(ms []member) (jsontext.Value, error) {
	var buf bytes.Buffer
	enc := jsontext.NewEncoder(&buf, lenient...)
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return nil, err
	}
	for _, m := range ms {
		if err := enc.WriteToken(jsontext.String(m.name)); err != nil {
			return nil, err
		}
		if err := enc.WriteValue(m.value); err != nil {
			return nil, err
		}
	}
	if err := enc.WriteToken(jsontext.EndObject); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(buf.Bytes()), nil
}

// find returns the value of the member called name, or nil.
func find(ms []member, name string) jsontext.Value {
	for _, m := range ms {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// text is the Go string of a JSON string, or "" for any other value.
func text(v jsontext.Value) string {
	if v.Kind() != '"' {
		return ""
	}
	out, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return ""
	}
	return string(out)
}

// eachVersion rewrites the members of every version in a packument.
func eachVersion(doc []member, rewrite func([]member) ([]member, error)) error {
	i := slices.IndexFunc(doc, func(m member) bool { return m.name == "versions" })
	if i < 0 {
		return nil
	}
	versions, err := members(doc[i].value)
	if err != nil {
		return fmt.Errorf("versions: %w", err)
	}
	for j := range versions {
		fields, err := members(versions[j].value)
		if err != nil {
			return fmt.Errorf("version %s: %w", versions[j].name, err)
		}
		if fields, err = rewrite(fields); err != nil {
			return fmt.Errorf("version %s: %w", versions[j].name, err)
		}
		if versions[j].value, err = object(fields); err != nil {
			return fmt.Errorf("version %s: %w", versions[j].name, err)
		}
	}
	doc[i].value, err = object(versions)
	return err
}

// neutral returns the packument doc with every tarball URL u replaced by
// neutralBase + path(u).
//
// Some mirrors pass on "dependencies": [] from the registry's first years. The
// public registry does not, and clients refuse the whole document for it, so
// it is dropped.
func neutral(doc []byte, path func(tarball string) string) ([]byte, error) {
	top, err := members(doc)
	if err != nil {
		return nil, err
	}
	err = eachVersion(top, func(fields []member) ([]member, error) {
		fields = slices.DeleteFunc(fields, func(f member) bool {
			return slices.Contains(dependencyFields, f.name) && f.value.Kind() != '{'
		})
		for i, f := range fields {
			if f.name != "dist" || f.value.Kind() != '{' {
				continue
			}
			var err error
			if fields[i].value, err = neutralDist(f.value, path); err != nil {
				return nil, err
			}
		}
		return fields, nil
	})
	if err != nil {
		return nil, err
	}
	return object(top)
}

// neutralDist is neutral for one dist object.
func neutralDist(v jsontext.Value, path func(tarball string) string) (jsontext.Value, error) {
	dist, err := members(v)
	if err != nil {
		return nil, err
	}
	for i, d := range dist {
		if d.name != "tarball" {
			continue
		}
		if dist[i].value, err = jsontext.AppendQuote(nil, neutralBase+path(text(d.value))); err != nil {
			return nil, err
		}
	}
	return object(dist)
}

// shortFields are the members of a version that the abbreviated form keeps:
// those npm's registry documentation lists, and those registries send besides
// (libc, peerDependenciesMeta, acceptDependencies, funding).
var shortFields = []string{
	"name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies",
	"bundleDependencies", "bundledDependencies", "peerDependencies", "peerDependenciesMeta",
	"acceptDependencies", "bin", "directories", "dist", "engines", "os", "cpu", "libc", "funding",
	"hasInstallScript", "_hasShrinkwrap",
}

// dependencyFields are those of shortFields that map names to specifiers.
var dependencyFields = []string{"dependencies", "optionalDependencies", "devDependencies", "peerDependencies"}

// installScripts are the lifecycle events that make a registry say
// hasInstallScript.
var installScripts = []string{"preinstall", "install", "postinstall"}

// shorten makes the abbreviated form of the full packument doc.
func shorten(doc []byte) ([]byte, error) {
	top, err := members(doc)
	if err != nil {
		return nil, err
	}
	if err := eachVersion(top, shortVersion); err != nil {
		return nil, err
	}
	var out []member
	for _, name := range []string{"name", "dist-tags", "versions"} {
		if v := find(top, name); v != nil {
			out = append(out, member{name, v})
		}
	}
	if at := modified(top); at != nil {
		out = append(out, member{"modified", at})
	}
	return object(out)
}

// shortVersion keeps the abbreviated members of one version and adds
// hasInstallScript, which only the scripts of the full form tell.
func shortVersion(fields []member) ([]member, error) {
	var out []member
	for _, f := range fields {
		if slices.Contains(shortFields, f.name) {
			out = append(out, f)
		}
	}
	scripts := find(fields, "scripts")
	if find(fields, "hasInstallScript") != nil || scripts.Kind() != '{' {
		return out, nil
	}
	list, err := members(scripts)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if slices.Contains(installScripts, s.name) {
			return append(out, member{"hasInstallScript", jsontext.Value("true")}), nil
		}
	}
	return out, nil
}

// modified is the time of the last change of a packument as a JSON string: the
// one it gives, else the latest of its versions, else nil.
func modified(top []member) jsontext.Value {
	if v := find(top, "modified"); v != nil {
		return v
	}
	times := find(top, "time")
	if times.Kind() != '{' {
		return nil
	}
	list, err := members(times)
	if err != nil {
		return nil
	}
	if v := find(list, "modified"); v != nil {
		return v
	}
	var last jsontext.Value
	for _, m := range list {
		// RFC 3339 times in UTC sort as text.
		if m.value.Kind() == '"' && bytes.Compare(m.value, last) > 0 {
			last = m.value
		}
	}
	return last
}

// version returns the manifest that tag (a version or a dist-tag) names in the
// packument doc, or nil where there is none.
func version(doc []byte, tag string) (jsontext.Value, error) {
	top, err := members(doc)
	if err != nil {
		return nil, err
	}
	if tags := find(top, "dist-tags"); tags.Kind() == '{' {
		list, err := members(tags)
		if err != nil {
			return nil, err
		}
		if v := text(find(list, tag)); v != "" {
			tag = v
		}
	}
	versions := find(top, "versions")
	if versions.Kind() != '{' {
		return nil, nil
	}
	list, err := members(versions)
	if err != nil {
		return nil, err
	}
	return find(list, tag), nil
}
