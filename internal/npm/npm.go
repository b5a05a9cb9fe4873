// Package npm models what the npm registry and package.json files say: names,
// manifests and packuments. It does no I/O.
package npm

import (
	"fmt"
	"strings"
)

// Name is the name of a package: "left-pad" or "@babel/core". A Name that came
// out of [ParseName] is safe to use as one or two path segments.
type Name string

// maxNameLen is the longest name the registry accepts
// (validate-npm-package-name).
const maxNameLen = 214

// ParseName checks s against what a directory in node_modules can be called.
// It is as lenient as npm is with packages that already exist: upper case
// letters and names of Node's built-in modules are accepted. It refuses
// whatever could leave node_modules or collide with its bookkeeping.
func ParseName(s string) (Name, error) {
	scope, base, scoped := "", s, strings.HasPrefix(s, "@")
	if scoped {
		var ok bool
		if scope, base, ok = strings.Cut(s[1:], "/"); !ok || !validSegment(scope) {
			return "", fmt.Errorf("invalid package name %q: a scoped name is written @scope/name", s)
		}
	}
	switch {
	case len(s) > maxNameLen:
		return "", fmt.Errorf("invalid package name %.40q…: longer than %d characters", s, maxNameLen)
	case !validSegment(base):
		return "", fmt.Errorf("invalid package name %q: only letters, digits and -._~!'()* are allowed, and no leading dot", s)
	case !scoped && (strings.EqualFold(base, "node_modules") || strings.EqualFold(base, "favicon.ico")):
		return "", fmt.Errorf("invalid package name %q: the name is reserved", s)
	}
	return Name(s), nil
}

// validSegment reports whether s survives encodeURIComponent unchanged (npm's
// rule for legacy names) and is no dot file.
func validSegment(s string) bool {
	if s == "" || s[0] == '.' {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("-_.!~*'()", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// Scope is the scope with its "@", or "".
func (n Name) Scope() string {
	if len(n) == 0 || n[0] != '@' {
		return ""
	}
	scope, _, _ := strings.Cut(string(n), "/")
	return scope
}

// Base is the name without its scope.
func (n Name) Base() string {
	if n.Scope() == "" {
		return string(n)
	}
	return string(n[len(n.Scope())+1:])
}

// Label is what people are told of a version: name@version, or the name alone where
// there is none.
func Label(name, version string) string {
	if version == "" {
		return name
	}
	return name + "@" + version
}

// Dep is one line of a dependency map: the folder name it gets and what is
// asked for, as written. When the alias differs from the name of the package,
// the specifier says so ("npm:lodash@^4").
type Dep struct {
	Alias     string
	Specifier string
}

// Deps is a dependency map in the order of the document it came from. Order
// is kept because resolution must not depend on a map's iteration.
type Deps []Dep

// Lookup returns the specifier under alias.
func (d Deps) Lookup(alias string) (string, bool) {
	for _, dep := range d {
		if dep.Alias == alias {
			return dep.Specifier, true
		}
	}
	return "", false
}

// Manifest is one package.json, published or a project's own. Fields of the
// wrong type are read past, as npm does with what the registry holds from its
// early days.
type Manifest struct {
	Name                 Name
	Version              string
	Dependencies         Deps
	DevDependencies      Deps
	OptionalDependencies Deps
	PeerDependencies     Deps
	OptionalPeers        map[string]bool   // peerDependenciesMeta.*.optional
	Accept               Deps              // acceptDependencies: what will do as well, of any group
	Bundled              Bundled           // bundledDependencies or bundleDependencies
	Bin                  map[string]string // command -> path inside the package, normalized
	BinDir               string            // directories.bin, where bin is absent: a slash path inside the package
	Engines              Deps
	Runtimes             []Runtime // engines.runtime: JavaScript runtimes that it wants
	OS, CPU, Libc        []string
	LibcText             bool   // libc is written as one string, no list
	Deprecated           string // message; "" means not deprecated
	HasInstallScript     bool   // as the registry says; the tarball may know better
	Scripts              map[string]string
	PackageManager       string
	Dist                 Dist
}

// Runtime is a JavaScript runtime that a package wants.
type Runtime struct {
	Name    string // node, deno, bun
	Version string // a version, a range, or what else the runtime has words for
	OnFail  string // ignore, warn, error, or download
}

// Bundled names the dependencies whose files are inside the tarball.
type Bundled struct {
	All   bool // bundledDependencies: true
	Names []string
}

// Has reports whether alias comes with the tarball.
func (b Bundled) Has(alias string) bool {
	if b.All {
		return true
	}
	for _, n := range b.Names {
		if n == alias {
			return true
		}
	}
	return false
}

// Dist is where the bytes of a version are and how to check them.
type Dist struct {
	Tarball      string // URL
	Integrity    string // SRI; may be "" in old documents
	Shasum       string // hex sha1, for versions that have no integrity
	UnpackedSize int64  // bytes, 0 if unknown
	FileCount    int    // 0 if unknown
}
