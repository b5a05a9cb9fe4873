package compat

import (
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf16"
)

// Checksum sums up packageExtensions as pnpm-lock.yaml records them, "sha256-…";
// of none it is "". It is the SHA-256, in base64, of what npm's object-hash
// writes for the object with its keys sorted.
func Checksum(list []Extension) string {
	if len(list) == 0 {
		return ""
	}
	extensions := map[string]value{}
	for _, e := range list {
		extensions[e.Selector] = e.Fields.value()
	}
	h := objectHash{sha256.New()}
	h.object(extensions)
	return "sha256-" + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// value writes itself.
type value func(objectHash)

func (f *Fields) value() value {
	fields := map[string]value{}
	for name, deps := range map[string]map[string]string{
		"dependencies": f.Dependencies, "optionalDependencies": f.OptionalDependencies, "peerDependencies": f.PeerDependencies,
	} {
		if deps == nil {
			continue
		}
		values := map[string]value{}
		for alias, spec := range deps {
			values[alias] = func(h objectHash) { h.str(spec) }
		}
		fields[name] = func(h objectHash) { h.object(values) }
	}
	if f.PeerDependenciesMeta != nil {
		peers := map[string]value{}
		for alias, meta := range f.PeerDependenciesMeta {
			flags := map[string]value{}
			if meta.Optional != nil {
				flags["optional"] = func(h objectHash) { io.WriteString(h, "bool:"+strconv.FormatBool(*meta.Optional)) }
			}
			peers[alias] = func(h objectHash) { h.object(flags) }
		}
		fields["peerDependenciesMeta"] = func(h objectHash) { h.object(peers) }
	}
	return func(h objectHash) { h.object(fields) }
}

// objectHash writes values the way object-hash 3 does.
type objectHash struct{ hash.Hash }

// str has the length as JavaScript counts it, in UTF-16.
func (h objectHash) str(s string) {
	io.WriteString(h, "string:"+strconv.Itoa(len(utf16.Encode([]rune(s))))+":"+s)
}

func (h objectHash) object(fields map[string]value) {
	io.WriteString(h, "object:"+strconv.Itoa(len(fields))+":")
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		h.str(key)
		io.WriteString(h, ":")
		fields[key](h)
		io.WriteString(h, ",")
	}
}
