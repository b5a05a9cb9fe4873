package project

import (
	"cmp"
	"path"
	"path/filepath"
	"strings"

	"godwit/internal/npm"
)

// Project is one manifest on disk: a package.json as a rule.
type Project struct {
	Dir      string // absolute
	File     string // name of the manifest, one of ManifestFiles
	Manifest Manifest
	text     []byte // as it stands there
	raw      []byte // as JSON
}

// Path is the file the project was read from.
func (p *Project) Path() string { return filepath.Join(p.Dir, cmp.Or(p.File, ManifestFile)) }

// Raw is the manifest as JSON: as it was read if it is a package.json. Do not write
// to it.
func (p *Project) Raw() []byte { return p.raw }

// Manifest is a project's package.json: what every manifest has, and what
// only matters where it is the project.
type Manifest struct {
	npm.Manifest
	Private          bool
	Type             string   // "module" or "commonjs"; "" when not said
	Workspaces       []string // globs of members; from the list or from workspaces.packages
	Overrides        Node     // npm's, nested
	Resolutions      npm.Deps // yarn's
	Pnpm             Node     // settings of pnpm before version 11
	PublishConfig    Node     // publishConfig
	Trusted          []string // trustedDependencies
	DevEngines       DevEngines
	DependenciesMeta Node     // dependenciesMeta
	ScriptOrder      []string // names of Scripts as written
	Directories      Node     // directories.bin
	Files            []string // for pack
	Document         Node     // the whole document, for fields that only one command reads
}

// DevEngines is what the project wants to be developed with.
type DevEngines struct {
	PackageManager []Tool
	Runtime        []Tool
}

// Tool is one entry of devEngines.
type Tool struct {
	Name    string
	Version string // semver range; "" is any
	OnFail  string // ignore, warn, error or download; "" is the default, error
}

// Read reads the manifest of the project in dir. Errors: *NotFoundError,
// *SyntaxError.
func Read(dir string) (*Project, error) {
	name, text, err := readManifest(dir)
	if err != nil {
		if isNotExist(err) {
			return nil, &NotFoundError{Dir: dir, Only: true}
		}
		return nil, err
	}
	m, err := Parse(filepath.Join(dir, name), text)
	if err != nil {
		return nil, err
	}
	p := &Project{Dir: dir, File: name, Manifest: *m, text: text, raw: text}
	if name != ManifestFile {
		p.raw = append(m.Document.JSON(), '\n')
	}
	return p, nil
}

// Parse decodes a project's manifest, in the format that the name of file says;
// file is named in errors, which are of type *SyntaxError.
func Parse(file string, text []byte) (*Manifest, error) {
	root, err := parseManifest(file, text)
	if err != nil {
		return nil, err
	}
	r := manifestReader{document: document{file, text}, root: root}
	if root.Kind != Map {
		return nil, r.at(root.Line, root.Column, "a %s is an object, this is %s", filepath.Base(file), root.Kind)
	}
	m := r.manifest()
	return m, r.err
}

// manifestReader takes typed fields out of a document. The first error stays.
type manifestReader struct {
	document
	root Node
	err  error
}

func (r *manifestReader) manifest() *Manifest {
	m := &Manifest{
		Private:          r.root.Field("private").Text == "true",
		Type:             r.text("type"),
		Workspaces:       r.workspaces(),
		Overrides:        r.root.Field("overrides"),
		Resolutions:      r.root.Field("resolutions").Deps(),
		Pnpm:             r.root.Field("pnpm"),
		PublishConfig:    r.root.Field("publishConfig"),
		Trusted:          r.root.Field("trustedDependencies").Strings(),
		DevEngines:       r.devEngines(),
		DependenciesMeta: r.root.Field("dependenciesMeta"),
		Directories:      r.root.Field("directories"),
		Files:            r.root.Field("files").Strings(),
		Document:         r.root,
	}
	m.Name = npm.Name(r.wantText("name"))
	m.Version = r.wantText("version")
	m.PackageManager = r.wantText("packageManager")
	m.Dependencies = r.deps("dependencies")
	m.DevDependencies = r.deps("devDependencies")
	m.OptionalDependencies = r.deps("optionalDependencies")
	m.PeerDependencies = r.deps("peerDependencies")
	m.OptionalPeers = optionalPeers(r.root.Field("peerDependenciesMeta"))
	m.Accept = r.root.Field("acceptDependencies").Deps()
	m.Bundled = bundled(r.root)
	m.Bin = bins(r.root, m.Name)
	m.Engines = r.root.Field("engines").Deps()
	m.OS, m.CPU, m.Libc = r.root.Field("os").Strings(), r.root.Field("cpu").Strings(), r.root.Field("libc").Strings()
	m.Scripts = map[string]string{}
	for _, dep := range r.root.Field("scripts").Deps() {
		m.Scripts[dep.Alias] = dep.Specifier
		m.ScriptOrder = append(m.ScriptOrder, dep.Alias)
	}
	return m
}

