package report

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/bench/result"
)

// curvePlot is one number of one phase over the size of the project, a line for
// each tool. A straight line through the first two points shows where a linear
// cost would go.
type curvePlot struct {
	Title  string
	Height int
	Left   int
	Right  int
	Ticks  []tick // horizontal lines
	Sizes  []tick // marks below
	Lines  []line
	Linear []string // points of the straight lines
}

// plots draws the curves of each phase and number.
func (s Scale) plots() []curvePlot {
	var out []curvePlot
	curves := s.Curves()
	for len(curves) > 0 {
		first := curves[0]
		same := func(c Curve) bool { return c.Phase == first.Phase && c.Column.Key == first.Column.Key }
		n := slices.IndexFunc(curves, func(c Curve) bool { return !same(c) })
		if n < 0 {
			n = len(curves)
		}
		out = append(out, s.plot(curves[:n]))
		curves = curves[n:]
	}
	return out
}

func (s Scale) plot(curves []Curve) curvePlot {
	names := map[string]string{"wall": "wall time", "user": "user time", "sys": "system time", "RSS": "peak memory"}
	p := curvePlot{
		Title:  curves[0].Phase + ", " + names[curves[0].Column.Key],
		Height: roundHeight + axisHeight, Left: roundLeft, Right: plotWidth - 10,
	}
	unit := curves[0].Column.Unit
	scale := 1.0
	if unit == result.Bytes {
		scale = 1 << 20
	}
	last := len(s.Points) - 1
	x := axis{max: float64(s.Points[last].Packages), from: roundLeft, to: plotWidth - 40}
	y := axis{from: roundHeight, to: 8}
	for _, c := range curves {
		y.max = max(y.max, slices.Max(c.Values)/scale)
	}
	p.Ticks = y.ticks()
	if unit == result.Bytes {
		for i := range p.Ticks {
			p.Ticks[i].Text = strings.TrimSuffix(p.Ticks[i].Text, "s") + "M"
		}
	}
	for _, point := range s.Points {
		p.Sizes = append(p.Sizes, tick{x.at(float64(point.Packages)), fmt.Sprint(point.Packages)})
	}
	for i, c := range curves {
		l := line{Name: c.Tool, Series: i % 10}
		var points []string
		for k, v := range c.Values {
			if v == 0 {
				continue
			}
			q := point{X: x.at(float64(s.Points[k].Packages)), Y: y.at(v / scale)}
			q.Detail = fmt.Sprintf("%s, %d packages: %s", c.Tool, s.Points[k].Packages, unit.Write(v))
			l.Dots = append(l.Dots, q)
			points = append(points, fmt.Sprintf("%g,%g", q.X, q.Y))
		}
		l.Points = strings.Join(points, " ")
		p.Lines = append(p.Lines, l)
		if last >= 2 && s.Per(c, 1) > 0 {
			end := c.Values[0] + s.Per(c, 1)*float64(s.Points[last].Packages-s.Points[0].Packages)
			p.Linear = append(p.Linear, fmt.Sprintf("%g,%g %g,%g",
				x.at(float64(s.Points[0].Packages)), y.at(c.Values[0]/scale), x.at(float64(s.Points[last].Packages)), y.at(end/scale)))
		}
	}
	return p
}
