package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"godwit/internal/bench"
	"godwit/internal/bench/gate"
	"godwit/internal/bench/link"
	"godwit/internal/bench/report"
	"godwit/internal/bench/result"
	"godwit/internal/bench/scratch"
)

// options are the flags of run.
type options struct {
	fixture, data, peers, godwit string
	tools, phases                string
	rounds                       int
	fs, work, out, listen        string
	volumeSize                   int64
	link                         link.Options
	upstream                     string
	frozen                       bool
	add, update                  string
	limit                        time.Duration
	trace                        bool
	gates                        string
	server                       string
	serverLatency                time.Duration
	short                        bool
}

func (o *options) flags() *flag.FlagSet {
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	f.StringVar(&o.fixture, "fixture", "", "`folder` of the project to install (required)")
	f.StringVar(&o.data, "data", defaultFolder("recorded"), "`folder` of the recording")
	f.StringVar(&o.peers, "peers", defaultFolder("peers"), "`folder` that the peers command installed into")
	f.StringVar(&o.godwit, "godwit", "", "`path` of godwit; built from this module if empty")
	f.StringVar(&o.tools, "tools", "godwit,godwit-hoisted,godwit-gvs,bun,utoo,pnpm,aube", "which tools, by name; also npm, yarn")
	f.StringVar(&o.phases, "phases", "p0,p1,p3,p4,p5,p6,add,update", "which phases, by name")
	f.IntVar(&o.rounds, "rounds", 5, "timed `rounds`; one more comes first and does not count")
	f.StringVar(&o.fs, "fs", "ext4", "file system of volumes: ext4, xfs, btrfs, tmpfs, or folder for none")
	f.Int64Var(&o.volumeSize, "volume-size", 24, "`GiB` of each file system; the files are sparse")
	f.StringVar(&o.work, "work", "", "`folder` for volumes, on the disk to measure (default: a new temporary one)")
	f.StringVar(&o.out, "out", "bench-report", "`folder` for the reports, and what tools said")
	f.StringVar(&o.listen, "listen", "127.0.0.1:4870", "`address` of the registry; the next seven ports are for links and servers. Bodies are prepared for it once")
	linkFlags(f, &o.link)
	f.StringVar(&o.upstream, "upstream", "", "`URL` to record from what is missing, before rounds are timed (default: npm config get registry)")
	f.BoolVar(&o.frozen, "frozen", false, "never ask an upstream; what is missing is named")
	f.StringVar(&o.add, "add", "left-pad", "`name` of the dependency to add")
	f.StringVar(&o.update, "update", "", "`name` of the dependency to update (default: the first with a caret range and a newer version)")
	f.DurationVar(&o.limit, "limit", 5*time.Minute, "time after which a run is stopped")
	f.BoolVar(&o.trace, "trace", false, "keep godwit's Chrome trace of each median sample; writing them costs time")
	f.StringVar(&o.gates, "gate", "", "`file` of gates; exit status 1 if one fails")
	f.StringVar(&o.server, "server", "", "`command` of the server of the tool godwit+server, instead of one that is built; {listen}, {upstream}, {registry} and {dir} are replaced")
	f.DurationVar(&o.serverLatency, "server-latency", 0, "delay one way between the server and the registry; production servers sit close to theirs")
	f.BoolVar(&o.short, "short", false, "a few minutes: p0,p3,p4,p5 in 3 rounds, of a small project unless --fixture names one")
	return f
}

// check refuses options that cannot mean anything.
func (o *options) check() error {
	switch {
	case o.fixture == "":
		return errors.New("run: --fixture DIR is required")
	case o.rounds < 1:
		return errors.New("run: --rounds must be at least 1")
	case o.frozen && o.upstream != "":
		return errors.New("run: --frozen and --upstream exclude each other")
	case o.volumeSize < 1:
		return errors.New("run: --volume-size must be at least 1")
	}
	return nil
}

// run is the command that measures.
func run(ctx context.Context, p process, args []string) error {
	var o options
	flags := o.flags()
	if err := parse(flags, p, args); err != nil {
		return err
	}
	if o.short {
		if err := o.shorten(flags); err != nil {
			return err
		}
	}
	if err := o.check(); err != nil {
		return err
	}
	gates, err := readGates(o.gates)
	if err != nil {
		return err
	}
	measured, err := o.measure(ctx, p)
	if measured == nil || len(measured.Cells) == 0 {
		return err
	}
	return errors.Join(err, publish(p, measured, gates, o.out))
}

