package npmtree

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// unpack puts into the node_modules of n what its tarball has there: packages
// that are bundled, or what its lockfile says.
func (b *builder) unpack(n *node) error {
	if n == b.root || n.isTop() || n.pkg.resolved == "" || len(n.pkg.bundled) == 0 && !n.pkg.shrinkwrap {
		return nil
	}
	if n.locked { // the lockfile has what is in it
		return nil
	}
	bundle, err := b.src.Bundled(b.ctx, n.packageName(), n.pkg.resolved, n.pkg.integrity)
	if err != nil {
		return &failure{chain(n), fmt.Errorf("look for bundled packages: %w", err)}
	}
	var fresh []*node
	if n.pkg.shrinkwrap {
		fresh = b.unpackShrinkwrap(n, bundle.Shrinkwrap)
	}
	for _, dir := range slices.SortedFunc(maps.Keys(bundle.Packages), npm.Collate) {
		m, err := npm.DecodeManifest(bundle.Packages[dir])
		if err != nil {
			continue // Node could not load it, either
		}
		outer, name := npm.SplitPlace(path.Join(n.dir, dir))
		at := b.root.index.byDir[outer]
		if at == nil || name == "" || len(n.pkg.bundled) == 0 {
			continue
		}
		p := newPkg(m, bundle.Packages[dir])
		k := &node{b: b, name: name, pkg: p}
		k.root = k
		k.attach(at)
		fresh = append(fresh, k)
	}
	for _, k := range fresh {
		k.loadEdges(false)
	}
	return nil
}

// unpackShrinkwrap places what the lockfile in a tarball says.
func (b *builder) unpackShrinkwrap(n *node, locked []graph.Placed) (fresh []*node) {
	for _, p := range locked {
		outer, name := npm.SplitPlace(path.Join(n.dir, p.Dir))
		at := b.root.index.byDir[outer]
		if at == nil || name == "" || p.Link != "" || p.Dir == "" { // "" is n itself
			continue
		}
		m := *p.Manifest
		if m.Name == "" {
			m.Name = npm.Name(name)
		}
		k := &node{b: b, name: name, pkg: newPkg(&m, p.JSON)}
		k.pkg.resolved, k.pkg.integrity, k.pkg.shrinkwrap = p.Resolved, p.Integrity, p.Shrinkwrap
		k.root = k
		k.attach(at)
		fresh = append(fresh, k)
	}
	return fresh
}
