package cli

import (
	"godwit/internal/event"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/registry"
)

// Registries with prefixes (namedRegistries) are asked by clients of their own, which
// differ from the project's in nothing but where they ask: credentials are those of
// the host, and the cache has them apart.

// prefixedClients are the clients of registries that have a prefix; nil for none.
func (c *call) prefixedClients(sink event.Sink) (map[string]*registry.Client, error) {
	var out map[string]*registry.Client
	for prefix, url := range c.cfg.Registries.Prefixes() {
		o, err := c.clientOptions(sink)
		if err != nil {
			return nil, err
		}
		o.Default, o.Scopes = url, nil
		client, err := registry.New(o)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = map[string]*registry.Client{}
		}
		out[prefix] = client
	}
	return out, nil
}

// qualified says how Packument calls packages of registries with prefixes, see
// resolve.Options; nil where there are none.
func (s *source) qualified() func(prefix string, name npm.Name) (npm.Name, bool) {
	if s.prefixed == nil {
		return nil
	}
	return func(prefix string, name npm.Name) (npm.Name, bool) {
		at := s.prefixed[prefix]
		switch {
		case at == nil:
			return "", false
		case at.Registry(name) == s.client.Registry(name):
			return name, true
		}
		return specifier.Qualified(prefix, name), true
	}
}

// parse reads a specifier, which may have the prefix of a registry.
func (c *call) parse(alias, raw string) (specifier.Specifier, error) {
	prefixes := c.cfg.Registries.Prefixes()
	return specifier.ParsePrefixed(alias, raw, func(prefix string) bool { return prefixes[prefix] != "" })
}
