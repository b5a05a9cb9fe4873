package specifier

import (
	"strings"

	"godwit/internal/npm/semver"
)

// Save is how a command writes what it chose into a manifest.
type Save struct {
	Prefix string // before a version where the specifier does not say: "^", "~", "" or "="
	// Update keeps ranges that cannot be written with one prefix, and prefixes
	// of prereleases; a new dependency gets neither.
	Update bool
}

// Chosen is the specifier to record for s when version of the package name was
// chosen for it. What it says of the kinds of range is pnpm's
// (which-version-is-pinned, MIT).
func (o Save) Chosen(s Specifier, name, version string) string {
	if !s.Kind.IsRegistry() || o.keeps(s, version) {
		return s.Raw
	}
	prefix, stated := pinned(s.Range)
	if !stated {
		prefix = o.Prefix
	}
	if v, err := semver.Parse(version, semver.Options{}); err == nil && v.IsPrerelease() && !o.Update {
		prefix = "" // a caret would let in versions that are not tested together
	}
	bare := prefix + version
	switch {
	case s.JSR != "" && string(s.JSR) == s.Alias:
		return "jsr:" + bare
	case s.JSR != "":
		return "jsr:" + string(s.JSR) + "@" + bare
	case s.Registry != "" && s.Alias == name:
		return s.Registry + ":" + bare
	case s.Registry != "":
		return s.Registry + ":" + name + "@" + bare
	case s.Alias != name:
		return "npm:" + name + "@" + bare
	}
	return bare
}

// ByNpm is the specifier that npm records for s: a range stays if it admits less
// than the prefix and the version would.
func (o Save) ByNpm(s Specifier, name, version string) string {
	switch {
	case s.Kind == Git && s.Git.Shortcut() != "":
		return s.Git.Shortcut() + s.Git.fragment()
	case !s.Kind.IsRegistry():
		return s.Raw
	}
	bare := "*"
	if version != "" {
		bare = o.Prefix + version
	}
	if s.Kind == Range && s.Range != "" && s.Range != "*" {
		have, err1 := semver.ParseRange(s.Range, loose)
		now, err2 := semver.ParseRange(bare, loose)
		if err1 == nil && err2 == nil && !semver.Subset(now, have) {
			bare = s.Range
		}
	}
	if name != "" && s.Alias != name {
		return "npm:" + name + "@" + bare
	}
	return bare
}

// keeps reports whether an update leaves s as it is written: dist-tags, and
// ranges of more than one comparison as long as the version is in them.
func (o Save) keeps(s Specifier, version string) bool {
	if !o.Update || s.Kind == Version {
		return false
	}
	if s.Kind == Tag {
		return true
	}
	if _, stated := pinned(s.Range); stated || isPartial(s.Range) {
		return false
	}
	v, err1 := semver.Parse(version, semver.Options{})
	rng, err2 := semver.ParseRange(s.Range, semver.Options{})
	return err1 == nil && err2 == nil && rng.Match(v)
}

// pinned is the prefix that a range of one comparison asks for: "~" for "~1.2.3"
// and "1.2", "" for "1.2.3". stated is false where it asks for none.
func pinned(rng string) (prefix string, stated bool) {
	rng = strings.TrimSpace(rng)
	if strings.ContainsAny(rng, " |") {
		return "", false
	}
	switch {
	case strings.HasPrefix(rng, "^"), strings.HasPrefix(rng, "~"), strings.HasPrefix(rng, "="):
		return rng[:1], true
	case !isPartial(rng):
		return "", false
	}
	switch strings.Count(rng, ".") {
	case 0:
		return "", false
	case 1:
		return "~", true
	}
	return "", true
}

// isPartial reports whether a range is a version with or without its end: "1",
// "1.2", "1.x", "v1.2.3", "*".
func isPartial(rng string) bool {
	rng = strings.TrimPrefix(strings.TrimSpace(rng), "v")
	return rng == "" || strings.ContainsAny(rng[:1], "0123456789xX*") && !strings.ContainsAny(rng, " |")
}

// Rolling is how a dependency on a member of the workspace is recorded
// (save-workspace-protocol=rolling): the kind of its range, without a version.
// What names a path or another package stays.
func Rolling(s Specifier) string {
	if s.Kind != Workspace || s.Path != "" || s.Aliased() {
		return s.Raw
	}
	switch prefix, _ := pinned(s.Range); {
	case s.Range == "^" || s.Range == "~":
		prefix = s.Range
		fallthrough
	case prefix == "^" || prefix == "~":
		return "workspace:" + prefix
	}
	return "workspace:*"
}

// Member is how a dependency on a member of the workspace, which has a version, is
// recorded where s was asked for: by save-workspace-protocol, which is true, false or
// rolling. What asks for the workspace by name keeps doing that.
func (o Save) Member(s Specifier, version, protocol string) string {
	prefix, stated := pinned(s.Range)
	if s.Kind == Tag || s.Range == "^" || s.Range == "~" {
		stated = false
	}
	if !stated {
		prefix = o.Prefix
	}
	switch {
	case s.Kind == Workspace && s.Path != "":
		return s.Raw
	case protocol == "rolling" && !stated:
		return "workspace:^" // whatever save-prefix says
	case protocol == "rolling" && prefix != "^" && prefix != "~", version == "":
		return "workspace:*"
	case protocol == "rolling":
		return "workspace:" + prefix
	case protocol == "false" && s.Kind != Workspace:
		return prefix + version
	case s.Aliased():
		return "workspace:" + string(s.Name) + "@" + prefix + version
	}
	return "workspace:" + prefix + version
}
