package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"godwit/internal/event"
	"godwit/internal/fsys"
	"godwit/internal/git"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/resolve/packuments"
	"godwit/internal/resolve/policy"
	"godwit/internal/runtimes"
	"godwit/internal/store"
)

// source lets the resolver ask the registry, git and the file system.
type source struct {
	client *registry.Client
	// prefixed are the registries that have a prefix, by that; nil for none.
	prefixed map[string]*registry.Client
	git      *git.Client
	arrived  *arrived
	store    *store.Store
	locked   *graph.Graph // of the present lockfile, or nil
	root     string       // absolute directory of the lockfile
	home     string       // "" where there is none
	offline  bool
	policy   *policy.Policy
	times    bool             // publication times are needed of everything
	runtimes *runtimes.Finder // nil where packages alone can be depended on
}

// openSource opens what packages come from, by the settings. Close it.
func (c *call) openSource(sink event.Sink) (*source, error) {
	s := &c.cfg.Settings
	policy, err := c.policy()
	if err != nil {
		return nil, err
	}
	client, err := c.client(sink)
	if err != nil {
		return nil, err
	}
	st, err := c.openStore()
	if err != nil {
		client.Close()
		return nil, err
	}
	if s.Install.FrozenStore {
		st.Freeze()
	}
	prefixed, err := c.prefixedClients(sink)
	if err != nil {
		client.Close()
		st.Close()
		return nil, err
	}
	src := &source{
		client: client, prefixed: prefixed, store: st, arrived: &arrived{}, root: c.workspace.root, home: c.Home,
		git:     git.New(git.Options{Env: c.Env, Dir: filepath.Join(c.cacheDir(), "git"), Now: c.Now}),
		offline: s.Network.Offline, policy: policy, times: s.Resolve.Mode == "time-based",
	}
	src.runtimes = c.runtimeFinder(src)
	return src, nil
}

func (s *source) close() {
	s.git.Close()
	s.store.Close()
	s.client.Close()
	for _, client := range s.prefixed {
		client.Close()
	}
}

// Packument implements resolve.Source.
func (s *source) Packument(ctx context.Context, name npm.Name, fresh bool) (*npm.Packument, error) {
	docs := packuments.Source{Registry: s.client, Policy: s.policy, Times: s.times}
	if prefix, plain, ok := strings.Cut(string(name), ":"); ok {
		docs.Registry, name = s.prefixed[prefix], npm.Name(plain)
	}
	return docs.Packument(ctx, name, fresh)
}

// External implements resolve.Source for directories, tarballs and
// repositories. An optional dependency may lack whatever it wants.
func (s *source) External(ctx context.Context, spec specifier.Specifier, dir string) (*resolve.External, error) {
	ext, err := s.external(ctx, spec, dir)
	if err != nil && ctx.Err() == nil {
		return nil, packuments.Missing(err)
	}
	return ext, err
}

func (s *source) external(ctx context.Context, spec specifier.Specifier, dir string) (*resolve.External, error) {
	switch spec.Kind {
	case specifier.Link:
		return s.link(spec, dir)
	case specifier.Directory:
		return s.directory(spec, dir)
	case specifier.Archive:
		return s.localTarball(spec, dir)
	case specifier.Tarball:
		return s.remoteTarball(ctx, spec)
	case specifier.Git:
		return s.repository(ctx, spec)
	case specifier.Runtime:
		return s.runtime(ctx, spec)
	}
	return nil, fmt.Errorf("%q is a %s dependency, which this version of godwit cannot install: use a registry, a directory, a tarball or a repository", spec.Raw, spec.Kind)
}

// Integrity implements resolve.Source.
func (s *source) Integrity(ctx context.Context, name npm.Name, version, tarball string) (string, error) {
	if tarball == "" {
		tarball = npm.TarballURL(s.client.Registry(name), name, version)
	}
	data, err := s.client.Tarball(ctx, registry.TarballRequest{URL: tarball, Name: name})
	if err != nil {
		return "", err
	}
	s.arrived.put(tarball, data)
	return integrity.Of(data).String(), nil
}

// registryTarball tells which package a registry's own tarball URL stands for.
func (s *source) registryTarball(raw string) (name npm.Name, version string, ok bool) {
	return npm.PackageAt(raw, s.client.Registry)
}

