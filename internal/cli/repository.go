package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"godwit/internal/git"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/specifier"
	"godwit/internal/registry"
	"godwit/internal/resolve"
)

// repository resolves a git dependency: to the archive that a known host makes
// of the commit, if anybody may have that, else to the commit itself. A known
// host is reached over HTTPS however the specifier is written: which transport
// this machine has for it is for git's own configuration to say (pnpm 12).
func (s *source) repository(ctx context.Context, spec specifier.Specifier) (*resolve.External, error) {
	repo := spec.Git
	url := repo.URL
	if https := repo.HTTPS(); https != "" {
		url = https
	}
	if s.offline {
		return nil, &registry.OfflineError{What: "the repository of " + spec.Alias}
	}
	commit, err := s.git.Resolve(ctx, git.Wanted{URL: url, Ref: repo.Committish, Range: repo.Range})
	if err != nil {
		return nil, err
	}
	if archive := repo.Archive(commit); archive != "" {
		data, err := s.public(ctx, archive)
		if err != nil {
			return nil, err
		}
		if data != nil {
			return s.archive(spec, archive, data)
		}
	}
	return s.commit(ctx, spec, url, commit)
}

// probePatience is how long a host may take to begin with an archive: the git
// protocol works where archives are blocked. pnpm has the same.
const probePatience = 10 * time.Second

// public fetches an archive, or gives nil where the host gives none.
func (s *source) public(ctx context.Context, url string) ([]byte, error) {
	probe, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.AfterFunc(probePatience, cancel)
	defer timer.Stop()
	data, err := s.client.Tarball(probe, registry.TarballRequest{
		URL: url, Once: true, Answered: func(string, bool) { timer.Stop() },
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, nil // the repository tells why, if it cannot be had either
	}
	return data, nil
}

func (s *source) archive(spec specifier.Specifier, url string, data []byte) (*resolve.External, error) {
	dir := spec.Git.Dir
	manifest, err := install.PackedManifest(data, dir)
	if err != nil {
		return nil, fmt.Errorf("look into the archive %s: %w", url, err)
	}
	s.arrived.put(url, data)
	id := url
	if dir != "" {
		id += "#path:" + dir
	}
	return external(spec, id, manifest, graph.Resolution{
		Kind: graph.Tarball, Tarball: url, Integrity: integrity.Of(data).String(), GitHosted: true, Path: dir,
	})
}

func (s *source) commit(ctx context.Context, spec specifier.Specifier, url, commit string) (*resolve.External, error) {
	dir, err := s.git.Checkout(ctx, url, commit)
	if err != nil {
		return nil, err
	}
	manifest, err := manifestBelow(dir, spec.Git.Dir)
	if err != nil {
		return nil, fmt.Errorf("read the package.json of %s: %w", spec.Alias, err)
	}
	return external(spec, commitID(url, commit, spec.Git.Dir), manifest, graph.Resolution{
		Kind: graph.Git, Repo: url, Commit: commit, Path: spec.Git.Dir,
	})
}

// commitID is what stands for the version in the key of a commit.
func commitID(url, commit, dir string) string {
	id := url + "#" + commit
	if !strings.Contains(url, "://") {
		id = "https://" + id
	}
	if !strings.HasPrefix(id, "git+") {
		id = "git+" + id
	}
	if dir != "" {
		id += "&path:" + dir
	}
	return id
}

// maxManifest bounds a package.json, as the store does.
const maxManifest = 16 << 20

// manifestBelow reads the package.json of a directory in a checkout, or gives
// nil. No link leads out of the checkout.
func manifestBelow(checkout, dir string) ([]byte, error) {
	root, err := os.OpenRoot(checkout)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	below, err := install.Subdir(dir)
	if err != nil {
		return nil, err
	}
	if info, err := root.Stat(below); err != nil || !info.IsDir() {
		return nil, &install.SubdirError{Path: dir}
	}
	f, err := root.Open(path.Join(below, "package.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err == nil && len(data) > maxManifest {
		err = fmt.Errorf("it is larger than %d bytes", maxManifest)
	}
	return data, err
}
