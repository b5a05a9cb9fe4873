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

// seek finds the versions for what a bun.lock lacks, as bun chooses.
func (c *chooser) seek(ctx context.Context, wants []lockfile.BunWant) ([]lockfile.BunFound, error) {
	out := make([]lockfile.BunFound, len(wants))
	err := spawn.Each(len(wants), packumentsAtOnce, true, func(i int) error {
		w := wants[i]
		doc, err := c.source.Packument(ctx, w.Name, false)
		var version string
		if err == nil {
			version, err = pickForBun(doc, w, c.prefer[w.Name])
		}
		if err == nil {
			if out[i].Manifest, err = doc.Manifest(version); err == nil {
				out[i].JSON, err = doc.Raw(version)
			}
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

// pickForBun is what bun takes (find_best_version of its npm.rs): the one version
// that is named; what is tagged latest, if it is in the range; the highest release
// in it; and a prerelease only where the range names one. first are versions that
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
	if latest := doc.DistTags["latest"]; fits(latest) && (!early || strings.TrimLeft(w.Range, "^~>=v ") == latest) {
		return latest, nil
	}
	best, release := -1, -1
	for i, v := range doc.Versions() {
		switch {
		case !r.Match(v):
		case v.IsPrerelease():
			if best < 0 || v.Compare(doc.Versions()[best]) > 0 {
				best = i
			}
		case release < 0 || v.Compare(doc.Versions()[release]) > 0:
			release = i
		}
	}
	if release >= 0 {
		best = release
	}
	if best < 0 {
		return "", &unchosenError{doc.Name, w.Range}
	}
	return doc.Key(best), nil
}

// usual reports whether a tarball is where bun's own registry has them, whose URLs
// it does not write: that is the registry that nobody configured.
func (c *call) usual() func(tarball string) bool {
	v, _ := c.cfg.Lookup("registry")
	own := c.cfg.Registries.Default
	return func(tarball string) bool {
		return v.Source.Level == config.FromDefault && own != "" && strings.HasPrefix(tarball, own)
	}
}
