// Package gate decides whether a benchmark is good enough.
//
// A gate states an absolute limit. A change against the last version would not
// do: a fault that was always there is a constant, and no difference shows it.
// And a gate that measured nothing has failed: it would never fail again.
package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"godwit/internal/bench/result"
	"godwit/internal/bench/stat"
)

// Kind is what a gate looks at.
type Kind string

const (
	// Ratio limits Tool's wall time as a multiple of Peer's ("best" is the
	// fastest that is not ours), the median over rounds.
	Ratio Kind = "ratio"
	// Ceiling limits the median of a column, or a size.
	Ceiling Kind = "ceiling"
	// Cold is the canary: the tool must have had at least Min packages, or Share
	// of all, to extract, or the phase tested nothing.
	Cold Kind = "cold"
)

// Gate is one line of a gate file.
type Gate struct {
	Kind   Kind    `json:"kind"`
	Phase  string  `json:"phase"`
	Tool   string  `json:"tool"`
	Peer   string  `json:"peer,omitempty"`   // ratio
	Column string  `json:"column,omitempty"` // ceiling
	Max    float64 `json:"max,omitempty"`    // ratio, ceiling; seconds, bytes or a count
	Min    float64 `json:"min,omitempty"`    // cold
	Share  float64 `json:"share,omitempty"`  // cold; of all slots, above 0 and up to 1
	// SlackMillis lets a ratio pass when the difference is no more than this:
	// a ratio of two times of a few milliseconds is noise.
	SlackMillis float64 `json:"slackMillis,omitempty"` // ratio
	// When, if set, is the link the gate is for: it says nothing of other runs.
	When *result.Line `json:"when,omitempty"`
}

// Outcome is a gate and what became of it.
type Outcome struct {
	Gate
	Passed  bool   `json:"passed"`
	Skipped bool   `json:"skipped,omitempty"` // it is for another link
	Said    string `json:"said"`              // what was measured, or why nothing was
}

// Read reads a gate file: {"gates": [...]}.
func Read(r io.Reader) ([]Gate, error) {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	var file struct {
		Gates []Gate `json:"gates"`
	}
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("gate file: %w", err)
	}
	if len(file.Gates) == 0 {
		return nil, errors.New("gate file: it holds no gates")
	}
	for i, g := range file.Gates {
		if err := g.check(); err != nil {
			return nil, fmt.Errorf("gate file: gate %d (%s): %w", i+1, g, err)
		}
	}
	return file.Gates, nil
}

// sizeColumns are the columns of a cell rather than of a sample.
var sizeColumns = []string{"cache", "node_modules", "lock"}

// check refuses a gate that could not fail.
func (g Gate) check() error {
	if g.Phase == "" || g.Tool == "" {
		return errors.New("phase and tool are required")
	}
	switch g.Kind {
	case Ratio:
		if g.Peer == "" || g.Max <= 0 || g.Column != "" || g.Min != 0 {
			return errors.New("a ratio has a peer and a max above 0, and nothing else")
		}
		if g.Peer == g.Tool {
			return errors.New("a tool is always as fast as itself")
		}
	case Ceiling:
		if _, ok := result.Named(g.Column); !ok && !slices.Contains(sizeColumns, g.Column) {
			return fmt.Errorf("there is no column %q", g.Column)
		}
		if g.Max <= 0 || g.Peer != "" || g.Min != 0 || g.SlackMillis != 0 {
			return errors.New("a ceiling has a column and a max above 0, and nothing else")
		}
	case Cold:
		if g.Share < 0 || g.Share > 1 || g.Min < 1 && (g.Min != 0 || g.Share == 0) || g.Peer != "" || g.Column != "" || g.Max != 0 || g.SlackMillis != 0 {
			return errors.New("cold has a min of at least 1, a share above 0 and up to 1, or both, and nothing else")
		}
		return nil
	default:
		return fmt.Errorf("there is no kind %q: there are %s, %s and %s", g.Kind, Ratio, Ceiling, Cold)
	}
	if g.Share != 0 {
		return errors.New("share is for cold only")
	}
	return nil
}

// String is the gate in words.
func (g Gate) String() string {
	if g.When == nil {
		return g.words()
	}
	always := g
	always.When = nil
	return fmt.Sprintf("%s, at %g ms and %g Mbit/s", always.words(), g.When.RoundTripMillis, g.When.Mbit)
}

func (g Gate) words() string {
	switch g.Kind {
	case Ratio:
		return fmt.Sprintf("%s %s ≤ %g of %s", g.Phase, g.Tool, g.Max, g.Peer)
	case Ceiling:
		return fmt.Sprintf("%s %s %s ≤ %s", g.Phase, g.Tool, g.Column, g.write(g.Max))
	case Cold:
		least := fmt.Sprintf("%g", g.Min)
		if g.Share > 0 {
			least = fmt.Sprintf("%g %%", 100*g.Share)
		}
		return fmt.Sprintf("%s %s has a cold batch of ≥ %s", g.Phase, g.Tool, least)
	}
	var b bytes.Buffer
	_ = json.NewEncoder(&b).Encode(g)
	return string(bytes.TrimSpace(b.Bytes()))
}

