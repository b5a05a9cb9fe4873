package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/project"
	"godwit/internal/registry"
	"godwit/internal/resolve/npmtree"
	"godwit/internal/resolve/packuments"
)

// npmResolver resolves npm's projects in this process, as npm does.
type npmResolver struct {
	unserved func() // tells why no server resolves; nil if none shall
	source   *source
	options  npmtree.Options
	root     string
	update   func(name string) bool // which packages shall be as new as can be; nil is none
	all      bool                   // all of them: what the lockfile has does not count
	asked    map[string][]string    // dependencies that the user named, by project
}

func (c *call) npmResolver(src *source) *npmResolver {
	r := &c.cfg.Settings.Resolve
	return &npmResolver{
		source: src, root: c.workspace.root,
		options: npmtree.Options{
			LegacyPeers: r.LegacyPeers, StrictPeers: r.StrictPeers, Force: c.cfg.Settings.Call.Force,
			PreferDedupe: r.PreferDedupe, Strategy: npmtree.Strategy(r.Strategy), Tag: r.Tag, Policy: src.policy, Node: sync.OnceValue(c.nodeVersion),
			Platform: c.platform(),
		},
	}
}

func (r *npmResolver) looks() *source                      { return r.source }
func (r *npmResolver) renew(which func(alias string) bool) { r.update = which }

// Resolve implements install.Resolver.
func (r *npmResolver) Resolve(ctx context.Context, importers []install.Importer, locked install.Locked, picked install.Picked) (*install.Resolved, error) {
	r.source.locked = locked.Graph
	if r.unserved != nil {
		r.unserved()
	}
	req := &npmtree.Request{
		Root: r.root, Name: filepath.Base(r.root), Options: r.options, Locked: locked.Placed, Inflate: locked.Old,
		Update: r.update, Asked: r.asked, Picked: picked,
	}
	if r.all {
		req.Locked, req.Update = nil, nil
	}
	if locked.Preferred { // by dedupe
		req.Options.PreferDedupe, req.Update = true, several(locked.Placed)
	}
	for _, im := range importers {
		req.Projects = append(req.Projects, npmtree.Project{Dir: im.Dir, Manifest: im.Manifest, JSON: im.JSON})
	}
	res, err := npmtree.Resolve(ctx, &npmSource{r.source}, req)
	if err != nil {
		return nil, err
	}
	out := &install.Resolved{Placed: res.Placed, Warnings: res.Warnings, Deprecated: map[graph.Key]string{}}
	for _, p := range res.Placed {
		if p.Manifest != nil && !p.Kept && p.Manifest.Deprecated != "" {
			out.Deprecated[graph.Key(string(p.Manifest.Name)+"@"+p.Manifest.Version)] = p.Manifest.Deprecated
		}
	}
	return out, nil
}

// several says which names are in more than one place.
func several(placed []graph.Placed) func(name string) bool {
	count := map[string]int{}
	for _, p := range placed {
		dir := "/" + p.Dir
		if i := strings.LastIndex(dir, "/node_modules/"); i >= 0 {
			count[dir[i+len("/node_modules/"):]]++
		}
	}
	return func(name string) bool { return count[name] > 1 }
}

// npmSource is where npm's projects look packages up.
type npmSource struct{ *source }

// Packument implements npmtree.Source.
func (s *npmSource) Packument(ctx context.Context, name npm.Name, fresh bool) (*npm.Packument, error) {
	docs := packuments.Source{Registry: s.client, Full: true}
	return docs.Packument(ctx, name, fresh)
}

// Project implements npmtree.Source.
func (s *npmSource) Project(dir string) (*npm.Manifest, []byte, error) {
	p, err := project.Read(s.abs(dir))
	if errors.As(err, new(*project.NotFoundError)) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return &p.Manifest.Manifest, p.Raw(), nil
}

// Bundled implements npmtree.Source.
func (s *npmSource) Bundled(ctx context.Context, name npm.Name, tarball, sri string) (*npmtree.Bundle, error) {
	data, err := s.tarballOf(ctx, name, tarball)
	if err != nil {
		return nil, err
	}
	if sri != "" {
		want, err := integrity.Parse(sri)
		if err != nil {
			return nil, err
		}
		if err := want.Verify(data); err != nil {
			return nil, err
		}
	}
	packed, err := install.PackedBundle(data)
	if err != nil {
		return nil, err
	}
	out := &npmtree.Bundle{Packages: packed.Packages}
	if packed.Shrinkwrap != nil {
		out.Shrinkwrap, err = lockfile.Shrinkwrap(packed.Shrinkwrap)
	}
	return out, err
}

// tarballOf is the tarball at a URL, or in a file of the project ("file:x.tgz").
func (s *npmSource) tarballOf(ctx context.Context, name npm.Name, url string) ([]byte, error) {
	if file, ok := strings.CutPrefix(url, "file:"); ok {
		return os.ReadFile(s.abs(file))
	}
	data, err := s.client.Tarball(ctx, registry.TarballRequest{URL: url, Name: name})
	if err == nil {
		s.arrived.put(url, data)
	}
	return data, err
}
