// Package runtimes finds JavaScript runtimes: which version of Node, Deno or Bun a
// "runtime:" specifier means, and the archive of it for each platform.
//
//	node   index.json of a mirror ──► version; its SHASUMS256.txt, signed ──► archives
//	deno   the version of the npm package ──► release on GitHub ──► a hash beside each archive
//	bun    the version of the npm package ──► SHASUMS256.txt of the release on GitHub
//
// Addresses, names and orders are pnpm's (its crates engine-runtime-*-resolver, MIT), so
// that lockfiles agree.
package runtimes

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/runtimes/releasekey"
)

// Client gets documents.
type Client interface {
	// Document is what is at a URL. One that is not there is an error with a method
	// NotFound that says true.
	Document(ctx context.Context, url string) ([]byte, error)
}

// Finder looks for runtimes. It may be used by several goroutines.
type Finder struct {
	Client Client
	// Mirrors are where Node's releases are, by channel ("release", "nightly", "rc",
	// "test", "v8-canary"); others are on nodejs.org.
	Mirrors map[string]string
	// Keys are those that sign Node's releases; nil is the Node project's.
	Keys []releasekey.Key
	// Published is the version of a package of the registry that a range or dist-tag
	// means; "" is none.
	Published func(ctx context.Context, name npm.Name, want string) (string, error)
}

// Found is one version of a runtime.
type Found struct {
	Version    string
	Resolution graph.Resolution // of kind Variations
}

// Prefix begins the specifiers of runtimes, and their versions in lockfiles.
const Prefix = graph.RuntimePrefix

// Names are the runtimes that there are.
func Names() []string { return []string{"node", "deno", "bun"} }

// Is reports whether a dependency of that name can be a runtime.
func Is(alias string) bool { return slices.Contains(Names(), alias) }

// Find finds the newest version of a runtime that is wanted: a version, a range, a
// channel of Node's or a word such as "lts".
func (f *Finder) Find(ctx context.Context, name, want string) (*Found, error) {
	want = strings.TrimSpace(want)
	switch name {
	case "node":
		return f.node(ctx, want)
	case "deno":
		return f.published(ctx, name, want, f.deno)
	case "bun":
		return f.published(ctx, name, want, f.bun)
	}
	return nil, fmt.Errorf("%q is no runtime: there are %s", name, strings.Join(Names(), ", "))
}

// Newest is the version that Find would find. It looks at no archives.
func (f *Finder) Newest(ctx context.Context, name, want string) (string, error) {
	want = strings.TrimSpace(want)
	if name == "node" {
		p, err := f.pick(ctx, want)
		return p.version, err
	}
	return f.version(ctx, name, want)
}

func (f *Finder) version(ctx context.Context, name, want string) (string, error) {
	version, err := f.Published(ctx, npm.Name(name), cmp.Or(want, "latest"))
	if err == nil && version == "" {
		err = &VersionError{Name: name, Want: want}
	}
	return version, err
}

func (f *Finder) published(ctx context.Context, name, want string, archives func(context.Context, string) ([]graph.Variant, error)) (*Found, error) {
	version, err := f.version(ctx, name, want)
	if err != nil {
		return nil, err
	}
	variants, err := archives(ctx, version)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(variants, func(a, b graph.Variant) int {
		return cmp.Compare(a.Resolution.Tarball, b.Resolution.Tarball)
	})
	return found(name, version, variants)
}

func found(name, version string, variants []graph.Variant) (*Found, error) {
	if len(variants) == 0 {
		return nil, &VersionError{Name: name, Want: version}
	}
	return &Found{version, graph.Resolution{Kind: graph.Variations, Variants: variants}}, nil
}

// Saved is the specifier for package.json of what was found: the version with the
// "^" or "~" of what it takes the place of, or else of what was wanted. A prerelease
// stands for itself. Deno's and Bun's are kept as they were wanted.
func Saved(name, want, version, previous string) string {
	want = strings.TrimSpace(want)
	if name != "node" {
		return Prefix + cmp.Or(want, "latest")
	}
	if v, err := semver.Parse(version, semver.Options{}); want == version || err == nil && v.IsPrerelease() {
		return Prefix + version
	}
	from := want
	if rest, ok := strings.CutPrefix(previous, Prefix); ok {
		from = rest
	}
	if _, after, ok := strings.Cut(from, "/"); ok {
		from = after
	}
	operator := ""
	if strings.HasPrefix(from, "^") || strings.HasPrefix(from, "~") {
		operator = from[:1]
	}
	return Prefix + operator + version
}

// archive is one file of a release.
type archive struct {
	url, sha256, kind, prefix string
	bin                       map[string]string
	platforms                 []graph.Platform
}

func (a archive) variant() (graph.Variant, error) {
	sum, err := hex.DecodeString(a.sha256)
	if err != nil || len(sum) != 32 {
		return graph.Variant{}, &ListError{URL: a.url, Problem: fmt.Sprintf("%.80q is no SHA-256", a.sha256)}
	}
	return graph.Variant{Platforms: a.platforms, Resolution: graph.Resolution{
		Kind: graph.Binary, Tarball: a.url, Integrity: "sha256-" + base64.StdEncoding.EncodeToString(sum),
		Exec: &graph.Exec{Archive: a.kind, Prefix: a.prefix, Bin: a.bin},
	}}, nil
}

// entry is a line of a list of hashes.
type entry struct{ sha256, file string }

// entries reads a SHASUMS256.txt.
func entries(text []byte) []entry {
	var out []entry
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) >= 2 {
			out = append(out, entry{fields[0], fields[1]})
		}
	}
	return out
}

// parts cuts "<platform>-<arch>" or "<platform>-<arch>-musl".
func parts(name string) (platform, arch string, musl, ok bool) {
	name, musl = strings.CutSuffix(name, "-musl")
	platform, arch, ok = strings.Cut(name, "-")
	return platform, arch, musl, ok && platform != "" && arch != "" && !strings.ContainsAny(platform, ".") && !strings.ContainsAny(arch, ".-")
}

func libc(musl bool) string {
	if musl {
		return "musl"
	}
	return ""
}
