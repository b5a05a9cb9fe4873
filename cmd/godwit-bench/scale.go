package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/bench/report"
)

// scaling are the flags of scale: those of run that do not name a project, and
// its own.
type scaling struct {
	options
	sizes     string
	synthetic string
	maxGrowth float64
}

func (s *scaling) flags() *flag.FlagSet {
	all := s.options.flags()
	s.tools, s.phases, s.rounds = "godwit,godwit-gvs", "p0,p3,p4", 3
	f := flag.NewFlagSet("scale", flag.ContinueOnError)
	for _, name := range []string{"peers", "godwit", "tools", "phases", "rounds", "fs", "volume-size", "work", "out", "listen", "limit"} {
		known := all.Lookup(name)
		f.Var(known.Value, name, known.Usage)
	}
	f.StringVar(&s.sizes, "sizes", "500,2000,8000", "`numbers` of packages, the smallest first")
	f.StringVar(&s.synthetic, "synthetic", defaultFolder("synthetic"), "`folder` for the made-up projects and their recordings; kept for the next time")
	f.Float64Var(&s.maxGrowth, "max-growth", 0, "exit status 1 if time or memory of godwit grows with more than this `power` of the number of packages (1 is linear); 0 does not judge")
	return f
}

// scale is the command that measures made-up projects of several sizes.
func scale(ctx context.Context, p process, args []string) error {
	var s scaling
	if err := parse(s.flags(), p, args); err != nil {
		return err
	}
	sizes, err := s.check()
	if err != nil {
		return err
	}
	var all report.Scale
	base := s.options
	for _, n := range sizes {
		at := filepath.Join(s.synthetic, strconv.Itoa(n))
		o := base
		o.fixture, o.data, o.frozen = filepath.Join(at, fmt.Sprintf("synthetic-%d", n)), filepath.Join(at, "recorded"), true
		o.out = filepath.Join(base.out, strconv.Itoa(n))
		fmt.Fprintf(p.stderr, "%d packages\n", n)
		if err := synthesize(ctx, n, o.fixture, o.data); err != nil {
			return err
		}
		measured, err := o.measure(ctx, p)
		if err != nil {
			return fmt.Errorf("%d packages: %w", n, err)
		}
		if err := publish(p, measured, nil, o.out); err != nil {
			return err
		}
		all.Points = append(all.Points, report.Point{Packages: n, Run: measured})
	}
	files, err := all.Write(base.out)
	if err != nil {
		return err
	}
	if err := all.Markdown(p.stdout); err != nil {
		return err
	}
	fmt.Fprintln(p.stderr, "written:", strings.Join(files, " "))
	return s.judge(all)
}

// check reads the sizes, and refuses what cannot mean anything.
func (s *scaling) check() ([]int, error) {
	var sizes []int
	for _, text := range strings.Split(s.sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("scale: --sizes: %q is no number of packages", text)
		}
		sizes = append(sizes, n)
	}
	switch {
	case !slices.IsSorted(sizes) || len(slices.Compact(slices.Clone(sizes))) < len(sizes):
		return nil, errors.New("scale: --sizes: want the smallest first, and each once")
	case s.maxGrowth > 0 && len(sizes) < 2:
		return nil, errors.New("scale: --max-growth needs two sizes")
	case s.rounds < 1:
		return nil, errors.New("scale: --rounds must be at least 1")
	}
	return sizes, nil
}

// judge is an error if something of ours grows faster than it may, or was not
// measured.
func (s *scaling) judge(all report.Scale) error {
	if s.maxGrowth <= 0 {
		return nil
	}
	var bad []string
	for _, c := range all.Curves() {
		if g := all.Growth(c); strings.HasPrefix(c.Tool, "godwit") && (g > s.maxGrowth || slices.Contains(c.Values, 0)) {
			bad = append(bad, fmt.Sprintf("%s of %s in %s: %.2f", c.Column.Key, c.Tool, c.Phase, g))
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("scale: growth with more than the power %.2f, or nothing measured: %s", s.maxGrowth, strings.Join(bad, "; "))
	}
	return nil
}
