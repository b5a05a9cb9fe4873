package query

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/npm/semver"
	"godwit/internal/project"
)

var outdatedKinds = []string{"any", "major", "minor", "patch", "in-range", "out-of-range"}

// outdated are the nodes of which a registry has higher versions; of a kind, if one
// is named. Their context gets all versions.
func (s *search) outdated(c *condition, nodes []*Node) ([]*Node, error) {
	kind := "any"
	if len(c.args) > 0 {
		kind = unquote(c.args[0])
	}
	if !slices.Contains(outdatedKinds, kind) {
		return nil, &SyntaxError{what: fmt.Sprintf(":outdated(%s) is not known", kind), next: "there are " + strings.Join(outdatedKinds, ", ")}
	}
	nodes = filter(nodes, (*Node).published)
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.Name
	}
	slices.Sort(names)
	known, err := s.Versions(s.ctx, slices.Compact(names))
	if err != nil {
		return nil, err
	}
	var out []*Node
	for _, n := range nodes {
		versions := known[n.Name]
		now, err := semver.Parse(n.Package.Field("version").Text, semver.Options{Loose: true})
		if err != nil {
			continue
		}
		n.note("versions", texts(versions))
		var higher []semver.Version
		for _, text := range versions {
			if v, err := semver.Parse(text, semver.Options{}); err == nil && now.Less(v) {
				higher = append(higher, v)
			}
		}
		if len(higher) > 0 && n.outdatedIn(kind, now, higher) {
			out = append(out, n)
		}
	}
	return out, nil
}

// published reports whether a registry may know the package.
func (n *Node) published() bool { return !n.Root && !truthy(n.Package.Field("private")) }

// outdatedIn reports whether any of the higher versions is of a kind.
func (n *Node) outdatedIn(kind string, now semver.Version, higher []semver.Version) bool {
	switch kind {
	case "any":
		return true
	case "in-range", "out-of-range":
		return n.outdatedFor(kind == "in-range", higher)
	}
	return slices.ContainsFunc(higher, func(v semver.Version) bool { return difference(now, v) == kind })
}

// outdatedFor notes which higher versions dependents admit, or do not.
func (n *Node) outdatedFor(within bool, higher []semver.Version) bool {
	found := project.Node{Kind: project.List}
	for _, e := range n.In {
		rng, err := semver.ParseRange(e.Spec, semver.Options{})
		var fit []string
		for _, v := range higher {
			if (err == nil && rng.Match(v)) == within {
				fit = append(fit, v.String())
			}
		}
		if len(fit) > 0 {
			by := project.Node{Kind: project.Map}
			by.Set("from", project.Text(e.From.Location))
			by.Set("versions", texts(fit))
			found.Items = append(found.Items, by)
		}
	}
	if len(found.Items) == 0 {
		return false
	}
	key := map[bool]string{true: "inRange", false: "outOfRange"}[within]
	told := n.Context.Field("outdated")
	told.Kind = project.Map
	told.Set(key, found)
	n.note("outdated", told)
	return true
}

// difference is node-semver's word for the first part in which two versions differ,
// the second of which is higher.
func difference(low, high semver.Version) string {
	word := ""
	if high.IsPrerelease() {
		word = "pre"
	}
	fromPre := low.IsPrerelease() && !high.IsPrerelease()
	switch {
	case fromPre && low.Minor == 0 && low.Patch == 0:
		return "major"
	case fromPre && low.Release() == high:
		if low.Minor != 0 && low.Patch == 0 {
			return "minor"
		}
		return "patch"
	case low.Major != high.Major:
		return word + "major"
	case low.Minor != high.Minor:
		return word + "minor"
	case low.Patch != high.Patch:
		return word + "patch"
	}
	return "prerelease"
}

// Advisory is what a registry says about some versions of a package.
type Advisory struct {
	Vulnerable string // range
	Severity   string
	CWE        []string
	Document   project.Node // all that it says
}

// vulnerable are the nodes that advisories speak of; with arguments, those that any
// of these lists of properties fits. Their context gets the advisories.
func (s *search) vulnerable(c *condition, nodes []*Node) ([]*Node, error) {
	wanted, err := parseVulnerable(c.args)
	if err != nil || len(nodes) == 0 {
		return nil, err
	}
	if s.advisories == nil {
		question := map[string][]string{}
		for _, n := range nodes {
			v := n.Package.Field("version").Text
			if n.published() && !slices.Contains(question[n.Name], v) {
				question[n.Name] = append(question[n.Name], v)
			}
		}
		if s.advisories, err = s.Advisories(s.ctx, question); err != nil {
			return nil, err
		}
	}
	return filter(nodes, func(n *Node) bool {
		found := project.Node{Kind: project.List}
		v, err := semver.ParseRange(n.Package.Field("version").Text, semver.Options{})
		for _, a := range s.advisories[n.Name] {
			rng, badRange := semver.ParseRange(a.Vulnerable, semver.Options{})
			if err == nil && badRange == nil && semver.Intersects(rng, v) && a.isAny(wanted) {
				found.Items = append(found.Items, a.Document)
			}
		}
		if len(found.Items) > 0 {
			n.Context = project.Node{Kind: project.Map}
			n.note("advisories", found)
		}
		return len(found.Items) > 0
	}), nil
}

// wantedAdvisory is one argument of :vuln. Of several severities one has to fit, of
// several weaknesses all; "*" is any.
type wantedAdvisory struct{ severities, cwes []string }

func parseVulnerable(args []string) ([]wantedAdvisory, error) {
	var out []wantedAdvisory
	for _, arg := range args {
		var w wantedAdvisory
		for p := (&parser{rest: arg}); p.rest != ""; p.rest = strings.TrimSpace(p.rest) {
			wrong := &SyntaxError{"EQUERYATTR", `:vuln knows [severity=…] and [cwe=…], and got ` + p.rest, "as in :vuln([severity=high], [cwe=79])"}
			if p.rest[0] != '[' {
				return nil, wrong
			}
			text, err := p.enclosed(']')
			if err != nil {
				return nil, err
			}
			a, err := parseAttribute(text)
			if err != nil {
				return nil, err
			}
			if a.operator == "" {
				a.value = "*"
			}
			switch {
			case a.operator != "" && a.operator != "=":
				return nil, wrong
			case a.name == "severity":
				w.severities = append(w.severities, a.value)
			case a.name == "cwe":
				w.cwes = append(w.cwes, a.value)
			default:
				return nil, wrong
			}
		}
		out = append(out, w)
	}
	return out, nil
}

func (a *Advisory) isAny(wanted []wantedAdvisory) bool {
	for _, w := range wanted {
		severe := w.severities == nil || slices.Contains(w.severities, "*") || slices.Contains(w.severities, a.Severity)
		weak := !slices.ContainsFunc(w.cwes, func(cwe string) bool { return !slices.Contains(a.CWE, "CWE-"+cwe) })
		if slices.Contains(w.cwes, "*") {
			weak = len(a.CWE) > 0
		}
		if severe && weak {
			return true
		}
	}
	return len(wanted) == 0
}

func (n *Node) note(key string, value project.Node) {
	n.Context.Kind = project.Map
	n.Context.Set(key, value)
}

func texts(list []string) project.Node {
	out := project.Node{Kind: project.List}
	for _, s := range list {
		out.Items = append(out.Items, project.Text(s))
	}
	return out
}
