package cli

import (
	"context"

	"godwit/internal/git"
	"godwit/internal/npm/specifier"
	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/resolve/packuments"
)

// External implements npmtree.Source. A repository is its commit, whatever its
// host makes of that: a package-lock.json names the commit.
func (s *npmSource) External(ctx context.Context, spec specifier.Specifier, dir string) (*resolve.External, error) {
	if spec.Kind != specifier.Git {
		return s.source.External(ctx, spec, dir)
	}
	if s.offline {
		return nil, &registry.OfflineError{What: "the repository of " + spec.Alias}
	}
	var err error
	for _, url := range ways(spec.Git) {
		var commit string
		if commit, err = s.git.Resolve(ctx, git.Wanted{URL: url, Ref: spec.Git.Committish, Range: spec.Git.Range}); err == nil {
			return s.commit(ctx, spec, url, commit)
		}
	}
	if ctx.Err() == nil {
		err = packuments.Missing(err)
	}
	return nil, err
}

// ways are the addresses to try for a repository: a known host over HTTPS first,
// which needs no key, then over SSH, as npm does.
func ways(repo specifier.Repository) []string {
	https, ssh := repo.HTTPS(), repo.SSH()
	switch {
	case https == "":
		return []string{repo.URL}
	case ssh == "":
		return []string{https}
	}
	return []string{https, ssh}
}

// checkoutNpm checks out a commit that a package-lock.json names by way of SSH,
// which npm writes for all that known hosts have.
func (t origins) checkoutNpm(ctx context.Context, url, commit string) (dir string, err error) {
	urls := []string{url}
	if spec, err := specifier.Parse("repository", "git+"+url); err == nil && spec.Kind == specifier.Git && spec.Git.Host != "" {
		urls = ways(spec.Git)
	}
	for _, u := range urls {
		if dir, err = t.git.Checkout(ctx, u, commit); err == nil {
			return dir, nil
		}
	}
	return "", err
}
