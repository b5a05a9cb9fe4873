package report

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed page.html
var pageText string

// styleText is the template "style" of all pages.
//
//go:embed style.html
var styleText string

// HTML writes one page that needs nothing else: styles and plots are in it.
func (r Report) HTML(w io.Writer) error {
	page, err := template.New("page").Parse(styleText + pageText)
	if err != nil {
		return err
	}
	return page.Execute(w, r.page())
}

// page is what page.html shows.
type page struct {
	Report
	Facts    [][2]string
	Overview overviewTable
	Failed   int // gates
	Sections []section
}

// overviewTable is the matrix of tools and phases.
type overviewTable struct {
	Phases []string
	Tools  []overviewRow
}

type overviewRow struct {
	Name, Version string
	Ours          bool
	Cells         []row
}

// section is one phase.
type section struct {
	Name, Brief string
	Bars        barPlot
	Rounds      roundPlot
	Items       stackPlot
	Tables      []table
	Failures    []row
}

func (r Report) page() page {
	p := page{Report: r, Facts: r.facts()}
	for _, g := range r.Gates {
		if !g.Passed {
			p.Failed++
		}
	}
	for _, t := range r.Tools {
		p.Overview.Tools = append(p.Overview.Tools, overviewRow{Name: t.Name, Version: t.Version, Ours: t.Ours})
	}
	for _, phase := range r.Phases {
		rows := r.rows(phase.Name)
		s := section{
			Name: phase.Name, Brief: phase.Brief,
			Bars: bars(rows), Rounds: rounds(rows, r.Rounds), Items: stacks(rows),
		}
		for _, t := range []table{resources(rows), traffic(rows), items(rows)} {
			if len(t.Rows) > 0 {
				s.Tables = append(s.Tables, t)
			}
		}
		p.Overview.Phases = append(p.Overview.Phases, phase.Name)
		for i, x := range rows {
			p.Overview.Tools[i].Cells = append(p.Overview.Tools[i].Cells, x)
			if x.Why() != "" {
				s.Failures = append(s.Failures, x)
			}
		}
		p.Sections = append(p.Sections, s)
	}
	return p
}
