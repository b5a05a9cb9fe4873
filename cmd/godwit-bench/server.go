package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"godwit/internal/bench"
	"godwit/internal/bench/link"
	"godwit/internal/bench/tool"
)

// served is the server of one tool.
type served struct {
	server  *tool.Server
	command []string // program and arguments
	ground  tool.Ground
	log     string // file
	url     string // as tools reach it: itself, or its link
	token   string
	stop    func()
}

// Place implements bench.Server.
func (s *served) Place() (url, token string) { return s.url, s.token }

// Renew implements bench.Server.
func (s *served) Renew(ctx context.Context) error {
	s.stop()
	return s.start(ctx)
}

// serverPatience is how long a server may take until it accepts connections.
const serverPatience = 30 * time.Second

// start runs the server in an empty folder and waits until it answers.
func (s *served) start(ctx context.Context) error {
	s.stop = func() {}
	if err := s.server.Prepare(s.ground); err != nil {
		return err
	}
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	cmd.Dir, cmd.Env = s.ground.Dir, append(os.Environ(), "HOME="+s.ground.Dir)
	for _, e := range s.server.Env {
		cmd.Env = append(cmd.Env, s.ground.Expand(e))
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second // then it is killed
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("--server: %w", err)
	}
	s.stop = func() { _ = cmd.Cancel(); _ = cmd.Wait() }
	if err := waitFor(ctx, s.ground.Listen); err != nil {
		return fmt.Errorf("--server: it does not answer on %s (%w); what it said is in %s", s.ground.Listen, err, s.log)
	}
	if s.server.Login {
		s.token, err = signUp(ctx, "http://"+s.ground.Listen+"/")
	}
	return err
}

// signUp makes a user, as npm's adduser does, and returns her token.
func signUp(ctx context.Context, server string) (string, error) {
	user := []byte(`{"_id":"org.couchdb.user:bench","name":"bench","password":"bench-of-godwit","type":"user","roles":[]}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, server+"-/user/org.couchdb.user:bench", bytes.NewReader(user))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("a user for the server: %w", err)
	}
	defer res.Body.Close()
	var answer struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		return "", fmt.Errorf("a user for the server: it answered %s and no token", res.Status)
	}
	return answer.Token, nil
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

// startServers starts the servers of the tools.
func (o *options) startServers(ctx context.Context, h *helpers, tools []tool.Found) (map[string]bench.Server, error) {
	servers := map[string]bench.Server{}
	for _, t := range tools {
		if t.Server == nil {
			continue
		}
		s, err := o.startServer(ctx, h, t.Tool, len(servers))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name, err)
		}
		servers[t.Name] = s
	}
	return servers, nil
}

// startServer starts the server of one tool, the nth. Between it and the
// registry there may be a link of its own: to charge the server the latency of
// its clients would shrink the cold batch below what users see.
func (o *options) startServer(ctx context.Context, h *helpers, t tool.Tool, n int) (*served, error) {
	s := &served{
		server: t.Server, log: filepath.Join(o.out, "server-"+t.Name+".log"),
		ground: tool.Ground{Upstream: h.direct, Registry: h.address, Dir: filepath.Join(h.bin, "server-"+t.Name)},
	}
	at := portServers + n*portsOfServer
	var err error
	if o.serverLatency > 0 {
		l := link.Options{Latency: o.serverLatency}
		if s.ground.Upstream, err = o.startLink(ctx, h, at+portServerLink, hostOf(h.direct), l); err != nil {
			return nil, err
		}
	}
	if s.ground.Listen, err = o.port(at + portServer); err != nil {
		return nil, err
	}
	if s.command, err = o.serverCommand(ctx, h.bin, t.Server); err != nil {
		return nil, err
	}
	for i := range s.command {
		s.command[i] = s.ground.Expand(s.command[i])
	}
	h.stops = append(h.stops, func() { s.stop() })
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	s.url = "http://" + s.ground.Listen + "/"
	if o.link != (link.Options{}) {
		s.url, err = o.startLink(ctx, h, at+portServerClient, s.ground.Listen, o.link)
	}
	return s, err
}

// serverCommand is how to start a server. Ours is --server, or built.
func (o *options) serverCommand(ctx context.Context, bin string, s *tool.Server) ([]string, error) {
	arguments := strings.Fields(s.Command)
	switch {
	case !s.Ours:
		program, err := s.Find(o.peers)
		return append([]string{program}, arguments...), err
	case o.server != "":
		if words := strings.Fields(o.server); len(words) > 0 {
			return words, nil
		}
		return nil, fmt.Errorf("--server: no command")
	}
	program, err := build(ctx, bin, "godwit-registry")
	return append([]string{program}, arguments...), err
}
