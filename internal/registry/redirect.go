package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// maxRedirects is what Go's own client follows; npm follows 20, registries
// need one or two.
const maxRedirects = 10

var (
	errTooManyRedirects = fmt.Errorf("redirected more than %d times: %w", maxRedirects, errFinal)
	errDowngrade        = fmt.Errorf("redirected from https to http although credentials were sent: %w", errFinal)
	errMoved            = fmt.Errorf("redirected, although it has a body: %w", errFinal)
	errBadRedirect      = fmt.Errorf("redirected to what is no http URL: %w", errFinal)
)

// follow sends r and follows redirects. Credentials go only to URLs under
// their own prefix, and to none any more once a redirect has led to another
// host: whoever can redirect must not choose who sees them. It returns the
// credential that went with the first request.
func (c *Client) follow(ctx context.Context, r request) (*http.Response, *grant, error) {
	first := c.auth.lookup(r.url)
	if first == nil {
		first = r.extra
	}
	at, grant := r.url, first
	for hop := 0; ; hop++ {
		if c.opts.Allow != nil {
			if err := c.opts.Allow(at); err != nil {
				return nil, first, fmt.Errorf("%w: %w", err, errFinal)
			}
		}
		req := r.to(at, c.headers(r, grant))
		pools := r.lane.pools
		if r.plain {
			pools = c.tarballs.pools
		}
		resp, err := pools.pick(grant).RoundTrip(req.WithContext(ctx))
		if err != nil {
			return nil, first, err
		}
		if !isRedirect(resp.StatusCode) {
			resp.Request = req
			return resp, first, nil
		}
		next, err := location(at, resp)
		switch {
		case err != nil:
			return nil, first, err
		case hop == maxRedirects:
			return nil, first, errTooManyRedirects
		case r.payload != nil:
			return nil, first, errMoved
		case first != nil && at.Scheme == "https" && next.Scheme == "http":
			return nil, first, errDowngrade
		}
		if grant != nil {
			grant = c.carry(grant, r.extra, at, next)
		}
		at = next
	}
}

// to is r as it is sent to one URL.
func (r request) to(at *url.URL, header http.Header) *http.Request {
	req := &http.Request{Method: r.verb(), URL: at, Host: at.Host, Header: header}
	if r.payload != nil {
		req.Body = io.NopCloser(bytes.NewReader(r.payload))
		req.ContentLength = int64(len(r.payload))
	}
	return req
}

// carry decides what goes along from one URL to the next.
func (c *Client) carry(g, extra *grant, from, to *url.URL) *grant {
	switch {
	case hostOf(from) != hostOf(to):
		return nil
	case g == extra:
		return g // the user wrote it for this host
	}
	return c.auth.lookup(to)
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// location reads where a redirect leads and gives its connection back.
func location(at *url.URL, resp *http.Response) (*url.URL, error) {
	// A body worth more than a new connection is not read.
	_, drainErr := io.CopyN(io.Discard, resp.Body, maxErrorBody)
	resp.Body.Close()
	if drainErr != nil && !errors.Is(drainErr, io.EOF) {
		return nil, drainErr
	}
	to, err := at.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
		return nil, errBadRedirect
	}
	to.User, to.Fragment = nil, ""
	return to, nil
}

// headers are npm's (npm-registry-fetch), credentials included.
func (c *Client) headers(r request, g *grant) http.Header {
	h := http.Header{}
	for key, values := range r.header {
		h[key] = values
	}
	set := func(key, value string) {
		if value != "" {
			h[key] = []string{value}
		}
	}
	set("User-Agent", c.opts.UserAgent)
	set("Npm-Command", c.opts.Command)
	set("Npm-Session", c.opts.Session)
	if g != nil {
		set("Authorization", g.header)
	}
	return h
}
