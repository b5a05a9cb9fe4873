package cli

import (
	"strings"

	"godwit/internal/cli/draw"
	"godwit/internal/cli/ui"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// fundItem is an address, and who asks there.
type fundItem struct {
	page  string // "" where a package asks for nothing
	who   []string
	items []*fundItem
}

// drawFunding is the tree of addresses that both tools draw: each stands once,
// where it comes up first. What is below a package whose address is known already
// goes up to the next one (lifts), as with pnpm, or is left out with it, as with npm.
func drawFunding(root project.Node, lifts bool) string {
	pages := map[string]*fundItem{}
	var visit func(name string, n project.Node) []*fundItem
	visit = func(name string, n project.Node) []*fundItem {
		item := &fundItem{who: []string{npm.Label(name, n.Field("version").Text)}}
		first := item
		if sources := fundingPages(n.Field("funding")); len(sources) > 0 {
			item.page = sources[0].Field("url").Text
			if first = pages[item.page]; first != nil {
				first.who = append(first.who, item.who...)
			} else {
				first, pages[item.page] = item, item
			}
		}
		for _, d := range n.Field("dependencies").Fields {
			item.items = append(item.items, visit(d.Key, d.Value)...)
		}
		switch {
		case first == item:
			return []*fundItem{item}
		case lifts:
			return item.items
		}
		return nil
	}
	var b strings.Builder
	for _, item := range visit(root.Field("name").Text, root) {
		item.draw(&b, "")
	}
	return b.String()
}

// draw writes an item and what is below it; indent stands before its other lines.
func (i *fundItem) draw(b *strings.Builder, indent string) {
	who := strings.Join(i.who, ", ")
	if i.page == "" {
		b.WriteString(fundLine(who))
	} else {
		bar := "  "
		if len(i.items) > 0 {
			bar = "│ "
		}
		b.WriteString(fundLine(i.page) + indent + bar + "└── " + fundLine(who))
	}
	for k, item := range i.items {
		corner, _ := draw.Corners(k == len(i.items)-1, len(item.items) > 0)
		below := "│ "
		if k == len(i.items)-1 {
			below = "  "
		}
		b.WriteString(indent + corner)
		item.draw(b, indent+below)
	}
}

// fundLine is a text from elsewhere as one line.
func fundLine(s string) string { return strings.ReplaceAll(ui.Plain(s), "\n", " ") + "\n" }
