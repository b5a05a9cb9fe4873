package yarnlock

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"path"
	"slices"

	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/npm"
)

// projectEntry is the entry of berry for a project as it is now; old is the one it
// has, or nil.
func projectEntry(p *Project, old *Entry) *Entry {
	e := &Entry{Version: "0.0.0-use.local", Name: p.name()}
	e.Resolution = string(e.Name) + "@workspace:" + p.Dir
	e.field = syml.Field{Map: true}
	if old != nil {
		e.field.Fields = slices.Clone(old.field.Fields)
	}
	for _, f := range []syml.Field{
		syml.Text("version", e.Version), syml.Text("resolution", e.Resolution), syml.Text("languageName", "unknown"), syml.Text("linkType", "soft"),
	} {
		e.field.Set(f)
	}
	m := p.Manifest
	all := map[string]string{}
	// Of a package in several groups yarn takes what devDependencies say.
	for _, deps := range []npm.Deps{m.Dependencies, m.OptionalDependencies, m.DevDependencies} {
		for _, d := range deps {
			all[d.Alias] = withProtocol(d.Specifier)
		}
	}
	deps := textMap("dependencies", all)
	for _, f := range deps.Fields {
		e.Dependencies = append(e.Dependencies, npm.Dep{Alias: f.Keys[0], Specifier: f.Text})
		if declared(m.OptionalDependencies, f.Keys[0]) {
			e.OptionalDependencies = append(e.OptionalDependencies, e.Dependencies[len(e.Dependencies)-1])
		}
	}
	e.PeerDependencies = Peers(m.PeerDependencies)
	e.field.Set(deps)
	setDeps(&e.field, "peerDependencies", e.PeerDependencies)
	e.fromDocument(p)
	return e
}

// fromDocument sets what stands in package.json only.
func (e *Entry) fromDocument(p *Project) {
	var d document
	if json.Unmarshal(p.JSON, &d) != nil {
		d = document{} // it was read before, by a reader that is more tolerant
	}
	meta := flagsOf(d.DependenciesMeta, "built", "optional", "unplugged")
	for _, d := range p.Manifest.OptionalDependencies {
		meta.setOptional(d.Alias)
	}
	e.field.Set(meta.field("dependenciesMeta"))
	e.field.Set(flagsOf(d.PeerDependenciesMeta, "optional").field("peerDependenciesMeta"))
	e.field.Set(textMap("bin", d.bins()))
}

// name is that of a project; yarn gives one to those without.
func (p *Project) name() npm.Name {
	if p.Manifest.Name != "" {
		return p.Manifest.Name
	}
	sum := sha512.Sum512([]byte(p.Dir))
	base := "root-workspace"
	if p.Dir != "." {
		base = path.Base(p.Dir)
	}
	return npm.Name(base + "-" + hex.EncodeToString(sum[:])[:6])
}
