// Package query finds packages of a tree by npm's selectors (npm help query): CSS,
// where what CSS calls an id is a name, a class is a kind of dependency, and a child
// is what depends on its parent.
//
// A selector is evaluated from left to right, as npm does: each condition leaves some
// of the packages found so far, and behind a combinator some of all packages are
// related to them.
package query

import (
	"context"
	"slices"

	"godwit/internal/npm"
)

// World is what selectors ask others.
type World struct {
	Nodes []*Node // all there is, the root too
	Root  *Node
	// Versions lists what registries have of packages, the lowest first, for
	// :outdated.
	Versions func(ctx context.Context, names []string) (map[string][]string, error)
	// Advisories asks a registry about versions, by name, for :vuln.
	Advisories func(ctx context.Context, question map[string][]string) (map[string][]Advisory, error)
}

// search is one query.
type search struct {
	*World
	ctx        context.Context
	advisories map[string][]Advisory // what the first :vuln learnt; nil before
}

// Select lists the nodes that a selector is about, in the order of their locations.
// scope is the project that :scope means.
func (w *World) Select(ctx context.Context, s *Selector, scope *Node) ([]*Node, error) {
	found, err := (&search{World: w, ctx: ctx}).list(s.any, w.Nodes, scope)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b *Node) int { return npm.Collate(a.Location, b.Location) })
	return found, nil
}

// list is what any of the selectors finds, each node once.
func (s *search) list(all list, from []*Node, scope *Node) ([]*Node, error) {
	var out []*Node
	seen := map[*Node]bool{}
	for _, one := range all {
		found, err := s.selector(one, from, scope)
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			if !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	return out, nil
}

func (s *search) selector(one selector, from []*Node, scope *Node) ([]*Node, error) {
	found := from
	for _, st := range one {
		of := found
		if st.relation != 0 {
			of = s.Nodes
		}
		next, err := s.matching(&st.cond, of, scope)
		if err != nil {
			return nil, err
		}
		found = related(st.relation, found, next)
	}
	return found, nil
}

// related are those of next that are related to any of found.
func related(relation byte, found, next []*Node) []*Node {
	of := map[*Node]bool{}
	for _, n := range found {
		of[n] = true
	}
	var holds func(*Node) bool
	switch relation {
	case 0:
		return next
	case '>':
		for _, n := range found {
			of[n.target()] = true
		}
		holds = func(n *Node) bool { return n.childOf(of) }
	case ' ':
		for _, n := range found {
			of[n.target()] = true
		}
		holds = func(n *Node) bool { return n.below(of) }
	case '~':
		parents := map[*Node]bool{}
		for _, n := range found {
			for _, e := range n.In {
				parents[e.From] = true
			}
		}
		holds = func(n *Node) bool { return !of[n] && n.childOf(parents) }
	}
	return filter(next, holds)
}

func filter(nodes []*Node, keep func(*Node) bool) []*Node {
	var out []*Node
	for _, n := range nodes {
		if keep(n) {
			out = append(out, n)
		}
	}
	return out
}

var dependencyTypes = []string{"prod", "dev", "optional", "peer", "workspace", "bundled"}

// matching are those of nodes that a condition holds for.
func (s *search) matching(c *condition, nodes []*Node, scope *Node) ([]*Node, error) {
	switch c.kind {
	case '*':
		return nodes, nil
	case '#':
		return filter(nodes, func(n *Node) bool { return n.Name == c.name || n.Package.Field("name").Text == c.name }), nil
	case '[':
		return filter(nodes, func(n *Node) bool { return c.attr.matches(n.Package) }), nil
	case '.':
		return filter(nodes, func(n *Node) bool { return n.isType(c.name) }), nil
	}
	return s.pseudo(c, nodes, scope)
}

func (n *Node) isType(kind string) bool {
	switch kind {
	case "prod":
		return !n.Dev
	case "workspace":
		return n.Workspace
	case "bundled":
		return n.Bundled
	}
	return n.is(kind) || n.ledToBy(kind, map[*Edge]bool{})
}
