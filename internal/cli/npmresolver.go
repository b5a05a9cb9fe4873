package cli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"

	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/registry"
	"godwit/internal/resolve/bundled"
	"godwit/internal/resolve/npmtree"
	"godwit/internal/resolve/packuments"
)

// npmResolver resolves npm's projects as npm does, in this process, or lets a
// server do that.
type npmResolver struct {
	served  *served // nil for no server
	source  *source
	options npmtree.Options
	root    string
	update  func(name string) bool // which packages shall be as new as can be; nil is none
	all     bool                   // all of them: what the lockfile has does not count
	asked   map[string][]string    // dependencies that the user named, by project
	fixing  *npmtree.Fixing        // of audit fix; else nil
}

func (c *call) npmResolver(src *source) *npmResolver {
	r := &c.cfg.Settings.Resolve
	return &npmResolver{
		source: src, root: c.workspace.root,
		options: npmtree.Options{
			LegacyPeers: r.LegacyPeers, StrictPeers: r.StrictPeers, Force: c.cfg.Settings.Call.Force,
			PreferDedupe: r.PreferDedupe, Strategy: npmtree.Strategy(r.Strategy), Tag: r.Tag, Policy: src.policy, Node: sync.OnceValue(c.nodeVersion),
			Platform: c.platform(), InstallLinks: r.InstallLinks, Prefer: c.prefer,
			Allow: npmtree.Allow{Git: r.AllowGit, Remote: r.AllowRemote, File: r.AllowFile, Directory: r.AllowDirectory},
		},
	}
}

func (r *npmResolver) looks() *source                      { return r.source }
func (r *npmResolver) renew(which func(alias string) bool) { r.update = which }

// Resolve implements install.Resolver.
func (r *npmResolver) Resolve(ctx context.Context, importers []install.Importer, locked install.Locked, picked install.Picked) (*install.Resolved, error) {
	r.source.locked = locked.Graph
	req := &npmtree.Request{
		Root: r.root, Name: filepath.Base(r.root), Options: r.options, Locked: locked.Placed, Inflate: locked.Old,
		Update: r.update, Asked: r.asked, Fixing: r.fixing, Picked: picked,
	}
	if r.all {
		req.Locked, req.Update = nil, nil
	}
	if locked.Preferred && r.options.Prefer == nil { // by dedupe, not by import
		req.Options.PreferDedupe, req.Update = true, several(locked.Placed)
	}
	for _, im := range importers {
		req.Projects = append(req.Projects, npmtree.Project{Dir: im.Dir, Manifest: im.Manifest, JSON: im.JSON})
	}
	res, err := r.find(ctx, req, importers)
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

// find is the resolution itself.
func (r *npmResolver) find(ctx context.Context, req *npmtree.Request, importers []install.Importer) (*npmtree.Result, error) {
	if r.served != nil && req.Fixing == nil { // no server knows of advisories
		if res, err := r.served.resolveNpm(ctx, r.source, req, importers); res != nil || err != nil {
			return res, err
		}
	}
	return npmtree.Resolve(ctx, &npmSource{r.source}, req)
}

// several says which names are in more than one place.
func several(placed []graph.Placed) func(name string) bool {
	count := map[string]int{}
	for _, p := range placed {
		if _, alias, found := npm.CutModules(p.Dir); found {
			count[alias]++
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
	return bundled.Look(data, sri)
}

// tarballOf is the tarball at a URL, or in a file of the project ("file:x.tgz").
func (s *npmSource) tarballOf(ctx context.Context, name npm.Name, url string) ([]byte, error) {
	if file, ok := strings.CutPrefix(url, "file:"); ok {
		return fsys.ReadFile(s.abs(file), maxLocalTarball)
	}
	data, err := s.client.Tarball(ctx, registry.TarballRequest{URL: url, Name: name})
	if err == nil {
		s.arrived.put(url, data)
	}
	return data, err
}
