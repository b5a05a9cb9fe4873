// Package report writes the outcome of a benchmark for people and programs:
// Markdown, JSON, the Go benchmark format, and one HTML page.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/bench/gate"
	"godwit/internal/bench/result"
	"godwit/internal/bench/stat"
)

// Report is what is reported.
type Report struct {
	*result.Run
	Gates []gate.Outcome `json:"gates,omitempty"`
}

// format is one file of a report.
type format struct {
	file  string
	write func(Report, io.Writer) error
}

var formats = []format{
	{"result.json", Report.JSON},
	{"report.md", Report.Markdown},
	{"report.html", Report.HTML},
	{"bench.txt", Report.GoBenchmarks},
}

// Write writes every format into the folder dir and returns the paths.
func (r Report) Write(dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	var files []string
	for _, f := range formats {
		path := filepath.Join(dir, f.file)
		out, err := os.Create(path)
		if err != nil {
			return files, fmt.Errorf("report: %w", err)
		}
		if err := errors.Join(f.write(r, out), out.Close()); err != nil {
			return files, fmt.Errorf("report: %s: %w", path, err)
		}
		files = append(files, path)
	}
	return files, nil
}

// JSON writes everything.
func (r Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// Read reads what JSON wrote; the gates are not taken over, they are judged
// again.
func Read(r io.Reader) (*result.Run, error) {
	var run result.Run
	if err := json.NewDecoder(r).Decode(&run); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	if run.Format != result.Format {
		return nil, fmt.Errorf("result: its format is %q, this program reads %q", run.Format, result.Format)
	}
	return &run, nil
}

// GoBenchmarks writes one line a sample, for benchstat.
func (r Report) GoBenchmarks(w io.Writer) error {
	fmt.Fprintf(w, "goos: %s\npkg: godwit-bench\ncpu: %s\nfixture: %s\nlink: %s\n", r.Machine.OS, r.Machine.CPU, r.Fixture, r.Link)
	for _, c := range r.Cells {
		for _, s := range c.Valid() {
			_, err := fmt.Fprintf(w, "BenchmarkInstall/phase=%s/tool=%s 1 %d ns/op %d user-ns/op %d sys-ns/op %d RSS-bytes %d netRX-bytes %d requests\n",
				c.Phase, c.Tool, s.Wall.Nanoseconds(), s.User.Nanoseconds(), s.Sys.Nanoseconds(), s.MaxRSS, s.Net.BytesOut, s.Net.Requests)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// row is a cell with its numbers made up for tables and plots.
type row struct {
	result.Tool
	Cell    *result.Cell
	Wall    float64 // median, seconds; 0 for an empty cell
	Sigma   float64
	Ratio   float64 // to the best peer, paired by round; 0 for none
	Verdict stat.Verdict
	Best    bool // it is the best peer
}

// rows are the tools of a phase in the order of the run.
func (r Report) rows(phase string) []row {
	best := r.Best(phase)
	var out []row
	for _, t := range r.Tools {
		x := row{Tool: t, Cell: r.Cell(phase, t.Name), Best: t.Name == best}
		if walls := x.Cell.Values(result.Wall); len(walls) > 0 {
			x.Wall, x.Sigma = stat.Median(walls), stat.Deviation(walls)
			if best != "" && !x.Best {
				p := r.Compare(phase, t.Name, best)
				x.Ratio, x.Verdict = p.Ratio, p.Verdict
			}
		}
		out = append(out, x)
	}
	return out
}

// RatioText is the ratio to the best peer, or what stands in its place.
func (x row) RatioText() string {
	switch {
	case x.Best:
		return "best peer"
	case x.Ratio == 0:
		return "-"
	}
	return fmt.Sprintf("%.2f", x.Ratio)
}

// WallText is the median wall time.
func (x row) WallText() string { return result.Seconds.Write(x.Wall) }

// Why says why the cell is empty, or "".
func (x row) Why() string {
	switch {
	case x.Cell == nil:
		return "the phase did not run"
	case x.Cell.Failure != nil:
		return x.Cell.Failure.What
	case x.Wall == 0 && len(x.Cell.Samples) > 0:
		return "no round counts: " + x.Cell.Samples[0].Invalid
	case x.Wall == 0:
		return "no round was run"
	}
	return ""
}

// Tail is the last lines a failed tool said.
func (x row) Tail() string {
	if x.Cell == nil || x.Cell.Failure == nil {
		return ""
	}
	return strings.Join(x.Cell.Failure.Tail, "\n")
}

// table is a header and rows of the same length; the first column is a name.
type table struct {
	Title string
	Head  []string
	Rows  [][]string
}

// resources is the first of the two tables of a phase.
func resources(rows []row) table {
	t := table{Head: []string{"tool", "wall", "±σ", "ratio", "verdict", "user", "sys", "RSS", "pgMinor"}}
	for _, x := range rows {
		if x.Wall == 0 {
			continue
		}
		line := []string{x.Name, x.WallText(), result.Seconds.Write(x.Sigma), x.RatioText(), string(x.Verdict)}
		t.Rows = append(t.Rows, append(line, medians(x.Cell, "user", "sys", "RSS", "pgMinor")...))
	}
	return t
}

// traffic is the second of the two tables of a phase.
func traffic(rows []row) table {
	t := table{Head: []string{"tool", "vCtx", "iCtx", "netRX", "netTX", "requests", "connections", "cache", "node_mod", "lock"}}
	for _, x := range rows {
		if x.Wall == 0 {
			continue
		}
		line := append([]string{x.Name}, medians(x.Cell, "vCtx", "iCtx", "netRX", "netTX", "requests", "connections")...)
		for _, n := range []int64{x.Cell.Sizes.Cache, x.Cell.Sizes.NodeModules, x.Cell.Sizes.Lock} {
			line = append(line, result.Bytes.Write(float64(n)))
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

// items is the table of line items: where the time of a godwit install went,
// in the sample with the median wall time. It is empty where no tool says.
func items(rows []row) table {
	t := table{Head: append([]string{"tool", "wall"}, append(slices.Clone(result.Stages), "create virtual store", "warm", "cold", "skipped", "links at once")...)}
	for _, x := range rows {
		s, ok := x.Cell.MedianSample()
		if !ok || s.Done == nil {
			continue
		}
		sum := s.Done.Summary
		line := []string{x.Name, result.Seconds.Write(s.Wall.Seconds())}
		for _, stage := range result.Stages {
			line = append(line, result.Seconds.Write(sum.StageMillis[stage]/1000))
		}
		line = append(line, result.Seconds.Write(sum.VirtualStore()))
		for _, n := range []int64{sum.Warm, sum.Cold, sum.Skipped, sum.MaxLinks} {
			line = append(line, fmt.Sprint(n))
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

func medians(c *result.Cell, keys ...string) []string {
	var out []string
	for _, k := range keys {
		col, _ := result.Named(k)
		out = append(out, col.Unit.Write(stat.Median(c.Values(col))))
	}
	return out
}
