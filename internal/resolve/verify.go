package resolve

import (
	"context"
	"maps"
	"slices"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/resolve/ahead"
	"godwit/internal/resolve/policy"
)

// Verify asks the registries whether the policy admits what a lockfile has: a
// lockfile may have been made without it, or by somebody who should not have.
// Packages from elsewhere are not looked at. Errors: [*policy.AgeError] with
// all that are too new, [*policy.TrustError], [*policy.MissingTimeError]; all but the
// first name the file.
func Verify(ctx context.Context, src Source, p *policy.Policy, g *graph.Graph, file string) error {
	docs := ahead.New(ctx, src.Packument, nil)
	defer docs.Close()
	ids := map[graph.Key]bool{}
	for key, pkg := range g.Packages {
		if pkg.Resolution.Kind == graph.Registry && p.Concerns(pkg.Name) {
			ids[graph.Key(pkg.Name)+"@"+graph.Key(pkg.Version)] = true
			docs.Request(key.Name())
		}
	}
	var young []policy.Violation
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		name, version := id.Split()
		v, bad, err := verify(docs, p, name, version)
		if err != nil {
			return &Error{[]string{file, string(id)}, err}
		}
		if bad {
			young = append(young, v)
		}
	}
	if len(young) > 0 {
		return &policy.AgeError{Violations: young, Setting: p.Setting, Locked: true, Npmrc: p.Npmrc}
	}
	return nil
}

func verify(docs *ahead.Documents, p *policy.Policy, name npm.Name, version string) (policy.Violation, bool, error) {
	doc, err := docs.Get(name)
	if err != nil {
		return policy.Violation{}, false, err
	}
	v, young, err := p.CheckLocked(doc, version)
	if err == nil && !young {
		err = p.CheckTrust(doc, version)
	}
	return v, young, err
}
