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
	portServers // from here on, portsOfServer for each
)

// Ports of a server, from its first on.
const (
	portServerLink = iota // between the server and the registry
	portServer
	portServerClient // between the tools and the server
	portsOfServer
)

// portLast is the last that may be used: two tools have servers.
const portLast = portServers + 2*portsOfServer - 1

// startHelpers starts the registry, and its link where asked for.
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
		h.address, err = o.startLink(ctx, h, portLink, hostOf(h.direct), o.link)
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
	if err != nil || first < 1 || first+portLast > 65535 {
		return "", fmt.Errorf("--listen: want a port between 1 and %d", 65535-portLast)
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
		args = append(args, "--as", client)
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
		f, err := t.At(godwit), godwitErr
		if !t.NDJSON {
			f, err = t.Find(o.peers)
		}
		if err == nil && t.Server != nil && !t.Server.Ours {
			_, err = t.Server.Find(o.peers)
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
	path, err := build(ctx, bin, "godwit")
	if err != nil {
		err = fmt.Errorf("%w; give --godwit PATH", err)
	}
	return path, err
}

// build makes a program of this module.
func build(ctx context.Context, bin, name string) (string, error) {
	path := filepath.Join(bin, name)
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "godwit/cmd/"+name)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return "", fmt.Errorf("%s does not build (%w: %s)", name, err, first)
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
