package project

import (
	"path/filepath"

	"godwit/internal/npm"
)

// Workspace is pnpm-workspace.yaml. What shapes the graph is parsed here;
// every other key is a setting, for config to understand.
type Workspace struct {
	File     string   // absolute path
	Packages []string // globs of members; nil when the key is absent
	Catalogs []Catalog
	Shape    Shape
	Settings []Field // the rest, in order
	Document Node    // all of it
}

// Catalog is a named list of versions that members share. The name of the
// top-level "catalog" is "default".
type Catalog struct {
	Name  string
	Deps  npm.Deps
	Named bool // stands under "catalogs"
}

// Shape is what changes how dependencies resolve, beside the manifests. It
// stands in pnpm-workspace.yaml, or under "pnpm" in package.json for pnpm
// before version 11.
type Shape struct {
	Overrides           npm.Deps // pnpm's selectors ("a>b@1") and replacements
	PackageExtensions   Node
	PatchedDependencies npm.Deps // selector -> path of the patch
	PeerDependencyRules PeerRules
	AllowBuilds         []BuildRule
	OldBuilds           []string // keys that allowBuilds took the place of
	AllowedDeprecated   npm.Deps // name -> range
	IgnoredOptional     []string // names
	SupportedArch       Architectures
	ConfigDependencies  Node
	UpdateConfig        Node
	AuditConfig         Node
}

// PeerRules is peerDependencyRules.
type PeerRules struct {
	IgnoreMissing  []string // name patterns
	AllowAny       []string // name patterns
	AllowedVersion npm.Deps // selector -> range
}

// BuildRule says whether a package may run its install scripts.
type BuildRule struct {
	Selector string // name, or name@version
	Allow    bool
}

// Architectures lists the platforms to install for; "current" is this one. An
// empty list means only this one.
type Architectures struct{ OS, CPU, Libc []string }

// ReadWorkspace reads dir/pnpm-workspace.yaml. Errors: fs.ErrNotExist,
// *SyntaxError (bad YAML, duplicate keys, wrong types).
func ReadWorkspace(dir string) (*Workspace, error) {
	file := filepath.Join(dir, WorkspaceFile)
	raw, err := readFile(file)
	if err != nil {
		return nil, err
	}
	return ParseWorkspace(file, raw)
}

// ParseWorkspace decodes a pnpm-workspace.yaml; file is named in errors.
func ParseWorkspace(file string, raw []byte) (*Workspace, error) {
	root, err := parseYAML(file, raw)
	if err != nil {
		return nil, err
	}
	return workspaceOf(document{file, raw}, root)
}

// WorkspaceOf is what a pnpm-workspace.yaml would be that has this in it; file
// is named in errors.
func WorkspaceOf(file string, root Node) (*Workspace, error) {
	return workspaceOf(document{file, nil}, root)
}

func workspaceOf(doc document, root Node) (*Workspace, error) {
	s := shaper{document: doc}
	if root.Kind != Map && root.Kind != Null {
		return nil, s.at(root.Line, root.Column, "a workspace file is a map of settings, this is %s", root.Kind)
	}
	w := &Workspace{File: doc.file, Document: root}
	for _, f := range root.Fields {
		switch f.Key {
		case "packages":
			w.Packages = s.list(f)
		case "catalog":
			w.Catalogs = append(w.Catalogs, Catalog{"default", s.deps(f), false})
		case "catalogs":
			for _, c := range s.want(f, Map).Fields {
				w.Catalogs = append(w.Catalogs, Catalog{c.Key, s.deps(c), true})
			}
		default:
			if !s.shape(&w.Shape, f) {
				w.Settings = append(w.Settings, f)
			}
		}
	}
	return w, s.err
}

// Pnpm splits the "pnpm" object of package.json, where pnpm before version 11
// had what is in pnpm-workspace.yaml now, into what shapes the graph and
// settings.
func (p *Project) Pnpm() (Shape, []Field, error) {
	s := shaper{document: document{p.Path(), p.text}}
	var shape Shape
	var settings []Field
	for _, f := range p.Manifest.Pnpm.Fields {
		if !s.shape(&shape, f) {
			settings = append(settings, f)
		}
	}
	return shape, settings, s.err
}

// shaper reads the keys of Shape. The first error stays.
type shaper struct {
	document
	err error
}

// shape puts f where it belongs and reports whether it is a key of Shape.
func (s *shaper) shape(to *Shape, f Field) bool {
	switch f.Key {
	case "overrides":
		to.Overrides = s.deps(f)
	case "packageExtensions":
		to.PackageExtensions = s.want(f, Map)
	case "patchedDependencies":
		to.PatchedDependencies = s.deps(f)
	case "peerDependencyRules":
		rules := s.want(f, Map)
		to.PeerDependencyRules = PeerRules{
			IgnoreMissing:  rules.Field("ignoreMissing").Strings(),
			AllowAny:       rules.Field("allowAny").Strings(),
			AllowedVersion: rules.Field("allowedVersions").Deps(),
		}
	case "allowedDeprecatedVersions":
		to.AllowedDeprecated = s.deps(f)
	case "ignoredOptionalDependencies":
		to.IgnoredOptional = s.list(f)
	case "supportedArchitectures":
		arch := s.want(f, Map)
		to.SupportedArch = Architectures{arch.Field("os").Strings(), arch.Field("cpu").Strings(), arch.Field("libc").Strings()}
	case "configDependencies":
		to.ConfigDependencies = s.want(f, Map)
	case "updateConfig":
		to.UpdateConfig = s.want(f, Map)
	case "auditConfig":
		to.AuditConfig = s.want(f, Map)
	default:
		return s.builds(to, f)
	}
	return true
}

// builds reads allowBuilds, and notes the lists that it replaced in pnpm 11, which
// count no more.
func (s *shaper) builds(to *Shape, f Field) bool {
	switch f.Key {
	case "allowBuilds":
		for _, rule := range s.want(f, Map).Fields {
			switch rule.Value.Kind {
			case Bool:
				to.AllowBuilds = append(to.AllowBuilds, BuildRule{rule.Key, rule.Value.Text == "true"})
			case String: // pnpm's placeholder "set this to true or false"
			default:
				s.fail(rule, "%q in %q is %s; expected true or false", rule.Key, f.Key, rule.Value.Kind)
			}
		}
	case "onlyBuiltDependencies", "neverBuiltDependencies", "ignoredBuiltDependencies":
		to.OldBuilds = append(to.OldBuilds, f.Key)
	default:
		return false
	}
	return true
}

// fail keeps an error at f, if it is the first.
func (s *shaper) fail(f Field, format string, args ...any) {
	if s.err == nil {
		s.err = s.at(f.Line, f.Column, format, args...)
	}
}

// want is f's value if it is of that kind, or absent; else the first error.
func (s *shaper) want(f Field, kind Kind) Node {
	if f.Value.Kind == kind || f.Value.Kind == Null {
		return f.Value
	}
	s.fail(f, "%q is %s; expected %s", f.Key, f.Value.Kind, kind)
	return Node{}
}

// list is a list of scalars.
func (s *shaper) list(f Field) []string { return s.want(f, List).Strings() }

// deps is a map of scalars.
func (s *shaper) deps(f Field) npm.Deps {
	n := s.want(f, Map)
	for _, field := range n.Fields {
		if !field.Value.Scalar() {
			s.fail(field, "%q in %q is %s; expected a string", field.Key, f.Key, field.Value.Kind)
		}
	}
	return n.Deps()
}