// relative is a path, as a manifest in dir writes it, from the lockfile's
// directory.
func (s *source) relative(dir, p string) string {
	if rest, ok := strings.CutPrefix(p, "~/"); ok && s.home != "" {
		p = filepath.ToSlash(s.home) + "/" + rest
	}
	if filepath.IsAbs(filepath.FromSlash(p)) {
		if rel, err := filepath.Rel(s.root, filepath.FromSlash(p)); err == nil {
			return filepath.ToSlash(rel)
		}
		return p
	}
	return path.Join(dir, p)
}

func (s *source) abs(rel string) string {
	if filepath.IsAbs(filepath.FromSlash(rel)) {
		return filepath.FromSlash(rel)
	}
	return filepath.Join(s.root, filepath.FromSlash(rel))
}

func (s *source) link(spec specifier.Specifier, dir string) (*resolve.External, error) {
	rel := s.relative(dir, spec.Path)
	m := &npm.Manifest{Name: npm.Name(spec.Alias)}
	p, err := project.Read(s.abs(rel))
	switch {
	case err == nil:
		m = &p.Manifest.Manifest
	case !errors.As(err, new(*project.NotFoundError)):
		return nil, err
	}
	return &resolve.External{
		ID: "link:" + rel, Manifest: m,
		Resolution: graph.Resolution{Kind: graph.Directory, Directory: rel},
	}, nil
}

func (s *source) directory(spec specifier.Specifier, dir string) (*resolve.External, error) {
	rel := s.relative(dir, spec.Path)
	var manifest []byte
	switch info, err := os.Stat(s.abs(rel)); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &missingError{spec.Raw, s.abs(rel)}
	case err != nil:
		return nil, fmt.Errorf("read the directory of %q: %w", spec.Raw, err)
	case !info.IsDir():
		return nil, &notDirectoryError{spec.Raw, s.abs(rel)}
	}
	manifest, err := project.ReadJSON(s.abs(rel))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		spec.Alias = path.Base(filepath.ToSlash(s.abs(rel))) // as pnpm calls it
	case err != nil:
		return nil, fmt.Errorf("read the directory of %q: %w", spec.Raw, err)
	}
	return external(spec, "file:"+rel, manifest, graph.Resolution{Kind: graph.Directory, Directory: rel})
}

// maxLocalTarball is what a registry may send at most, too.
const maxLocalTarball = math.MaxInt32

func (s *source) localTarball(spec specifier.Specifier, dir string) (*resolve.External, error) {
	rel := s.relative(dir, spec.Path)
	data, err := fsys.ReadFile(s.abs(rel), maxLocalTarball)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &missingError{spec.Raw, s.abs(rel)}
	}
	if err != nil {
		return nil, fmt.Errorf("read the tarball of %q: %w", spec.Raw, err)
	}
	return tarball(spec, data, "file:"+rel, "file:"+rel)
}

// remoteTarball fetches a tarball to see what is in it. The URL of a redirect
// is recorded where the server promises that it stays so, as pnpm does.
func (s *source) remoteTarball(ctx context.Context, spec specifier.Specifier) (*resolve.External, error) {
	url := normalURL(spec.URL)
	if ext := s.lockedTarball(spec, url); ext != nil {
		return ext, nil
	}
	from := url
	data, err := s.client.Tarball(ctx, registry.TarballRequest{URL: url, Answered: func(last string, immutable bool) {
		if immutable {
			from = last
		}
	}})
	if err != nil {
		return nil, err
	}
	s.arrived.put(from, data)
	return tarball(spec, data, url, from)
}

// lockedTarball is what the lockfile has for a URL, if the store still has the
// tarball. It then is not fetched again, and stays what it was (pnpm 12).
func (s *source) lockedTarball(spec specifier.Specifier, url string) *resolve.External {
	for key, p := range s.lockedPackages() {
		if _, ref := key.ID().Split(); ref != url || p.Resolution.Kind != graph.Tarball || p.Resolution.GitHosted {
			continue
		}
		manifest, err := s.storedManifest(p.Resolution.Integrity)
		if err != nil {
			return nil // it is fetched again
		}
		ext, err := external(spec, url, manifest, p.Resolution)
		if err != nil {
			return nil
		}
		return ext
	}
	return nil
}

