// Package server resolves for others: it is the endpoint that a client asks when
// it has the setting resolve-server.
//
//	request ─► known? ─ replay ─────────────────────────► frames
//	              │ no                                       ▲
//	              ▼                                          │ one log, read by
//	            run ─► resolve.Resolve ─► picked ─► append ──┘ everyone who asked
//	                      ▲                                    the same
//	             packuments in memory ◄─ on disk ◄─ registry
//
// A run is one resolution. It belongs to all who asked for it: it goes on until
// it ends or nobody is left, whoever came first. What it found is kept for as
// long as the registry says that its packuments need no other look.
//
// The server asks only its own registry client, whose addresses and credentials
// are those of its configuration. A request can name registries, to be refused
// if they are others, and nothing else that the server would go to: what comes
// past a registry is left to the client, which resolves for itself then.
package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"godwit/internal/npm"
	"godwit/internal/registry"
	"godwit/internal/resolve/wire"
	"godwit/internal/throttle"
)

// Options say what a server has and how much of it anybody gets. Only Registry
// has no useful zero value.
type Options struct {
	Registry *registry.Client // whom to ask; its Allow guards redirects
	// Aliases are URLs by which clients may call this server's registries, all of
	// them: those of a proxy that stands before them. The Origin of a request counts
	// as one, with and without TLS.
	Aliases []string
	// Origin is the URL at which who sent a request reached the server, without a
	// slash at its end and with its host in lower case; nil: what it says in Host.
	Origin  func(*http.Request) string
	Version string // of the program, for GET /-/godwit
	Limits  Limits
	// Admit, if set, is what of a full packument anybody may have, and until when
	// that stays so, zero for always: the policy of who runs the server, besides
	// that of the project.
	Admit func(*npm.Packument) (doc *npm.Packument, until time.Time, err error)
	// Client tells clients apart for their limit; nil takes the address that the
	// connection comes from.
	Client func(*http.Request) string
	// Observe is told how each request ended, by many goroutines; may be nil.
	Observe func(Outcome)
	Now     func() time.Time // nil: time.Now
}

// Limits are what a server gives. Zero values are the defaults.
type Limits struct {
	Body      int64         // bytes of a request, unpacked
	Resolves  int           // resolutions at one time
	Queue     int           // that wait for their turn
	Resolve   time.Duration // one resolution, with its wait
	Write     time.Duration // until a client has taken what it was sent
	Documents int64         // bytes of packuments in memory
	Replays   int64         // bytes of answers that are kept
	Rate      float64       // requests per second of one client
	Burst     int           // that it may send at once
}

// The defaults.
const (
	// The manifests of 10,000 projects and the lockfile of the largest workspace
	// known are half of it.
	defaultBody = 64 << 20
	// More gain nothing: a resolution from memory keeps one processor busy.
	defaultResolves = 4
	// A resolution takes a second where nothing is known, so that the last one
	// waits no longer than a client does.
	defaultQueue   = 64
	defaultResolve = time.Minute
	// A client that works takes its frames as they come.
	defaultWrite = 30 * time.Second
	// The packuments of ten large projects.
	defaultDocuments = 512 << 20
	// An answer for 1,300 packages has 0.8 MB.
	defaultReplays = 128 << 20
	// A team behind one address on a Monday morning.
	defaultRate  = 100
	defaultBurst = 1000
)

func (l *Limits) applyDefaults() {
	set(&l.Body, defaultBody)
	set(&l.Resolves, defaultResolves)
	set(&l.Queue, defaultQueue)
	set(&l.Resolve, defaultResolve)
	set(&l.Write, defaultWrite)
	set(&l.Documents, defaultDocuments)
	set(&l.Replays, defaultReplays)
	set(&l.Rate, defaultRate)
	set(&l.Burst, defaultBurst)
}

func set[T int | int64 | float64 | time.Duration](p *T, value T) {
	if *p <= 0 {
		*p = value
	}
}

// Server is the handler of both endpoints. What it works on ends with the
// requests that wait for it, so that http.Server.Shutdown is all it needs.
type Server struct {
	opts    Options
	docs    *documents
	runs    *runs
	bundles bundles
	rate    *throttle.Throttle
	arrived atomic.Int64 // bytes of requests that no run has yet
	mux     http.ServeMux
}

// New makes a server. It neither listens nor asks anybody.
func New(o Options) *Server {
	o.Limits.applyDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		o.Client = remoteHost
	}
	if o.Origin == nil {
		o.Origin = func(r *http.Request) string { return "http://" + strings.ToLower(r.Host) }
	}
	s := &Server{
		opts: o, docs: newDocuments(o.Registry, o.Limits.Documents, o.Now), runs: newRuns(o.Limits, o.Now),
		rate: throttle.New(o.Limits.Rate, o.Limits.Burst, o.Now),
	}
	s.mux.HandleFunc("GET "+wire.HelloPath, s.hello)
	s.mux.HandleFunc("POST "+wire.ResolvePath, s.resolve)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) hello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(wire.Hello{Server: s.opts.Version, Resolve: []int{wire.Version}}) // the client is gone
}

// isOurs reports whether a URL in a request of somebody who reached the server at
// here means its own registries.
func (s *Server) isOurs(raw, here string) bool {
	raw = strings.TrimRight(raw, "/")
	for _, alias := range s.opts.Aliases {
		if strings.TrimRight(alias, "/") == raw {
			return true
		}
	}
	u, err := url.Parse(raw)
	_, at, _ := strings.Cut(here, "://")
	return err == nil && strings.ToLower(u.Host)+u.EscapedPath() == at
}

// Outcome is how a request to resolve ended.
type Outcome struct {
	Kind     Kind
	Code     string // of an error; "" for none
	Duration time.Duration
	Packages int // that were sent
}

// Kind says what a request cost.
type Kind string

// The kinds.
const (
	Resolved Kind = "resolved" // it began a run
	Joined   Kind = "joined"   // it shared one
	Replayed Kind = "replayed" // it got what an earlier one found
	Refused  Kind = "refused"  // it got no run
)

func (s *Server) observe(o Outcome) {
	if s.opts.Observe != nil {
		s.opts.Observe(o)
	}
}
