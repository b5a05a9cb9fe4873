package cli

import (
	"context"
	"errors"
	"strings"

	"godwit/internal/config"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/spawn"
)

// bunSource is asked for what a bun.lock lacks. It implements install.BunSource.
type bunSource struct {
	*source
	prefer map[npm.Name][]string // versions that come before others, the highest first
	own    string                // the URL of bun's own registry, or ""
}

// Choose finds versions as bun does; see [pickForBun].
func (s *bunSource) Choose(ctx context.Context, wants []lockfile.BunWant) ([]lockfile.BunFound, error) {
	out := make([]lockfile.BunFound, len(wants))
	err := spawn.Each(len(wants), packumentsAtOnce, true, func(i int) error {
		w := wants[i]
		doc, err := s.Packument(ctx, w.Name, false)
		if err == nil {
			out[i], err = pickOld(s.policy, doc, func(doc *npm.Packument) (lockfile.BunFound, error) { return s.pick(doc, w) })
		}
		var none interface{ NotFound() bool }
		if w.Optional && errors.As(err, &none) {
			out[i] = lockfile.BunFound{}
			return nil
		}
		return err
	})
	return out, err
}

func (s *bunSource) pick(doc *npm.Packument, w lockfile.BunWant) (found lockfile.BunFound, err error) {
	version, err := pickForBun(doc, w, s.prefer[w.Name])
	if err != nil {
		return found, err
	}
	if found.Manifest, err = doc.Manifest(version); err == nil {
		found.JSON, err = doc.Raw(version)
	}
	return found, err
}

// pickForBun is what bun takes (find_best_version of its npm.rs): what is tagged
// latest, if it is in the range; the highest release in it; and a prerelease only
// where the range names one. What is deprecated comes last. first are versions that
// come before all these.
func pickForBun(doc *npm.Packument, w lockfile.BunWant, first []string) (string, error) {
	if w.Tag {
		if tagged, ok := doc.DistTags[w.Range]; ok {
			return tagged, nil
		}
		return "", &unchosenError{doc.Name, w.Range}
	}
	loose := semver.Options{Loose: true}
	r, err := semver.ParseRange(w.Range, loose)
	if err != nil {
		return "", &unchosenError{doc.Name, w.Range}
	}
	fits := func(version string) bool {
		v, err := semver.Parse(version, loose)
		return err == nil && r.Match(v)
	}
	for _, version := range first {
		if _, err := doc.Manifest(version); err == nil && fits(version) {
			return version, nil
		}
	}
	early := strings.Contains(w.Range, "-") && !strings.Contains(w.Range, " - ")
	latest := doc.DistTags["latest"]
	if latest != "" && fits(latest) && (!early || strings.TrimLeft(w.Range, "^~>=v ") == latest) && !deprecated(doc, latest) {
		return latest, nil
	}
	best := bestOf(doc, r, func(i, j int) bool { return betterForBun(doc, i, j) })
	if best < 0 {
		return "", &unchosenError{doc.Name, w.Range}
	}
	return doc.Key(best), nil
}

// betterForBun reports whether bun takes the version at i rather than the one at j:
// one that is not deprecated, else a release, else the higher one.
func betterForBun(doc *npm.Packument, i, j int) bool {
	if a, b := doc.Deprecated(i), doc.Deprecated(j); a != b {
		return b
	}
	v, w := doc.Versions()[i], doc.Versions()[j]
	if a, b := v.IsPrerelease(), w.IsPrerelease(); a != b {
		return b
	}
	return v.Compare(w) > 0
}

func deprecated(doc *npm.Packument, version string) bool {
	i := doc.IndexOf(version)
	return i >= 0 && doc.Deprecated(i)
}

// Usual implements install.BunSource: bun does not write the URLs of its own
// registry's tarballs.
func (s *bunSource) Usual(tarball string) bool {
	return s.own != "" && strings.HasPrefix(tarball, s.own)
}

// bunRegistry is the registry that bun takes for its own, the one that nobody
// configured, or "".
func (c *call) bunRegistry() string {
	if v, _ := c.cfg.Lookup("registry"); v.Source.Level != config.FromDefault {
		return ""
	}
	return c.cfg.Registries.Default
}
