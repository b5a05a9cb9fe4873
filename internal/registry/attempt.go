package registry

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"godwit/internal/npm/jsonscan"
)

// request is one request with all its attempts and redirects.
type request struct {
	method   string // "": GET
	payload  []byte // what is sent, nil for nothing
	lane     *lane
	url      *url.URL
	header   http.Header
	registry *url.URL // which registry this is on behalf of, for messages
	scope    string   // of the name asked for, for messages
	limit    int64    // bytes of body
	extra    *grant   // used where no credential covers url: userinfo of a tarball URL
	once     bool     // a failure has another way out than a second attempt
	plain    bool     // by HTTP/1.1 only
}

// answer is what a handler gets to read. Reading fails when the connection is
// silent or slow for too long or the limit is passed; the request is repeated when
// reading failed for a passing reason, whatever the handler makes of it.
type answer struct {
	status int
	url    *url.URL // that of the last redirect
	header http.Header
	size   int64 // Content-Length, -1 if unknown
	body   io.Reader
}

// failure is how an attempt ended.
type failure struct {
	err       error
	network   bool // err is the connection's and says nothing of the request
	broken    bool // what came is not what was asked for
	transient bool
	after     time.Duration // what the server asks to wait
}

// do performs r and calls handle with each success and each 304: several
// times if reading the body fails. Errors of handle itself are returned as they
// are.
func (c *Client) do(ctx context.Context, r request, handle func(answer) error) error {
	for attempt := 0; ; attempt++ {
		f := c.attempt(ctx, r, handle)
		switch {
		case f == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%s %s: %w", r.verb(), maskURL(r.url), context.Cause(ctx))
		case f.broken && attempt == 0 && c.opts.Retry.Count > 0:
			// What was damaged on its way is right the second time, and what a network
			// says in place of the registry may have been said. npm and pnpm ask again.
			continue
		case !f.transient || r.once || attempt >= c.opts.Retry.Count:
			return finalError(r, f, attempt+1)
		}
		// What stands between may break HTTP/2, or its server not want it for this.
		r.plain = r.plain || f.network
		wait := c.opts.Retry.wait(attempt)
		if f.after > 0 {
			wait = min(f.after, max(c.opts.Retry.Max, c.opts.Retry.Min))
		}
		c.warn("fetch-retry", fmt.Sprintf("%s %s: %s; attempt %d of %d follows in %s",
			r.verb(), maskURL(r.url), reason(f.err), attempt+2, c.opts.Retry.Count+1, wait))
		if err := Sleep(ctx, wait); err != nil {
			return fmt.Errorf("%s %s: %w", r.verb(), maskURL(r.url), err)
		}
	}
}

func (r request) verb() string { return cmp.Or(r.method, http.MethodGet) }

// reason is err without the parts that the sentence around it says.
func reason(err error) string {
	var status *StatusError
	if errors.As(err, &status) {
		return statusLine(status.Status)
	}
	return maskString(err.Error())
}

