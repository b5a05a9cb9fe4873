package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/spawn"
)

// completer asks the registry for what a lockfile does not say of its packages.
// A yarn.lock of berry has checksums of archives that yarn makes itself, which
// say nothing of a tarball: the integrity is the registry's. One of classic does
// not say where a package runs, which matters for optional ones only. What was
// asked once is in the cache of packuments, and is good there at any age: a
// version that was published does not change.
type completer struct {
	client *registry.Client
	// platforms says that those of optional packages are not known.
	platforms bool
}

// complete fills the gaps of a graph that nobody else has yet.
func (c *completer) complete(ctx context.Context, g *graph.Graph) error {
	byName := map[npm.Name][]*graph.Package{}
	for _, p := range g.Packages {
		if p.Resolution.Kind == graph.Registry && (p.Resolution.Integrity == "" || c.platforms && p.Optional) {
			byName[p.Name] = append(byName[p.Name], p)
		}
	}
	names := slices.Sorted(maps.Keys(byName))
	return spawn.Each(len(names), packumentsAtOnce, true, func(i int) error {
		packages := byName[names[i]]
		slices.SortFunc(packages, func(x, y *graph.Package) int { return cmp.Compare(x.Key, y.Key) })
		return c.fill(ctx, names[i], packages)
	})
}

func (c *completer) fill(ctx context.Context, name npm.Name, packages []*graph.Package) error {
	form := registry.Short
	if c.platforms {
		form = registry.Full // which alone is sure to have libc
	}
	doc := c.client.Kept(name, form)
	for _, p := range packages {
		m, err := manifestIn(doc, p.Version)
		if errors.Is(err, fs.ErrNotExist) {
			if doc, err = c.client.Revalidate(ctx, name, form); err == nil {
				m, err = manifestIn(doc, p.Version)
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("the registry has no version %s of it", p.Version)
		}
		if err != nil {
			return fmt.Errorf("find out about %s@%s of the lockfile: %w", name, p.Version, err)
		}
		if c.platforms {
			p.OS, p.CPU, p.Libc = m.OS, m.CPU, m.Libc
		}
		if p.Resolution.Integrity == "" {
			found := resolve.Published(m)
			p.Resolution.Integrity, p.Resolution.Tarball = found.Integrity, cmp.Or(p.Resolution.Tarball, found.Tarball)
		}
	}
	return nil
}

// manifestIn is fs.ErrNotExist if there is no document, or no such version in it.
func manifestIn(doc *npm.Packument, version string) (*npm.Manifest, error) {
	if doc == nil {
		return nil, fs.ErrNotExist
	}
	m, err := doc.Manifest(version)
	if errors.Is(err, npm.ErrNoVersion) {
		return nil, fs.ErrNotExist
	}
	return m, err
}