// measure sets everything up, runs the benchmark and takes everything down.
// With an error it returns what was measured before it, if anything was.
func (o *options) measure(ctx context.Context, p process) (measured *result.Run, err error) {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return nil, err
	}
	if o.out, err = filepath.Abs(o.out); err != nil {
		return nil, err
	}
	work, remove, err := o.workFolder()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	ground, err := scratch.New(scratch.Options{Base: work, Kind: o.fs, Size: o.volumeSize << 30})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ground.Close()) }()
	h, err := o.startHelpers(ctx)
	if err != nil {
		return nil, err
	}
	defer h.stop()
	tools, skipped, err := o.findTools(ctx, h.bin)
	if err != nil {
		return nil, err
	}
	for _, s := range skipped {
		fmt.Fprintf(p.stderr, "%s is left out: %s\n", s.Name, s.Why)
	}
	c, err := o.config(ctx, p, h)
	if err != nil {
		return nil, err
	}
	c.Tools, c.Ground = tools, ground
	if c.Servers, err = o.startServers(ctx, h, tools); err != nil {
		return nil, err
	}
	measured, err = bench.Run(ctx, c)
	measured.Skipped, measured.Link, measured.Machine = skipped, describeLink(o.link), machine()
	measured.Line = result.Line{RoundTripMillis: float64(2*o.link.Latency) / float64(time.Millisecond), Mbit: o.link.Bandwidth}
	return measured, err
}

// config is what the flags say to package bench; Tools and Ground are missing.
func (o *options) config(ctx context.Context, p process, h *helpers) (c bench.Config, err error) {
	c = bench.Config{
		Rounds: o.rounds, Address: h.address,
		Registry: bench.Registry{Control: h.control, Client: http.DefaultClient},
		Add:      o.add, Limit: o.limit, Logs: o.out, Trace: o.trace, Path: os.Getenv("PATH"),
		Log: func(format string, args ...any) { fmt.Fprintf(p.stderr, format+"\n", args...) },
	}
	if c.Phases, err = bench.PhasesNamed(strings.Split(o.phases, ",")); err != nil {
		return c, err
	}
	if c.Measure, err = measurer(); err != nil {
		return c, err
	}
	c.Fixture, err = bench.OpenFixture(o.fixture, o.update, outdated(ctx, h.direct))
	return c, err
}

// workFolder is where volumes go; remove undoes what it made.
func (o *options) workFolder() (dir string, remove func() error, err error) {
	if dir, err = os.MkdirTemp(o.work, "godwit-bench-"); err != nil {
		return "", nil, err
	}
	dir, err = filepath.Abs(dir)
	return dir, func() error { return os.RemoveAll(dir) }, err
}

// readGates reads the gate file, if there is one, before anything is measured:
// a mistake in it should not cost twenty minutes.
func readGates(path string) ([]gate.Gate, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return gate.Read(f)
}

// publish writes the reports and says where they are; it is an error if a gate
// failed.
func publish(p process, measured *result.Run, gates []gate.Gate, dir string) error {
	r := report.Report{Run: measured, Gates: gate.Judge(gates, measured)}
	files, err := r.Write(dir)
	if err != nil {
		return err
	}
	if err := r.Summary(p.stdout); err != nil {
		return err
	}
	fmt.Fprintln(p.stderr, "written:", strings.Join(files, " "))
	if n := gate.Failed(r.Gates); n > 0 {
		return fmt.Errorf("%d of %d gates failed", n, len(gates))
	}
	return nil
}

// reportAgain is the command that makes the reports from a result.json.
func reportAgain(_ context.Context, p process, args []string) error {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	from := flags.String("result", "bench-report/result.json", "`file` that run wrote")
	out := flags.String("out", "bench-report", "`folder` for the reports")
	gates := flags.String("gate", "", "`file` of gates; exit status 1 if one fails")
	if err := parse(flags, p, args); err != nil {
		return err
	}
	list, err := readGates(*gates)
	if err != nil {
		return err
	}
	f, err := os.Open(*from)
	if err != nil {
		return err
	}
	defer f.Close()
	measured, err := report.Read(f)
	if err != nil {
		return err
	}
	return publish(p, measured, list, *out)
}
