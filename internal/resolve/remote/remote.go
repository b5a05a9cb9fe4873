// Package remote resolves by asking a resolve server, and believes it as little
// as it has to:
//
//   - nothing but packages of the configured registries is taken, from where those
//     have them, and with an integrity that the download has to have;
//   - the lockfile at the end goes through the reader that all lockfiles go
//     through, has the projects that were asked for and no others, fits their
//     manifests, and has no package that nobody wants;
//   - an answer that is late, cut off or out of order is none.
//
// Whatever is wrong with a server is an [UnusableError], upon which the caller
// resolves by itself. What is wrong with the project is a [VerdictError], in the
// words of the resolver itself.
package remote

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/resolve"
	"godwit/internal/resolve/wire"
)

// Client asks one server.
type Client struct {
	URL       string // of the server, without a slash at its end
	Transport http.RoundTripper
	UserAgent string
	// Authorization is the credential that the user configured for URL, as a
	// header; "" sends none.
	Authorization string
	// Registry is the URL of the registry of a name, without a slash at its end.
	Registry func(npm.Name) string
	Patience Patience
}

// Patience is how long a server may keep a client waiting. Zero values are the
// defaults.
type Patience struct {
	First time.Duration // for the first frame
	Idle  time.Duration // for each one after it
	Whole time.Duration // for all of them
}

// The defaults. A warm server answers in milliseconds, and one that knows nothing
// has the first packuments in less than a second; whoever waits longer is better
// off alone, for a resolution takes a few seconds.
const (
	defaultFirst = 5 * time.Second
	defaultIdle  = 10 * time.Second
	// 6 MB over 56 KiB/s, which is the answer for the largest workspaces. A frame
	// now and then is no help.
	defaultWhole = 2 * time.Minute
)

// UnusableError says why a server was of no use.
type UnusableError struct {
	Code string // of the server's refusal, or ""
	Err  error
}

func (e *UnusableError) Error() string { return e.Err.Error() }
func (e *UnusableError) Unwrap() error { return e.Err }

// VerdictError is a resolution that failed as it would anywhere.
type VerdictError struct{ failure wire.Failure }

func (e *VerdictError) Error() string { return e.failure.Message }

// Code is that of the resolver's error.
func (e *VerdictError) Code() string { return e.failure.Code }

// Hint is what the user can do.
func (e *VerdictError) Hint() string { return e.failure.Hint }

// Question is what to resolve, and what an answer is held against.
type Question struct {
	Request  *resolve.Request
	Settings wire.Settings
	Projects []lockfile.Project // as the importers of the request
	Lockfile lockfile.Settings
}

// Resolve asks the server. The request's Picked is called by this goroutine.
func (c *Client) Resolve(ctx context.Context, q *Question) (res *resolve.Result, err error) {
	err = c.ask(ctx, wire.New(q.Request, q.Settings), &conversation{picked: q.Request.Picked, end: func(done *wire.Done, sent sent) (err error) {
		res, err = c.result(done, q, sent)
		return err
	}})
	if err != nil {
		return nil, err
	}
	return res, nil
}

// sent are the packages that were announced.
type sent map[graph.Key]graph.Resolution

// conversation is what becomes of an answer.
type conversation struct {
	picked func(graph.Key, graph.Resolution)      // nil for nobody
	end    func(done *wire.Done, sent sent) error // is told of its last frame
}

// ask sends a request, and follows the answer to its end.
func (c *Client) ask(ctx context.Context, r *wire.Request, to *conversation) error {
	body, err := packed(r)
	if err != nil {
		return &UnusableError{Err: err}
	}
	ctx, watch := c.watch(ctx)
	defer watch.stop()
	err = c.exchange(ctx, to, body, watch)
	if err != nil && ctx.Err() != nil {
		// The connection's own words say less.
		err = context.Cause(ctx)
		if !errors.Is(err, errLate) {
			return err
		}
	}
	if err == nil || errors.As(err, new(*VerdictError)) {
		return err
	}
	var unusable *UnusableError
	if !errors.As(err, &unusable) {
		unusable = &UnusableError{Err: err}
	}
	return unusable
}

// packLonger is from where a request is compressed: shorter ones fit what a new
// connection sends at once.
const packLonger = 14 << 10

// message is a request's body.
type message struct {
	data    []byte
	encoded string // Content-Encoding
}

func packed(r *wire.Request) (message, error) {
	var plain bytes.Buffer
	if err := r.Encode(&plain); err != nil || plain.Len() <= packLonger {
		return message{data: plain.Bytes()}, err
	}
	var small bytes.Buffer
	z, err := gzip.NewWriterLevel(&small, gzip.BestSpeed)
	if err == nil {
		_, err = plain.WriteTo(z)
	}
	if err == nil {
		err = z.Close()
	}
	return message{small.Bytes(), "gzip"}, err
}

// maxRefusal is how much of a refusal is read.
const maxRefusal = 4 << 10

// exchange sends the request and reads the answer.
func (c *Client) exchange(ctx context.Context, to *conversation, body message, watch *watchdog) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+wire.ResolvePath, bytes.NewReader(body.data))
	if err != nil {
		return err
	}
	req.Header = http.Header{"Content-Type": {wire.RequestType}, "Accept": {wire.AnswerType}, "User-Agent": {c.UserAgent}}
	if body.encoded != "" {
		req.Header.Set("Content-Encoding", body.encoded)
	}
	if c.Authorization != "" {
		req.Header.Set("Authorization", c.Authorization)
	}
	resp, err := c.Transport.RoundTrip(req) // follows no redirect: manifests go to nobody else
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refused(resp)
	}
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); kind != wire.AnswerType || resp.Header.Get("Content-Encoding") != "" {
		return errors.New("what is there is no resolve server")
	}
	return c.read(resp.Body, to, watch)
}

// refused is the error of a status that is no success.
func refused(resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	var f wire.Failure
	if json.Unmarshal(text, &f) == nil && f.Message != "" {
		return &UnusableError{f.Code, errors.New(f.Message)}
	}
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusMethodNotAllowed {
		return fmt.Errorf("it answers %s: it is no resolve server, or too old", resp.Status)
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return fmt.Errorf("it answers %s: write its token to .npmrc, as //%s/:_authToken", resp.Status, resp.Request.URL.Host)
	}
	return fmt.Errorf("it answers %s", resp.Status)
}

// read follows an answer to its end.
func (c *Client) read(body io.Reader, to *conversation, watch *watchdog) error {
	in := wire.NewReader(&reading{Reader: body, watch: watch})
	sent := sent{}
	for {
		f, err := in.Next()
		if err != nil {
			return err
		}
		watch.moved()
		switch {
		case f.Error != nil && f.Error.Verdict:
			return &VerdictError{*f.Error}
		case f.Error != nil:
			return &UnusableError{f.Error.Code, errors.New(f.Error.Message)}
		case f.Done != nil:
			if _, err := in.Next(); err != io.EOF {
				return fmt.Errorf("%w: behind the end", wire.ErrDisorder)
			}
			return to.end(f.Done, sent)
		}
		id, res, err := c.resolution(f.Package)
		if err != nil {
			return err
		}
		sent[id] = res
		if to.picked != nil {
			to.picked(id, res)
		}
	}
}
