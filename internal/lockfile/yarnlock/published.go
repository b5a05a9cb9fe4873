package yarnlock

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// document is a package.json as yarn reads it, which is stricter than npm: what is
// of another type is as if it were not there (@yarnpkg/core, Manifest.load).
type document struct {
	Name                 any `json:"name"`
	OS                   any `json:"os"`
	CPU                  any `json:"cpu"`
	Libc                 any `json:"libc"`
	Bin                  any `json:"bin"`
	Scripts              any `json:"scripts"`
	Dependencies         any `json:"dependencies"`
	PeerDependencies     any `json:"peerDependencies"`
	OptionalDependencies any `json:"optionalDependencies"`
	DependenciesMeta     any `json:"dependenciesMeta"`
	PeerDependenciesMeta any `json:"peerDependenciesMeta"`
}

// Found is a version that was chosen.
type Found struct {
	*npm.Manifest
	// JSON is what the registry says of the version, in the full form. Yarn 1 does
	// without.
	JSON []byte
	// ArchiveURL is where its tarball is, if that is not where the registry keeps
	// tarballs as a rule.
	ArchiveURL string
}

// locator is how berry calls the version.
func (f *Found) locator() string {
	out := string(f.Name) + "@npm:" + f.Version
	if f.ArchiveURL != "" {
		out += "::__archiveUrl=" + escapeQuery(f.ArchiveURL)
	}
	return out
}

// escapeQuery is encodeURIComponent.
func escapeQuery(s string) string {
	s = strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	return strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(s)
}

// published is the entry of a version, but for its checksum.
func (r *Record) published(f Found) (*Entry, error) {
	var d document
	if err := json.Unmarshal(f.JSON, &d); err != nil {
		return nil, err
	}
	resolution := f.locator()
	field := syml.Map("", syml.Text("version", f.Version), syml.Text("resolution", resolution))
	optional := texts(d.OptionalDependencies)
	deps := texts(d.Dependencies)
	maps.Copy(deps, optional)
	if needsGyp(texts(d.Scripts)) && deps[nodeGyp] == "" && texts(d.PeerDependencies)[nodeGyp] == "" {
		deps[nodeGyp] = "latest"
	}
	normal := make(map[string]string, len(deps))
	for alias, spec := range deps {
		normal[alias] = withProtocol(spec)
	}
	meta := flagsOf(d.DependenciesMeta, "built", "optional", "unplugged")
	for alias := range optional {
		meta.setOptional(alias)
	}
	field.Fields = append(field.Fields,
		textMap("dependencies", normal), textMap("peerDependencies", d.peers()),
		meta.field("dependenciesMeta"), flagsOf(d.PeerDependenciesMeta, "optional").field("peerDependenciesMeta"), textMap("bin", d.bins()),
		syml.Text("languageName", "node"), syml.Text("linkType", "hard"))
	if text := d.conditions(); text != "" {
		field.Set(syml.Text("conditions", text))
	}
	field.Keys = []string{resolution}
	e, err := r.entry(&field)
	if err != nil {
		return nil, err
	}
	e.Descriptors = nil
	return e, nil
}

// nodeGyp is what yarn adds to the dependencies of packages whose scripts use it:
// most that do so take it for granted.
const nodeGyp = "node-gyp"

func needsGyp(scripts map[string]string) bool {
	for _, line := range scripts {
		if hasWord(line, nodeGyp) || hasWord(line, "prebuild-install") {
			return true
		}
	}
	return false
}

// hasWord reports whether a word stands in a text with no letter, digit or "_"
// beside it.
func hasWord(text, word string) bool {
	for {
		before, after, ok := strings.Cut(text, word)
		if !ok {
			return false
		}
		if (before == "" || !wordByte(before[len(before)-1])) && (after == "" || !wordByte(after[0])) {
			return true
		}
		text = text[len(before)+1:]
	}
}

func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// texts are the members of an object that are texts.
func texts(v any) map[string]string {
	out := map[string]string{}
	object, _ := v.(map[string]any)
	for key, v := range object {
		if text, ok := v.(string); ok {
			out[key] = text
		}
	}
	return out
}

