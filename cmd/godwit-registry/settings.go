package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"godwit/internal/config"
	"godwit/internal/front"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/proxy"
	"godwit/internal/registry"
)

// settings is the configuration made ready.
type settings struct {
	listen      string
	basePath    string       // "/npm", or ""
	certificate *certificate // nil: no TLS
	proxy       proxy.Options
	tokens      []string
	trusted     []netip.Prefix
	connections int
	rate        float64
	burst       int
	shutdown    time.Duration
	log         *slog.Logger
	logAll      bool
	cache       string   // folder of everything that is kept
	aliases     []string // URLs by which clients call the registry
}

// Defaults.
const (
	// The port at which the JavaScript world looks for a registry of its own
	// (verdaccio's): .npmrc files that name it fit.
	defaultListen = "127.0.0.1:4873"
	// A client opens 16 to 256; each costs some 20 kB while it is idle.
	defaultConnections = 4096
	// An install asks twice for each package: one of 2,750 packages is let
	// through at once, and so are those of a few colleagues behind one address.
	defaultRate  = 2000
	defaultBurst = 30_000
	// An orchestrator's patience is 30 s as a rule (Kubernetes, systemd 90 s).
	defaultShutdown = 25 * time.Second
)

// settings reads the file, "" for none, and checks all of it. What over has of
// flags counts before the file.
func (p *process) settings(path string, over file) (*settings, error) {
	d, err := readFile(path, p.getenv)
	if err != nil {
		return nil, err
	}
	d.Listen = cmp.Or(over.Listen, d.Listen)
	d.Cache.Dir = cmp.Or(over.Cache.Dir, d.Cache.Dir)
	if over.Upstream.Registry != "" {
		d.Upstream = over.Upstream // a credential of the file is for the file's registry
	}
	d.Aliases = append(d.Aliases, over.Aliases...)
	s := &settings{
		listen:      cmp.Or(d.Listen, defaultListen),
		connections: d.positive("$.limits.connections", d.Limits.Connections, defaultConnections),
		burst:       d.positive("$.limits.burst", d.Limits.Burst, defaultBurst),
		rate:        d.Limits.Rate, logAll: d.Log.All,
		shutdown: d.duration("$.limits.shutdown", d.Limits.Shutdown, defaultShutdown),
	}
	if _, port, err := net.SplitHostPort(s.listen); err != nil {
		d.wrong("$.listen", "want host:port")
	} else if _, err := net.LookupPort("tcp", port); err != nil {
		d.wrong("$.listen", "%v", err)
	}
	if s.rate == 0 {
		s.rate = defaultRate
	}
	s.log = p.logger(d)
	s.basePath = d.basePath()
	s.certificate = d.certificate(s.log, p.now)
	s.tokens = d.tokens()
	s.trusted = d.prefixes()
	s.cache = d.Cache.Dir
	s.aliases = d.urls("$.aliases", d.Aliases)
	s.proxy = proxy.Options{
		PublicURL: d.publicURL(), Hosts: d.hosts(), Allow: d.urls("$.allow", d.Allow),
		DiskBytes: d.bytes("$.cache.disk", d.Cache.Disk), MemoryBytes: d.bytes("$.cache.memory", d.Cache.Memory),
		StaleFor:   d.duration("$.cache.stale", d.Cache.Stale, 0),
		MinimumAge: d.duration("$.minimum-release-age", d.MinimumAge, 0),
		Log:        s.log, Now: p.now,
		Origin: s.origin,
	}
	if d.Cache.Stale != "" && s.proxy.StaleFor == 0 {
		s.proxy.StaleFor = -1 // a zero that somebody wrote
	}
	s.proxy.Exclude = d.exclude("minimum-release-age-exclude", d.Exclude)
	s.proxy.NoDowngrade = d.noDowngrade()
	s.proxy.TrustExclude = d.exclude("trust-policy-exclude", d.TrustExclude)
	s.proxy.TrustAge = d.duration("$.trust-policy-ignore-after", d.TrustAge, 0)
	s.proxy.Upstream = p.upstreams(d, s)
	s.proxy.Dir = filepath.Join(s.cache, "proxy")
	return s, errors.Join(d.errs...)
}

