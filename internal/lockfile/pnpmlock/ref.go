package pnpmlock

import (
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// maxKeyLen bounds a key in bytes. pnpm cuts peer suffixes at 1,000 unless told
// otherwise; the rest is room for who told it.
const maxKeyLen = 64 << 10

// linkPrefix marks a ref to a directory that is linked in place.
const linkPrefix = "link:"

// namesPackage reports whether a ref is a whole key: it begins with a name and
// an "@" before anything that only a version part has (pnpm's refToRelative).
func namesPackage(ref string) bool {
	if strings.HasPrefix(ref, "@") {
		return true
	}
	i := strings.IndexAny(ref, "@(:")
	return i >= 0 && ref[i] == '@'
}

// appendKey appends the key that the ref of a dependency called alias stands
// for; links have none.
func appendKey(dst []byte, alias, ref string) []byte {
	if !namesPackage(ref) {
		dst = append(append(dst, alias...), '@')
	}
	return append(dst, ref...)
}

// absolutePath begins the ref of what pnpm deploy took from elsewhere on the
// machine. It writes such packages out in full (pnpm 12).
const absolutePath = "file:///"

// refOf is the shortest ref that stands for t.
func refOf(alias string, t graph.Target) string {
	if t.Key == "" {
		return linkPrefix + t.Link
	}
	if ref, ok := strings.CutPrefix(string(t.Key), alias+"@"); ok && !namesPackage(ref) && !strings.HasPrefix(ref, linkPrefix) && !strings.HasPrefix(ref, absolutePath) {
		return ref
	}
	return string(t.Key)
}

// checkKey parses a key of packages or snapshots; why is "" if it is sound.
func checkKey(k graph.Key) (name npm.Name, why string) {
	if len(k) > maxKeyLen {
		return "", "it is too long"
	}
	raw, ref := k.Split()
	name, err := npm.ParseName(string(raw))
	switch {
	case err != nil:
		return "", err.Error()
	case ref == "" || ref[0] == '(':
		return "", "it has no version"
	case !k.Balanced():
		return "", "its brackets do not pair up"
	}
	return name, ""
}

// isVersionRef reports whether the version part of a key is one of a registry:
// a semver version, behind the name of the registry if that is not the
// default one ("work:1.0.0") or behind "runtime:". Whatever it is, it can stand
// in a URL or a file name.
func isVersionRef(ref string) bool {
	registry, version, ok := strings.Cut(ref, ":")
	if !ok {
		registry, version = "", ref
	}
	return version != "" && '0' <= version[0] && version[0] <= '9' &&
		!strings.ContainsFunc(registry, notInVersion) && !strings.ContainsFunc(version, notInVersion)
}

func notInVersion(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune(".-+_", r)
}
