package npmtree

import (
	"slices"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// placed lists what is in the tree.
func (b *builder) placed() []graph.Placed {
	var out []graph.Placed
	for dir, n := range b.root.index.byDir {
		if n == b.root || n.err != nil {
			continue
		}
		p := graph.Placed{Dir: dir, Kept: n.locked}
		if n.isLink {
			p.Link = n.target.dir
			if p.Link == "" {
				p.Link = "."
			}
		} else {
			p.Manifest, p.JSON = n.pkg.manifest, n.pkg.raw
			p.Resolved, p.Integrity = n.pkg.resolved, n.pkg.integrity
			p.Bundled, p.Shrinkwrap, p.Short = n.bundler() != nil, n.pkg.shrinkwrap, n.short
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(x, y graph.Placed) int { return npm.Collate(x.Dir, y.Dir) })
	return out
}

// checkFailures fails if something could not be found that the project needs:
// that no optional dependency is on the way to.
func (b *builder) checkFailures() error {
	if len(b.failures) == 0 {
		return nil
	}
	needed := setOf(b.root)
	for i := 0; i < len(needed.list); i++ {
		n := needed.list[i]
		if n.isLink {
			needed.add(n.target)
			continue
		}
		for _, e := range n.out.list {
			if e.to != nil && !e.optional() {
				needed.add(e.to)
			}
		}
	}
	for _, n := range b.failures {
		if needed.has[n] && n.root == b.root {
			return n.err
		}
	}
	return nil
}
