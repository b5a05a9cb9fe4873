package specifier

import (
	"errors"

	"godwit/internal/npm"
)

// ParsePrefixed is Parse where registries have prefixes, which known tells: "work:^1"
// is the package of the alias's name from the registry "work", "work:name@^1" another
// one of it. A prefix takes no protocol's place.
func ParsePrefixed(alias, raw string, known func(prefix string) bool) (Specifier, error) {
	s, err := Parse(alias, raw)
	var unknown *ProtocolError
	if err == nil || !errors.As(err, &unknown) || !known(unknown.Scheme) {
		return s, err
	}
	_, rest, _ := cutScheme(raw)
	if s, err = Parse(alias, "npm:"+rest); err != nil {
		return Specifier{}, err
	}
	s.Raw, s.Registry = raw, unknown.Scheme
	return s, nil
}

// Reserved reports whether a word cannot be the prefix of a registry, since it means
// something else or is none.
func Reserved(prefix string) bool {
	if scheme, _, ok := cutScheme(prefix + ":x"); !ok || scheme != prefix || prefix == "runtime" {
		return true
	}
	return isProtocol(prefix)
}

// Qualified is the name of a package together with the prefix of its registry, which
// is no name that a package can have.
func Qualified(prefix string, name npm.Name) npm.Name { return npm.Name(prefix) + ":" + name }
