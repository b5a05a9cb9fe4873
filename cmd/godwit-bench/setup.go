package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"godwit/internal/bench/host"
	"godwit/internal/bench/link"
	"godwit/internal/bench/result"
	"godwit/internal/bench/tool"
)

// helpers are the processes a benchmark needs beside the tools.
type helpers struct {
	direct  string // URL of the registry itself
	address string // URL at which tools reach it: itself, or its link
	control string // URL
	server  string // URL at which tools reach the resolve server, or ""
	bin     string // folder for what is built
	stops   []func()
}

// stop ends all helpers, the last started first.
func (h *helpers) stop() {
	for i := len(h.stops) - 1; i >= 0; i-- {
		h.stops[i]()
	}
}

// Ports from the one given by --listen on: fixed, because the recording keeps
// bodies prepared for each address.
const (
	portRegistry = iota
	portLink
	portServerLink // between the server and the registry
	portServer
	portClientServerLink // between the tools and the server
)

// startHelpers starts the registry, and links and the server where asked for.
func (o *options) startHelpers(ctx context.Context) (h *helpers, err error) {
	h = &helpers{}
	defer func() {
		if err != nil {
			h.stop()
		}
	}()
	if h.bin, err = os.MkdirTemp("", "godwit-bench-bin-"); err != nil {
		return h, err
	}
	h.stops = append(h.stops, func() { os.RemoveAll(h.bin) })
	if err := o.startRegistry(ctx, h); err != nil {
		return h, err
	}
	h.address = h.direct
	if o.link != (link.Options{}) {
		if h.address, err = o.startLink(ctx, h, portLink, hostOf(h.direct), o.link); err != nil {
			return h, err
		}
	}
	if o.server != "" {
		err = o.startServer(ctx, h)
	}
	return h, err
}

// port is the address n ports after --listen.
func (o *options) port(n int) (string, error) {
	name, port, err := net.SplitHostPort(o.listen)
	if err != nil {
		return "", fmt.Errorf("--listen: %w", err)
	}
	first, err := strconv.Atoi(port)
	if err != nil || first < 1 || first+portClientServerLink > 65535 {
		return "", fmt.Errorf("--listen: want a port between 1 and %d", 65535-portClientServerLink)
	}
	return net.JoinHostPort(name, strconv.Itoa(first+n)), nil
}

// startRegistry starts a recorder, or without an upstream a frozen registry.
func (o *options) startRegistry(ctx context.Context, h *helpers) error {
	listen, err := o.port(portRegistry)
	if err != nil {
		return err
	}
	args := []string{"serve", "--data", o.data, "--listen", listen, "--control", "127.0.0.1:0"}
	if !o.frozen {
		args[0] = "record"
		if o.upstream != "" {
			args = append(args, "--upstream", o.upstream)
		}
	}
	if o.link != (link.Options{}) {
		client, err := o.port(portLink)
		if err != nil {
			return err
		}
		args = append(args, "--host", client)
	}
	c, err := startChild(ctx, filepath.Join(o.out, "registry.err"), args...)
	if err != nil {
		return fmt.Errorf("%w (its address is set by --listen)", err)
	}
	h.stops = append(h.stops, c.stop)
	h.direct, h.control = c.ready.Registry, c.ready.Control
	return nil
}

// startLink puts a link in front of the address to.
func (o *options) startLink(ctx context.Context, h *helpers, port int, to string, l link.Options) (string, error) {
	listen, err := o.port(port)
	if err != nil {
		return "", err
	}
	args := append([]string{"link", "--listen", listen, "--to", to}, linkArgs(l)...)
	c, err := startChild(ctx, filepath.Join(o.out, fmt.Sprintf("link-%d.err", port)), args...)
	if err != nil {
		return "", err
	}
	h.stops = append(h.stops, c.stop)
	return c.ready.Registry, nil
}

// serverPatience is how long a server may take until it accepts connections.
const serverPatience = 30 * time.Second

