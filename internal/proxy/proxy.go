// Package proxy is an npm registry that asks other registries and keeps what
// they said.
//
//	GET /name ──► rendering in memory? ─► record fresh? ── yes ─► answer
//	                                          │ stale: answer, and ask behind it
//	                                          ▼ old, or none
//	                            one flight per document ─► upstream, conditional
//	                                          │
//	                            rewritten, packed once ─► memory, disk
//
//	GET /name/-/name-1.0.0.tgz ──► file on disk? ── yes ─► sent as it is
//	                                   │ no
//	                                   ▼
//	             one flight per tarball ─► upstream ─► verifier ─► disk
//	                                          └─► all who wait, but for the last
//	                                              bytes, which wait for the verifier
//
// Whom it asks is configured: neither a client nor a registry can make it ask
// anybody else, and what a client sends to prove who it is stays here.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"godwit/internal/proxy/disk"
	"godwit/internal/registry"
	"godwit/internal/resolve/policy"
	"godwit/internal/turns"
)

// Options say whom to ask and what to keep. Upstream, Dir, Log and Now are
// required.
type Options struct {
	Upstream registry.Options // Default, Scopes, Credentials, Proxy, TLS, UserAgent; the rest is filled in
	Allow    []string         // URLs whose hosts tarballs may come from besides the registries'

	PublicURL string   // at which clients reach this, without a slash at its end; "": what Origin says
	Hosts     []string // names that may be in Origin besides localhost and addresses
	// Origin is the URL at which who sent a request reached this, without a slash at
	// its end; nil: what it says in Host.
	Origin func(*http.Request) string

	Dir         string // of the cache; for this process alone
	DiskBytes   int64  // of the cache on disk
	MemoryBytes int64  // of documents in memory

	// StaleFor is how long after its time a document is still served, while
	// the registry is asked behind the answer; negative: not at all.
	StaleFor time.Duration

	// MinimumAge is how long a version must have been public; 0 admits all.
	// Exclude names what it does not apply to.
	MinimumAge time.Duration
	Exclude    policy.Exclude

	// NoDowngrade hides versions that are vouched for less than earlier ones, but
	// for what TrustExclude names, and what is older than TrustAge, 0 for nothing.
	NoDowngrade  bool
	TrustExclude policy.Exclude
	TrustAge     time.Duration

	Log *slog.Logger
	Now func() time.Time
}

// Defaults.
const (
	// The packuments of 2,750 packages, packed, are 30 MB in the short form.
	defaultMemory = 128 << 20
	// Some ten large projects.
	defaultDisk = 10 << 30
	// A team that comes to work finds all of yesterday's documents, and one
	// request later those of today.
	defaultStale = time.Hour
	// Someone waits for the answer: much less patience than an install has.
	upstreamSilence = 30 * time.Second
	// flightLimit ends the flight of a document whose upstream sends a little now
	// and then, which beside others' answers the client would bear (registry).
	flightLimit = 10 * time.Minute
	// downloadLimit is that of a tarball: 60 MB over 56 KiB/s take 18 minutes.
	downloadLimit = time.Hour
	// The largest documents of the public registry have some 100 MB.
	maxDocument = 256 << 20
	// Far above the largest tarballs, which have some hundred MB.
	maxTarball = 2 << 30
)

func (o *Options) applyDefaults() {
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = defaultMemory
	}
	if o.DiskBytes <= 0 {
		o.DiskBytes = defaultDisk
	}
	if o.StaleFor == 0 {
		o.StaleFor = defaultStale
	}
	if o.Origin == nil {
		o.Origin = func(r *http.Request) string { return "http://" + strings.ToLower(r.Host) }
	}
	u := &o.Upstream
	u.CacheDir = ""
	u.MaxPackument, u.MaxTarball = maxDocument, maxTarball
	if u.Timeout <= 0 {
		u.Timeout = upstreamSilence
	}
	if u.Retry == (registry.Retry{}) {
		// One more attempt: clients have theirs.
		u.Retry = registry.Retry{Count: 1, Factor: 1, Min: 250 * time.Millisecond, Max: time.Second}
	}
	u.Now = o.Now
}

// Proxy is an http.Handler. Close it when no request is under way; one that was
// cut off, and does not know that yet, gets an error.
type Proxy struct {
	opts     Options
	upstream *registry.Client
	origins  []string // that may be asked, as origin writes them
	disk     *disk.Cache
	memory   *memory
	counts   Counts
	patience time.Duration // defaultPatience but in tests

	loads      flights[*record] // from disk
	documents  flights[*record] // from the upstream
	renderings flights[*rendering]
	downloads  downloads
	large      turns.Turns  // see turn
	noShort    sync.Map     // registries without a short form
	resting    sync.Map     // "documents " or "tarballs " and registry → until when it is not asked
	down       sync.Map     // registry → until when it is not waited for
	spooled    atomic.Int64 // bytes of tarballs that the disk did not take

	behind background
}

// New checks o and opens the cache.
func New(o Options) (*Proxy, error) {
	o.applyDefaults()
	p := &Proxy{opts: o, memory: newMemory(o.MemoryBytes), patience: defaultPatience, large: turns.New(largeTurns)}
	if err := p.allow(); err != nil {
		return nil, err
	}
	o.Upstream.Allow = p.CheckOrigin
	var err error
	if p.upstream, err = registry.New(o.Upstream); err != nil {
		return nil, err
	}
	if p.disk, err = disk.Open(o.Dir, o.DiskBytes, o.Now); err != nil {
		return nil, err
	}
	p.behind.life, p.behind.end = context.WithCancelCause(context.Background())
	return p, nil
}

// Close ends what is under way and gives the cache up.
func (p *Proxy) Close() error {
	p.behind.close()
	return errors.Join(p.upstream.Close(), p.disk.Close())
}

// allow lists the origins of all registries.
func (p *Proxy) allow() error {
	urls := append([]string{p.opts.Upstream.Default}, p.opts.Allow...)
	for _, u := range p.opts.Upstream.Scopes {
		urls = append(urls, u)
	}
	for _, raw := range urls {
		u, err := url.Parse(strings.TrimSpace(raw))
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("upstream: want a URL such as https://registry.example/")
		}
		p.origins = append(p.origins, origin(u))
	}
	return nil
}

// origin is scheme, host and port of a URL.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// ErrOrigin is wrapped by the error for a host that is not configured.
var ErrOrigin = errors.New("it is none of the registries that are configured")

// CheckOrigin stands before every request and every redirect; another client of
// the same registries can have it as its Options.Allow.
func (p *Proxy) CheckOrigin(u *url.URL) error {
	if slices.Contains(p.origins, origin(u)) {
		return nil
	}
	return fmt.Errorf("%s: %w; if tarballs are kept there, add it to allow", origin(u), ErrOrigin)
}

// ServeHTTP answers as a registry.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target, err := parseTarget(r)
	if err == nil {
		err = p.serve(w, r, target)
	}
	if err != nil {
		p.refuse(w, r, err)
	}
}

// MemoryBytes is the bound of documents in memory.
func (p *Proxy) MemoryBytes() int64 { return p.opts.MemoryBytes }
