package query

import (
	"strings"

	"godwit/internal/npm/specifier"
	"godwit/internal/packlist"
	"godwit/internal/project"
)

var pseudoClasses = []string{
	"attr", "deduped", "empty", "extraneous", "has", "invalid", "is", "link", "missing", "not", "outdated", "overridden", "path",
	"private", "root", "scope", "semver", "type", "vuln",
}

// pseudo are those of nodes that a pseudo-class holds for.
func (s *search) pseudo(c *condition, nodes []*Node, scope *Node) ([]*Node, error) {
	switch c.name {
	case "is":
		return s.list(c.inner, nodes, scope)
	case "not":
		found, err := s.list(c.inner, nodes, scope)
		return without(nodes, found), err
	case "has":
		return s.having(c, nodes)
	case "attr":
		l, err := parseLookup(c.args)
		return filter(nodes, func(n *Node) bool { return l.matches(n.Package) }), err
	case "semver":
		return semverMatching(c.args, nodes)
	case "outdated":
		return s.outdated(c, nodes)
	case "vuln":
		return s.vulnerable(c, nodes)
	case "missing":
		return s.missing(), nil
	case "type":
		return typed(c, nodes), nil
	}
	return filter(nodes, func(n *Node) bool { return s.plain(c, n, scope) }), nil
}

// plain are the pseudo-classes that are about a node alone.
func (s *search) plain(c *condition, n, scope *Node) bool {
	switch c.name {
	case "deduped":
		return len(n.target().In) > 1
	case "empty":
		return len(n.Out) == 0
	case "extraneous":
		return n.Extraneous
	case "invalid":
		for _, e := range n.In {
			if e.Invalid {
				return true
			}
		}
		return false
	case "link":
		return n.Link || n.Own && !n.Root
	case "overridden":
		return n.Overridden
	case "path":
		return s.atPath(c.args, n)
	case "private":
		return truthy(n.Package.Field("private"))
	case "root":
		return n == s.Root
	}
	return n == scope // :scope
}

func (l *lookup) matches(of project.Node) bool {
	if l.attr == nil {
		return false
	}
	for _, n := range l.objects(of) {
		if l.attr.matches(n) {
			return true
		}
	}
	return false
}

func without(nodes, some []*Node) []*Node {
	drop := map[*Node]bool{}
	for _, n := range some {
		drop[n] = true
	}
	return filter(nodes, func(n *Node) bool { return !drop[n] })
}

// having are the nodes from which the selectors of :has find anything.
func (s *search) having(c *condition, nodes []*Node) ([]*Node, error) {
	var out []*Node
	for _, n := range nodes {
		found, err := s.list(c.inner, []*Node{n}, n)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			out = append(out, n)
		}
	}
	return out, nil
}

// missing makes a node of each dependency that is not there.
func (s *search) missing() []*Node {
	var out []*Node
	for _, n := range s.Nodes {
		for _, e := range n.Out {
			if !e.missing() {
				continue
			}
			pkg := project.Node{Kind: project.Map}
			pkg.Set("name", project.Text(e.Name))
			pkg.Set("version", project.Text(e.Spec))
			pkg.Set("_id", project.Text(e.Name+"@"+e.Spec))
			m := &Node{Name: e.Name, Package: pkg, Dev: true, In: []*Edge{e}}
			m.Context.Kind = project.Map
			m.Context.Set("missing", project.Node{Kind: project.Bool, Text: "true"})
			out = append(out, m)
		}
	}
	return out
}

// typed are the nodes that are depended on in some way: by npm's words for
// specifiers.
func typed(c *condition, nodes []*Node) []*Node {
	if len(c.args) == 0 {
		return nodes
	}
	var out []*Node
	for _, n := range nodes {
		for _, e := range n.In {
			kind, registry := typeOf(e)
			if kind == c.args[0] || registry && c.args[0] == "registry" {
				out = append(out, n)
				break
			}
		}
	}
	return out
}

// typeOf is npm's word for what an edge asks for.
func typeOf(e *Edge) (kind string, registry bool) {
	if e.Type == "workspace" {
		return "directory", false
	}
	s, err := specifier.Parse(e.Name, e.Spec)
	if err != nil {
		return "", false
	}
	if s.Aliased() {
		return "alias", true
	}
	switch s.Kind {
	case specifier.Archive:
		return "file", false
	case specifier.Tarball:
		return "remote", false
	case specifier.Link:
		return "directory", false
	}
	return s.Kind.String(), s.Kind.IsRegistry()
}

// atPath reports whether the directory of a node matches a pattern, which is
// relative to the root.
func (s *search) atPath(args []string, n *Node) bool {
	if len(args) == 0 || n.Realpath == "" {
		return len(args) == 0
	}
	pattern := unquote(args[0])
	if !strings.HasPrefix(pattern, "/") {
		pattern = joinPattern(s.Root.Realpath, pattern)
	}
	return packlist.MatchPath(pattern, n.Realpath)
}

// joinPattern is pattern below dir, without its "." and "..".
func joinPattern(dir, pattern string) string {
	parts := strings.Split(special.Replace(dir), "/")
	for part := range strings.SplitSeq(pattern, "/") {
		switch part {
		case "", ".":
		case "..":
			parts = parts[:max(1, len(parts)-1)]
		default:
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "/")
}

// special makes what patterns are made of stand for itself.
var special = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "{", `\{`)
