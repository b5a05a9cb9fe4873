package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"godwit/internal/bench/result"
)

// Plots are drawn in a coordinate system of plotWidth units, which the page
// scales to its column.
const (
	plotWidth  = 760
	labelWidth = 120 // the longest tool name is 14 characters
	valueWidth = 110 // "1.63s (0.95)"
	countWidth = 215 // "warm=1328 cold=1328 skipped=1328"
	barPitch   = 30
	barHeight  = 16
	axisHeight = 22
)

// axis maps values to the horizontal or vertical extent of a plot.
type axis struct {
	max  float64
	from float64
	to   float64
}

func (a axis) at(x float64) float64 {
	if a.max == 0 {
		return a.from
	}
	return math.Round((a.from+x/a.max*(a.to-a.from))*10) / 10
}

// tick is a labelled line across a plot.
type tick struct {
	At   float64
	Text string
}

// ticks are about four round numbers from 0 to the end of the axis.
func (a axis) ticks() []tick {
	if a.max <= 0 {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10(a.max)))
	for a.max/step < 3 {
		step /= 2
	}
	for a.max/step > 6 {
		step *= 2
	}
	var out []tick
	for x := 0.0; x <= a.max*1.0001; x += step {
		text := "0"
		if x > 0 {
			text = tickText(x, step)
		}
		out = append(out, tick{a.at(x), text})
	}
	return out
}

// tickText writes a number of seconds with as many digits as the step needs.
func tickText(x, step float64) string {
	unit := "s"
	if step < 0.05 {
		x, step, unit = x*1000, step*1000, "ms"
	}
	digits := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	text := fmt.Sprintf("%.*f", digits, x)
	if digits > 0 && math.Abs(x*math.Pow(10, float64(digits))-math.Round(x*math.Pow(10, float64(digits)))) > 1e-6 {
		text = fmt.Sprintf("%.*f", digits+1, x)
	}
	return text + unit
}

// barPlot is a bar for each tool, with what its rounds were.
type barPlot struct {
	Height int
	Axis   int // y of the axis labels
	Ticks  []tick
	Bars   []bar
}

type bar struct {
	Name     string
	Ours     bool
	Y, Mid   int
	Width    float64
	Lo, Hi   float64   // x of the fastest and the slowest round
	Dots     []float64 // x of each round
	ValueX   float64
	Value    string
	Detail   string // the tool tip
	X        int
	HalfTop  int // ends of the whiskers
	HalfDown int
}

// bars plots the wall times of a phase, those without any left out.
func bars(rows []row) barPlot {
	rows = slices.DeleteFunc(slices.Clone(rows), func(x row) bool { return x.Wall == 0 })
	a := axis{from: labelWidth, to: plotWidth - valueWidth}
	for _, x := range rows {
		a.max = max(a.max, slices.Max(x.Cell.Values(result.Wall)))
	}
	p := barPlot{Ticks: a.ticks(), Height: len(rows)*barPitch + axisHeight, Axis: len(rows)*barPitch + 14}
	for i, x := range rows {
		walls := x.Cell.Values(result.Wall)
		y := i*barPitch + (barPitch-barHeight)/2
		b := bar{
			Name: x.Name, Ours: x.Ours, X: labelWidth, Y: y, Mid: y + barHeight/2,
			HalfTop: y + 3, HalfDown: y + barHeight - 3,
			Width: a.at(x.Wall) - labelWidth, Lo: a.at(slices.Min(walls)), Hi: a.at(slices.Max(walls)),
		}
		for _, w := range walls {
			b.Dots = append(b.Dots, a.at(w))
		}
		b.ValueX = max(b.Hi, a.at(x.Wall)) + 8
		b.Value = x.WallText()
		if x.Ratio > 0 {
			b.Value += fmt.Sprintf(" (%.2f)", x.Ratio)
		}
		b.Detail = fmt.Sprintf("%s: median %s, ±σ %s, %d rounds from %s to %s", x.Name, x.WallText(), result.Seconds.Write(x.Sigma),
			len(walls), result.Seconds.Write(slices.Min(walls)), result.Seconds.Write(slices.Max(walls)))
		p.Bars = append(p.Bars, b)
	}
	return p
}