// write is x in the unit of the gate's column.
func (g Gate) write(x float64) string {
	if x == 0 {
		return "0"
	}
	if col, ok := result.Named(g.Column); ok {
		return col.Unit.Write(x)
	}
	return result.Bytes.Write(x)
}

// Judge holds every gate against the run.
func Judge(gates []Gate, run *result.Run) []Outcome {
	out := make([]Outcome, len(gates))
	for i, g := range gates {
		out[i].Gate = g
		if g.When != nil && *g.When != run.Line {
			out[i].Skipped, out[i].Said = true, "the run was over another link"
			continue
		}
		out[i].Passed, out[i].Said = g.judge(run)
	}
	return out
}

// Failed counts the gates that did not pass. Where none was for this run all
// have failed: a file of gates that says nothing would never fail.
func Failed(outcomes []Outcome) (n int) {
	skipped := 0
	for _, o := range outcomes {
		switch {
		case o.Skipped:
			skipped++
		case !o.Passed:
			n++
		}
	}
	if skipped == len(outcomes) {
		return skipped
	}
	return n
}

func (g Gate) judge(run *result.Run) (bool, string) {
	cell := run.Cell(g.Phase, g.Tool)
	if len(cell.Valid()) == 0 {
		return false, fmt.Sprintf("nothing was measured: %s", reason(run, cell, g.Tool))
	}
	switch g.Kind {
	case Ratio:
		return g.ratio(run)
	case Ceiling:
		return g.ceiling(cell)
	case Cold:
		return g.cold(cell)
	}
	return false, fmt.Sprintf("there is no kind %q", g.Kind)
}

// reason is why a cell has no samples that count.
func reason(run *result.Run, c *result.Cell, name string) string {
	for _, s := range run.Skipped {
		if s.Name == name {
			return s.Why
		}
	}
	switch {
	case c == nil:
		return "the run has no such phase and tool"
	case c.Failure != nil:
		return c.Failure.What
	case len(c.Samples) > 0:
		return c.Samples[0].Invalid
	}
	return "there is no sample"
}

func (g Gate) ratio(run *result.Run) (bool, string) {
	peer := g.Peer
	if peer == "best" {
		if peer = run.Best(g.Phase); peer == "" {
			return false, "nothing was measured: there is no peer"
		}
	}
	p := run.Compare(g.Phase, g.Tool, peer)
	if p.Rounds == 0 {
		return false, fmt.Sprintf("nothing was measured: no round that both finished with %s", peer)
	}
	said := fmt.Sprintf("%.3f of %s over %d rounds", p.Ratio, peer, p.Rounds)
	if p.Ratio <= g.Max {
		return true, said
	}
	ours := stat.Median(run.Cell(g.Phase, g.Tool).Values(result.Wall))
	theirs := stat.Median(run.Cell(g.Phase, peer).Values(result.Wall))
	if extra := (ours - theirs) * 1000; g.SlackMillis > 0 && extra <= g.SlackMillis {
		return true, fmt.Sprintf("%s, %.1f ms more: within the slack", said, extra)
	}
	return false, said
}

func (g Gate) ceiling(cell *result.Cell) (bool, string) {
	if g.Column == "virtualStore" && slices.ContainsFunc(cell.Valid(), func(s result.Sample) bool { return s.Done == nil }) {
		return false, "nothing was measured: the tool does not report its line items"
	}
	var x float64
	switch g.Column {
	case "cache":
		x = float64(cell.Sizes.Cache)
	case "node_modules":
		x = float64(cell.Sizes.NodeModules)
	case "lock":
		x = float64(cell.Sizes.Lock)
	default:
		col, _ := result.Named(g.Column)
		return stat.Median(cell.Values(col)) <= g.Max, g.write(stat.Median(cell.Values(col)))
	}
	if x == 0 {
		return false, "nothing was measured: the size was not taken, or is 0"
	}
	return x <= g.Max, g.write(x)
}

// cold passes when every sample had its cold batch: one that had none tested
// nothing, whatever the others did.
func (g Gate) cold(cell *result.Cell) (bool, string) {
	least, all := int64(-1), int64(0)
	for _, s := range cell.Valid() {
		if s.Done == nil {
			return false, "nothing was measured: the tool does not report warm and cold"
		}
		if sum := s.Done.Summary; least < 0 || sum.Cold < least {
			least, all = sum.Cold, sum.Cold+sum.Warm
		}
	}
	enough := float64(least) >= g.Min && least > 0 && float64(least) >= g.Share*float64(all)
	return enough, fmt.Sprintf("cold=%d of %d in the round with the fewest", least, all)
}
