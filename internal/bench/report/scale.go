package report

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/bench/result"
	"godwit/internal/bench/stat"
)

// Scale is what installs cost as a project grows.
type Scale struct {
	Points []Point `json:"points"` // the smallest first
}

// Point is the benchmark of one size.
type Point struct {
	Packages int         `json:"packages"`
	Run      *result.Run `json:"run"`
}

// Curve is how one number of one tool grows in one phase.
type Curve struct {
	Phase, Tool string
	Column      result.Column
	Values      []float64 // medians, by point; 0 where nothing was measured
}

// Per is what each further package costs between two points, and 0 where one is
// missing. What an install costs whatever its size falls out.
func (s Scale) Per(c Curve, i int) float64 {
	if c.Values[i-1] == 0 || c.Values[i] == 0 {
		return 0
	}
	return (c.Values[i] - c.Values[i-1]) / float64(s.Points[i].Packages-s.Points[i-1].Packages)
}

// Growth is the power of the number of packages that a cost grows with, from the
// last size but one to the last: 1 is linear, 2 is quadratic, and less than 1
// says that a part costs the same whatever the size. It is 0 where one of the two
// is missing.
func (s Scale) Growth(c Curve) float64 {
	last := len(s.Points) - 1
	if last < 1 || c.Values[last-1] == 0 || c.Values[last] == 0 {
		return 0
	}
	return math.Log(c.Values[last]/c.Values[last-1]) / math.Log(float64(s.Points[last].Packages)/float64(s.Points[last-1].Packages))
}

// scaled are the numbers that are followed: those of the processor hold on a
// machine that does other things, too.
var scaled = []string{"wall", "user", "sys", "RSS"}

// Curves lists all curves, by phase, number and tool.
func (s Scale) Curves() []Curve {
	var out []Curve
	if len(s.Points) == 0 {
		return nil
	}
	for _, p := range s.Points[0].Run.Phases {
		for _, key := range scaled {
			column, _ := result.Named(key)
			for _, t := range s.Points[0].Run.Tools {
				c := Curve{Phase: p.Name, Tool: t.Name, Column: column}
				for _, point := range s.Points {
					value := 0.0
					if xs := point.Run.Cell(p.Name, t.Name).Values(column); len(xs) > 0 {
						value = stat.Median(xs)
					}
					c.Values = append(c.Values, value)
				}
				out = append(out, c)
			}
		}
	}
	return out
}

// table has a line for each curve.
func (s Scale) table() table {
	t := table{Head: []string{"phase", "number", "tool"}}
	for _, p := range s.Points {
		t.Head = append(t.Head, fmt.Sprintf("%d packages", p.Packages))
	}
	for i := 1; i < len(s.Points); i++ {
		t.Head = append(t.Head, fmt.Sprintf("each from %d to %d", s.Points[i-1].Packages, s.Points[i].Packages))
	}
	t.Head = append(t.Head, "growth")
	for _, c := range s.Curves() {
		line := []string{c.Phase, c.Column.Key, c.Tool}
		for _, v := range c.Values {
			line = append(line, c.Column.Unit.Write(v))
		}
		for i := 1; i < len(s.Points); i++ {
			line = append(line, perPackage(c.Column.Unit, s.Per(c, i)))
		}
		growth := "-"
		if g := s.Growth(c); g != 0 {
			growth = fmt.Sprintf("%.2f", g)
		}
		t.Rows = append(t.Rows, append(line, growth))
	}
	return t
}

// perPackage writes what one package costs, which is microseconds and kilobytes.
func perPackage(u result.Unit, x float64) string {
	switch {
	case x == 0:
		return "-"
	case u == result.Seconds:
		return fmt.Sprintf("%.0fµs", x*1e6)
	}
	return fmt.Sprintf("%.1fK", x/1024)
}

// Write writes scale.md, scale.html and scale.json into dir and returns the
// paths.
func (s Scale) Write(dir string) ([]string, error) {
	var files []string
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{{"scale.md", s.Markdown}, {"scale.html", s.HTML}, {"scale.json", s.JSON}} {
		path := filepath.Join(dir, f.name)
		out, err := os.Create(path)
		if err != nil {
			return files, fmt.Errorf("report: %w", err)
		}
		if err := errors.Join(f.write(out), out.Close()); err != nil {
			return files, fmt.Errorf("report: %s: %w", path, err)
		}
		files = append(files, path)
	}
	return files, nil
}

// JSON writes everything.
func (s Scale) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(s)
}

const growthText = "Growth is the power of the number of packages that a cost grows with at the end: 1 is linear, 2 is quadratic."

// Markdown writes the table.
func (s Scale) Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# What installs cost as a project grows\n\n")
	b.WriteString("Medians. " + growthText + "\n\n")
	writeTable(&b, s.table())
	_, err := io.WriteString(w, b.String())
	return err
}

//go:embed scale.html
var scaleText string

// HTML writes one page with the plots.
func (s Scale) HTML(w io.Writer) error {
	page, err := template.New("scale").Parse(styleText + scaleText)
	if err != nil {
		return err
	}
	return page.Execute(w, struct {
		Facts [][2]string
		Table table
		Note  string
		Plots []curvePlot
	}{s.facts(), s.table(), growthText, s.plots()})
}

func (s Scale) facts() [][2]string {
	if len(s.Points) == 0 {
		return nil
	}
	return Report{Run: s.Points[0].Run}.facts()
}
