package yarnlock

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/npm/semver"
)

// link is the directory, from that of the lockfile, that an entry stands for
// which is no package but a link.
func (e *Entry) link() (dir string, ok bool) {
	_, ref, _ := splitDescriptor(e.Resolution)
	for _, protocol := range []string{"workspace:", "link:", "portal:"} {
		if dir, ok := strings.CutPrefix(ref, protocol); ok {
			dir, _, _ = strings.Cut(dir, "::")
			return path.Clean(dir), true
		}
	}
	return "", false
}

// workspace reports whether an entry stands for a project.
func (e *Entry) workspace() bool {
	_, ref, _ := splitDescriptor(e.Resolution)
	return strings.HasPrefix(ref, "workspace:")
}

// resolution is where the files of an entry are, and how its key calls that.
// spec is what was asked for by somebody in dir.
func (r *Record) resolution(e *Entry, spec, dir string) (res graph.Resolution, ref string, err error) {
	if r.Dialect == syml.Classic {
		return e.classicResolution(spec, dir)
	}
	_, ref, _ = splitDescriptor(e.Resolution)
	return e.berryResolution(ref)
}

// classicResolution reads "https://…/a-1.0.0.tgz#<sha1>", or for a directory,
// which has no resolution, the specifier.
func (e *Entry) classicResolution(spec, dir string) (res graph.Resolution, ref string, err error) {
	if e.Resolution == "" {
		if local, ok := strings.CutPrefix(spec, "file:"); ok {
			at := join(dir, local)
			return graph.Resolution{Kind: graph.Directory, Directory: at}, "file:" + at, nil
		}
		return graph.Resolution{Kind: graph.Registry, Integrity: e.Integrity}, e.Version, nil
	}
	at, fragment, _ := strings.Cut(e.Resolution, "#")
	switch {
	case strings.HasPrefix(at, "git+"), strings.HasPrefix(at, "git:"), strings.HasPrefix(at, "ssh:"), strings.HasSuffix(at, ".git"):
		return graph.Resolution{Kind: graph.Git, Repo: strings.TrimPrefix(at, "git+"), Commit: fragment}, e.Resolution, checkCommit(fragment)
	case strings.HasPrefix(at, "file:"):
		return graph.Resolution{Kind: graph.Tarball, Tarball: at, Integrity: e.integrity(fragment)}, at, nil
	}
	res = graph.Resolution{Kind: graph.Tarball, Tarball: at, Integrity: e.integrity(fragment)}
	// A registry keeps its tarballs where it likes to; "/-/" is the usual place.
	if strings.Contains(at, "/-/") && semver.Valid(e.Version, semver.Options{Loose: true}) {
		res.Kind = graph.Registry
		return res, e.Version, nil
	}
	return res, at, nil
}

// integrity is what the tarball is checked by: of files older than yarn 1.10 the
// SHA-1 behind the URL.
func (e *Entry) integrity(fragment string) string {
	if e.Integrity != "" {
		return e.Integrity
	}
	if sum, err := hex.DecodeString(fragment); err == nil && len(sum) == 20 { // bytes of a SHA-1
		return "sha1-" + base64.StdEncoding.EncodeToString(sum)
	}
	return ""
}

// join is a path that somebody in dir writes down, from the lockfile's directory.
func join(dir, p string) string {
	if path.IsAbs(p) {
		return p
	}
	return path.Join(dir, p)
}

func checkCommit(commit string) error {
	if commit == "" {
		return errors.New("it is a repository without a commit")
	}
	return nil
}

// berryResolution reads the reference of a locator.
func (e *Entry) berryResolution(ref string) (res graph.Resolution, key string, err error) {
	protocol, rest, ok := strings.Cut(ref, ":")
	plain, params := cutParams(rest)
	switch {
	case !ok:
		return res, "", fmt.Errorf("%q is no reference", ref)
	case protocol == "npm":
		return graph.Resolution{Kind: graph.Registry, Tarball: params.Get("__archiveUrl")}, plain, nil
	case protocol == "patch":
		return e.patched(plain)
	case protocol == "file":
		// "./a.tgz#./a.tgz::hash=…&locator=…"
		local, _, _ := strings.Cut(plain, "#")
		at := join(directoryOf(params.Get("locator")), local)
		if strings.HasSuffix(at, ".tgz") || strings.HasSuffix(at, ".tar.gz") {
			return graph.Resolution{Kind: graph.Tarball, Tarball: "file:" + at}, "file:" + at, nil
		}
		return graph.Resolution{Kind: graph.Directory, Directory: at}, "file:" + at, nil
	}
	if at, commit, found := strings.Cut(ref, "#commit="); found {
		commit, _, _ = strings.Cut(commit, "&")
		return graph.Resolution{Kind: graph.Git, Repo: strings.TrimPrefix(at, "git+"), Commit: commit}, ref, checkCommit(commit)
	}
	if protocol == "http" || protocol == "https" {
		at, _, _ := strings.Cut(ref, "::")
		return graph.Resolution{Kind: graph.Tarball, Tarball: at}, at, nil
	}
	return res, "", fmt.Errorf("what comes from %s: cannot be installed by this version of godwit", protocol)
}

// cutParams takes "::a=b&c=d" off a reference.
func cutParams(ref string) (plain string, params url.Values) {
	plain, query, _ := strings.Cut(ref, "::")
	params, err := url.ParseQuery(query)
	if err != nil {
		params = url.Values{}
	}
	return plain, params
}

// directoryOf is that of a project, as a parameter names it:
// "root@workspace:packages/a".
func directoryOf(locator string) string {
	_, dir, _ := strings.Cut(locator, "@workspace:")
	return dir
}

// patched is the package that a patch is for, if yarn has the patch in itself:
// those make packages look into Plug'n'Play's archives, which there are none of
// in node_modules. A patch of the user's cannot be left out.
func (e *Entry) patched(ref string) (res graph.Resolution, key string, err error) {
	locator, patch, _ := strings.Cut(ref, "#")
	if !strings.Contains(patch, "builtin<") {
		return res, "", errors.New("it is patched by yarn, which this version of godwit cannot do; write the patch under patchedDependencies for pnpm, or leave it out")
	}
	locator, err = url.PathUnescape(locator)
	if err != nil {
		return res, "", fmt.Errorf("%q is no locator: %w", locator, err)
	}
	_, inner, ok := splitDescriptor(locator)
	if !ok || strings.HasPrefix(inner, "patch:") {
		return res, "", fmt.Errorf("%q is no package to patch", locator)
	}
	return e.berryResolution(inner)
}
