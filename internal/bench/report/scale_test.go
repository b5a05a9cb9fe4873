package report

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"godwit/internal/bench/host"
	"godwit/internal/bench/result"
)

// growing is a run of one tool in two phases: one that costs 100 ms and 1 ms for
// each package, and one that the second tool did not do.
func growing(packages int) Point {
	run := &result.Run{
		Phases: []result.Phase{{Name: "p0"}, {Name: "p4"}},
		Tools:  []result.Tool{{Name: "godwit", Ours: true}, {Name: "other"}},
	}
	for _, phase := range []string{"p0", "p4"} {
		wall := time.Duration(100+packages) * time.Millisecond
		run.Cells = append(run.Cells,
			&result.Cell{Phase: phase, Tool: "godwit", Samples: []result.Sample{{Round: 1, Usage: host.Usage{Wall: wall, MaxRSS: int64(packages) * int64(packages) << 10}}}},
			&result.Cell{Phase: phase, Tool: "other", Failure: &result.Failure{What: "it cannot"}})
	}
	return Point{packages, run}
}

func TestScale(t *testing.T) {
	s := Scale{Points: []Point{growing(500), growing(2000), growing(8000)}}
	curves := s.Curves()
	if len(curves) != 2*4*2 {
		t.Fatalf("%d curves", len(curves))
	}
	wall, missing, memory := curves[0], curves[1], curves[6]
	if per := s.Per(wall, 2); math.Abs(per-0.001) > 1e-9 {
		t.Errorf("a package costs %v s, want 0.001", per)
	}
	if g := s.Growth(wall); g < 0.9 || g > 1 { // a part of it costs the same whatever the size
		t.Errorf("a linear cost grows with the power %v", g)
	}
	if g := s.Growth(memory); math.Abs(g-2) > 1e-9 {
		t.Errorf("a quadratic cost grows with the power %v", g)
	}
	if s.Growth(missing) != 0 || s.Per(missing, 1) != 0 {
		t.Error("what was not measured grows")
	}
	text := render(t, s.Markdown)
	for _, want := range []string{"| p0 | wall | godwit | 0.60s | 2.10s | 8.10s | 1000µs | 1000µs | 0.97 |", "| p0 | wall | other | - | - | - | - | - | - |", "| 2.00 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	page := render(t, s.HTML)
	plots := strings.Split(page, "<svg viewBox=\"0 0 760")
	if len(plots) != 1+2*4 || strings.Contains(page, "NaN") || strings.Contains(page, "ZgotmplZ") || !strings.Contains(page, "godwit, 8000 packages: 8.10s") {
		t.Errorf("%d plots in\n%s", len(plots)-1, page)
	}
	for _, p := range plots[1:] {
		svg, _, _ := strings.Cut(p, "</svg>")
		d := xml.NewDecoder(strings.NewReader("<svg viewBox=\"0 0 760" + svg + "</svg>"))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in\n%s", err, svg)
			}
		}
	}
	if err := (Scale{}).HTML(io.Discard); err != nil {
		t.Errorf("of nothing: %v", err)
	}
}
