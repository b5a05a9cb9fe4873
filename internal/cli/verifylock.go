package cli

import (
	"context"
	"errors"
	"fmt"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/resolve"
	"godwit/internal/spawn"
)

// verifier checks what a lockfile has against the policy, and a pnpm-lock.yaml also
// against the registries that it speaks of; or it is nil. file is the lockfile's name.
func (c *call) verifier(src *source, canonical func(npm.Name, string) string, file string) func(context.Context, *graph.Graph) error {
	sources := !c.npmProject() && !c.foreign() // other tools take their lockfiles' word
	if c.cfg.Settings.Resolve.TrustLockfile || src.policy == nil && !sources {
		return nil
	}
	return func(ctx context.Context, g *graph.Graph) error {
		if sources {
			if err := src.checkSources(ctx, g, canonical); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		if src.policy == nil {
			return nil
		}
		return resolve.Verify(ctx, src, src.policy, g, file)
	}
}

// checkSources refuses packages of registries that the lockfile has from elsewhere.
// Offline nothing comes from anywhere.
func (s *source) checkSources(ctx context.Context, g *graph.Graph, canonical func(npm.Name, string) string) error {
	foreign, err := lockfile.CheckSources(g, canonical)
	if err != nil || s.offline {
		return err
	}
	return spawn.Each(len(foreign), packumentsAtOnce, true, func(i int) error { return s.checkSource(ctx, foreign[i], canonical) })
}

// checkSource asks the registry of a package whether the URL in the lockfile is its own,
// unless replace-registry-host makes it so.
func (s *source) checkSource(ctx context.Context, p *graph.Package, canonical func(npm.Name, string) string) error {
	client, name := s.client, p.Name
	_, version := p.Key.ID().Split()
	if prefix := p.Key.ID().Registry(); prefix != "" {
		client, name = s.prefixed[prefix], npm.Name(prefix+":"+string(name))
	}
	if client == nil {
		return nil // the download says that nobody knows that registry
	}
	url := client.Leads(p.Name, p.Resolution.Tarball)
	if lockfile.SameTarball(url, canonical(p.Name, version), p.Name) {
		return nil
	}
	published, err := s.publishedAt(ctx, name, p.Version)
	if err != nil {
		return fmt.Errorf("look where %s is published: %w", p.Key.ID(), err)
	}
	if published == "" || !lockfile.SameTarball(url, client.Leads(p.Name, published), p.Name) {
		return &lockfile.SourceError{Key: p.Key.ID(), Recorded: p.Resolution.Tarball, Published: published}
	}
	return nil
}

// publishedAt is where the registry has the tarball of a version; "" if it has none.
func (s *source) publishedAt(ctx context.Context, name npm.Name, version string) (string, error) {
	for _, fresh := range []bool{false, true} {
		doc, err := s.Packument(ctx, name, fresh)
		if err != nil {
			return "", err
		}
		m, err := doc.Manifest(version)
		if err == nil {
			return m.Dist.Tarball, nil
		}
		if !errors.Is(err, npm.ErrNoVersion) {
			return "", err
		}
	}
	return "", nil
}
