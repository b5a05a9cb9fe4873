package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"strings"
	"time"

	"godwit/internal/bench/link"
)

// linkFlags adds the flags that describe a link.
func linkFlags(flags *flag.FlagSet, o *link.Options) {
	flags.DurationVar(&o.Latency, "latency", 0, "`delay` one way between tools and registry; a round trip takes twice as long")
	flags.Float64Var(&o.Bandwidth, "bandwidth", 0, "`Mbit/s` of the whole link in each direction; 0 means no limit")
	flags.BoolVar(&o.SlowStart, "slow-start", false, "let each connection start with a small TCP window")
}

// describeLink is the link in words, for the report.
func describeLink(o link.Options) string {
	if o == (link.Options{}) {
		return "loopback, no delay"
	}
	words := []string{fmt.Sprintf("%v one way (%v round trip)", o.Latency, 2*o.Latency)}
	if o.Bandwidth > 0 {
		words = append(words, fmt.Sprintf("%g Mbit/s for the whole link in each direction", o.Bandwidth))
	}
	if o.SlowStart {
		words = append(words, "TCP slow start")
	}
	return strings.Join(words, ", ")
}

// linkArgs are the arguments that make the link command build the same link.
func linkArgs(o link.Options) []string {
	args := []string{"--latency", o.Latency.String(), "--bandwidth", fmt.Sprint(o.Bandwidth)}
	if o.SlowStart {
		args = append(args, "--slow-start")
	}
	return args
}

// relay is the command that stands between tools and a server.
func relay(ctx context.Context, p process, args []string) error {
	flags := flag.NewFlagSet("link", flag.ContinueOnError)
	var o link.Options
	linkFlags(flags, &o)
	listen := flags.String("listen", "127.0.0.1:0", "address for clients")
	to := flags.String("to", "", "address of the server (required)")
	eof := flags.Bool("until-eof", false, "stop when stdin ends")
	if err := parse(flags, p, args); err != nil {
		return err
	}
	if *to == "" {
		return fmt.Errorf("link: --to HOST:PORT is required")
	}
	if o.Latency < 0 || o.Latency > time.Minute || o.Bandwidth < 0 {
		return fmt.Errorf("link: want a latency between 0 and 1m, and a bandwidth of at least 0")
	}
	ln, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	if *eof {
		var cancel context.CancelFunc
		ctx, cancel = untilEOF(ctx, p.stdin)
		defer cancel()
	}
	if err := json.NewEncoder(p.stdout).Encode(ready{Registry: "http://" + ln.Addr().String() + "/"}); err != nil {
		return err
	}
	return link.Serve(ctx, ln, *to, o)
}
