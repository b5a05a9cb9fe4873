package registry

import (
	"math"
	"net/http"
	"net/url"
	"time"

	"godwit/internal/event"
)

// Options say where registries are and how to talk to them. Only Default has
// no useful zero value.
type Options struct {
	Default     string            // URL of the registry for names without a scope of their own
	Scopes      map[string]string // "@scope" -> URL
	Credentials []Credential
	ReplaceHost ReplaceHost

	Proxy      func(*url.URL) (*url.URL, error) // nil, nil: connect directly; nil: never a proxy
	TLS        TLS
	Retry      Retry
	Timeout    time.Duration     // longest silence on a connection, and how long it may be slow; fetch-timeout
	OpenFiles  int               // that this process may have open at one time; 0 for any number
	MaxSockets int               // requests at one time, for packuments and for tarballs each; 0: 64, or 128 far from the registry
	Transport  http.RoundTripper // instead of the pools of this package
	// Allow, if set, is asked before every request, those after a redirect
	// too; its error ends the request. A server sets it: what a registry writes
	// into a document, or answers with, must not choose whom it talks to.
	Allow func(*url.URL) error

	UserAgent string // as npm_config_user_agent
	Command   string // npm-command header: what the user runs
	Session   string // npm-session header: random, one per run

	CacheDir      string // packuments/ is made in it; "": no cache
	Offline       bool   // only the cache, whatever its age
	PreferOffline bool   // the cache whatever its age, else the network
	PreferOnline  bool   // ask the registry even when the cache is fresh

	MaxPackument int64 // bytes of a decoded document
	MaxTarball   int64 // bytes

	Now  func() time.Time // nil: time.Now
	Sink event.Sink       // warnings; may be nil
}

// TLS says whom to trust and who we are.
type TLS struct {
	CA       []byte // PEM; replaces the system's roots (ca, cafile)
	ExtraCA  []byte // PEM; trusted as well (NODE_EXTRA_CA_CERTS)
	Cert     []byte // PEM; shown to every host without one of its own (cert)
	Key      []byte // PEM (key)
	Insecure bool   // strict-ssl=false: trust everybody
}

// Retry is npm's fetch-retry-*. The zero value is npm's defaults.
type Retry struct {
	Count    int           // attempts after the first (fetch-retries)
	Factor   float64       // fetch-retry-factor
	Min, Max time.Duration // fetch-retry-mintimeout, fetch-retry-maxtimeout
}

// Defaults. The sources are npm's config definitions unless said otherwise.
const (
	defaultTimeout = 5 * time.Minute
	// Near a registry more connections gave nothing in anybody's measurements.
	// (npm's maxsockets of 15 is for Node's agent.)
	defaultSockets = 64
	// Far from it, see lane: fewer cost at round trips of 50 ms.
	farSockets = 128
	// The largest documents of the public registry have some 100 MB.
	defaultMaxPackument = 512 << 20
	// Far above the largest tarballs, which have some hundred MB, and below
	// what a slice may have on 32 bits.
	defaultMaxTarball = math.MaxInt32
)

// sockets is how many requests of a kind there are at one time, at first and far
// from the registry.
func (o *Options) sockets() (width, widest int) {
	width, widest = defaultSockets, farSockets
	if o.MaxSockets > 0 {
		width, widest = o.MaxSockets, o.MaxSockets
	}
	if o.OpenFiles > 0 {
		// A quarter of them is for requests, which are of two kinds: with half of them
		// 64 were too few where the answers came at once.
		most := max(1, o.OpenFiles/8)
		width, widest = min(width, most), min(widest, most)
	}
	return width, widest
}

func (o *Options) applyDefaults() {
	if o.Retry == (Retry{}) {
		o.Retry = Retry{Count: 2, Factor: 10, Min: 10 * time.Second, Max: time.Minute}
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxPackument <= 0 {
		o.MaxPackument = defaultMaxPackument
	}
	if o.MaxTarball <= 0 {
		o.MaxTarball = defaultMaxTarball
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}