// startServer starts the resolve server. Between it and the registry there may
// be a link of its own: to charge the server the latency of its clients would
// shrink the cold batch below what users see.
func (o *options) startServer(ctx context.Context, h *helpers) error {
	upstream := h.direct
	var err error
	if o.serverLatency > 0 {
		l := link.Options{Latency: o.serverLatency}
		if upstream, err = o.startLink(ctx, h, portServerLink, hostOf(h.direct), l); err != nil {
			return err
		}
	}
	listen, err := o.port(portServer)
	if err != nil {
		return err
	}
	words := strings.Fields(strings.NewReplacer("{listen}", listen, "{upstream}", upstream).Replace(o.server))
	if len(words) == 0 {
		return fmt.Errorf("--server: no command")
	}
	log, err := os.Create(filepath.Join(o.out, "server.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second // then it is killed
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("--server: %w", err)
	}
	h.stops = append(h.stops, func() { _ = cmd.Cancel(); _ = cmd.Wait() })
	if err := waitFor(ctx, listen); err != nil {
		return fmt.Errorf("--server: it does not answer on %s (%w); what it said is in %s", listen, err, log.Name())
	}
	h.server = "http://" + listen + "/"
	if o.link != (link.Options{}) {
		h.server, err = o.startLink(ctx, h, portClientServerLink, listen, o.link)
	}
	return err
}

// waitFor returns when something accepts connections at address.
func waitFor(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	var d net.Dialer
	for {
		conn, err := d.DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// findTools looks for the tools that --tools names. One that is missing is
// skipped, and why is said.
func (o *options) findTools(ctx context.Context, bin string) (found []tool.Found, skipped []result.Skipped, err error) {
	tools, err := tool.Named(strings.Split(o.tools, ","))
	if err != nil {
		return nil, nil, err
	}
	var godwit string
	var godwitErr error
	for _, t := range tools {
		if t.NDJSON && godwit == "" && godwitErr == nil {
			godwit, godwitErr = o.findGodwit(ctx, bin)
		}
		f := tool.Found{Tool: t}
		switch {
		case !t.NDJSON:
			f, err = t.Find(o.peers)
		case strings.Contains(t.Commands[tool.Install], "{server}") && o.server == "":
			err = fmt.Errorf("it needs --server")
		default:
			f, err = t.At(godwit), godwitErr
		}
		if err != nil {
			skipped = append(skipped, result.Skipped{Name: t.Name, Why: err.Error()})
			continue
		}
		found = append(found, f)
	}
	if len(found) == 0 {
		return nil, nil, fmt.Errorf("none of the tools is here: %s", skipped[0].Why)
	}
	return found, skipped, nil
}

// findGodwit returns the path of godwit, building it if none was given.
func (o *options) findGodwit(ctx context.Context, bin string) (string, error) {
	if o.godwit != "" {
		return filepath.Abs(o.godwit)
	}
	path := filepath.Join(bin, "godwit")
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "godwit/cmd/godwit")
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return "", fmt.Errorf("it does not build (%w: %s); give --godwit PATH", err, first)
	}
	return path, nil
}

// outdated asks the registry whether a version is there and is not the latest.
func outdated(ctx context.Context, registry string) func(name, version string) bool {
	return func(name, version string) bool {
		var latest, wanted struct {
			Version string
			Dist    struct{ Tarball string }
		}
		base := registry + strings.Replace(name, "/", "%2f", 1)
		return fetch(ctx, base+"/latest", &latest) == nil && fetch(ctx, base+"/"+version, &wanted) == nil &&
			wanted.Version == version && latest.Version != version && fetch(ctx, wanted.Dist.Tarball, nil) == nil
	}
}

// fetch gets the JSON document at url, or with a nil value only asks if there
// is something.
func fetch(ctx context.Context, url string, value any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, res.Status)
	}
	if value == nil {
		_, err := io.Copy(io.Discard, res.Body)
		return err
	}
	return json.NewDecoder(res.Body).Decode(value)
}

// hostOf is the host:port of an http URL.
func hostOf(url string) string {
	return strings.Trim(strings.TrimPrefix(url, "http://"), "/")
}

func machine() result.Machine {
	cpu, kernel, memory := host.Machine()
	return result.Machine{OS: runtime.GOOS, CPU: cpu, Threads: runtime.NumCPU(), Memory: memory, Kernel: kernel}
}
