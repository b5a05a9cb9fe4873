package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"godwit/internal/bench/gate"
	"godwit/internal/bench/host"
	"godwit/internal/bench/replay"
	"godwit/internal/bench/result"
)

// example is a run with everything a report must show: a winner, a tool that
// failed, one whose rounds do not count, line items, gates and notes.
func example() Report {
	run := &result.Run{
		Format: result.Format, Started: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC), Fixture: "alotta-modules",
		Link: "loopback, no delay", Cold: "a new ext4", Rounds: 4, Machine: result.Machine{OS: "linux", CPU: "x", Threads: 2},
		Phases: []result.Phase{{Name: "p0", Brief: "full cold"}, {Name: "p5", Brief: "nothing to do"}},
		Tools: []result.Tool{
			{Name: "godwit", Version: "1", Layout: "isolated", Fair: "scripts off", Ours: true, Commands: map[string]string{"p0": "godwit install"}},
			{Name: "bun", Version: "1.4.5", Layout: "hoisted", Fair: "scripts off", Files: map[string]string{"{home}/x": "a: b\n"}},
			{Name: "broken", Version: "2", Layout: "x", Fair: "y"},
			{Name: "unrecorded", Version: "3", Layout: "x", Fair: "y"},
		},
		Skipped: []result.Skipped{{Name: "yarn", Why: "it is not here"}},
		Notes:   []string{"a note with <b>markup</b> | and a pipe"},
	}
	for _, phase := range []string{"p0", "p5"} {
		for i, name := range []string{"godwit", "bun"} {
			c := &result.Cell{Phase: phase, Tool: name, Sizes: result.Sizes{Cache: 300 << 20, NodeModules: 310 << 20, Lock: 5000}}
			for round := 1; round <= 4; round++ {
				s := result.Sample{Round: round, Net: replay.Stats{Requests: 2500, BytesOut: 76 << 20, BytesIn: 500 << 10, Connections: 64}}
				s.Usage = host.Usage{Wall: time.Duration(1500+200*i+10*round) * time.Millisecond, User: time.Second, Sys: time.Second, MaxRSS: 150 << 20}
				if phase == "p5" {
					s.Usage.Wall /= 100
				}
				if name == "godwit" {
					s.Done = &result.Done{Summary: result.Summary{Warm: 3, Cold: 997, MaxLinks: 4,
						StageMillis: map[string]float64{"resolve": 300, "fetch": 800, "extract": 500, "link_cold": 400}}}
				}
				c.Samples = append(c.Samples, s)
			}
			run.Cells = append(run.Cells, c)
		}
		run.Cells = append(run.Cells,
			&result.Cell{Phase: phase, Tool: "broken", Failure: &result.Failure{What: "exit status 7", Tail: []string{"</pre><script>alert(1)</script>", "cannot"}}},
			&result.Cell{Phase: phase, Tool: "unrecorded", Samples: []result.Sample{{Round: 1, Usage: host.Usage{Wall: 1}, Invalid: "3 requests were not recorded"}}})
	}
	gates := []gate.Gate{
		{Kind: gate.Ratio, Phase: "p0", Tool: "godwit", Peer: "best", Max: 0.95},
		{Kind: gate.Cold, Phase: "p0", Tool: "godwit", Min: 2000},
	}
	return Report{Run: run, Gates: gate.Judge(gates, run)}
}

func render(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// said is what both documents for people must tell.
var said = []string{"alotta-modules", "1.52s", "best peer", "exit status 7", "3 requests were not recorded", "it is not here",
	"passed", "godwit install", "76.0M", "997", "0.8"}

func TestMarkdown(t *testing.T) {
	text := render(t, example().Markdown)
	for _, want := range append(said, "FAILED", "| bun | 1.7", "faster", "±σ", "vCtx", "node_mod") {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "| broken |") {
			t.Errorf("a tool without a time stands in a table: %s", line)
		}
	}
}

func TestHTML(t *testing.T) {
	text := render(t, example().HTML)
	for _, want := range append(said, "1 failed", "prefers-color-scheme: dark", "bar chart", "stacked bars", "wall time by round") {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if m := regexp.MustCompile(`(?i)(src|href|url)\s*[=(]\s*["']?(https?:)?//`).FindString(text); m != "" {
		t.Errorf("it asks the network: %s", m)
	}
	if strings.Contains(text, "<script") || strings.Contains(text, "<b>markup") {
		t.Error("what a tool said became markup")
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || strings.Contains(text, "ZgotmplZ") {
		t.Error("a number or a value is broken")
	}
	// Each drawing is well-formed XML, which the HTML parser would hide.
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(text, -1) {
		dec := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, svg)
			}
		}
	}
}

func TestEmptyRunIsReportedToo(t *testing.T) {
	r := Report{Run: &result.Run{Phases: []result.Phase{{Name: "p0"}}, Tools: []result.Tool{{Name: "godwit", Ours: true}}}}
	for _, text := range []string{render(t, r.HTML), render(t, r.Markdown)} {
		if !strings.Contains(text, "the phase did not run") || strings.Contains(text, "NaN") {
			t.Errorf("%s", text)
		}
	}
}

func TestGoBenchmarks(t *testing.T) {
	text := render(t, example().GoBenchmarks)
	line := regexp.MustCompile(`^Benchmark\S+ \d+( \d+ \S+)+$`)
	n := 0
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); strings.HasPrefix(l, "Benchmark") {
			n++
			if !line.MatchString(l) {
				t.Errorf("not a benchmark line: %s", l)
			}
		}
	}
	if n != 16 {
		t.Errorf("%d lines, want one for each sample that counts", n)
	}
	if !strings.Contains(text, "phase=p0/tool=bun 1 1710000000 ns/op") {
		t.Errorf("%s", text)
	}
}

func TestWriteAndReadAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	r := example()
	files, err := r.Write(dir)
	if err != nil || len(files) != 4 {
		t.Fatalf("%v, %v", files, err)
	}
	f, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	again, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := render(t, Report{Run: again, Gates: r.Gates}.Markdown), render(t, r.Markdown); got != want {
		t.Errorf("the report made again differs:\n%s\n%s", got, want)
	}
	if _, err := Read(strings.NewReader(`{"format": "something else"}`)); err == nil {
		t.Error("another format was read")
	}
}

func TestTicksAreRoundAndCoverTheAxis(t *testing.T) {
	for _, top := range []float64{0.004, 0.035, 0.27, 1, 1.63, 4.74, 9.83, 34, 104} {
		a := axis{max: top, from: 0, to: 100}
		ticks := a.ticks()
		if len(ticks) < 3 || len(ticks) > 8 || ticks[0].At != 0 || ticks[0].Text != "0" {
			t.Errorf("%g: %v", top, ticks)
		}
		seen := map[string]bool{}
		for _, k := range ticks {
			if seen[k.Text] || k.At > 100.1 || math.IsNaN(k.At) {
				t.Errorf("%g: %v", top, ticks)
			}
			seen[k.Text] = true
		}
	}
	if n := (axis{}).ticks(); n != nil {
		t.Errorf("an empty axis has ticks: %v", n)
	}
}
