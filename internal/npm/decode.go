package npm

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"godwit/internal/npm/jsonscan"
)

// DecodeManifest reads a package.json, or what a registry says about one
// version, and is as lenient as npm: a field of the wrong type counts as
// absent, of a field that comes twice the last one counts, and unknown fields
// are not looked at. It fails only when raw is not one JSON object.
//
// Name is empty where the document has none or an invalid one. The aliases and
// specifiers of dependency maps are as written; whoever makes a path of an
// alias parses it first.
//
// What npm normalizes is normalized (@npmcli/package-json, normalizeSteps):
// optionalDependencies win over dependencies of the same name, either spelling
// of bundleDependencies counts, bin is a map of base names to clean relative
// paths that stay inside the package.
func DecodeManifest(raw []byte) (*Manifest, error) {
	f, err := scanFields(raw)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	name, _ := ParseName(stringValue(f.name))
	return f.manifest(name, stringValue(f.version)), nil
}

// fields is where the parts of a manifest are; nil where there is none.
type fields struct {
	name, version, packageManager              []byte
	dependencies, dev, optional                []byte
	peers, peersMeta, accept                   []byte
	bundle, bundled                            []byte
	bin, directories, scripts                  []byte
	engines, os, cpu, libc                     []byte
	deprecated, hasInstallScript, dist, ignore []byte
}

// byteOrderMark is what some editors put before a package.json; npm strips it.
var byteOrderMark = []byte("\xef\xbb\xbf")

func scanFields(raw []byte) (*fields, error) {
	s := jsonscan.New(bytes.TrimPrefix(raw, byteOrderMark))
	if k := s.Kind(); k != '{' && s.Err() == nil {
		return nil, fmt.Errorf("not a JSON object")
	}
	var f fields
	for key := range s.Members() {
		*f.field(key) = s.Value()
	}
	if err := s.End(); err != nil {
		return nil, err
	}
	return &f, nil
}

// field is where to keep the value of key.
func (f *fields) field(key []byte) *[]byte {
	switch string(key) {
	case "name":
		return &f.name
	case "version":
		return &f.version
	case "dependencies":
		return &f.dependencies
	case "devDependencies":
		return &f.dev
	case "optionalDependencies":
		return &f.optional
	case "peerDependencies":
		return &f.peers
	case "peerDependenciesMeta":
		return &f.peersMeta
	case "acceptDependencies":
		return &f.accept
	case "bundleDependencies":
		return &f.bundle
	case "bundledDependencies":
		return &f.bundled
	case "bin":
		return &f.bin
	case "directories":
		return &f.directories
	case "scripts":
		return &f.scripts
	case "engines":
		return &f.engines
	case "os":
		return &f.os
	case "cpu":
		return &f.cpu
	case "libc":
		return &f.libc
	case "deprecated":
		return &f.deprecated
	case "hasInstallScript":
		return &f.hasInstallScript
	case "packageManager":
		return &f.packageManager
	case "dist":
		return &f.dist
	}
	return &f.ignore
}

func (f *fields) manifest(name Name, version string) *Manifest {
	m := &Manifest{
		Name:                 name,
		Version:              version,
		DevDependencies:      depsValue(f.dev),
		OptionalDependencies: depsValue(f.optional),
		PeerDependencies:     depsValue(f.peers),
		OptionalPeers:        optionalPeers(f.peersMeta),
		Accept:               depsValue(f.accept),
		Bundled:              f.bundledNames(),
		Engines:              depsValue(f.engines),
		Runtimes:             runtimesValue(f.engines),
		OS:                   stringOrList(f.os),
		CPU:                  stringOrList(f.cpu),
		Libc:                 stringOrList(f.libc),
		LibcText:             stringValue(f.libc) != "",
		Deprecated:           deprecation(f.deprecated),
		Scripts:              stringMap(f.scripts),
		PackageManager:       stringValue(f.packageManager),
		Dist:                 distValue(f.dist),
	}
	m.Dependencies = without(depsValue(f.dependencies), m.OptionalDependencies)
	m.Bin = binValue(f.bin, m.Name)
	m.BinDir = f.binDir()
	m.HasInstallScript = truthy(f.hasInstallScript) || hasInstallScript(m.Scripts)
	return m
}

// without removes from deps what optional has too.
func without(deps, optional Deps) Deps {
	if len(deps) == 0 || len(optional) == 0 {
		return deps
	}
	names := make(map[string]bool, len(optional))
	for _, d := range optional {
		names[d.Alias] = true
	}
	kept := deps[:0]
	for _, d := range deps {
		if !names[d.Alias] {
			kept = append(kept, d)
		}
	}
	return kept
}