func statusLine(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// finalError is what the caller gets to see of f.
func finalError(r request, f *failure, attempts int) error {
	if !f.network {
		var status *StatusError
		if errors.As(f.err, &status) && attempts > 1 {
			status.Hint = fmt.Sprintf("tried %d times; try again later", attempts)
		}
		return f.err
	}
	return &NetworkError{Method: r.method, URL: maskURL(r.url), Attempts: attempts, Err: f.err, Hint: advice(f.err)}
}

// attempt sends r once. It returns nil when handle read all it wanted.
func (c *Client) attempt(ctx context.Context, r request, handle func(answer) error) *failure {
	if err := r.lane.enter(ctx); err != nil {
		return &failure{err: err}
	}
	defer r.lane.leave()
	ctx, watch := newWatchdog(ctx, c.opts.Timeout, &c.received)
	defer watch.stop()

	asked := c.opts.Now()
	resp, sent, err := c.follow(ctx, r)
	if err != nil {
		r.lane.failed()
		err = watch.explain(err)
		return &failure{err: err, network: true, transient: transientError(err)}
	}
	defer resp.Body.Close()
	if transientStatus(resp.StatusCode) {
		r.lane.failed()
	} else {
		r.lane.answered(c.opts.Now().Sub(asked))
	}
	c.notice(resp.Header.Get("Npm-Notice"))
	if resp.StatusCode/100 != 2 && resp.StatusCode != http.StatusNotModified {
		return c.refused(r, resp, sent)
	}
	if resp.ContentLength > r.limit {
		return &failure{err: &TooLargeError{URL: maskURL(r.url), Limit: r.limit}}
	}
	body := &bodyReader{r: resp.Body, left: r.limit, watch: watch}
	err = handle(answer{status: resp.StatusCode, url: resp.Request.URL, header: resp.Header, size: resp.ContentLength, body: body})
	switch {
	case body.large:
		return &failure{err: &TooLargeError{URL: maskURL(r.url), Limit: r.limit}}
	case body.err != nil:
		return &failure{err: body.err, network: true, transient: transientError(body.err)}
	case err != nil:
		return &failure{err: err, broken: errors.As(err, new(*BrokenError))}
	}
	return nil
}

// refused makes an error of an answer that is no success.
func (c *Client) refused(r request, resp *http.Response, sent *grant) *failure {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil {
		body = nil // an error page that breaks off is none
	}
	e := &StatusError{Method: r.method, URL: maskURL(r.url), Status: resp.StatusCode, Message: ownWords(body), Body: body, OTP: wantsOTP(resp, body)}
	if r.registry != nil {
		e.Registry = maskURL(r.registry)
	}
	if sent != nil {
		e.Sent, e.Key = sent.kind, sent.name()
	}
	e.Hint, e.After = c.hint(r, e), retryAfter(resp.Header, c.opts.Now())
	return &failure{
		err:       e,
		transient: transientStatus(resp.StatusCode),
		after:     e.After,
	}
}

// hint is the next step after a refusal.
func (c *Client) hint(r request, e *StatusError) string {
	key := "//" + hostOf(r.url) + "/:_authToken"
	if r.registry != nil && hostOf(r.registry) == hostOf(r.url) {
		key = "//" + hostOf(r.url) + strings.TrimSuffix(r.registry.EscapedPath(), "/") + "/:_authToken"
	}
	switch {
	case e.Status == http.StatusProxyAuthRequired:
		return "a proxy wants to know who asks; " + wantsUser
	case e.Status != 401 && e.Status != 403 && e.Status != 404:
		return ""
	case e.OTP:
		return "a one-time password is wanted: pass --otp"
	case r.verb() != http.MethodGet && e.Sent == "":
		return "log in with godwit login, or set " + key + " in .npmrc"
	case r.verb() != http.MethodGet:
		return "it may have expired or lack the right to write this; log in again, or ask an owner"
	case e.Sent != "" && e.Status == 404:
		return "check the name, and that the " + strings.TrimPrefix(e.Sent, "a ") + " may read it"
	case e.Sent != "":
		return "it may have expired or lack the right to read this; log in again"
	case e.Status == 404 && r.scope == "":
		return "check the name and the registry"
	case len(c.auth.elsewhere(r.url)) > 0:
		return "there is a credential of " + strings.Join(c.auth.elsewhere(r.url), " and of ") + ", which does not cover this URL; check host, port and path before :_authToken in .npmrc"
	case e.Status == 404:
		return fmt.Sprintf("if %s is a private scope, set %s:registry, and %s, in .npmrc", r.scope, r.scope, key)
	}
	return "set " + key + " in .npmrc"
}

// maxErrorBody is how much of an error page is read: enough for registries'
// JSON errors.
const maxErrorBody = 4 << 10

// wantsOTP reports whether a one-time password is missing, or wrong
// (npm-registry-fetch, check-response.js).
func wantsOTP(resp *http.Response, body []byte) bool {
	return resp.StatusCode == http.StatusUnauthorized &&
		(strings.Contains(strings.ToLower(resp.Header.Get("Www-Authenticate")), "otp") || bytes.Contains(bytes.ToLower(body), []byte("one-time pass")))
}

// ownWords finds "error", "message" or "reason" in a JSON answer.
func ownWords(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	found := map[string]string{}
	s := jsonscan.New(body)
	for key := range s.Members() {
		name := string(key)
		if text, ok := jsonscan.String(s.Value()); ok {
			found[name] = printable(text)
		}
	}
	for _, key := range []string{"message", "error", "reason"} {
		if found[key] != "" {
			return found[key]
		}
	}
	return ""
}
