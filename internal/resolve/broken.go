package resolve

import (
	"maps"
	"slices"
)

// withoutBroken takes back what turned out to be broken: a package below an
// optional dependency that lacks something it needs. The nearest optional
// dependency above it goes; where there is none above, that is the error.
func (r *resolver) withoutBroken(directs [][]direct, levels [][]seed) ([][]direct, error) {
	if !r.anyBroken {
		return directs, nil
	}
	r.spreadBroken()
	r.rewrites++
	for _, p := range r.pkgs {
		kept := p.edges[:0]
		for _, e := range p.edges {
			if e.to.broken == nil {
				kept = append(kept, e)
			}
		}
		p.edges = kept
	}
	for k, direct := range directs {
		kept := direct[:0]
		for i, d := range direct {
			switch broken := d.node.pkg.broken; {
			case broken == nil:
				kept = append(kept, d)
			case !levels[k][i].optional:
				return nil, broken
			}
		}
		directs[k] = kept
	}
	r.roots = slices.DeleteFunc(r.roots, func(p *pkg) bool { return p.broken != nil })
	return directs, nil
}

// spreadBroken marks everything that needs a broken package. Of several
// reasons the one of the package that sorts first counts.
func (r *resolver) spreadBroken() {
	needs := map[*pkg][]*pkg{}
	var todo []*pkg
	for _, id := range slices.Sorted(maps.Keys(r.pkgs)) {
		p := r.pkgs[id]
		if p.broken != nil {
			todo = append(todo, p)
		}
		for _, e := range p.edges {
			if !e.optional {
				needs[e.to] = append(needs[e.to], p)
			}
		}
	}
	for ; len(todo) > 0; todo = todo[1:] {
		for _, p := range needs[todo[0]] {
			if p.broken == nil {
				p.broken = todo[0].broken
				todo = append(todo, p)
			}
		}
	}
}
