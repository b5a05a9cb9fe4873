// Package bench measures package managers against each other, from outside:
// processes, a replayed registry, and the same situations for all.
//
// Tools take turns. Round by round each runs once, in reverse order every other
// round, so that a machine that slows down slows all of them; the first round
// of a phase is not timed. Each tool has a warm volume, filled once and used by
// the phases that want warm caches, and gets a new one for each cold sample.
package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"godwit/internal/bench/host"
	"godwit/internal/bench/result"
	"godwit/internal/bench/scratch"
	"godwit/internal/bench/tool"
)

// Config is everything a benchmark needs. All fields but Servers and Trace are
// required.
type Config struct {
	Fixture  Fixture
	Tools    []tool.Found
	Phases   []Phase
	Rounds   int // timed ones
	Ground   *scratch.Ground
	Registry Registry
	Address  string            // URL at which tools reach the registry
	Servers  map[string]Server // by the name of the tool that asks it
	Add      string            // what the add phase adds
	Limit    time.Duration     // for one run of one tool
	Logs     string            // an existing folder for what tools print
	Trace    bool              // keep traces of tools that can write them
	Path     string            // PATH of the tools
	Measure  func(context.Context, host.Command) (host.Outcome, error)
	Log      func(format string, args ...any) // progress
}

// Server is what a tool asks besides the registry.
type Server interface {
	// Place is its URL, and a token for it; either may change with Renew.
	Place() (url, token string)
	// Renew ends it and begins it anew, with nothing cached.
	Renew(ctx context.Context) error
}

// bench is a benchmark under way. It belongs to one goroutine.
type bench struct {
	Config
	run        *result.Run
	contestant []*contestant
}

// Run carries the benchmark out. A tool that fails leaves a cell that says so;
// an error means that nothing more could be measured, and the Run holds what
// was.
func Run(ctx context.Context, c Config) (*result.Run, error) {
	start := time.Now()
	b := &bench{Config: c, run: describe(c)}
	defer func() { b.run.Seconds = time.Since(start).Seconds() }()
	if err := b.Registry.thaw(ctx); err != nil {
		return b.run, err
	}
	for _, t := range c.Tools {
		b.contestant = append(b.contestant, b.enter(ctx, t))
	}
	for _, p := range c.Phases {
		if err := b.phase(ctx, p); err != nil {
			return b.run, err
		}
	}
	return b.run, nil
}

// describe fills in what is known before anything runs.
func describe(c Config) *result.Run {
	r := &result.Run{
		Format: result.Format, Started: time.Now().UTC().Truncate(time.Second),
		Fixture: c.Fixture.Name, Cold: c.Ground.How(), Rounds: c.Rounds, Common: tool.Common(),
	}
	for _, p := range c.Phases {
		r.Phases = append(r.Phases, result.Phase{Name: p.Name, Brief: p.Brief})
	}
	for _, t := range c.Tools {
		row := result.Tool{
			Name: t.Name, Version: t.Version, Layout: t.Layout, Fair: t.Fair, Env: t.Env, Ours: t.NDJSON,
			Commands: map[string]string{}, Files: map[string]string{},
		}
		for _, p := range c.Phases {
			if line, ok := t.Commands[p.action]; ok {
				row.Commands[p.Name] = t.Name + " " + line
				if t.NDJSON {
					row.Commands[p.Name] = "godwit " + line
				}
			}
		}
		for _, f := range t.Files {
			row.Files[f.Path] = f.Text
		}
		r.Tools = append(r.Tools, row)
	}
	return r
}

// phase runs one phase: a warm-up round, then the timed ones.
func (b *bench) phase(ctx context.Context, p Phase) error {
	if err := b.Registry.thaw(ctx); err != nil {
		return err
	}
	for _, c := range b.contestant {
		cell := &result.Cell{Phase: p.Name, Tool: c.Name}
		b.run.Cells = append(b.run.Cells, cell)
		cell.Failure = c.unfit(p)
	}
	host.Sync() // what seeding and the phase before wrote is not this one's to write out
	for round := 0; round <= b.Rounds; round++ {
		if round == 1 {
			if err := b.Registry.freeze(ctx); err != nil {
				return err
			}
		}
		order := slices.Clone(b.contestant)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		var line []string
		for _, c := range order {
			cell := b.run.Cell(p.Name, c.Name)
			if cell.Failure != nil {
				continue
			}
			line = append(line, b.turn(ctx, p, c, cell, round))
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		b.Log("%s round %d/%d  %s", p.Name, round, b.Rounds, strings.Join(line, "  "))
	}
	return b.keepTraces(p)
}

// turn is one tool's run in one round; it returns what to say about it.
func (b *bench) turn(ctx context.Context, p Phase, c *contestant, cell *result.Cell, round int) string {
	s, sizes, failure := b.sample(ctx, p, c, round)
	if failure != nil {
		cell.Failure = failure
		return fmt.Sprintf("%s: %s", c.Name, failure.What)
	}
	wall := result.Seconds.Write(s.Wall.Seconds())
	if round == 0 {
		return c.Name + " " + wall
	}
	cell.Samples = append(cell.Samples, s)
	if round == b.Rounds {
		cell.Sizes = sizes
	}
	if s.Invalid != "" {
		b.note("%s %s round %d does not count: %s", p.Name, c.Name, round, s.Invalid)
		wall += " (does not count)"
	}
	return c.Name + " " + wall
}

// note adds a remark to the report, once.
func (b *bench) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(b.run.Notes, n) {
		b.run.Notes = append(b.run.Notes, n)
	}
}
