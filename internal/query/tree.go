package query

import "godwit/internal/project"

// Node is a package in its place, a project, or a link to one. Nodes are told apart
// by their address.
type Node struct {
	Name     string       // of its directory: the alias
	Package  project.Node // its package.json, normalized
	Location string       // of its directory, as a slash path from the root; "" is the root
	Realpath string       // with slashes; "" of what is missing

	Root, Workspace, Link bool
	Own                   bool // in no node_modules
	Extraneous, Bundled   bool
	Dev, Optional, Peer   bool // nothing but such dependencies lead to it
	Overridden            bool // npm's overrides chose the version

	Target  *Node   // of a Link
	LinksIn []*Node // links to it
	In      []*Edge // who depends on it
	Out     []*Edge

	Context project.Node // what selectors found out, as npm's queryContext
}

// Edge is a dependency.
type Edge struct {
	From, To *Node // To is nil where there is none
	Name     string
	Spec     string // overrides applied
	Type     string // prod, dev, optional, peer, peerOptional, workspace
	Invalid  bool   // To is another version
}

// missing reports whether the dependency is not there and should be.
func (e *Edge) missing() bool {
	return e.To == nil && e.Type != "optional" && e.Type != "peerOptional"
}

// target is what a link leads to, or n.
func (n *Node) target() *Node {
	if n.Target != nil {
		return n.Target
	}
	return n
}

// is reports whether a word for a kind of dependency is true of the node itself.
func (n *Node) is(kind string) bool {
	switch kind {
	case "dev":
		return n.Dev
	case "optional":
		return n.Optional
	case "peer":
		return n.Peer
	}
	return false
}

// ledToBy reports whether a dependency of that kind is on a way to n.
func (n *Node) ledToBy(kind string, seen map[*Edge]bool) bool {
	for _, e := range n.In {
		if seen[e] {
			continue
		}
		seen[e] = true
		if e.Type == kind || e.From.is(kind) || e.From.ledToBy(kind, seen) {
			return true
		}
	}
	return false
}

// childOf reports whether any of parents depends on n.
func (n *Node) childOf(parents map[*Node]bool) bool {
	for _, e := range n.In {
		if parents[e.From] {
			return true
		}
	}
	if n.Own {
		for _, l := range n.LinksIn {
			for _, e := range l.In {
				if e.Type == "workspace" && parents[e.From] {
					return true
				}
			}
		}
	}
	return false
}

// below reports whether any of tops depends on n, however far up.
func (n *Node) below(tops map[*Node]bool) bool {
	seen := map[*Node]bool{n: true}
	for todo := []*Node{n}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if at.childOf(tops) {
			return true
		}
		var above []*Node
		for _, e := range at.In {
			above = append(above, e.From)
		}
		for _, up := range append(above, at.LinksIn...) {
			if !seen[up] {
				seen[up] = true
				todo = append(todo, up)
			}
		}
	}
	return false
}
