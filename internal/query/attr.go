package query

import (
	"slices"
	"strings"

	"godwit/internal/project"
)

// matches reports whether the property of an object is as the attribute wants it;
// of a list one item has to be.
func (a *attribute) matches(object project.Node) bool {
	value := object.Field(a.name)
	switch {
	case a.operator == "":
		return truthy(value)
	case value.Kind == project.List:
		for _, item := range value.Items {
			if a.compare(item) {
				return true
			}
		}
		return false
	}
	return a.compare(value)
}

func truthy(n project.Node) bool {
	switch n.Kind {
	case project.Missing, project.Null:
		return false
	case project.Bool:
		return n.Text == "true"
	case project.Number:
		return strings.Trim(n.Text, "-0.") != ""
	case project.String:
		return n.Text != ""
	}
	return true
}

func (a *attribute) compare(n project.Node) bool {
	if n.Kind != project.String && n.Kind != project.Number && truthy(n) {
		return false // true, an object or a list is no text, for npm either
	}
	text, value := n.Text, a.value
	if !truthy(n) {
		text = ""
	}
	if a.insensitive {
		text, value = strings.ToLower(text), strings.ToLower(value)
	}
	switch a.operator {
	case "~=":
		return slices.Contains(strings.FieldsFunc(text, betweenWords), value)
	case "*=":
		return strings.Contains(text, value)
	case "|=":
		return strings.HasPrefix(text, value+"-")
	case "^=":
		return strings.HasPrefix(text, value)
	case "$=":
		return strings.HasSuffix(text, value)
	}
	return text == value
}

// lookup is a way through a package.json, and what has to be at its end.
type lookup struct {
	properties []string
	attr       *attribute
}

// parseLookup reads the arguments of :attr; the last one is in brackets, or another
// :attr for the items of a list.
func parseLookup(args []string) (lookup, error) {
	wrong := &SyntaxError{"EQUERYATTR", "`:attr` pseudo-class expects an attribute matcher as the last value", "as in :attr(scripts, [test])"}
	if len(args) == 0 {
		return lookup{}, wrong
	}
	var l lookup
	for _, arg := range args[:len(args)-1] {
		l.properties = append(l.properties, unquote(arg))
	}
	last := args[len(args)-1]
	if nested, ok := strings.CutPrefix(last, ":attr("); ok && strings.HasSuffix(nested, ")") {
		inner := split(strings.TrimSuffix(nested, ")"))
		for i := range inner {
			inner[i] = strings.TrimSpace(inner[i])
		}
		below, err := parseLookup(inner)
		l.properties, l.attr = append(l.properties, below.properties...), below.attr
		return l, err
	}
	if !strings.HasPrefix(last, "[") || !strings.HasSuffix(last, "]") {
		return l, wrong
	}
	var err error
	l.attr, err = parseAttribute(last[1 : len(last)-1])
	return l, err
}

// objects are what is at the end of the way; a list on it is all of its items.
func (l *lookup) objects(of project.Node) []project.Node {
	at := []project.Node{of}
	for _, name := range l.properties {
		var next []project.Node
		for _, n := range at {
			if value := n.Field(name); value.Kind == project.List {
				next = append(next, value.Items...)
			} else if truthy(value) {
				next = append(next, value)
			}
		}
		at = next
	}
	return at
}

// betweenWords reports whether c is of no word, as regular expressions have it.
func betweenWords(c rune) bool {
	return c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
}
