package npm

import (
	"strings"

	"godwit/internal/npm/semver"
)

// Platform is where packages are going to run, in Node's words.
type Platform struct {
	OS   string // process.platform: linux, darwin, win32
	CPU  string // process.arch: x64, arm64
	Libc string // glibc or musl; "" where unknown and everywhere but on Linux
}

// PlatformOf puts Go's words for a platform into Node's.
func PlatformOf(goos, goarch, libc string) Platform {
	p := Platform{OS: goos, CPU: goarch}
	switch goos {
	case "windows":
		p.OS = "win32"
	case "solaris", "illumos":
		p.OS = "sunos"
	case "linux":
		p.Libc = libc
	}
	switch goarch {
	case "amd64":
		p.CPU = "x64"
	case "386":
		p.CPU = "ia32"
	case "ppc64le":
		p.CPU = "ppc64"
	case "mipsle":
		p.CPU = "mipsel"
	case "mips64le":
		p.CPU = "mips64el"
	}
	return p
}

// Supports reports whether a package with these lists runs on p
// (npm-install-checks, checkPlatform). A nil list permits everything. A list
// of libcs excludes every platform whose libc is not known, an empty one too.
func (p Platform) Supports(os, cpu, libc []string) bool {
	if libc != nil && p.Libc == "" {
		return false
	}
	return permits(os, p.OS) && permits(cpu, p.CPU) && permits(libc, p.Libc)
}

// permits reports whether none of the negated entries ("!win32") is value, and
// one of the others is, if there are others.
func permits(list []string, value string) bool {
	if len(list) == 1 && list[0] == "any" {
		return true
	}
	match, negated := false, 0
	for _, entry := range list {
		if name, not := strings.CutPrefix(entry, "!"); not {
			if negated++; name == value {
				return false
			}
		} else if name == value {
			match = true
		}
	}
	return match || negated == len(list)
}

// EngineFits reports whether current is what engines asks for under name
// ("node"); want is the range as written. Prereleases of the engine count as
// any other version, and a range that is none fits nothing
// (npm-install-checks, checkEngine).
func EngineFits(engines Deps, name string, current semver.Version) (want string, fits bool) {
	want, _ = engines.Lookup(name)
	if want == "" {
		return "", true
	}
	options := semver.Options{IncludePrerelease: true}
	r, err := semver.ParseRange(want, options)
	return want, err == nil && r.Match(current)
}

// TarballURL is where registries keep the tarball of a version when nobody
// says otherwise. Build metadata is not part of the file name
// (get-npm-tarball-url).
func TarballURL(registry string, name Name, version string) string {
	version, _, _ = strings.Cut(version, "+")
	return strings.TrimRight(registry, "/") + "/" + string(name) + "/-/" + name.Base() + "-" + version + ".tgz"
}