func optionalPeers(raw []byte) map[string]bool {
	if !isKind(raw, '{') {
		return nil
	}
	peers := map[string]bool{}
	s := jsonscan.New(raw)
	for key := range s.Members() {
		alias := string(key)
		if delete(peers, alias); truthy(memberValue(s.Value(), "optional")) {
			peers[alias] = true
		}
	}
	return peers
}

// runtimesValue reads the runtime of engines, one or a list.
func runtimesValue(engines []byte) []Runtime {
	if !bytes.Contains(engines, []byte(`"runtime"`)) { // hardly anybody has it
		return nil
	}
	one := func(raw []byte) Runtime {
		return Runtime{stringValue(memberValue(raw, "name")), stringValue(memberValue(raw, "version")), stringValue(memberValue(raw, "onFail"))}
	}
	raw := memberValue(engines, "runtime")
	if isKind(raw, '{') {
		return []Runtime{one(raw)}
	}
	if !isKind(raw, '[') {
		return nil
	}
	var out []Runtime
	s := jsonscan.New(raw)
	for range s.Elements() {
		out = append(out, one(s.Value()))
	}
	return out
}

// memberValue returns the last value under key of the object raw, or nil.
func memberValue(raw []byte, key string) []byte {
	if !isKind(raw, '{') {
		return nil
	}
	var value []byte
	s := jsonscan.New(raw)
	for k := range s.Members() {
		if string(k) == key {
			value = s.Value()
		}
	}
	return value
}

// bundledNames reads bundleDependencies, or its common misspelling where that
// is absent: true, a list, or an object whose keys count.
func (f *fields) bundledNames() Bundled {
	raw := f.bundle
	if raw == nil {
		raw = f.bundled
	}
	if string(raw) == "true" {
		return Bundled{All: true}
	}
	if names := keysValue(raw); names != nil {
		return Bundled{Names: names}
	}
	return Bundled{Names: listValue(raw)}
}

// deprecation reads the message; other values that count as true get one.
func deprecation(raw []byte) string {
	if s := stringValue(raw); s != "" || !truthy(raw) {
		return s
	}
	return "this version is deprecated"
}

func hasInstallScript(scripts map[string]string) bool {
	return scripts["preinstall"] != "" || scripts["install"] != "" || scripts["postinstall"] != ""
}

func distValue(raw []byte) Dist {
	if !isKind(raw, '{') {
		return Dist{}
	}
	var d Dist
	s := jsonscan.New(raw)
	for key := range s.Members() {
		switch string(key) {
		case "tarball":
			d.Tarball = stringValue(s.Value())
		case "integrity":
			d.Integrity = stringValue(s.Value())
		case "shasum":
			d.Shasum = stringValue(s.Value())
		case "unpackedSize":
			d.UnpackedSize = sizeValue(s.Value())
		case "fileCount":
			d.FileCount = int(sizeValue(s.Value()))
		}
	}
	return d
}

// binValue reads bin: a path that gets the package's name, a list whose
// elements get their base names, or a map (npm-normalize-package-bin).
func binValue(raw []byte, name Name) map[string]string {
	var entries Deps
	switch {
	case isKind(raw, '"') && name != "":
		entries = Deps{{Alias: string(name), Specifier: stringValue(raw)}}
	case isKind(raw, '['):
		for _, p := range listValue(raw) {
			entries = append(entries, Dep{Alias: path.Base(p), Specifier: p})
		}
	case isKind(raw, '{'):
		entries = depsValue(raw)
	}
	var bin map[string]string
	for _, e := range entries {
		command, target := binName(e.Alias), insidePath(e.Specifier)
		if command == "" || target == "" {
			continue
		}
		if bin == nil {
			bin = make(map[string]string, len(entries))
		}
		bin[command] = target
	}
	return bin
}

// binName is what a command may be called: one path segment, or "".
func binName(key string) string {
	clean := insidePath(key)
	return clean[strings.LastIndexByte(clean, '/')+1:]
}

// insidePath cleans p as a path below the package that cannot leave it; "" is
// the package itself. Backslashes separate, and so do colons, which Windows
// would take for a drive or a stream.
func insidePath(p string) string {
	return path.Clean("/" + slashes.Replace(p))[1:]
}

var slashes = strings.NewReplacer(`\`, "/", ":", "/")

// binDir is directories.bin, unless bin overrules it. All files of that
// directory are commands; whoever has the files can tell which those are.
func (f *fields) binDir() string {
	if truthy(f.bin) {
		return ""
	}
	return insidePath(stringValue(memberValue(f.directories, "bin")))
}

// MainOf is the field main of a package.json as a clean path below the package,
// or "".
func MainOf(raw []byte) string {
	main := stringValue(memberValue(bytes.TrimPrefix(raw, byteOrderMark), "main"))
	if main == "" {
		return ""
	}
	return insidePath(main)
}
