package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// poolSet is one connection pool for everybody, and one for each credential
// that has a certificate, since a connection has one identity. Immutable.
type poolSet struct {
	shared http.RoundTripper
	own    map[string]http.RoundTripper // by grant.prefix
}

func (p *poolSet) pick(g *grant) http.RoundTripper {
	if g != nil {
		if t := p.own[g.prefix]; t != nil {
			return t
		}
	}
	return p.shared
}

// Transport is how this client reaches a host that is no registry: the same
// connections, without credentials.
func (c *Client) Transport() http.RoundTripper { return c.tarballs.pools.shared }

type pools struct {
	metadata, tarballs *poolSet
	spares             *spares // of tarballs; nil with a transport that is not ours
}

// newPools makes the connection pools. Tarballs always travel by HTTP/1.1: one
// HTTP/2 connection for all of them was 10 to 35 % slower wherever it was
// measured. Packuments may use HTTP/2: hundreds of small answers over one
// handshake.
func newPools(o Options, auth authTable) (pools, error) {
	if o.Transport != nil {
		p := &poolSet{shared: o.Transport}
		return pools{metadata: p, tarballs: p}, nil
	}
	base, err := o.TLS.config()
	if err != nil {
		return pools{}, err
	}
	d := newDialing(o)
	meta := &poolSet{shared: d.pool(base, true), own: map[string]http.RoundTripper{}}
	tars := &poolSet{shared: d.pool(base, false), own: map[string]http.RoundTripper{}}
	for _, g := range auth {
		if len(g.cert) == 0 {
			continue
		}
		pair, err := keyPair(g.cert, g.key)
		if err != nil {
			return pools{}, fmt.Errorf("client certificate for //%s: %w", g.prefix, err)
		}
		own := base.Clone()
		own.Certificates = []tls.Certificate{pair}
		meta.own[g.prefix] = d.pool(own, true)
		tars.own[g.prefix] = d.pool(own, false)
	}
	return pools{meta, tars, d.ahead}, nil
}

// dialing is what all pools of a client share: how they connect, whom they trust, and
// the connections without TLS.
type dialing struct {
	opts   Options
	roots  func() (*x509.CertPool, error) // runs once
	dialer *net.Dialer
	ahead  *spares
	plain  *direct
}

func newDialing(o Options) *dialing {
	// Both as http.DefaultTransport. Of two addresses the one that is dead has half of
	// the time, and fetch-timeout is minutes.
	dialer := &net.Dialer{Timeout: min(o.Timeout, 30*time.Second), KeepAlive: 30 * time.Second}
	d := &dialing{opts: o, roots: sync.OnceValues(o.TLS.roots), dialer: dialer, ahead: newSpares(dialer.DialContext)}
	d.plain = d.direct(nil)
	return d
}

// direct makes a pool for requests that need no other; c is nil for http.
func (d *dialing) direct(c *tls.Config) *direct {
	_, widest := d.opts.sockets()
	return &direct{dial: d.ahead.DialContext, tls: c, handshake: d.opts.Timeout, widest: widest}
}

// pool makes the pools for one identity.
func (d *dialing) pool(identity *tls.Config, http2 bool) http.RoundTripper {
	t := &transport{plain: d.plain, proxy: d.opts.Proxy}
	t.secure = sync.OnceValues(func() (trusting, error) {
		roots, err := d.roots()
		if err != nil {
			return trusting{}, err
		}
		c := identity.Clone()
		c.RootCAs = roots
		s := trusting{pool: newPool(d.opts, c, http2, d.dialer.DialContext)}
		if !http2 {
			s.direct = d.direct(c)
		}
		return s, nil
	})
	return t
}

// transport picks the pool for a request. It reads the certificates of
// authorities when it needs them first: that takes longer than all else before the
// first request, and a registry without TLS, or a cache, needs none.
type transport struct {
	proxy  func(*url.URL) (*url.URL, error) // nil: never one
	plain  *direct                          // without TLS
	secure func() (trusting, error)         // runs once
}

// trusting is the pools that know whom to trust.
type trusting struct {
	direct *direct // nil where HTTP/2 is wanted
	pool   *http.Transport
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	alone := fits(r)
	if alone && t.proxy != nil {
		proxy, err := t.proxy(r.URL)
		alone = err == nil && proxy == nil // the pool says what is wrong with it
	}
	if alone && r.URL.Scheme == "http" {
		return t.plain.RoundTrip(r)
	}
	s, err := t.secure()
	if err != nil {
		return nil, err
	}
	if alone && s.direct != nil {
		return s.direct.RoundTrip(r)
	}
	return s.pool.RoundTrip(r)
}

func newPool(o Options, config *tls.Config, http2 bool, dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
	_, widest := o.sockets()
	t := &http.Transport{
		DialContext:         dial,
		TLSClientConfig:     config.Clone(),
		TLSHandshakeTimeout: o.Timeout,
		MaxIdleConns:        0, // no limit over all hosts; the lane is the limit
		MaxIdleConnsPerHost: widest,
		IdleConnTimeout:     90 * time.Second, // as http.DefaultTransport
		DisableCompression:  true,             // tarballs are compressed, packuments are decoded here
		ReadBufferSize:      64 << 10,         // a sixteenth of the reads of the default, at 4 to 8 MB in all
		Protocols:           new(http.Protocols),
	}
	if o.Proxy != nil {
		t.OnProxyConnectResponse = connected
		t.Proxy = func(r *http.Request) (*url.URL, error) {
			proxy, err := o.Proxy(r.URL)
			if err != nil {
				err = fmt.Errorf("%w: %w", err, errFinal)
			}
			return proxy, err
		}
	}
	t.Protocols.SetHTTP1(true)
	t.Protocols.SetHTTP2(http2)
	return t
}

// config is all of the TLS settings but the authorities, which it only looks
// at: what is no PEM at all should fail before anything is fetched.
func (t TLS) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.Insecure} // strict-ssl=false is the user's word
	if block, _ := pem.Decode(t.CA); block == nil && len(t.CA) > 0 {
		return nil, errCA
	}
	if block, _ := pem.Decode(t.ExtraCA); block == nil && len(t.ExtraCA) > 0 {
		return nil, errExtraCA
	}
	if len(t.Cert) > 0 || len(t.Key) > 0 {
		pair, err := keyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("cert and key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

var (
	errCA      = errors.New("ca: no certificate in it; give PEM (-----BEGIN CERTIFICATE-----)")
	errExtraCA = errors.New("extra CA certificates: no certificate in them; give PEM (-----BEGIN CERTIFICATE-----)")
)

// roots is the authorities to believe; nil means the system's.
func (t TLS) roots() (pool *x509.CertPool, err error) {
	if len(t.CA) > 0 {
		pool = x509.NewCertPool()
		if !pool.AppendCertsFromPEM(t.CA) {
			return nil, errCA
		}
	}
	if len(t.ExtraCA) == 0 {
		return pool, nil
	}
	if pool == nil {
		// An empty pool is the best that is left where the system's cannot
		// be read.
		if pool, _ = x509.SystemCertPool(); pool == nil {
			pool = x509.NewCertPool()
		}
	}
	if !pool.AppendCertsFromPEM(t.ExtraCA) {
		return nil, errExtraCA
	}
	return pool, nil
}

func keyPair(cert, key []byte) (tls.Certificate, error) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		// The package's own words may quote the input.
		return tls.Certificate{}, errors.New("not a certificate and its key in PEM")
	}
	return pair, nil
}