func (s *source) lockedPackages() map[graph.Key]*graph.Package {
	if s.locked == nil {
		return nil
	}
	return s.locked.Packages
}

// storedManifest reads the package.json of a tarball in the store.
func (s *source) storedManifest(sri string) ([]byte, error) {
	id, err := install.TreeID(sri)
	if err != nil {
		return nil, err
	}
	tree, err := s.store.Load(id)
	if err != nil {
		return nil, err
	}
	dir, err := tree.Open()
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.ReadFile("package.json", maxManifest)
}

// normalURL is a URL as browsers, and pnpm with them, write it: no default port,
// no dots in the path.
func normalURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw // the client refuses it
	}
	u = u.ResolveReference(u)
	u.Host = strings.ToLower(u.Host)
	if port := u.Port(); u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}

// tarball looks into a tarball for its manifest.
func tarball(spec specifier.Specifier, data []byte, id, url string) (*resolve.External, error) {
	manifest, err := install.PackedManifest(data, "")
	if err != nil {
		return nil, &unpackedError{spec.Alias, data[:min(len(data), shownBytes)], err}
	}
	return external(spec, id, manifest, graph.Resolution{
		Kind: graph.Tarball, Tarball: url, Integrity: integrity.Of(data).String(), GitHosted: graph.IsGitArchive(url),
	})
}

// external describes a package by its package.json, which may be missing: then
// it has the name that its dependent gives it.
func external(spec specifier.Specifier, id string, manifest []byte, res graph.Resolution) (*resolve.External, error) {
	m := &npm.Manifest{Name: npm.Name(spec.Alias)}
	if manifest != nil {
		var err error
		if m, err = npm.DecodeManifest(manifest); err != nil {
			return nil, fmt.Errorf("the package.json of %s cannot be used: %w", spec.Alias, err)
		}
	}
	if m.Name == "" {
		return nil, &namelessError{spec.Alias}
	}
	if m.Version == "" {
		m.Version = "0.0.0"
	}
	return &resolve.External{ID: id, Manifest: m, JSON: manifest, Resolution: res}, nil
}

// unpackedError is something in place of a tarball.
type unpackedError struct {
	alias string
	head  []byte
	err   error
}

// shownBytes is enough to recognize a page of HTML.
const shownBytes = 24

func (e *unpackedError) Error() string {
	return fmt.Sprintf("look into the tarball of %s: %v; it begins with %q", e.alias, e.err, e.head)
}
func (e *unpackedError) Unwrap() error { return e.err }
func (e *unpackedError) Hint() string {
	return "check the address; a server that wants you to sign in may answer with a page: credentials for it belong in .npmrc"
}

// missingError is a path of file: where nothing is.
type missingError struct{ raw, path string }

func (e *missingError) Error() string {
	return fmt.Sprintf("%q leads to %s, which does not exist", e.raw, e.path)
}
func (e *missingError) Code() string { return "ERR_PNPM_LINKED_PKG_DIR_NOT_FOUND" }
func (e *missingError) Hint() string {
	return "correct the path; it is relative to the package.json it stands in"
}

// notDirectoryError is a path of file: that is neither a directory nor called
// like a tarball.
type notDirectoryError struct{ raw, path string }

func (e *notDirectoryError) Error() string {
	return fmt.Sprintf("%q leads to %s, which is no directory", e.raw, e.path)
}
func (e *notDirectoryError) Code() string { return "ERR_PNPM_NOT_PACKAGE_DIRECTORY" }
func (e *notDirectoryError) Hint() string { return "name a directory, or a .tgz, .tar.gz or .tar file" }

// namelessError is a package from outside a registry that does not say its name.
type namelessError struct{ alias string }

func (e *namelessError) Error() string {
	return fmt.Sprintf("the package.json of %s has no name, or none that a package can have", e.alias)
}
func (e *namelessError) Code() string { return "ERR_PNPM_MISSING_PACKAGE_NAME" }
func (e *namelessError) Hint() string {
	return "ask its author to add one; a lockfile has no other way to call it"
}
