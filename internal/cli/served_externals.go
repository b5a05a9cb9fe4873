package cli

import (
	"context"
	"fmt"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/resolve"
	"godwit/internal/resolve/wire"
)

// externals looks at the directories and tarballs of this machine that projects
// depend on, so that a server need not.
type externals struct {
	source  *source
	request *resolve.Request
	found   []wire.External
	seen    map[string]bool // directories whose dependencies were looked at
}

// find looks for all of them, or says why a server is of no use.
func (e *externals) find(ctx context.Context) (why string) {
	e.seen = map[string]bool{}
	for _, im := range e.request.Importers {
		if why := e.of(ctx, im.Dir, im.Manifest, true); why != "" {
			return why
		}
	}
	return ""
}

// of looks at what the manifest in dir depends on. A project may also depend on
// paths as peers, which are installed.
func (e *externals) of(ctx context.Context, dir string, m *npm.Manifest, project bool) (why string) {
	groups := []npm.Deps{m.Dependencies, m.OptionalDependencies}
	if project {
		groups = append(groups, m.DevDependencies, m.PeerDependencies)
	}
	for _, deps := range groups {
		for _, d := range deps {
			s, err := specifier.Parse(d.Alias, d.Specifier)
			if err != nil {
				continue // the resolver tells of it
			}
			if why := e.look(ctx, dir, s); why != "" {
				return why
			}
		}
	}
	return ""
}

func (e *externals) look(ctx context.Context, dir string, s specifier.Specifier) (why string) {
	switch s.Kind {
	case specifier.Version, specifier.Range, specifier.Tag, specifier.Catalog:
		return ""
	case specifier.Workspace:
		if s.Path == "" {
			return ""
		}
		s.Kind = specifier.Link
	case specifier.Tarball:
		if _, _, ok := e.request.Options.RegistryTarball(s.URL); ok {
			return ""
		}
	}
	// A URL may hold a password, so that it is not told.
	only := fmt.Sprintf("%s depends on %s, which is of the kind %s", dir, s.Alias, s.Kind)
	switch s.Kind {
	case specifier.Link, specifier.Directory, specifier.Archive:
	default:
		return only
	}
	ext, err := e.source.External(ctx, s, dir)
	if err != nil {
		return only
	}
	e.found = append(e.found, wire.NewExternal(dir, s.Alias, s.Raw, ext))
	if below := ext.Resolution.Directory; ext.Resolution.Kind == graph.Directory && !strings.HasPrefix(ext.ID, "link:") && !e.seen[below] {
		e.seen[below] = true
		return e.of(ctx, below, ext.Manifest, false)
	}
	return ""
}
