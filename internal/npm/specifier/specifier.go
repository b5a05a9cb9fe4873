// Package specifier reads the right-hand side of a dependency, as written in
// package.json, into one of a closed set of kinds.
//
// The rules are those of npm-package-arg 13 and hosted-git-info 9, widened by
// what pnpm adds: workspace:, catalog:, jsr:, "npm:^1" for the alias's own
// name, "&path:" in git fragments. Where the two disagree, the comment at the
// place says who is followed. Nothing is looked up here, neither on disk nor
// on the network.
package specifier

import (
	"fmt"
	"strings"

	"godwit/internal/npm"
)

// Kind says where a dependency comes from, and so which fields are set.
type Kind uint8

const (
	Invalid   Kind = iota // the zero Specifier
	Version               // one version of a registry's package: Name, Range
	Range                 // any version in a semver range: Name, Range
	Tag                   // what a dist-tag points to: Name, Range
	Workspace             // a member of the workspace: Name, Range; or Path
	Catalog               // what a catalog says: Catalog
	Directory             // a directory that is packed and installed: Path
	Archive               // a tarball on disk: Path
	Link                  // a directory that is linked to: Path
	Git                   // a repository: Git
	Tarball               // a tarball at a URL: URL
	Runtime               // a version of a JavaScript runtime: Range
)

func (k Kind) String() string {
	return [...]string{
		Invalid: "invalid", Version: "version", Range: "range", Tag: "tag", Workspace: "workspace",
		Catalog: "catalog", Directory: "directory", Archive: "archive", Link: "link", Git: "git", Tarball: "tarball", Runtime: "runtime",
	}[k]
}

// IsRegistry reports whether a registry is asked.
func (k Kind) IsRegistry() bool { return k == Version || k == Range || k == Tag }

// Specifier is one right-hand side. It is comparable.
type Specifier struct {
	Raw   string // as written
	Alias string // the left-hand side, "" where there is none yet
	Kind  Kind

	// Name is the package to look for. It is the alias unless the specifier
	// names another package. Registry and workspace kinds only; "" where
	// neither says a name.
	Name npm.Name

	// Range is the version, range or dist-tag as written, without white space
	// around it. For Workspace it may also be "^", "~" or "*", for Runtime the name of
	// a release channel or line ("rc/22", "lts"). "" is any version.
	Range string

	// JSR is the name on jsr ("@std/path") of a package whose Name on its npm
	// registry is "@jsr/std__path".
	JSR npm.Name

	// Registry is the prefix of the registry that has the package, where that is not
	// the one of its name, see [ParsePrefixed].
	Registry string

	// Path has forward slashes and is relative to the importer, absolute, or
	// below the home directory ("~/…").
	Path string

	Catalog string // "default" where none is named
	URL     string // may hold credentials: never in errors or logs
	Git     Repository
}

// Aliased reports whether the folder's name is not the package's.
func (s Specifier) Aliased() bool {
	return s.Name != "" && s.Alias != "" && string(s.Name) != s.Alias
}

// Parse reads raw, the specifier of alias. An empty alias stands for a
// dependency of which only the right-hand side is known, as on a command line;
// [Split] tells the two apart.
func Parse(alias, raw string) (Specifier, error) {
	s := Specifier{Raw: raw, Alias: alias}
	if alias != "" {
		name, err := npm.ParseName(alias)
		if err != nil {
			return Specifier{}, fmt.Errorf("dependency %.80q: %w", alias, err)
		}
		s.Name = name
	}
	if err := s.parse(strings.TrimSpace(raw)); err != nil {
		return Specifier{}, fmt.Errorf("dependency %s%q: %w", prefixed(alias), redact(raw), err)
	}
	if !s.Kind.IsRegistry() && s.Kind != Workspace || s.Path != "" {
		s.Name = ""
	}
	return s, nil
}

func prefixed(alias string) string {
	if alias == "" {
		return ""
	}
	return alias + "@"
}

// maxLength bounds what is read. Real specifiers are URLs at most.
const maxLength = 8 << 10

func (s *Specifier) parse(raw string) error {
	switch {
	case len(raw) > maxLength:
		return fmt.Errorf("longer than %d characters", maxLength)
	case strings.ContainsRune(raw, 0):
		return fmt.Errorf("it holds a NUL character")
	case isPath(raw):
		return s.local(raw)
	}
	scheme, rest, hasScheme := cutScheme(raw)
	for _, p := range protocols {
		if hasScheme && p.name == scheme {
			return p.parse(s, raw, rest)
		}
	}
	if repo, ok, err := parseHosted(raw); ok || err != nil {
		return s.git(repo, err)
	}
	if hasScheme {
		return &ProtocolError{scheme}
	}
	if repo, ok, err := parseSCP(raw); ok || err != nil {
		return s.git(repo, err)
	}
	if strings.Contains(raw, "/") || IsArchive(raw) {
		return s.local(raw)
	}
	return s.registry(raw)
}

// ProtocolError is a specifier of a kind that nothing here can fetch.
type ProtocolError struct{ Scheme string }

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("unsupported protocol %q: want a semver range, a dist-tag, a path, or one of %s", e.Scheme+":", supported())
}

// Code is pnpm's code for this error.
func (e *ProtocolError) Code() string { return "ERR_PNPM_SPEC_NOT_SUPPORTED_BY_ANY_RESOLVER" }

// Hint is what the user can do.
func (e *ProtocolError) Hint() string {
	if e.Scheme == "runtime" {
		return "write \"runtime:\" behind node, deno or bun, in a project of pnpm's"
	}
	return "if it is the prefix of a registry, name that one under namedRegistries in pnpm-workspace.yaml"
}

// protocol is what may stand before the first colon.
type protocol struct {
	name  string // lower case
	parse func(s *Specifier, raw, rest string) error
}

// protocols is the closed set, in the order in which an error lists it.
var protocols = [...]protocol{
	{"npm", (*Specifier).alias},
	{"workspace", (*Specifier).workspace},
	{"catalog", (*Specifier).catalog},
	{"file", (*Specifier).file},
	{"link", (*Specifier).link},
	{"jsr", (*Specifier).jsr},
	{"http", (*Specifier).remote},
	{"https", (*Specifier).remote},
	{"github", (*Specifier).shortcut},
	{"gitlab", (*Specifier).shortcut},
	{"bitbucket", (*Specifier).shortcut},
	{"gist", (*Specifier).shortcut},
	{"sourcehut", (*Specifier).shortcut},
	{"git", (*Specifier).gitURL},
	{"git+ssh", (*Specifier).gitURL},
	{"git+https", (*Specifier).gitURL},
	{"git+http", (*Specifier).gitURL},
	{"git+file", (*Specifier).gitURL},
	{"git+rsync", (*Specifier).gitURL},
	{"git+ftp", (*Specifier).gitURL},
	{"ssh", (*Specifier).gitURL},
	{"runtime", (*Specifier).runtime},
}

// runtime is pnpm's: which version of node, deno or bun. Whether the alias is one of
// those is for whoever looks for it.
func (s *Specifier) runtime(_, rest string) error {
	s.Kind, s.Range = Runtime, strings.TrimSpace(rest)
	return nil
}
