package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"godwit/internal/bench/replay"
)

// server is what record and serve have in common.
type server struct {
	data, listen, control, upstream, as string
	thaw, untilEOF                      bool
}

func (s *server) flags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.StringVar(&s.data, "data", "", "folder of the recording (required)")
	flags.StringVar(&s.listen, "listen", "127.0.0.1:4873", "address to serve on")
	flags.StringVar(&s.control, "control", "", "address for stats, reset, freeze and thaw; none if empty")
	flags.StringVar(&s.as, "as", "", "host:port that packuments name, instead of the one that a client said")
	flags.BoolVar(&s.untilEOF, "until-eof", false, "stop when stdin ends")
	return flags
}

// serve is the command that answers from a recording alone.
func serve(ctx context.Context, p process, args []string) error {
	var s server
	if err := parse(s.flags("serve"), p, args); err != nil {
		return err
	}
	return s.run(ctx, p)
}

// record is the command that asks the upstream for what is not recorded yet.
func record(ctx context.Context, p process, args []string) error {
	s := server{thaw: true}
	flags := s.flags("record")
	flags.StringVar(&s.upstream, "upstream", "", "registry to record from (default: npm config get registry)")
	if err := parse(flags, p, args); err != nil {
		return err
	}
	if s.upstream == "" {
		var err error
		if s.upstream, err = npmRegistry(ctx); err != nil {
			return err
		}
	}
	return s.run(ctx, p)
}

// npmRegistry is the registry npm is set to use.
func npmRegistry(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "npm", "config", "get", "registry").Output()
	if err != nil {
		return "", fmt.Errorf("npm config get registry: %w; give --upstream URL", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// upstreamWidth bounds connections to the upstream where it speaks HTTP/1.1:
// a client under test opens up to 256, which a public registry may refuse.
const upstreamWidth = 32

// run serves until ctx ends, and says then what it saw.
func (s *server) run(ctx context.Context, p process) error {
	reg, err := s.registry()
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	defer ln.Close()
	started := time.Now()
	host := cmp.Or(s.as, ln.Addr().String())
	if err := reg.Prepare(ctx, host); err != nil {
		return fmt.Errorf("prepare %s: %w", host, err)
	}
	servers := []*http.Server{{Handler: s.called(reg)}}
	listeners := []net.Listener{reg.Listener(ln)}
	up := ready{Registry: "http://" + ln.Addr().String() + "/", PrepareMillis: time.Since(started).Milliseconds()}
	if s.control != "" {
		control, err := net.Listen("tcp", s.control)
		if err != nil {
			return err
		}
		defer control.Close()
		up.Control = "http://" + control.Addr().String()
		servers = append(servers, &http.Server{Handler: reg.Control()})
		listeners = append(listeners, control)
	}
	if err := json.NewEncoder(p.stdout).Encode(up); err != nil {
		return err
	}
	if s.untilEOF {
		var cancel context.CancelFunc
		ctx, cancel = untilEOF(ctx, p.stdin)
		defer cancel()
	}
	err = serveUntil(ctx, servers, listeners)
	return errors.Join(err, json.NewEncoder(p.stderr).Encode(reg.Stats()))
}

// called is the registry at the one address that --as gives it: also what a
// server reads beside it names the address at which clients find it.
func (s *server) called(reg http.Handler) http.Handler {
	if s.as == "" {
		return reg
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = s.as
		reg.ServeHTTP(w, r)
	})
}

// registry opens the recording.
func (s *server) registry() (*replay.Registry, error) {
	if s.data == "" {
		return nil, errors.New("--data DIR is required")
	}
	rec, err := replay.Open(s.data)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost = upstreamWidth
	reg, err := replay.New(rec, replay.Options{Upstream: s.upstream, Client: &http.Client{Transport: transport}})
	if err == nil && s.thaw {
		reg.Thaw()
	}
	return reg, err
}

// ready is the one line a server writes to stdout once it can be asked.
type ready struct {
	Registry      string `json:"registry"`
	Control       string `json:"control,omitempty"`
	PrepareMillis int64  `json:"prepareMillis,omitempty"`
}

// serveUntil runs each server on its listener until ctx ends or one fails.
func serveUntil(ctx context.Context, servers []*http.Server, listeners []net.Listener) error {
	failed := make(chan error, len(servers))
	for i, s := range servers {
		go func() { failed <- s.Serve(listeners[i]) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	for _, s := range servers {
		s.Close()
	}
	return err
}
