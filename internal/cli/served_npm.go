package cli

import (
	"context"
	"fmt"
	"path"
	"slices"

	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/resolve/npmtree"
	"godwit/internal/resolve/remote"
)

// resolveNpm is resolve for a project of npm's.
func (s *served) resolveNpm(ctx context.Context, src *source, req *npmtree.Request, importers []install.Importer) (*npmtree.Result, error) {
	res, used, err := asked(s, src, onlyHereNpm(req), func() int { return unplaced(req) }, func() (*npmtree.Result, error) {
		return s.client.ResolveNpm(ctx, &remote.NpmQuestion{Request: req, Settings: s.settings, Lockfile: s.lockfile, Projects: install.Recorded(importers)})
	})
	if !used {
		return nil, nil
	}
	return res, err
}

// unplaced is unlocked for a project of npm's.
func unplaced(req *npmtree.Request) (n int) {
	has := map[string]bool{}
	for _, p := range req.Locked {
		has[p.Alias()] = true
	}
	for _, p := range req.Projects {
		for _, d := range slices.Concat(p.Manifest.Dependencies, p.Manifest.DevDependencies, p.Manifest.OptionalDependencies) {
			if !has[d.Alias] {
				n++
			}
		}
	}
	return n
}

// onlyHereNpm says what of a request no server can look at, or "".
func onlyHereNpm(req *npmtree.Request) string {
	if req.Options.Prefer != nil {
		return "the versions of another tool's lockfile come first"
	}
	projects := map[string]bool{}
	for _, p := range req.Projects {
		projects[path.Clean(p.Dir)] = true
	}
	for _, p := range req.Projects {
		m := p.Manifest
		for _, d := range slices.Concat(m.Dependencies, m.DevDependencies, m.OptionalDependencies, m.PeerDependencies) {
			if kind, only := localKind(d, p.Dir, projects); only {
				return fmt.Sprintf("%s depends on %s, which is of the kind %s", p.Dir, d.Alias, kind)
			}
		}
		if p.Dir == "." {
			if alias := localOverride(p.JSON); alias != "" {
				return fmt.Sprintf("the override of %s leads past the registry", alias)
			}
		}
	}
	for _, p := range req.Locked {
		if to := path.Clean(p.Link); p.Link != "" && !projects[to] {
			return fmt.Sprintf("the lockfile has a link to %s", to)
		}
		if p.Link == "" && p.Alias() == p.Dir && !projects[path.Clean(p.Dir)] {
			return "the lockfile has the directory " + p.Dir
		}
	}
	return ""
}

// localKind is what a dependency of the project in dir is, and whether it can be
// looked at here only. Projects of the workspace are part of the question.
func localKind(d npm.Dep, dir string, projects map[string]bool) (kind specifier.Kind, only bool) {
	s, err := specifier.Parse(d.Alias, d.Specifier)
	if err != nil {
		return s.Kind, false // the resolver tells of it
	}
	switch s.Kind {
	case specifier.Directory:
		return s.Kind, path.IsAbs(s.Path) || !projects[path.Join(dir, s.Path)]
	case specifier.Archive, specifier.Tarball, specifier.Git:
		return s.Kind, true
	}
	return s.Kind, false
}

// localOverride is the first override of a package.json that leads to what can be
// looked at here only, or "".
func localOverride(manifest []byte) string {
	doc, err := project.ParseValue("package.json", string(manifest))
	if err != nil {
		return "" // the resolver tells of it
	}
	return localIn(doc.Field("overrides"))
}

func localIn(v project.Node) string {
	for _, f := range v.Fields {
		if _, only := localKind(npm.Dep{Alias: f.Key, Specifier: f.Value.Text}, ".", nil); only {
			return f.Key
		}
		if below := localIn(f.Value); below != "" {
			return below
		}
	}
	return ""
}
