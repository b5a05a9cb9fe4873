// Package registry is the HTTP client for npm registries: packuments through a
// disk cache, tarballs past it.
//
//	Packument ── one flight per (name, form) ── cache file fresh? ── yes ─► no request
//	                                                │ no
//	                                                ▼
//	Tarball ───────────────────────────────────► attempt ◄─┐ transient: wait as
//	                                                │      │ fetch-retry-* say
//	                            redirects, credentials by prefix
//	                                                │
//	              HTTP/1.1 by hand / a pool of net/http for HTTP/2 and proxies
//
// It knows where bytes are and who may have them; whether they are the right
// bytes is checked by whoever asked for them.
package registry

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"godwit/internal/event"
	"godwit/internal/npm"
	"godwit/internal/turns"
)

// Client talks to registries. It is safe for concurrent use. Close it: the
// cache is written behind the requests.
type Client struct {
	opts     Options
	fallback *url.URL            // the default registry
	scopes   map[string]*url.URL // by "@scope"
	auth     authTable
	metadata *lane
	tarballs *lane
	spares   *spares // nil: none
	cache    *cache  // nil: no cache
	flights  flights
	large    turns.Turns  // see alone
	notices  sync.Map     // npm-notice texts that were passed on
	received atomic.Int64 // bytes of bodies, of all answers
}

// New checks o and makes a client. It does not touch network or disk.
func New(o Options) (*Client, error) {
	o.applyDefaults()
	c := &Client{opts: o, scopes: map[string]*url.URL{}, large: turns.New(1)}
	var err error
	if c.auth, err = newAuthTable(o.Credentials); err != nil {
		return nil, err
	}
	if c.fallback, err = c.parseRegistry(o.Default); err != nil {
		return nil, fmt.Errorf("default registry: %w", err)
	}
	for scope, raw := range o.Scopes {
		if c.scopes[scope], err = c.parseRegistry(raw); err != nil {
			return nil, fmt.Errorf("registry of %s: %w", scope, err)
		}
	}
	pools, err := newPools(o, c.auth)
	if err != nil {
		return nil, err
	}
	width, widest := o.sockets()
	c.metadata = newLane(width, widest, pools.metadata)
	c.tarballs = newLane(width, widest, pools.tarballs)
	c.spares = pools.spares
	if o.CacheDir != "" {
		c.cache = newCache(o.CacheDir)
	}
	return c, nil
}

// Close waits until the cache is written. No other method may run or be called
// afterwards; packuments stay usable. Connections end with the process, or by
// themselves: to close the 190 of a large install one by one took 15 ms at its
// end.
func (c *Client) Close() error {
	if c.spares != nil {
		c.spares.close()
	}
	if c.cache == nil {
		return nil
	}
	return c.cache.close()
}

// parseRegistry reads the URL of a registry. A user and password in it become
// a credential and leave the URL.
func (c *Client) parseRegistry(raw string) (*url.URL, error) {
	u, err := parseURL(strings.TrimRight(strings.TrimSpace(raw), "/"))
	if err != nil {
		return nil, err
	}
	c.auth = c.auth.withUserinfo(u)
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u, nil
}

// parseURL is url.Parse for http and https. Its errors do not repeat secrets.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("invalid URL %q", maskString(raw))
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("invalid URL %q: want https://host/path", maskString(raw))
	}
	return u, nil
}

// Offline reports whether the network is off.
func (c *Client) Offline() bool { return c.opts.Offline }

// Registry is the URL of the registry that name comes from, without a slash at
// its end and without credentials.
func (c *Client) Registry(name npm.Name) string { return c.registryOf(name).String() }

// HasCredential reports whether requests for name carry a credential.
func (c *Client) HasCredential(name npm.Name) bool {
	at, err := packumentURL(c.registryOf(name), name)
	return err == nil && c.auth.lookup(at) != nil
}

func (c *Client) registryOf(name npm.Name) *url.URL {
	if u := c.scopes[name.Scope()]; u != nil {
		return u
	}
	return c.fallback
}

// notice passes a registry's npm-notice header on, each text once.
func (c *Client) notice(text string) {
	if text == "" {
		return
	}
	if _, known := c.notices.LoadOrStore(text, true); !known {
		c.warn("npm-notice", printable(text))
	}
}

func (c *Client) warn(code, message string) {
	if c.opts.Sink != nil {
		c.opts.Sink.Emit(event.Warning{Code: code, Message: message})
	}
}
