package proxy

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"godwit/internal/registry"
	"godwit/internal/resolve/policy"
)

// statusError is an error with the status it is answered with. Its text goes to
// the client.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

func problem(status int, format string, args ...any) error {
	return &statusError{status, fmt.Sprintf(format, args...)}
}

// statusOf says what err is to a client. Of an upstream's answers only those
// about the package are passed on: that the upstream refuses this server's
// credentials is not the client's doing, and no log-in of its own would help.
func statusOf(err error) (int, string) {
	var own *statusError
	var upstream *registry.StatusError
	var missing *policy.MissingTimeError
	switch {
	case errors.As(err, &own):
		return own.status, own.text
	case errors.As(err, &missing):
		return http.StatusForbidden, err.Error()
	case errors.As(err, &upstream):
		switch upstream.Status {
		case http.StatusNotFound, http.StatusGone, http.StatusUnavailableForLegalReasons, http.StatusTooManyRequests:
			return upstream.Status, upstreamText(upstream)
		}
		return http.StatusBadGateway, upstreamText(upstream)
	case errors.Is(err, errClosed):
		return http.StatusServiceUnavailable, "the server is shutting down"
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "the registry behind this one does not answer in time"
	}
	return http.StatusBadGateway, "the registry behind this one: " + err.Error()
}

func upstreamText(e *registry.StatusError) string {
	text := fmt.Sprintf("the registry behind this one answered %d", e.Status)
	if e.Message != "" {
		text += " (" + e.Message + ")"
	}
	if e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden {
		text += ": check the credentials in this server's configuration"
	}
	return text
}

// refuse answers with an error, as registries write them.
func (p *Proxy) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // nobody is there
	}
	status, text := statusOf(err)
	if status >= 500 {
		p.opts.Log.WarnContext(r.Context(), "not answered", "path", cut(r.URL.Path), "err", err)
	}
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter(err)))
	}
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "GET, HEAD")
	}
	w.Header().Del("Etag")
	w.Header().Del("Cache-Control")
	writeJSON(w, status, map[string]string{"error": text})
}

// retryAfter is when a client should come again, in seconds: when the registry
// said, or soon.
func retryAfter(err error) int {
	var upstream *registry.StatusError
	if !errors.As(err, &upstream) || upstream.After <= 0 {
		return 1
	}
	return int(math.Ceil(min(upstream.After, maxRest).Seconds()))
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic("proxy: " + err.Error()) // values here are maps of strings
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that went away learns nothing more.
	_, _ = w.Write(body)
}

// base is the URL at which the client reaches this registry. What clients may
// write into Host is bounded: a name that is not this machine's is a page in a
// browser that reads what is served here only (DNS rebinding).
func (p *Proxy) base(r *http.Request) (string, error) {
	if p.opts.PublicURL != "" {
		return p.opts.PublicURL, nil
	}
	origin := p.opts.Origin(r)
	u, err := url.Parse(origin)
	if err != nil {
		return "", p.unknownHost(r.Host)
	}
	host, port := u.Hostname(), u.Port()
	known := strings.EqualFold(host, "localhost")
	if _, err := netip.ParseAddr(host); err == nil {
		known = true
	}
	for _, h := range p.opts.Hosts {
		known = known || strings.EqualFold(host, h)
	}
	if n, err := strconv.ParseUint(port, 10, 16); !known || u.User != nil || port != "" && (err != nil || n == 0) {
		return "", p.unknownHost(u.Host)
	}
	return origin, nil
}

func (p *Proxy) unknownHost(host string) error {
	return problem(http.StatusMisdirectedRequest,
		"the host %q is not known here: set public-url, or add it to hosts, in the server's configuration", cut(host))
}

// matches reports whether If-None-Match has our tag.
func matches(r *http.Request, etag string) bool {
	for tag := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if strings.TrimPrefix(strings.TrimSpace(tag), "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding; q=0 says no.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if c := strings.TrimSpace(coding); c == "gzip" || c == "*" {
			value, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
			return err != nil || value > 0
		}
	}
	return false
}

// wantsShort reports whether the client asks for the short form.
func wantsShort(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values("Accept"), ","), registry.ShortType)
}

// send answers with a document.
func (p *Proxy) send(w http.ResponseWriter, r *http.Request, d *rendering, contentType string) error {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Etag", d.etag)
	h.Set("Vary", "Accept, Accept-Encoding")
	if matches(r, d.etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	deadline(w, int64(d.size))
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(d.packed)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(d.packed) // a client that went away
		}
		return nil
	}
	h.Set("Content-Length", strconv.Itoa(d.size))
	if r.Method == http.MethodHead {
		return nil
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(d.packed))
	if err == nil {
		_, err = io.Copy(w, unpacked)
	}
	if err != nil && r.Context().Err() == nil {
		p.opts.Log.WarnContext(r.Context(), "not sent", "path", cut(r.URL.Path), "err", err)
	}
	return nil
}

// Slow clients hold memory and connections: an answer has a minute, and a
// second more for each 32 kB, the pace of a bad telephone line.
const (
	sendTime = time.Minute
	sendPace = 32 << 10
)

// deadline sets when an answer of so many bytes must be sent, by the clock that
// connections go by, whatever Options.Now is.
func deadline(w http.ResponseWriter, bytes int64) {
	until := time.Now().Add(sendTime + time.Duration(bytes/sendPace)*time.Second)
	// Test recorders have no deadlines; servers have.
	_ = http.NewResponseController(w).SetWriteDeadline(until)
}