// fail keeps the first error.
func (r *manifestReader) fail(line, column int, format string, args ...any) {
	if r.err == nil {
		r.err = r.at(line, column, format, args...)
	}
}

// text is a string field; anything else reads as "".
func (r *manifestReader) text(key string) string {
	if n := r.root.Field(key); n.Kind == String {
		return n.Text
	}
	return ""
}

// wantText is a string field that must not be anything else.
func (r *manifestReader) wantText(key string) string {
	n := r.root.Field(key)
	if n.Kind != String && n.Kind != Missing && n.Kind != Null {
		r.fail(n.Line, n.Column, "%q is %s; expected a string", key, n.Kind)
	}
	return r.text(key)
}

// deps is a dependency map. An alias becomes a directory in node_modules, so
// one that could leave it is refused here.
func (r *manifestReader) deps(key string) npm.Deps {
	n := r.root.Field(key)
	switch n.Kind {
	case Missing, Null:
		return nil
	case Map:
	default:
		r.fail(n.Line, n.Column, "%q is %s; expected an object of names and versions", key, n.Kind)
		return nil
	}
	deps := make(npm.Deps, 0, len(n.Fields))
	for i := range n.Fields {
		f := &n.Fields[i]
		if f.Value.Kind != String {
			r.fail(f.Value.Line, f.Value.Column, "%q in %q is %s; expected a string such as \"^1.2.3\"", f.Key, key, f.Value.Kind)
		}
		if _, err := npm.ParseName(f.Key); err != nil {
			r.fail(f.Line, f.Column, "%s in %q", err, key)
		}
		deps = append(deps, npm.Dep{Alias: f.Key, Specifier: f.Value.Text})
	}
	return deps
}

// workspaces is the list of globs, in npm's form or yarn's
// {"packages": [...]}.
func (r *manifestReader) workspaces() []string {
	n := r.root.Field("workspaces")
	if n.Kind == Map {
		n = n.Field("packages")
	}
	switch n.Kind {
	case Missing, Null, Bool:
		return nil // pnpm users write "workspaces": false to keep npm out
	case List:
		return n.Strings()
	}
	r.fail(n.Line, n.Column, `"workspaces" is %s; expected a list of folders`, n.Kind)
	return nil
}

func (r *manifestReader) devEngines() DevEngines {
	n := r.root.Field("devEngines")
	return DevEngines{PackageManager: tools(n.Field("packageManager")), Runtime: tools(n.Field("runtime"))}
}

// tools reads one tool or a list of alternatives.
func tools(n Node) []Tool {
	items := n.Items
	if n.Kind == Map {
		items = []Node{n}
	}
	var out []Tool
	for _, item := range items {
		if name := item.Field("name"); name.Kind == String {
			out = append(out, Tool{Name: name.Text, Version: item.Field("version").Text, OnFail: item.Field("onFail").Text})
		}
	}
	return out
}

func optionalPeers(meta Node) map[string]bool {
	var out map[string]bool
	for i := range meta.Fields {
		if f := &meta.Fields[i]; f.Value.Field("optional").Text == "true" {
			if out == nil {
				out = map[string]bool{}
			}
			out[f.Key] = true
		}
	}
	return out
}

// bundled reads bundleDependencies, and bundledDependencies where the first
// is absent (npm-normalize-package-bin's order of preference).
func bundled(root Node) npm.Bundled {
	n := root.Field("bundleDependencies")
	if n.Kind == Missing {
		n = root.Field("bundledDependencies")
	}
	switch n.Kind {
	case Bool:
		return npm.Bundled{All: n.Text == "true"}
	case List:
		return npm.Bundled{Names: n.Strings()}
	}
	return npm.Bundled{}
}

// bins is "bin" as a map; a string is one command with the base of the name.
// Names with separators are cut to their last part and paths cannot leave the
// package, as npm-normalize-package-bin has it.
func bins(root Node, name npm.Name) map[string]string {
	n := root.Field("bin")
	fields := n.Fields
	if n.Kind == String && name != "" {
		fields = []Field{{Key: name.Base(), Value: n}}
	}
	var out map[string]string
	for i := range fields {
		f := &fields[i]
		command := f.Key[strings.LastIndexAny(f.Key, `/\:`)+1:]
		if f.Value.Kind != String || command == "" || command == "." || command == ".." {
			continue
		}
		target := cleanInside(f.Value.Text)
		if target == "" {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[command] = target
	}
	return out
}

// cleanInside is a slash path below the package's directory, whatever was
// written; "" when it names the directory itself.
func cleanInside(p string) string {
	p = strings.ReplaceAll(p, `\`, "/")
	return strings.TrimPrefix(path.Clean("/"+p), "/")
}
