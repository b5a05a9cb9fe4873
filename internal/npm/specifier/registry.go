package specifier

import (
	"errors"
	"fmt"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// loose is how npm and pnpm read what a user wrote.
var loose = semver.Options{Loose: true}

// defaultTag is what a name without a range asks for (pnpm; npm says "*",
// which picks the same version).
const defaultTag = "latest"

// registry: "1.2.3", "^1", "next", "".
func (s *Specifier) registry(raw string) error {
	raw = strings.TrimSpace(raw)
	s.Range = raw
	switch {
	case semver.Valid(raw, loose):
		s.Kind = Version
	case semver.ValidRange(raw, loose):
		s.Kind = Range
	case isTag(raw):
		s.Kind = Tag
	default:
		return errors.New("neither a semver range nor a dist-tag, path, URL or owner/repository")
	}
	return nil
}

// isTag reports whether s may be a dist-tag: encodeURIComponent leaves it as
// it is (npm-package-arg).
func isTag(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlnum(c) && strings.IndexByte("-_.!~*'()", c) < 0 {
			return false
		}
	}
	return s != ""
}

func isAlnum(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

// alias: "npm:name", "npm:name@^1", or pnpm's "npm:^1", which asks for the
// name of the alias.
func (s *Specifier) alias(_, rest string) error {
	if rest == "" {
		return errors.New("the name is missing: write npm:name@range")
	}
	if s.Name != "" && semver.ValidRange(rest, semver.Options{}) {
		return s.registry(rest)
	}
	name, what, _ := cutName(rest)
	if err := s.setName(name); err != nil {
		return err
	}
	if what == "" {
		what = defaultTag
	}
	if _, _, ok := cutScheme(what); ok {
		return errors.New("npm: names a package of a registry, not another protocol")
	}
	return s.registry(what)
}

func (s *Specifier) setName(name string) error {
	var err error
	s.Name, err = npm.ParseName(name)
	if err != nil && strings.Contains(name, ":") {
		return errors.New("invalid package name") // it may be a URL with credentials
	}
	return err
}

// cutName splits "name@rest" after the at sign that is not a scope's.
func cutName(s string) (name, rest string, found bool) {
	if s == "" {
		return "", "", false
	}
	name, rest, found = strings.Cut(s[1:], "@")
	return s[:1+len(name)], rest, found
}

// jsr: "jsr:^1", "jsr:@scope/name", "jsr:@scope/name@^1". The registry that
// serves jsr to npm clients calls "@scope/name" "@jsr/scope__name".
func (s *Specifier) jsr(_, rest string) error {
	name, what := s.Alias, rest
	if strings.HasPrefix(rest, "@") {
		name, what, _ = cutName(rest)
	} else if strings.Contains(rest, "@") || !strings.HasPrefix(name, "@") {
		return errors.New("packages of jsr have a scope: write jsr:@scope/name@range")
	}
	if what == "" {
		what = defaultTag
	}
	if err := s.setName(name); err != nil {
		return err
	}
	s.JSR = s.Name
	if err := s.setName("@jsr/" + s.JSR.Scope()[1:] + "__" + s.JSR.Base()); err != nil {
		return err
	}
	return s.registry(what)
}

// workspace: "workspace:*", "workspace:^1", "workspace:name@~",
// "workspace:../dir".
func (s *Specifier) workspace(_, rest string) error {
	s.Kind = Workspace
	if isPath(rest) {
		s.Path = slashes(rest)
		return nil
	}
	// pnpm's own expression lets no name begin with "." or "_".
	if name, what, ok := cutName(rest); ok && rest[0] != '_' {
		if err := s.setName(name); err != nil {
			return err
		}
		rest = what
	}
	switch rest {
	case "", "*", "^", "~":
		s.Range = rest
		return nil
	}
	if strings.HasPrefix(rest, "@") {
		return fmt.Errorf("a name must be followed by a range: write workspace:%s@*", rest)
	}
	if strings.Contains(rest, "/") && !strings.Contains(rest, " ") {
		s.Path = slashes(rest) // as yarn has it: relative, without "./"
		return nil
	}
	if err := s.registry(rest); err != nil {
		return errors.New("want workspace: followed by *, ^, ~, a semver range, name@range or a path")
	}
	s.Kind = Workspace
	return nil
}

// catalog: "catalog:" or "catalog:name".
func (s *Specifier) catalog(_, rest string) error {
	s.Kind, s.Catalog = Catalog, strings.TrimSpace(rest)
	if s.Catalog == "" {
		s.Catalog = "default"
	}
	return nil
}
