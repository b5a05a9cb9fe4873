package testreg

import (
	"net/http"
	"slices"
	"strings"
)

// A Request is one request as it arrived.
type Request struct {
	Method  string
	URI     string // as sent: "/@scope%2fname?write=true"
	Host    string // as the client named it
	Kind    string // "packument", "tarball", …
	Subject string // "left-pad"; "left-pad@1.3.0" for a tarball or a manifest
	Header  http.Header
	Status  int  // of the answer, were it sent whole
	Done    bool // the answer was sent, or broke off

	path         string // decoded
	route        route
	began, ended int // ticks of the log's clock; ended is 0 until then
}

// SentCredentials reports whether the request carried any.
func (r Request) SentCredentials() bool {
	return r.Header.Get("Authorization") != "" || r.Header.Get("Npm-Otp") != "" || r.Header.Get("Cookie") != ""
}

// A requestLog keeps every request in the order of arrival. Its clock ticks
// when a request begins or ends, so overlaps can be counted without timing.
type requestLog struct {
	requests []*Request
	clock    int
}

func (l *requestLog) begin(r *Request) {
	l.clock++
	r.began = l.clock
	l.requests = append(l.requests, r)
}

func (l *requestLog) end(r *Request) {
	l.clock++
	r.ended, r.Done = l.clock, true
}

// Requests returns the requests that any of the patterns selects (all, when
// there is none), in the order of arrival. A pattern is written as in an
// archive's faults section.
func (r *Registry) Requests(patterns ...string) []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Request
	for _, req := range r.log.requests {
		selected := len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
			return pattern(p).matches(req.route, req.path)
		})
		if selected {
			out = append(out, *req)
		}
	}
	return out
}

// Count is the number of requests that Requests would return.
func (r *Registry) Count(patterns ...string) int { return len(r.Requests(patterns...)) }

// Peak is the largest number of these requests that were under way at once.
func (r *Registry) Peak(patterns ...string) int {
	var ticks []int // positive where one begins, negative where one ends
	for _, req := range r.Requests(patterns...) {
		ticks = append(ticks, req.began)
		if req.ended > 0 {
			ticks = append(ticks, -req.ended)
		}
	}
	slices.SortFunc(ticks, func(a, b int) int { return max(a, -a) - max(b, -b) })
	peak, now := 0, 0
	for _, t := range ticks {
		if t < 0 {
			now--
			continue
		}
		now++
		peak = max(peak, now)
	}
	return peak
}

// ClearRequests forgets the requests so far.
func (r *Registry) ClearRequests() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.requests = nil
}

// Leaks returns the requests that carried credentials to another host than the
// registry's own.
func (r *Registry) Leaks() []Request {
	own := strings.TrimPrefix(r.URL, "http://")
	return slices.DeleteFunc(r.Requests(), func(req Request) bool {
		return req.Host == own || !req.SentCredentials()
	})
}
