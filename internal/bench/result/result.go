// Package result is the outcome of a benchmark as data: what the JSON report
// holds, and what every other report and the gates are made from.
package result

import (
	"time"

	"godwit/internal/bench/host"
	"godwit/internal/bench/replay"
	"godwit/internal/bench/stat"
)

// Format is the first member of the JSON report. Readers refuse another.
const Format = "godwit-bench result 1"

// Run is one benchmark.
type Run struct {
	Format  string    `json:"format"`
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"` // how long all of it took
	Machine Machine   `json:"machine"`
	Fixture string    `json:"fixture"`
	Link    string    `json:"link"`
	Line    Line      `json:"line,omitzero"` // the same as numbers
	Cold    string    `json:"cold"`          // what "cold" meant
	Rounds  int       `json:"rounds"`
	Phases  []Phase   `json:"phases"`
	Tools   []Tool    `json:"tools"`
	Skipped []Skipped `json:"skipped,omitempty"`
	Notes   []string  `json:"notes,omitempty"`
	Common  []string  `json:"environment"` // of every tool
	Cells   []*Cell   `json:"cells"`
}

// Line is the link between the tools and the registry; zero is loopback.
type Line struct {
	RoundTripMillis float64 `json:"roundTripMillis,omitempty"`
	Mbit            float64 `json:"mbit,omitempty"` // in each direction; 0: no limit
}

// Machine is where the benchmark ran.
type Machine struct {
	OS      string `json:"os"`
	CPU     string `json:"cpu"`
	Threads int    `json:"threads"`
	Memory  int64  `json:"memory,omitempty"` // bytes
	Kernel  string `json:"kernel,omitempty"`
}

// Phase is one situation a tool is put in.
type Phase struct {
	Name  string `json:"name"`
	Brief string `json:"brief"`
}

// Tool is one contestant, with everything needed to run it the same way.
type Tool struct {
	Name     string            `json:"name"`
	Version  string            `json:"version"`
	Layout   string            `json:"layout"`
	Fair     string            `json:"fair"`
	Commands map[string]string `json:"commands"` // by phase
	Env      []string          `json:"env,omitempty"`
	Files    map[string]string `json:"files,omitempty"`
	Ours     bool              `json:"ours"`
}

// Skipped is a tool that was asked for and is not here.
type Skipped struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Cell is one tool in one phase.
type Cell struct {
	Phase   string   `json:"phase"`
	Tool    string   `json:"tool"`
	Samples []Sample `json:"samples"`
	Failure *Failure `json:"failure,omitempty"` // why there are no more samples
	Sizes   Sizes    `json:"sizes"`
	Trace   string   `json:"trace,omitempty"` // file name of the median sample's trace
}

// Failure says why a cell is empty or short.
type Failure struct {
	What string   `json:"what"`
	Tail []string `json:"tail,omitempty"` // the last lines the tool said
}

// Sizes are in bytes, files with several names counted once in each.
type Sizes struct {
	Cache       int64 `json:"cache"` // cache and store: all the tool keeps outside the project
	NodeModules int64 `json:"nodeModules"`
	Lock        int64 `json:"lock"`
}

// Sample is one run.
type Sample struct {
	Round int `json:"round"`
	host.Usage
	Net     replay.Stats `json:"net"`
	Done    *Done        `json:"done,omitempty"` // godwit only
	Invalid string       `json:"invalid,omitempty"`
}

// Done is what godwit says at the end of its ndjson.
type Done struct {
	Summary  Summary `json:"summary"`
	UpToDate bool    `json:"upToDate"`
}

// Summary is godwit's account of an install.
type Summary struct {
	Packages    int64              `json:"packages"`
	Warm        int64              `json:"warm"`
	Cold        int64              `json:"cold"`
	Skipped     int64              `json:"skipped"`
	Reused      int64              `json:"reused"`
	Downloaded  int64              `json:"downloaded"`
	Bytes       int64              `json:"bytes"`
	Linked      int64              `json:"linked"`
	MaxLinks    int64              `json:"maxLinks"`
	Added       int64              `json:"added"`
	Removed     int64              `json:"removed"`
	StageMillis map[string]float64 `json:"stageMillis"`
	WallMillis  float64            `json:"wallMillis"`
}

// Stages are the line items of a godwit install, in the order they begin.
var Stages = []string{"resolve", "fetch", "extract", "link_warm", "link_cold", "build"}

// VirtualStore is the time in which slots were linked, in seconds, warm and
// cold: pnpm's "create virtual store". A line of its own tells a fault there
// from one in fetching.
func (s Summary) VirtualStore() float64 {
	return (s.StageMillis["link_warm"] + s.StageMillis["link_cold"]) / 1000
}

// Cell returns the cell of a phase and a tool, or nil.
func (r *Run) Cell(phase, tool string) *Cell {
	for _, c := range r.Cells {
		if c.Phase == phase && c.Tool == tool {
			return c
		}
	}
	return nil
}

// Valid are the samples that count.
func (c *Cell) Valid() []Sample {
	if c == nil {
		return nil
	}
	var out []Sample
	for _, s := range c.Samples {
		if s.Invalid == "" {
			out = append(out, s)
		}
	}
	return out
}

// Values are one column of the samples that count.
func (c *Cell) Values(col Column) []float64 {
	var out []float64
	for _, s := range c.Valid() {
		out = append(out, col.Of(s))
	}
	return out
}

// ByRound is one column of the samples that count, by round.
func (c *Cell) ByRound(col Column) map[int]float64 {
	out := map[int]float64{}
	for _, s := range c.Valid() {
		out[s.Round] = col.Of(s)
	}
	return out
}

// MedianSample is the sample with the median wall time; ok is false for a cell
// without any.
func (c *Cell) MedianSample() (s Sample, ok bool) {
	valid := c.Valid()
	i := stat.MedianIndex(c.Values(Wall))
	if i < 0 {
		return Sample{}, false
	}
	return valid[i], true
}

// Best is the fastest tool of a phase that is not ours, or "".
func (r *Run) Best(phase string) string {
	var best string
	var least float64
	for _, t := range r.Tools {
		if t.Ours {
			continue
		}
		xs := r.Cell(phase, t.Name).Values(Wall)
		if len(xs) == 0 {
			continue
		}
		if m := stat.Median(xs); best == "" || m < least {
			best, least = t.Name, m
		}
	}
	return best
}

// Compare pairs the wall times of two tools in a phase by round.
func (r *Run) Compare(phase, ours, theirs string) stat.Paired {
	return stat.Compare(r.Cell(phase, ours).ByRound(Wall), r.Cell(phase, theirs).ByRound(Wall))
}
