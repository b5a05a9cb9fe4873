package fund

import (
	"slices"

	"godwit/internal/cli/pages"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// of is the field funding with all its shorthands written out: an object
// with a URL, or a list of such. ok is whether there is anything.
func of(m project.Node) (funding project.Node, ok bool) {
	funding = m.Field("funding")
	switch funding.Kind {
	case project.List:
		out := project.Node{Kind: project.List}
		for _, item := range funding.Items {
			out.Items = append(out.Items, source(item))
		}
		return out, len(out.Items) > 0
	case project.String:
		return source(funding), funding.Text != ""
	}
	return funding, funding.Kind == project.Map
}

func source(n project.Node) project.Node {
	if n.Kind != project.String {
		return n
	}
	out := project.Node{Kind: project.Map}
	out.Set("url", n)
	return out
}

// valid reports whether all that is named are pages: only what a browser
// asks a server for is shown.
func valid(n project.Node) bool {
	if n.Kind != project.List {
		return n.Kind == project.Map && pages.Web(n.Field("url").Text) != ""
	}
	return !slices.ContainsFunc(n.Items, func(item project.Node) bool { return item.Kind == project.List || !valid(item) })
}

// Pages are the sources of a manifest that are pages.
func Pages(m project.Node) []project.Node {
	funding, _ := of(m)
	return pagesOf(funding)
}

// pagesOf are the sources that are pages, of what is normalized.
func pagesOf(funding project.Node) []project.Node {
	all := []project.Node{funding}
	if funding.Kind == project.List {
		all = slices.Clone(funding.Items)
	}
	return slices.DeleteFunc(all, func(n project.Node) bool { return !valid(n) })
}

// sortedFields is a value as npm's record of the tree has it, where names are
// sorted.
func sortedFields(n project.Node) project.Node {
	n.Items, n.Fields = slices.Clone(n.Items), slices.Clone(n.Fields)
	for i := range n.Items {
		n.Items[i] = sortedFields(n.Items[i])
	}
	for i := range n.Fields {
		n.Fields[i].Value = sortedFields(n.Fields[i].Value)
	}
	slices.SortFunc(n.Fields, func(a, b project.Field) int { return npm.Collate(a.Key, b.Key) })
	return n
}
