package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/semver"
	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/resolve/packuments"
	"godwit/internal/spawn"
)

// berrySource is asked for what a yarn.lock of yarn 4 lacks. It implements
// install.YarnSource.
type berrySource struct {
	*source
	yarn   string // the project's version of yarn, or ""
	prefer map[npm.Name][]string
}

// Choose finds versions as yarn 4 does: a dist-tag's version, or the highest in
// the range that is not deprecated, whatever is tagged latest.
func (s *berrySource) Choose(ctx context.Context, _ map[string]string, wants []lockfile.Want) ([]lockfile.Found, error) {
	out := make([]lockfile.Found, len(wants))
	err := spawn.Each(len(wants), packumentsAtOnce, true, func(i int) error {
		doc, err := s.full(ctx, wants[i].Name)
		if err != nil {
			return err
		}
		out[i], err = pickOld(s.policy, doc, func(doc *npm.Packument) (lockfile.Found, error) { return s.pick(doc, wants[i]) })
		return err
	})
	return out, err
}

func (s *berrySource) pick(doc *npm.Packument, w lockfile.Want) (lockfile.Found, error) {
	at, err := pickForBerry(doc, w.Range, s.prefer[w.Name])
	if err != nil {
		return lockfile.Found{}, err
	}
	m, err := doc.At(at)
	if err != nil {
		return lockfile.Found{}, err
	}
	raw, err := doc.Raw(doc.Key(at))
	return lockfile.Found{Manifest: m, JSON: raw, ArchiveURL: s.archiveURL(m)}, err
}

// full is a packument with all that yarn writes of a version.
func (s *berrySource) full(ctx context.Context, name npm.Name) (*npm.Packument, error) {
	docs := packuments.Source{Registry: s.client, Policy: s.policy, Full: true}
	return docs.Packument(ctx, name, false)
}

// archiveURL is where a tarball is, if that is not where its registry has tarballs
// as a rule.
func (s *berrySource) archiveURL(m *npm.Manifest) string {
	usual := npm.TarballURL(s.client.Registry(m.Name), m.Name, m.Version)
	if strings.ReplaceAll(m.Dist.Tarball, "%2f", "/") == usual {
		return ""
	}
	return m.Dist.Tarball
}

// pickForBerry is the version of a document that yarn 4 takes for a range or tag,
// unless one of the first is in the range.
func pickForBerry(doc *npm.Packument, rng string, first []string) (int, error) {
	r, err := semver.ParseRange(rng, semver.Options{})
	if err != nil {
		if at := doc.IndexOf(doc.DistTags[rng]); at >= 0 {
			return at, nil
		}
		return 0, &unchosenError{doc.Name, rng}
	}
	for _, version := range first {
		if at := doc.IndexOf(version); at >= 0 && r.Match(doc.Versions()[at]) {
			return at, nil
		}
	}
	at := highest(doc, r)
	if at < 0 && strings.TrimSpace(rng) == "*" {
		// Of a package with nothing but prereleases "*" means those.
		if r, err = semver.ParseRange("*", semver.Options{IncludePrerelease: true}); err == nil {
			at = highest(doc, r)
		}
	}
	if at < 0 {
		return 0, &unchosenError{doc.Name, rng}
	}
	return at, nil
}

// highest is the highest version in a range, of those that are not deprecated if
// there are such, or -1.
func highest(doc *npm.Packument, r semver.Range) int {
	best, deprecated := -1, true
	for i, v := range doc.Versions() {
		if !semver.Valid(doc.Key(i), semver.Options{}) || !r.Match(v) {
			continue
		}
		old := doc.Deprecated(i)
		if best < 0 || deprecated && !old || deprecated == old && v.Compare(doc.Versions()[best]) > 0 {
			best, deprecated = i, old
		}
	}
	return best
}

// tarballsAtOnce bounds the tarballs that checksums are made of at one time: each
// is unpacked in memory, some megabytes as a rule.
const tarballsAtOnce = 8

