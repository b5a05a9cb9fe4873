package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"godwit/internal/front"
	"godwit/internal/proxy"
	"godwit/internal/server"
	"godwit/internal/throttle"
)

const (
	// headerTime is what a client has to say what it wants.
	headerTime = 10 * time.Second
	// bodyTime is what it has to send the rest: the audit of a project over a
	// bad line.
	bodyTime = time.Minute
	// writeTime bounds answers that set no deadline of their own.
	writeTime = 2 * time.Minute
	// idleTime is longer than the 90 s after which Go clients close, so that they
	// are the ones who do.
	idleTime = 2 * time.Minute
	// maxHeader holds any header of npm's with a long token.
	maxHeader = 16 << 10
	// memoryFor is what a server needs besides its caches: 4,000 connections,
	// 64 tarballs on their way, and documents while they are rewritten.
	memoryFor = 384 << 20
)

// daemon is a server under way.
type daemon struct {
	*settings
	proxy    *proxy.Proxy
	resolver *server.Server
	draining atomic.Bool
	requests requests
	numbers  *numbers
}

// daemon serves until ctx ends, then finishes what is under way.
func (p *process) daemon(ctx context.Context, s *settings) (err error) {
	d := &daemon{settings: s}
	if d.proxy, err = proxy.New(s.proxy); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.proxy.Close()) }()
	p.limitMemory(d.proxy.MemoryBytes() + resolverMemory + memoryFor)
	d.numbers = newNumbers(d, p.now())
	closeClient, err := d.startResolver(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeClient()) }()
	ln, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		Handler:           d.handler(p),
		ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // clients' broken connections
	}
	s.log.Info("serving", append([]any{"listen", ln.Addr().String()}, s.describe()...)...)
	if s.open() {
		s.log.Warn("anybody who reaches this server can read what its credentials open: set tokens")
	}
	if p.listening != nil {
		p.listening(ln.Addr().String())
	}
	failed := make(chan error, 1)
	go func() { failed <- d.serve(server, front.Limit(ln, s.connections)) }() // ends with Shutdown or Close
	select {
	case err = <-failed:
		err = errors.Join(err, server.Close())
	case <-ctx.Done():
		err = d.drain(server)
	}
	d.requests.end()
	return err
}

// serve answers on ln, with TLS if there is a certificate. Without HTTP/2, which
// has 250 requests on each of the connections that are counted.
func (d *daemon) serve(server *http.Server, ln net.Listener) error {
	if d.certificate == nil {
		return server.Serve(ln)
	}
	server.TLSConfig = d.certificate.config()
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	return server.ServeTLS(ln, "", "")
}

// drain refuses what is new and waits for the rest.
func (d *daemon) drain(server *http.Server) error {
	d.draining.Store(true)
	d.log.Info("shutting down")
	ctx, cancel := context.WithTimeout(context.Background(), d.shutdown)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		d.log.Warn("requests were cut off", "after", d.shutdown)
		err = server.Close()
	}
	return err
}

// handler joins the endpoints.
func (d *daemon) handler(p *process) http.Handler {
	o := front.Options{
		Next: http.HandlerFunc(d.route), Log: d.log, LogAll: d.logAll, Tokens: d.tokens, Trusted: d.trusted,
		Open: func(r *http.Request) bool { return isProbe(r) && r.URL.Path != "/metrics" }, Observe: d.numbers.observe, Now: p.now,
	}
	if d.rate > 0 {
		o.Throttle = throttle.New(d.rate, d.burst, p.now)
	}
	return d.requests.counted(d.numbers.counted(front.Below(d.basePath, front.New(o), isProbe)))
}

// isProbe reports whether a request is for the server itself. There are packages
// of those names: who wants JSON, as every package manager does, means them.
func isProbe(r *http.Request) bool {
	switch r.URL.Path {
	case "/healthz", "/readyz", "/metrics":
		return (r.Method == http.MethodGet || r.Method == http.MethodHead) && !strings.Contains(r.Header.Get("Accept"), "json")
	}
	return false
}

func (d *daemon) route(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/-/godwit") && !strings.HasPrefix(r.URL.Path, "/-/godwit/v1/mature/"):
		d.resolver.ServeHTTP(w, r)
	case !isProbe(r):
		d.proxy.ServeHTTP(w, r)
	case r.URL.Path == "/metrics":
		d.numbers.page.ServeHTTP(w, r)
	case r.URL.Path == "/readyz" && d.draining.Load():
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
	default:
		_, _ = io.WriteString(w, "ok\n") // a probe that went away
	}
}