func textMap(key string, of map[string]string) syml.Field {
	f := syml.Map(key)
	for _, name := range slices.Sorted(maps.Keys(of)) {
		f.Fields = append(f.Fields, syml.Text(name, of[name]))
	}
	return f
}

// peers are the peers, with any version where the range is none.
func (d *document) peers() map[string]string {
	out := map[string]string{}
	object, _ := d.PeerDependencies.(map[string]any)
	for alias, v := range object {
		rng, ok := v.(string)
		if !ok {
			rng = "*"
		}
		out[alias] = peerRange(rng)
	}
	return out
}

// peerRange is how yarn writes what is asked for of a peer: any version where it is
// neither a range nor of the workspace.
func peerRange(rng string) string {
	if _, err := semver.ParseRange(rng, semver.Options{}); err != nil && !strings.HasPrefix(rng, "workspace:") {
		return "*"
	}
	return rng
}

// Peers are the peers of a project as berry writes them.
func Peers(deps npm.Deps) npm.Deps {
	out := slices.Clone(deps)
	for i := range out {
		out[i].Specifier = peerRange(out[i].Specifier)
	}
	return out
}

// bins are the commands: their names without scopes, their paths as they are.
func (d *document) bins() map[string]string {
	if one, ok := d.Bin.(string); ok {
		name, _ := d.Name.(string)
		if strings.TrimSpace(one) == "" || name == "" {
			return nil
		}
		return map[string]string{npm.Name(name).Base(): strings.ReplaceAll(one, `\`, "/")}
	}
	out := map[string]string{}
	for name, file := range texts(d.Bin) {
		if strings.TrimSpace(file) != "" {
			out[npm.Name(name).Base()] = strings.ReplaceAll(file, `\`, "/")
		}
	}
	return out
}

// conditions are where the package runs: "os=darwin & (cpu=x64 | cpu=arm64)".
func (d *document) conditions() string {
	var parts []string
	for _, of := range []struct {
		name string
		list any
	}{{"os", d.OS}, {"cpu", d.CPU}, {"libc", d.Libc}} {
		var tokens []string
		list, _ := of.list.([]any)
		for _, v := range list {
			if text, ok := v.(string); ok {
				tokens = append(tokens, conditionToken(of.name, text))
			}
		}
		switch len(tokens) {
		case 0:
		case 1:
			parts = append(parts, tokens[0])
		default:
			parts = append(parts, "("+strings.Join(tokens, " | ")+")")
		}
	}
	return strings.Join(parts, " & ")
}

func conditionToken(name, text string) string {
	value := strings.TrimLeft(text, "!")
	switch {
	case value == "":
		return "invalid"
	case (len(text)-len(value))%2 == 1:
		return "!" + name + "=" + value
	}
	return name + "=" + value
}

// flags are what dependenciesMeta and peerDependenciesMeta say: by name, by flag.
type flags map[string]map[string]bool

// flagsOf reads the flags that yarn knows. What has one of another type says nothing.
func flagsOf(v any, known ...string) flags {
	out := flags{}
	object, _ := v.(map[string]any)
	for name, v := range object {
		meta, ok := v.(map[string]any)
		if !ok {
			continue
		}
		of, err := flagValues(meta, known)
		if err == nil {
			out[name] = of
		} else {
			out[name] = map[string]bool{}
		}
	}
	return out
}

var errNoFlag = errors.New("a flag is neither true nor false")

func flagValues(meta map[string]any, known []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, flag := range known {
		switch v := meta[flag].(type) {
		case nil:
			if _, null := meta[flag]; null {
				return nil, errNoFlag
			}
		case bool:
			out[flag] = v
		default:
			return nil, errNoFlag
		}
	}
	return out, nil
}

func (f flags) setOptional(name string) {
	if f[name] == nil {
		f[name] = map[string]bool{}
	}
	f[name]["optional"] = true
}

func (f flags) field(key string) syml.Field {
	out := syml.Map(key)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		of := syml.Map(name)
		for _, flag := range slices.Sorted(maps.Keys(f[name])) {
			text := "false"
			if f[name][flag] {
				text = "true"
			}
			of.Fields = append(of.Fields, syml.Field{Keys: []string{flag}, Text: text, Bare: true})
		}
		out.Fields = append(out.Fields, of)
	}
	return out
}
