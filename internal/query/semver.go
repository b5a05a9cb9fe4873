package query

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/npm/semver"
	"godwit/internal/project"
)

// comparison is what :semver compares: a version or range that was typed with a
// property of each package.
type comparison struct {
	lookup
	text     string
	version  *semver.Version // nil where text is a range only
	rng      semver.Range
	function string
}

var (
	versionFunctions = []string{"eq", "neq", "gt", "gte", "lt", "lte"}
	semverFunctions  = slices.Concat([]string{"infer", "satisfies", "gtr", "ltr", "intersects", "subset"}, versionFunctions)
)

// semverMatching is :semver(value [, property] [, function]); value and property may
// change places.
func semverMatching(args []string, nodes []*Node) ([]*Node, error) {
	c, err := parseComparison(args)
	if err != nil {
		return nil, err
	}
	return filter(nodes, func(n *Node) bool {
		for _, object := range c.objects(n.Package) {
			if c.holds(object) {
				return true
			}
		}
		return false
	}), nil
}

func parseComparison(args []string) (*comparison, error) {
	c := &comparison{function: "infer", lookup: lookup{attr: &attribute{name: "version"}}}
	if len(args) == 0 || len(args) > 3 {
		return nil, &SyntaxError{"ESEMVERVALUE", ":semver wants a version or a range, and perhaps a property and a function", "as in :semver(^1.2.0, [version], satisfies)"}
	}
	if len(args) == 3 {
		c.function = unquote(args[2])
		if !slices.Contains(semverFunctions, c.function) {
			return nil, &SyntaxError{"EQUERYINVALIDOPERATOR", fmt.Sprintf("`semver.%s` is not a supported operator", c.function), "there are " + strings.Join(semverFunctions, ", ")}
		}
	}
	values := args[:min(2, len(args))]
	for _, arg := range values {
		if !strings.HasPrefix(arg, "[") && !strings.HasPrefix(arg, ":attr(") {
			if c.text != "" {
				return nil, &SyntaxError{"ESEMVERVALUE", ":semver compares " + c.text + " with a property, and " + arg + " is none", "write [" + arg + "] or :attr(…)"}
			}
			c.text = unquote(arg)
			continue
		}
		var err error
		nested := []string{arg}
		if inner, ok := strings.CutPrefix(arg, ":attr("); ok {
			nested = split(strings.TrimSuffix(inner, ")"))
			for i := range nested {
				nested[i] = strings.TrimSpace(nested[i])
			}
		}
		if c.lookup, err = parseLookup(nested); err != nil {
			return nil, err
		}
	}
	return c, c.parse()
}

// parse reads what was typed.
func (c *comparison) parse() error {
	if v, err := semver.Parse(c.text, semver.Options{}); err == nil {
		c.version = &v
	}
	var err error
	if c.rng, err = semver.ParseRange(c.text, semver.Options{}); err != nil || c.text == "" {
		return &SyntaxError{"EQUERYINVALIDSEMVER", fmt.Sprintf("`%s` is not a valid semver version or range", c.text), ""}
	}
	return nil
}

// holds compares with the property of an object.
func (c *comparison) holds(object project.Node) bool {
	if c.attr.operator != "" && !c.attr.matches(object) {
		return false
	}
	value := object.Field(c.attr.name)
	rng, err := semver.ParseRange(value.Text, semver.Options{})
	if value.Kind != project.String || err != nil {
		return false
	}
	var version *semver.Version
	if v, err := semver.Parse(value.Text, semver.Options{}); err == nil {
		version = &v
	}
	function := c.function
	if function == "infer" {
		switch {
		case c.version != nil && version != nil:
			function = "eq"
		case c.version == nil && version == nil:
			function = "intersects"
		default:
			function = "satisfies"
		}
	}
	switch {
	case function == "intersects":
		return semver.Intersects(rng, c.rng)
	case function == "subset":
		return semver.Subset(rng, c.rng)
	case slices.Contains(versionFunctions, function):
		return version != nil && c.version != nil && compares(function, version.Compare(*c.version))
	case c.version != nil:
		return relates(function, *c.version, rng)
	}
	return version != nil && relates(function, *version, c.rng)
}

func compares(function string, order int) bool {
	switch function {
	case "eq":
		return order == 0
	case "neq":
		return order != 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	}
	return order <= 0
}

// relates reports whether a version is in a range, or above or below all of it.
func relates(function string, v semver.Version, rng semver.Range) bool {
	beyond := "<="
	switch function {
	case "satisfies":
		return rng.Match(v)
	case "gtr":
		beyond = ">="
	}
	others, err := semver.ParseRange(beyond+v.String(), semver.Options{IncludePrerelease: true})
	return err == nil && !semver.Intersects(rng, others)
}