// roundPlot is a line over the rounds for each tool: drift and outliers show.
type roundPlot struct {
	Height int
	Left   int
	Right  int
	Ticks  []tick // horizontal lines
	Rounds []tick // marks below
	Lines  []line
}

type line struct {
	Name   string
	Series int // colour
	Points string
	Dots   []point
}

type point struct {
	X, Y   float64
	Detail string
}

const (
	roundHeight = 170
	roundLeft   = 56
)

func rounds(rows []row, n int) roundPlot {
	p := roundPlot{Height: roundHeight + axisHeight, Left: roundLeft, Right: plotWidth - 10}
	y := axis{from: roundHeight, to: 8}
	for _, r := range rows {
		if r.Wall > 0 {
			y.max = max(y.max, slices.Max(r.Cell.Values(result.Wall)))
		}
	}
	x := axis{max: float64(max(1, n-1)), from: roundLeft + 20, to: plotWidth - 30}
	p.Ticks = y.ticks()
	for i := range n {
		p.Rounds = append(p.Rounds, tick{x.at(float64(i)), fmt.Sprint(i + 1)})
	}
	for i, r := range rows {
		if r.Wall == 0 {
			continue
		}
		l := line{Name: r.Name, Series: i % 10}
		var points []string
		for _, s := range r.Cell.Valid() {
			q := point{X: x.at(float64(s.Round - 1)), Y: y.at(s.Wall.Seconds())}
			q.Detail = fmt.Sprintf("%s, round %d: %s", r.Name, s.Round, result.Seconds.Write(s.Wall.Seconds()))
			l.Dots = append(l.Dots, q)
			points = append(points, fmt.Sprintf("%g,%g", q.X, q.Y))
		}
		l.Points = strings.Join(points, " ")
		p.Lines = append(p.Lines, l)
	}
	return p
}

// stackPlot is a stacked bar of line items for each tool that reports them.
type stackPlot struct {
	Height int
	Axis   int
	Ticks  []tick
	Bars   []stack
	Legend []string
}

type stack struct {
	Name   string
	Y, Mid int
	Bottom int
	Wall   float64 // x of the wall time
	Parts  []part
	Counts string
}

type part struct {
	X, Width float64
	Series   int
	Detail   string
}

// stacks plots where the time of the median sample went. Stages overlap, so a
// bar may be longer than the wall time, which is marked.
func stacks(rows []row) stackPlot {
	a := axis{from: labelWidth, to: plotWidth - countWidth}
	var kept []row
	for _, x := range rows {
		s, ok := x.Cell.MedianSample()
		if !ok || s.Done == nil {
			continue
		}
		var sum float64
		for _, stage := range result.Stages {
			sum += s.Done.Summary.StageMillis[stage] / 1000
		}
		a.max = max(a.max, sum, s.Wall.Seconds())
		kept = append(kept, x)
	}
	p := stackPlot{Ticks: a.ticks(), Height: len(kept)*barPitch + axisHeight, Axis: len(kept)*barPitch + 14, Legend: result.Stages}
	for i, x := range kept {
		s, _ := x.Cell.MedianSample()
		y := i*barPitch + (barPitch-barHeight)/2
		b := stack{Name: x.Name, Y: y, Mid: y + barHeight/2, Bottom: y + barHeight + 3, Wall: a.at(s.Wall.Seconds())}
		var sum float64
		for j, stage := range result.Stages {
			t := s.Done.Summary.StageMillis[stage] / 1000
			if t <= 0 {
				continue
			}
			b.Parts = append(b.Parts, part{
				X: a.at(sum), Width: a.at(sum+t) - a.at(sum), Series: j,
				Detail: fmt.Sprintf("%s: %s", stage, result.Seconds.Write(t)),
			})
			sum += t
		}
		b.Counts = fmt.Sprintf("warm=%d cold=%d skipped=%d", s.Done.Summary.Warm, s.Done.Summary.Cold, s.Done.Summary.Skipped)
		p.Bars = append(p.Bars, b)
	}
	return p
}
