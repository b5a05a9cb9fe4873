package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// errAbsent is what the upstream's 404 becomes.
var errAbsent = errors.New("not in the upstream registry")

// upstream is the registry a recording is made from.
type upstream struct {
	base   *url.URL // ends in a slash
	client *http.Client
}

// newUpstream returns the registry at address.
func newUpstream(address string, client *http.Client) (*upstream, error) {
	u, err := url.Parse(strings.TrimRight(address, "/") + "/")
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("upstream: want an http or https URL with a host")
	}
	return &upstream{base: u, client: client}, nil
}

// attempts and pause bound the retries of one upstream request: recording asks
// thousands of times, and one reset connection should not spoil it.
const (
	attempts = 4
	pause    = 500 * time.Millisecond
)

// get calls use with the body at u. It tries again after a network error, a
// 429 or a 5xx; use may therefore be called more than once.
func (up *upstream) get(ctx context.Context, u string, use func(io.Reader) error) error {
	var err error
	for n := range attempts {
		if n > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(pause << n):
			}
		}
		var again bool
		if again, err = up.try(ctx, u, use); err == nil || !again {
			return err
		}
	}
	return err
}

// try is one attempt of get; again says whether another may help.
func (up *upstream) try(ctx context.Context, u string, use func(io.Reader) error) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return false, fmt.Errorf("upstream: %w", err)
	}
	req.Header.Set("Accept", "application/json, application/octet-stream, */*")
	res, err := up.client.Do(req)
	if err != nil {
		return ctx.Err() == nil, fmt.Errorf("upstream: %w", err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		return false, errAbsent
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		return true, fmt.Errorf("upstream: %s for %s", res.Status, req.URL.Path)
	case res.StatusCode != http.StatusOK:
		return false, fmt.Errorf("upstream: %s for %s", res.Status, req.URL.Path)
	}
	if err := use(res.Body); err != nil {
		return ctx.Err() == nil, err
	}
	return false, nil
}

// packument fetches the full document about name.
func (up *upstream) packument(ctx context.Context, name string) ([]byte, error) {
	var doc []byte
	u := up.base.String() + strings.Replace(name, "/", "%2f", 1)
	err := up.get(ctx, u, func(body io.Reader) (err error) {
		// The largest packument known is under 200 MB; more is a mistake.
		doc, err = io.ReadAll(io.LimitReader(body, 512<<20))
		return err
	})
	return doc, err
}
