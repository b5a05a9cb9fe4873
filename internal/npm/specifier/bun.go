package specifier

import (
	"strings"

	"godwit/internal/npm/semver"
)

// ByBun is the specifier that bun records for s when an update chose version of the
// package name. latest says that the range did not count. Else only that of a whole
// version changes, with "^" or "~" before it (as seen with bun 1.4.5).
func (o Save) ByBun(s Specifier, name, version string, latest bool) string {
	if !s.Kind.IsRegistry() || version == "" {
		return s.Raw
	}
	mark := ""
	bare := s.Range
	for _, prefix := range []string{"^", "~"} {
		if rest, ok := strings.CutPrefix(bare, prefix); ok {
			mark, bare = prefix, rest
		}
	}
	whole := semver.Valid(bare, semver.Options{})
	switch {
	case o.Prefix == "" && latest: // save-exact
		mark = ""
	case latest && !whole && mark != "~":
		mark = "^"
	case !latest && (!whole || mark == ""):
		return s.Raw
	}
	if s.Alias != name {
		return "npm:" + name + "@" + mark + version
	}
	return mark + version
}
