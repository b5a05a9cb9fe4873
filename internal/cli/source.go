package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/registry"
	"godwit/internal/resolve"
)

// source lets the resolver ask the registry and the file system.
type source struct {
	client *registry.Client
	root   string // absolute directory of the lockfile
}

// Packument implements resolve.Source.
func (s *source) Packument(ctx context.Context, name npm.Name) (*npm.Packument, error) {
	doc, err := s.client.Packument(ctx, name, registry.Short)
	if err == nil && needsLibc(doc) {
		doc, err = s.full(ctx, name, doc)
	}
	var status *registry.StatusError
	if errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusGone) {
		return nil, notFound{err}
	}
	return doc, err
}

// needsLibc reports whether a document may lack the one field that decides
// between packages for Linux: the public registry leaves libc out of the short
// form. pnpm asks for the full form of every optional package; what is for
// Linux shows already in the short one.
func needsLibc(doc *npm.Packument) bool {
	if doc.Full || doc.Len() == 0 {
		return false
	}
	last, err := doc.At(doc.Len() - 1)
	return err == nil && last.Libc == nil && slices.Contains(last.OS, "linux")
}

// full is the full form of a document, or the short one where the cache has no
// other and must do.
func (s *source) full(ctx context.Context, name npm.Name, short *npm.Packument) (*npm.Packument, error) {
	doc, err := s.client.Packument(ctx, name, registry.Full)
	if errors.As(err, new(*registry.OfflineError)) {
		return short, nil
	}
	return doc, err
}

// notFound is a package that does not exist, which an optional dependency may
// be.
type notFound struct{ error }

func (e notFound) Unwrap() error  { return e.error }
func (e notFound) NotFound() bool { return true }

// External implements resolve.Source for directories and tarballs.
func (s *source) External(ctx context.Context, spec specifier.Specifier, dir string) (*resolve.External, error) {
	switch spec.Kind {
	case specifier.Link:
		return s.link(spec, dir)
	case specifier.Directory:
		return s.directory(spec, dir)
	case specifier.Archive:
		rel := s.relative(dir, spec.Path)
		data, err := os.ReadFile(s.abs(rel))
		if err != nil {
			return nil, fmt.Errorf("read the tarball of %q: %w", spec.Raw, err)
		}
		return tarball(data, "file:"+rel)
	case specifier.Tarball:
		data, err := s.client.Tarball(ctx, registry.TarballRequest{URL: spec.URL})
		if err != nil {
			return nil, err
		}
		return tarball(data, spec.URL)
	}
	return nil, fmt.Errorf("%q is a %s dependency, which this version of godwit cannot install: use a registry, a directory or a tarball", spec.Raw, spec.Kind)
}

// relative is a path, as a manifest in dir writes it, from the lockfile's
// directory.
func (s *source) relative(dir, p string) string {
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
	p, err := project.Read(s.abs(rel))
	if err != nil {
		return nil, fmt.Errorf("read the directory of %q: %w", spec.Raw, err)
	}
	m := p.Manifest.Manifest
	if m.Name == "" {
		m.Name = npm.Name(spec.Alias)
	}
	return &resolve.External{
		ID: "file:" + rel, Manifest: &m,
		Resolution: graph.Resolution{Kind: graph.Directory, Directory: rel},
	}, nil
}

// tarball looks into a tarball for its manifest.
func tarball(data []byte, where string) (*resolve.External, error) {
	manifest, err := install.PackedManifest(data)
	if err != nil {
		return nil, fmt.Errorf("look into the tarball %s: %w", where, err)
	}
	m, err := npm.DecodeManifest(manifest)
	if err != nil || m.Name == "" {
		return nil, fmt.Errorf("the package.json in the tarball %s cannot be used: it needs a name (%v)", where, err)
	}
	return &resolve.External{
		ID: strings.TrimSpace(where), Manifest: m,
		Resolution: graph.Resolution{Kind: graph.Tarball, Tarball: where, Integrity: integrity.Of(data).String()},
	}, nil
}
