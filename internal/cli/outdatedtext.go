package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"godwit/internal/cli/draw"
	"godwit/internal/cli/ui"
)

// writeOutdatedJSON keeps the order, which a map would not.
func writeOutdatedJSON(w io.Writer, rows []*outdated) error {
	names, values, times := make([]string, len(rows)), make([]any, len(rows)), map[string]int{}
	for _, o := range rows {
		times[o.name]++
	}
	for i, o := range rows {
		names[i], values[i] = o.name, o
		if times[o.name] > 1 { // where projects have several versions
			names[i] += "@" + o.Current
		}
	}
	return writeMembers(w, names, values)
}

// writeOutdated shows rows as pnpm does, in a table or in a list for small consoles.
// Of several projects it says which ones.
func (c *call) writeOutdated(ctx context.Context, rows []*outdated, several bool) error {
	call := &c.cfg.Settings.Call
	if call.Long {
		for _, o := range rows {
			if err := c.detail(ctx, o); err != nil {
				return err
			}
		}
	}
	text := ""
	if call.Format == "list" {
		text = outdatedList(rows, several)
	} else {
		text = outdatedBoxes(rows, several, call.Long)
	}
	_, err := io.WriteString(c.Stdout, text)
	return err
}

// detail asks why the latest version is deprecated, and where its page is.
func (c *call) detail(ctx context.Context, o *outdated) error {
	said, err := c.said(ctx, o.name+"@"+o.Latest)
	if err != nil {
		return err
	}
	var lines []string
	for _, field := range []string{"deprecated", "homepage"} {
		if text := said[0].Field(field).Text; text != "" {
			lines = append(lines, text)
		}
	}
	o.details = strings.Join(lines, "\n")
	return nil
}

// label is the name of a dependency with its group.
func (o *outdated) label() string {
	switch o.Type {
	case devGroup:
		return o.name + " (dev)"
	case optionalGroup:
		return o.name + " (optional)"
	}
	return o.name
}

func (o *outdated) dependents() string {
	names := make([]string, len(o.Dependents))
	for i, in := range o.Dependents {
		names[i] = in.Name
	}
	return strings.Join(names, ", ")
}

func outdatedBoxes(rows []*outdated, several, long bool) string {
	cells := [][]string{{"Package", "Current", "Latest"}}
	add := func(name string, text func(*outdated) string) {
		cells[0] = append(cells[0], name)
		for i, o := range rows {
			cells[1+i] = append(cells[1+i], text(o))
		}
	}
	for _, o := range rows {
		cells = append(cells, []string{o.label(), cmp.Or(o.Current, "missing"), o.Latest})
	}
	if several {
		add("Dependents", (*outdated).dependents)
	}
	if long {
		add("Details", func(o *outdated) string { return o.details })
	}
	return draw.Table(cells)
}

func outdatedList(rows []*outdated, several bool) string {
	var entries []string
	for _, o := range rows {
		text := fmt.Sprintf("%s\n%s => %s\n", ui.Plain(o.label()), cmp.Or(o.Current, "missing"), o.Latest)
		if several && len(o.Dependents) > 0 {
			word := "Dependent"
			if len(o.Dependents) > 1 {
				word = "Dependents"
			}
			text += word + ": " + ui.Plain(o.dependents()) + "\n"
		}
		for line := range strings.SplitSeq(o.details, "\n") {
			if line != "" {
				text += ui.Plain(line) + "\n"
			}
		}
		entries = append(entries, text)
	}
	return strings.Join(entries, "\n")
}
