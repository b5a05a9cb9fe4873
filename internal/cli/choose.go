package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/resolve/policy"
	"godwit/internal/spawn"
)

// chooser finds the versions for what a yarn.lock of yarn 1 lacks, as yarn 1 chooses: a
// dist-tag's version; the version that is tagged latest, if it is in the range;
// else the highest in the range. What was chosen for a direct dependency before the
// specifier was recorded comes first: the specifier shall mean that. It implements
// install.YarnSource.
type chooser struct {
	source *source
	// prefer are versions by name, which come before others where they will do, the
	// highest first; nil is none.
	prefer map[npm.Name][]string
}

// Choose implements install.YarnSource.
func (c *chooser) Choose(ctx context.Context, chosen map[string]string, wants []lockfile.Want) ([]lockfile.Found, error) {
	out := make([]lockfile.Found, len(wants))
	err := spawn.Each(len(wants), packumentsAtOnce, true, func(i int) error {
		w := wants[i]
		doc, err := c.source.Packument(ctx, w.Name, false)
		if err == nil {
			first := c.prefer[w.Name]
			if w.Direct {
				first = append([]string{chosen[w.Alias]}, first...)
			}
			out[i].Manifest, err = pickOld(c.source.policy, doc, func(doc *npm.Packument) (*npm.Manifest, error) {
				return pickForYarn(doc, w.Range, first)
			})
		}
		var none interface{ NotFound() bool }
		if w.Optional && errors.As(err, &none) {
			return nil
		}
		return err
	})
	return out, err
}

// Patch implements install.YarnSource: yarn 1 has no patches.
func (c *chooser) Patch(context.Context, string) (string, error) { return "", errors.ErrUnsupported }

// Open implements install.YarnSource: yarn 1 has the integrity of tarballs, which
// the registry says.
func (c *chooser) Open(context.Context, []lockfile.Tarball, func(int, []byte) error) error {
	return errors.ErrUnsupported
}

// pickOld picks of what a policy leaves of a document. What is in nothing but that
// which it holds back is picked of that, so that the verifier says which versions
// those are.
func pickOld[T any](rules *policy.Policy, doc *npm.Packument, pick func(*npm.Packument) (T, error)) (found T, err error) {
	old, err := rules.Admitted(doc)
	if err != nil {
		return found, err
	}
	found, err = pick(old)
	if old != doc && errors.As(err, new(*unchosenError)) {
		return pick(doc)
	}
	return found, err
}

func pickForYarn(doc *npm.Packument, rng string, first []string) (*npm.Manifest, error) {
	if tagged, ok := doc.DistTags[rng]; ok {
		return doc.Manifest(tagged)
	}
	loose := semver.Options{Loose: true}
	r, err := semver.ParseRange(rng, loose)
	if err != nil {
		return nil, &unchosenError{doc.Name, rng}
	}
	for _, version := range slices.Concat(first, []string{doc.DistTags["latest"]}) {
		if v, err := semver.Parse(version, loose); err == nil && r.Match(v) && doc.IndexOf(version) >= 0 {
			return doc.Manifest(version)
		}
	}
	best := bestOf(doc, r, func(i, j int) bool { return doc.Versions()[i].Compare(doc.Versions()[j]) > 0 })
	if best < 0 {
		return nil, &unchosenError{doc.Name, rng}
	}
	return doc.At(best)
}

// bestOf is the index of the version in a range that an order puts before all others,
// the first of equal ones, or -1.
func bestOf(doc *npm.Packument, r semver.Range, better func(i, j int) bool) int {
	best := -1
	for i, v := range doc.Versions() {
		if r.Match(v) && (best < 0 || better(i, best)) {
			best = i
		}
	}
	return best
}

// unchosenError is a range or tag that means nothing.
type unchosenError struct {
	name npm.Name
	rng  string
}

func (e *unchosenError) Error() string {
	return fmt.Sprintf("the registry has no version of %s for %q", e.name, e.rng)
}

// NotFound says that an optional dependency may do without.
func (e *unchosenError) NotFound() bool { return true }

// Code is pnpm's code for this error.
func (e *unchosenError) Code() string { return "ERR_PNPM_NO_MATCHING_VERSION" }

// Hint is what the user can do.
func (e *unchosenError) Hint() string {
	return "run npm view " + string(e.name) + " versions to see which there are"
}
