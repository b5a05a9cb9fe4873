package pnpmlock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// SourceError is an entry whose files come from where its key does not say, or that
// nothing checks. Allowing a package by its name means the one of the registry, and
// whoever reads the diff of a lockfile looks at names and versions.
type SourceError struct {
	Key        graph.Key
	Recorded   string // the URL in the lockfile, of a tarball that the registry does not have
	Published  string // the URL that the registry says; "" if it has no such version
	Unverified bool   // it has no integrity
}

func (e *SourceError) Error() string {
	switch {
	case e.Unverified:
		return fmt.Sprintf("the lockfile has no integrity for %s, so that anything would be taken for it", e.Key)
	case e.Recorded == "":
		return fmt.Sprintf("%s is a version in a registry, and the lockfile has it from somewhere else", e.Key)
	case e.Published == "":
		return fmt.Sprintf("the lockfile has %s from %s, and its registry has no such version", e.Key, e.Recorded)
	}
	return fmt.Sprintf("the lockfile has %s from %s, and its registry from %s", e.Key, e.Recorded, e.Published)
}

// Code is pnpm's code for this error.
func (e *SourceError) Code() string {
	switch {
	case e.Unverified:
		return "ERR_PNPM_MISSING_TARBALL_INTEGRITY"
	case e.Recorded == "":
		return "ERR_PNPM_RESOLUTION_SHAPE_MISMATCH"
	}
	return "ERR_PNPM_TARBALL_URL_MISMATCH"
}

// Hint is what the user can do.
func (e *SourceError) Hint() string {
	return "look who changed that entry of pnpm-lock.yaml, and why; if there is nothing to it remove the entry, and install without --frozen-lockfile"
}

// CheckSources makes sure that what is a version in a registry by its key comes from
// one, and that what comes over the network can be checked; a commit that a git host
// packs need not have a hash. foreign are the versions whose URL in the lockfile is
// not where canonical has them, sorted: their registry has to say whether it is theirs.
// It returns a [*SourceError].
func CheckSources(g *graph.Graph, canonical func(name npm.Name, version string) string) (foreign []*graph.Package, err error) {
	var first *SourceError
	for key, p := range g.Packages {
		res := &p.Resolution
		if res.Kind == graph.Registry && res.Tarball == "" || res.Kind > graph.Git { // as nearly all are
			continue
		}
		_, ref := key.ID().Split()
		plain, bad := isVersionRef(ref), (*SourceError)(nil)
		switch {
		case plain && (res.Kind != graph.Registry || res.GitHosted):
			bad = &SourceError{Key: key.ID()}
		case res.Tarball != "" && res.Integrity == "" && !res.GitHosted && !strings.HasPrefix(res.Tarball, "file:"):
			bad = &SourceError{Key: key.ID(), Unverified: true}
		case plain && !SameTarball(res.Tarball, canonical(p.Name, ref), p.Name):
			foreign = append(foreign, p)
		}
		if bad != nil && (first == nil || bad.Key < first.Key) {
			first = bad
		}
	}
	if first != nil {
		return nil, first
	}
	slices.SortFunc(foreign, func(a, b *graph.Package) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(foreign, func(a, b *graph.Package) bool { return a.Key.ID() == b.Key.ID() }), nil
}

// SameTarball compares URLs of a package's tarball as pnpm does: whatever the protocol
// and with "%2f" for "/", which registries write in scoped names; Artifactory also has
// the scope in the file name.
func SameTarball(url, canonical string, name npm.Name) bool {
	url, canonical = withoutScheme(url), withoutScheme(canonical)
	if url == canonical {
		return true
	}
	scope := name.Scope()
	if scope == "" || !strings.Contains(canonical, "/api/npm/") {
		return false
	}
	i := strings.LastIndex(canonical, "/-/")
	return i >= 0 && url == canonical[:i]+"/-/"+scope+canonical[i+len("/-"):]
}

func withoutScheme(url string) string {
	if strings.Contains(url, "%") {
		url = strings.NewReplacer("%2f", "/", "%2F", "/").Replace(url)
	}
	for _, scheme := range []string{"https://", "http://"} {
		if len(url) >= len(scheme) && strings.EqualFold(url[:len(scheme)], scheme) {
			return url[len(scheme):]
		}
	}
	return url
}
