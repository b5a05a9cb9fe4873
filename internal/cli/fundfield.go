package cli

import (
	"slices"

	"godwit/internal/cli/pages"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// fundingOf is the field funding with all its shorthands written out: an object
// with a URL, or a list of such. ok is whether there is anything.
func fundingOf(m project.Node) (funding project.Node, ok bool) {
	funding = m.Field("funding")
	switch funding.Kind {
	case project.List:
		out := project.Node{Kind: project.List}
		for _, item := range funding.Items {
			out.Items = append(out.Items, fundingSource(item))
		}
		return out, len(out.Items) > 0
	case project.String:
		return fundingSource(funding), funding.Text != ""
	}
	return funding, funding.Kind == project.Map
}

func fundingSource(n project.Node) project.Node {
	if n.Kind != project.String {
		return n
	}
	out := project.Node{Kind: project.Map}
	out.Set("url", n)
	return out
}

// validFunding reports whether all that is named are pages: only what a browser
// asks a server for is shown.
func validFunding(n project.Node) bool {
	if n.Kind != project.List {
		return n.Kind == project.Map && pages.Web(n.Field("url").Text) != ""
	}
	return !slices.ContainsFunc(n.Items, func(item project.Node) bool { return item.Kind == project.List || !validFunding(item) })
}

// fundingPages are the sources that are pages, of what is normalized.
func fundingPages(funding project.Node) []project.Node {
	all := []project.Node{funding}
	if funding.Kind == project.List {
		all = slices.Clone(funding.Items)
	}
	return slices.DeleteFunc(all, func(n project.Node) bool { return !validFunding(n) })
}

// recorded is funding as the tool shows a dependency's: npm reads its record of
// the tree, where names are sorted.
func (f *funder) recorded(funding project.Node) project.Node {
	if !f.ofNpm() {
		return funding
	}
	return sortedFields(funding)
}

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
