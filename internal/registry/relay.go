package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"godwit/internal/npm"
)

// RelayRequest is a request that a server makes on behalf of its clients, with
// its own credentials. Its answer is not interpreted.
type RelayRequest struct {
	Name   npm.Name    // whose registry is asked; "" for the default one
	Path   string      // below the registry's URL, escaped, without a slash before it; may have a query
	Method string      // "": GET. Any other is tried once unless Again, and follows no redirect
	Header http.Header // sent as it is
	Body   []byte
	Limit  int64 // bytes of the answer
	Again  bool  // it may be sent more than once, whatever its method
}

// Relayed is the answer to a RelayRequest: a success, or a 304.
type Relayed struct {
	Status int
	Header http.Header
	Body   io.Reader
	client *Client
	answer answer
}

// Decoded reads Body, without its Content-Encoding, up to Options.MaxPackument.
func (r Relayed) Decoded() ([]byte, error) {
	a := r.answer
	a.body = r.Body
	return r.client.decoded(a, nil)
}

// Freshness is how long the answer needs no revalidation; keep is false if it
// may not be kept at all.
func (r Relayed) Freshness() (age time.Duration, keep bool) {
	age = maxAge(r.Header)
	return age, age != noStore
}

// Relay sends r and calls handle with the answer. As with [Client.Stream]
// handle is called again if the connection breaks while it reads. Answers that
// are no success are a *StatusError.
func (c *Client) Relay(ctx context.Context, r RelayRequest, handle func(Relayed) error) error {
	registry := c.registryOf(r.Name)
	at, err := url.Parse(registry.String() + "/" + r.Path)
	if err != nil {
		return fmt.Errorf("invalid path %q", maskString(r.Path))
	}
	if c.opts.Offline {
		return &OfflineError{What: maskURL(at)}
	}
	req := request{
		method: r.Method, payload: r.Body, lane: c.metadata, url: at, header: r.Header,
		registry: registry, scope: r.Name.Scope(), limit: r.Limit,
		once: r.Method != "" && r.Method != http.MethodGet && !r.Again,
	}
	return c.do(ctx, req, func(a answer) error {
		return handle(Relayed{Status: a.status, Header: a.header, Body: a.body, client: c, answer: a})
	})
}

// EscapedName is name as one segment of a path, as npm writes it.
func EscapedName(name npm.Name) string { return strings.Replace(string(name), "/", "%2f", 1) }

// ShortType is the media type of the short form of packuments.
const ShortType = shortType

// Accept is the header that asks for the form.
func (f Form) Accept() string { return f.accept() }
