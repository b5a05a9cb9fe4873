package bench

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/bench/host"
	"godwit/internal/bench/result"
	"godwit/internal/bench/scratch"
	"godwit/internal/bench/tool"
)

// place is where c runs in the volume v.
func (b *bench) place(c *contestant, v *scratch.Volume) tool.Place {
	p := tool.Place{Root: v.Root, Registry: b.Address}
	if s := b.Servers[c.Name]; s != nil {
		p.Server, p.Token = s.Place()
	}
	return p
}

// sample puts c into the situation of p, runs it, and says what it cost.
// Sizes are taken in the last round only: reading them disturbs the next.
func (b *bench) sample(ctx context.Context, p Phase, c *contestant, round int) (result.Sample, result.Sizes, *result.Failure) {
	var sizes result.Sizes
	if p.fresh {
		if err := b.Servers[c.Name].Renew(ctx); err != nil {
			return result.Sample{}, sizes, &result.Failure{What: err.Error()}
		}
	}
	v := c.warm
	if p.cold {
		var err error
		if v, err = b.Ground.Volume(c.Name); err != nil {
			return result.Sample{}, sizes, &result.Failure{What: err.Error()}
		}
		defer func() {
			if err := b.Ground.Retire(v); err != nil {
				b.note("%v", err)
			}
		}()
	}
	place := b.place(c, v)
	if failure := b.situate(ctx, p, c, v, round); failure != nil {
		return result.Sample{}, sizes, failure
	}
	switch p.action {
	case tool.Add:
		place.Name = b.Add
	case tool.Update:
		place.Name = b.Fixture.Update
	}
	label := fmt.Sprintf("%s-%s-%d", p.Name, c.Name, round)
	if b.Trace && c.Tool.Trace != "" {
		place.Trace = b.traceFile(p.Name, c.Name, round)
	}
	s, failure := b.timed(ctx, c, place, p.action, label)
	s.Round = round
	if failure == nil {
		failure = b.missed(p, c, place)
	}
	if failure == nil && round == b.Rounds {
		sizes = b.sizes(c.Tool, place)
	}
	return s, sizes, failure
}

// missed says what the tool did not do although it said it had, or nil.
func (b *bench) missed(p Phase, c *contestant, place tool.Place) *result.Failure {
	if !p.writes {
		return nil
	}
	locks, failure := readLocks(c.Tool, place)
	if failure != nil {
		return failure
	}
	if p.lock != noLock && maps.EqualFunc(locks, c.locks[p.lock], bytes.Equal) {
		return &result.Failure{What: fmt.Sprintf("it left its lockfile as it was: nothing was done to %s", place.Name)}
	}
	return nil
}

// situate prepares the project in v for a sample of p.
func (b *bench) situate(ctx context.Context, p Phase, c *contestant, v *scratch.Volume, round int) *result.Failure {
	if p.keep && round > 0 {
		return nil
	}
	place := b.place(c, v)
	if err := v.Aside(place.Project()); err != nil {
		return &result.Failure{What: err.Error()}
	}
	if err := b.stage(c, place, p.lock); err != nil {
		return &result.Failure{What: err.Error()}
	}
	if p.before == "" {
		return nil
	}
	return b.untimed(ctx, c, place, p.before, p.Name+"-before")
}

// untimed runs an action whose cost does not matter.
func (b *bench) untimed(ctx context.Context, c *contestant, p tool.Place, a tool.Action, label string) *result.Failure {
	_, f := b.execute(ctx, c, p, a, label+"-"+c.Name)
	if f != nil {
		f.What = label + ": " + f.What
	}
	return f
}

// timed runs an action and gathers everything there is to know about it.
func (b *bench) timed(ctx context.Context, c *contestant, p tool.Place, a tool.Action, label string) (result.Sample, *result.Failure) {
	if _, err := b.Registry.reset(ctx); err != nil {
		return result.Sample{}, &result.Failure{What: err.Error()}
	}
	usage, failure := b.execute(ctx, c, p, a, label)
	if failure != nil {
		return result.Sample{}, failure
	}
	net, err := b.Registry.reset(ctx)
	if err != nil {
		return result.Sample{}, &result.Failure{What: err.Error()}
	}
	s := result.Sample{Usage: usage, Net: net}
	switch {
	case net.Upstream > 0:
		s.Invalid = fmt.Sprintf("the registry had to ask its upstream %d times", net.Upstream)
	case net.Misses > 0:
		s.Invalid = fmt.Sprintf("%d requests were not recorded: %s", net.Misses, strings.Join(net.Missing, " "))
	}
	if c.NDJSON {
		if s.Done, err = readDone(b.logFile(label, "out")); err != nil {
			return s, &result.Failure{What: err.Error(), Tail: b.tail(label)}
		}
	}
	return s, nil
}

// execute runs the tool and turns every way it can go wrong into a failure.
func (b *bench) execute(ctx context.Context, c *contestant, p tool.Place, a tool.Action, label string) (host.Usage, *result.Failure) {
	args, err := c.Args(a, p)
	if err != nil {
		return host.Usage{}, &result.Failure{What: err.Error()}
	}
	o, err := b.Measure(ctx, host.Command{
		Path: c.Command[0], Args: append(c.Command[1:len(c.Command):len(c.Command)], args...),
		Env: c.Environ(p, b.Path), Dir: p.Project(),
		Out: b.logFile(label, "out"), Err: b.logFile(label, "err"), Limit: b.Limit,
	})
	switch {
	case err != nil:
		return host.Usage{}, &result.Failure{What: err.Error()}
	case o.TimedOut:
		return host.Usage{}, &result.Failure{What: fmt.Sprintf("it was stopped after %v", b.Limit), Tail: b.tail(label)}
	case o.Code != 0:
		return host.Usage{}, &result.Failure{What: fmt.Sprintf("exit status %d", o.Code), Tail: b.tail(label)}
	}
	return o.Usage, nil
}

// sizes weighs what the tool left at p.
func (b *bench) sizes(t tool.Tool, p tool.Place) result.Sizes {
	weigh := func(path string, skip ...string) int64 {
		n, err := host.Size(path, skip...)
		if err != nil {
			b.note("sizes of %s: %v", t.Name, err)
		}
		return n
	}
	out := result.Sizes{
		Cache:       weigh(p.Root, p.Project(), filepath.Join(p.Root, "aside")),
		NodeModules: weigh(filepath.Join(p.Project(), "node_modules")),
	}
	for _, name := range t.Locks {
		if info, err := os.Stat(filepath.Join(p.Project(), name)); err == nil {
			out.Lock += info.Size()
		}
	}
	return out
}
