package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"godwit/internal/bench/result"
)

// Markdown writes the report for a terminal or a pull request.
func (r Report) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %d rounds\n\n", r.Fixture, r.Rounds)
	for _, line := range r.facts() {
		fmt.Fprintf(&b, "* %s: %s\n", line[0], line[1])
	}
	b.WriteString("\n")
	writeTable(&b, r.overview())
	if len(r.Gates) > 0 {
		b.WriteString("## Gates\n\n")
		writeTable(&b, r.gateTable())
	}
	for _, p := range r.Phases {
		rows := r.rows(p.Name)
		fmt.Fprintf(&b, "## %s: %s\n\n", p.Name, p.Brief)
		for _, t := range []table{resources(rows), traffic(rows), items(rows)} {
			writeTable(&b, t)
		}
		for _, x := range rows {
			if why := x.Why(); why != "" {
				fmt.Fprintf(&b, "%s: %s\n\n", x.Name, why)
			}
			if tail := x.Tail(); tail != "" {
				fmt.Fprintf(&b, "```\n%s\n```\n\n", strings.ReplaceAll(tail, "```", "'''"))
			}
		}
	}
	r.writeTools(&b)
	r.writeNotes(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary writes the overview and the gates only.
func (r Report) Summary(w io.Writer) error {
	var b strings.Builder
	writeTable(&b, r.overview())
	writeTable(&b, r.gateTable())
	_, err := io.WriteString(w, b.String())
	return err
}

// facts are what a reader must know before any number.
func (r Report) facts() [][2]string {
	machine := fmt.Sprintf("%s, %s, %d threads", r.Machine.OS, r.Machine.CPU, r.Machine.Threads)
	if r.Machine.Memory > 0 {
		machine += ", " + result.Bytes.Write(float64(r.Machine.Memory))
	}
	if r.Machine.Kernel != "" {
		machine += ", kernel " + r.Machine.Kernel
	}
	return [][2]string{
		{"started", r.Started.Format("2006-01-02 15:04 MST") + fmt.Sprintf(", took %.0f s", r.Seconds)},
		{"machine", machine},
		{"link", r.Link},
		{"cold means", r.Cold},
		{"numbers", "medians of the rounds that count; ratio is wall time to the best peer's, by round"},
	}
}

// overview has a line for each tool and a column for each phase.
func (r Report) overview() table {
	t := table{Head: []string{"tool"}}
	lines := make([][]string, len(r.Tools))
	for i, tool := range r.Tools {
		lines[i] = []string{tool.Name + " " + tool.Version}
	}
	for _, p := range r.Phases {
		t.Head = append(t.Head, p.Name)
		for i, x := range r.rows(p.Name) {
			text := x.WallText()
			if x.Ratio > 0 && x.Ours {
				text += fmt.Sprintf(" (%.2f)", x.Ratio)
			}
			if x.Best {
				text = "**" + text + "**"
			}
			lines[i] = append(lines[i], text)
		}
	}
	t.Rows = lines
	return t
}

func (r Report) gateTable() table {
	t := table{Head: []string{"gate", "outcome", "measured"}}
	for _, g := range r.Gates {
		outcome := passed(g.Passed)
		if g.Skipped {
			outcome = "not for this link"
		}
		t.Rows = append(t.Rows, []string{g.String(), outcome, g.Said})
	}
	return t
}

func passed(ok bool) string {
	if ok {
		return "passed"
	}
	return "FAILED"
}

// writeTools prints the table of tools: anyone can run the same commands.
func (r Report) writeTools(b *strings.Builder) {
	b.WriteString("## Tools\n\nEnvironment of every tool, besides PATH:\n\n")
	fmt.Fprintf(b, "    %s\n\n", strings.Join(r.Common, "\n    "))
	for _, t := range r.Tools {
		fmt.Fprintf(b, "### %s %s\n\n%s. %s.\n\n", t.Name, t.Version, upper(t.Layout), upper(t.Fair))
		for _, e := range t.Env {
			fmt.Fprintf(b, "    %s\n", e)
		}
		for _, p := range r.Phases {
			if line, ok := t.Commands[p.Name]; ok {
				fmt.Fprintf(b, "    %-6s  %s\n", p.Name, line)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(t.Files)) {
			fmt.Fprintf(b, "    %s: %q\n", name, t.Files[name])
		}
		b.WriteString("\n")
	}
}

func (r Report) writeNotes(b *strings.Builder) {
	if len(r.Skipped)+len(r.Notes) == 0 {
		return
	}
	b.WriteString("## Notes\n\n")
	for _, s := range r.Skipped {
		fmt.Fprintf(b, "* %s was left out: %s\n", s.Name, s.Why)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(b, "* %s\n", n)
	}
}

func writeTable(b *strings.Builder, t table) {
	if len(t.Rows) == 0 {
		return
	}
	line := func(cells []string) {
		for _, c := range cells {
			fmt.Fprintf(b, "| %s ", strings.ReplaceAll(c, "|", "\\|"))
		}
		b.WriteString("|\n")
	}
	line(t.Head)
	b.WriteString("|---" + strings.Repeat("|--:", len(t.Head)-1) + "|\n")
	for _, cells := range t.Rows {
		line(cells)
	}
	b.WriteString("\n")
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