// upstreams says whom to ask. Where the file names no registry it is the one
// that the CLI would ask; credentials are the file's alone: what this user may
// see is not for everybody who can reach the server.
func (p *process) upstreams(d *document, s *settings) registry.Options {
	o := registry.Options{
		Default: d.Upstream.Registry, Scopes: map[string]string{},
		UserAgent: "godwit-registry/" + version,
		Proxy:     func(u *url.URL) (*url.URL, error) { return http.ProxyFromEnvironment(&http.Request{URL: u}) },
	}
	d.addCredential(&o, "$.upstream", d.Upstream)
	for _, scope := range slices.Sorted(maps.Keys(d.Scopes)) {
		at := "$.scopes." + strconv.Quote(scope)
		if name, err := npm.ParseName(scope + "/x"); err != nil || name.Scope() != scope {
			d.wrong("$.scopes", "%q is no scope: write \"@scope\"", scope)
			continue
		}
		if d.Scopes[scope].Registry == "" {
			d.wrong(at, "registry is missing")
			continue
		}
		o.Scopes[scope] = d.Scopes[scope].Registry
		d.addCredential(&o, at, d.Scopes[scope])
	}
	if d.CAFile != "" {
		pem, err := os.ReadFile(d.CAFile)
		if err != nil {
			d.wrong("$.cafile", "%v", err)
		}
		o.TLS.CA = pem
	}
	if o.Default != "" && s.cache != "" {
		return o
	}
	cli, err := config.Load(p.host, nil, config.Inputs{Location: project.Location{Dir: p.host.Dir}})
	if err != nil {
		d.errs = append(d.errs, err)
		return o
	}
	s.cache = cmp.Or(s.cache, filepath.Join(cli.Settings.Dirs.Cache, "registry"))
	if o.Default = cmp.Or(o.Default, cli.Registries.Default); o.Default == "" {
		d.wrong("$.upstream.registry", "nothing names a registry: write its URL")
	}
	return o
}

// addCredential checks one registry and takes its credential.
func (d *document) addCredential(o *registry.Options, at string, u upstream) {
	if u.Registry == "" {
		if u.Token != "" || u.Username != "" {
			d.wrong(at, "a credential must name its registry")
		}
		return
	}
	prefix, ok := checkURL(u.Registry)
	if !ok {
		d.wrong(at+".registry", "want a URL such as https://registry.example/, without a user in it")
		return
	}
	c := registry.Credential{Prefix: prefix, Token: u.Token, Username: u.Username, Password: encode(u.Password)}
	switch {
	case u.Token != "" && u.Username != "":
		d.wrong(at, "give it a token, or a username and a password")
	case (u.Username == "") != (u.Password == ""):
		d.wrong(at, "username and password go together")
	case u.Token != "" || u.Username != "":
		o.Credentials = append(o.Credentials, c)
	}
}

// logger writes to stderr: stdout is for data.
func (p *process) logger(d *document) *slog.Logger {
	var level slog.Level
	if d.Log.Level != "" {
		if err := level.UnmarshalText([]byte(d.Log.Level)); err != nil {
			d.wrong("$.log.level", "want debug, info, warn or error")
		}
	}
	o := &slog.HandlerOptions{Level: level}
	switch d.Log.Format {
	case "", "text":
		return slog.New(front.WithIDs(slog.NewTextHandler(p.stderr, o)))
	case "json":
	default:
		d.wrong("$.log.format", "want text or json")
	}
	return slog.New(front.WithIDs(slog.NewJSONHandler(p.stderr, o)))
}

// open reports whether anybody who reaches the server may read what a
// credential of the server opens.
func (s *settings) open() bool {
	host, _, _ := net.SplitHostPort(s.listen)
	addr, err := netip.ParseAddr(host)
	local := host == "localhost" || err == nil && addr.IsLoopback()
	return !local && len(s.tokens) == 0 && len(s.proxy.Upstream.Credentials) > 0
}

// origin is the URL at which who sent a request reached the registry.
func (s *settings) origin(r *http.Request) string { return front.Origin(r, s.trusted) + s.basePath }

// describe is the settings in one line of the log, without secrets.
func (s *settings) describe() []any {
	return []any{
		"upstream", s.proxy.Upstream.Default, "scopes", len(s.proxy.Upstream.Scopes), "cache", s.cache,
		"tls", s.certificate != nil, "base-path", cmp.Or(s.basePath, "/"), "minimum-release-age", fmt.Sprint(s.proxy.MinimumAge), "no-downgrade", s.proxy.NoDowngrade, "version", version,
	}
}
