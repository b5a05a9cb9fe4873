package fund

import (
	"strings"

	"godwit/internal/cli/draw"
	"godwit/internal/cli/ui"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// item is an address, and who asks there.
type item struct {
	page  string // "" where a package asks for nothing
	who   []string
	items []*item
}

// Draw is the tree of addresses that both tools draw: each stands once,
// where it comes up first. What is below a package whose address is known already
// goes up to the next one (lifts), as with pnpm, or is left out with it, as with npm.
func Draw(root project.Node, lifts bool) string {
	pages := map[string]*item{}
	var visit func(name string, n project.Node) []*item
	visit = func(name string, n project.Node) []*item {
		own := &item{who: []string{npm.Label(name, n.Field("version").Text)}}
		first := own
		if sources := pagesOf(n.Field("funding")); len(sources) > 0 {
			own.page = sources[0].Field("url").Text
			if first = pages[own.page]; first != nil {
				first.who = append(first.who, own.who...)
			} else {
				first, pages[own.page] = own, own
			}
		}
		for _, d := range n.Field("dependencies").Fields {
			own.items = append(own.items, visit(d.Key, d.Value)...)
		}
		switch {
		case first == own:
			return []*item{own}
		case lifts:
			return own.items
		}
		return nil
	}
	var b strings.Builder
	for _, top := range visit(root.Field("name").Text, root) {
		top.draw(&b, "")
	}
	return b.String()
}

// draw writes an item and what is below it; indent stands before its other lines.
func (i *item) draw(b *strings.Builder, indent string) {
	who := strings.Join(i.who, ", ")
	if i.page == "" {
		b.WriteString(Line(who))
	} else {
		bar := "  "
		if len(i.items) > 0 {
			bar = "│ "
		}
		b.WriteString(Line(i.page) + indent + bar + "└── " + Line(who))
	}
	for k, sub := range i.items {
		corner, _ := draw.Corners(k == len(i.items)-1, len(sub.items) > 0)
		below := "│ "
		if k == len(i.items)-1 {
			below = "  "
		}
		b.WriteString(indent + corner)
		sub.draw(b, indent+below)
	}
}

// Line is a text from elsewhere as one line.
func Line(s string) string { return strings.ReplaceAll(ui.Plain(s), "\n", " ") + "\n" }
