package npm

import (
	"strings"

	"godwit/internal/npm/semver"
)

// PackageAt is the inverse of [TarballURL]: which package a registry keeps at a
// URL, <registry>/<name>/-/<base>-<version>.tgz. registry is the one of a name.
func PackageAt(raw string, registry func(Name) string) (name Name, version string, ok bool) {
	u, _, _ := strings.Cut(raw, "#")
	u, _, _ = strings.Cut(u, "?")
	before, file, ok := strings.Cut(u, "/-/")
	if !ok {
		return "", "", false
	}
	// The name is what follows the registry; a scope is the segment before.
	path := strings.Split(before, "/")
	for _, n := range []int{2, 1} {
		if len(path) <= n {
			continue
		}
		name, err := ParseName(strings.ReplaceAll(strings.Join(path[len(path)-n:], "/"), "%2f", "/"))
		if err != nil {
			continue
		}
		version, found := strings.CutPrefix(strings.TrimSuffix(file, ".tgz"), name.Base()+"-")
		if found && semver.Valid(version, semver.Options{}) && TarballURL(registry(name), name, version) == before+"/-/"+file {
			return name, version, true
		}
	}
	return "", "", false
}