// Open implements install.YarnSource. The tarballs are kept for the downloads.
func (s *berrySource) Open(ctx context.Context, tarballs []lockfile.Tarball, each func(i int, tgz []byte) error) error {
	return spawn.Each(len(tarballs), tarballsAtOnce, true, func(i int) error {
		t := tarballs[i]
		data, err := s.open(ctx, &t)
		if err != nil {
			return fmt.Errorf("fetch %s@%s: %w", t.Name, t.Version, err)
		}
		if err := each(i, data); err != nil {
			return err
		}
		s.arrived.put(t.URL, data)
		return nil
	})
}

// open gets a tarball, and fills in what is not known of it.
func (s *berrySource) open(ctx context.Context, t *lockfile.Tarball) ([]byte, error) {
	if t.Integrity == "" || t.URL == "" {
		doc, err := s.full(ctx, t.Name)
		if err != nil {
			return nil, err
		}
		m, err := doc.Manifest(t.Version)
		if err != nil {
			return nil, err
		}
		published := resolve.Published(m)
		t.Integrity, t.URL = cmp.Or(t.Integrity, published.Integrity), cmp.Or(t.URL, published.Tarball)
	}
	data, err := s.client.Tarball(ctx, registry.TarballRequest{URL: t.URL, Name: t.Name})
	if err != nil || t.Integrity == "" {
		return data, err
	}
	if err := integrity.Check(t.Integrity, data); err != nil {
		return nil, fmt.Errorf("the tarball at %s is not what was expected: %w", t.URL, err)
	}
	return data, nil
}

// Packages of yarn's: the one that says which version of the other a yarn has, and
// that which has the patches.
const (
	yarnCLI    = npm.Name("@yarnpkg/cli")
	yarnCompat = npm.Name("@yarnpkg/plugin-compat")
)

// Patch implements install.YarnSource. The patches that a yarn has in itself are
// published with its plugin, which is asked of the registry: they are not ours, and
// differ from version to version.
func (s *berrySource) Patch(ctx context.Context, name string) (string, error) {
	version, err := s.compatVersion(ctx)
	if err != nil {
		return "", &noPatchError{name, err}
	}
	data, err := s.open(ctx, &lockfile.Tarball{Name: yarnCompat, Version: version})
	if err != nil {
		return "", &noPatchError{name, err}
	}
	text, err := compatPatch(data, name)
	if err != nil {
		return "", &noPatchError{name, fmt.Errorf("%s@%s: %w", yarnCompat, version, err)}
	}
	return text, nil
}

// compatVersion is the version of the plugin that the project's yarn was published
// with: the lowest that it admits. Of a yarn that is not in the registry the one
// before it counts, and where the project does not say which yarn it has, the
// latest.
func (s *berrySource) compatVersion(ctx context.Context) (string, error) {
	doc, err := s.full(ctx, yarnCLI)
	if err != nil {
		return "", err
	}
	rng := "<=" + s.yarn
	if s.yarn == "" {
		rng = "latest"
	}
	at, err := pickForBerry(doc, rng, nil)
	if err != nil {
		return "", err
	}
	raw, err := doc.Raw(doc.Key(at))
	if err != nil {
		return "", err
	}
	var m struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return "", fmt.Errorf("%s@%s: %w", yarnCLI, doc.Key(at), err)
	}
	version := strings.TrimLeft(m.Dependencies[string(yarnCompat)], "^~=")
	if !semver.Valid(version, semver.Options{}) {
		return "", fmt.Errorf("%s@%s does not say which %s it has", yarnCLI, doc.Key(at), yarnCompat)
	}
	return version, nil
}

// noPatchError is a patch of yarn's that cannot be had.
type noPatchError struct {
	name string
	err  error
}

func (e *noPatchError) Error() string {
	return fmt.Sprintf("yarn patches %s, and writes a hash of its patch to yarn.lock: the patch is published as a part of %s, which cannot be had: %v", e.name, yarnCompat, e.err)
}

// Unwrap is the reason.
func (e *noPatchError) Unwrap() error { return e.err }

// Code is the code of this error.
func (e *noPatchError) Code() string { return "ERR_GODWIT_YARN_PATCH" }

// Hint is what the user can do.
func (e *noPatchError) Hint() string {
	if errors.As(e.err, new(*registry.OfflineError)) {
		return "install once without --offline"
	}
	return "let the registry have " + string(yarnCLI) + " and " + string(yarnCompat) + ", or run yarn install --mode=update-lockfile"
}
