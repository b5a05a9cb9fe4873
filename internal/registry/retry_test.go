package registry

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaits(t *testing.T) {
	npmDefault := Retry{Count: 2, Factor: 10, Min: 10 * time.Second, Max: time.Minute}
	for _, test := range []struct {
		retry   Retry
		attempt int
		want    time.Duration
	}{
		{npmDefault, 0, 10 * time.Second}, {npmDefault, 1, time.Minute}, {npmDefault, 1000, time.Minute},
		{Retry{Factor: 2, Min: time.Second, Max: 5 * time.Second}, 2, 4 * time.Second},
		{Retry{Factor: 0, Min: time.Second, Max: 5 * time.Second}, 3, time.Second},
		{Retry{Factor: 2, Min: 9 * time.Second, Max: 5 * time.Second}, 0, 9 * time.Second},
	} {
		if got := test.retry.wait(test.attempt); got != test.want {
			t.Errorf("%+v, attempt %d: got %v, want %v", test.retry, test.attempt, got, test.want)
		}
	}
}

// scripted answers one request after the other; each entry is a status, with
// what Retry-After says, or an error.
func scripted(entries ...any) (roundTripper, *[]time.Duration) {
	var at []time.Duration
	var start time.Time
	return func(r *http.Request) (*http.Response, error) {
		if start.IsZero() {
			start = time.Now()
		}
		n := len(at)
		at = append(at, time.Since(start))
		switch e := entries[min(n, len(entries)-1)].(type) {
		case error:
			return nil, e
		case int:
			return respond(r, e, "0123456789", ""), nil
		case string:
			return respond(r, 429, "", e), nil
		case io.ReadCloser:
			resp := respond(r, 200, "0123456789", "")
			resp.Body = e
			return resp, nil
		}
		panic("registry: bad script")
	}, &at
}

func respond(r *http.Request, status int, body, retryAfter string) *http.Response {
	return &http.Response{
		StatusCode: status, Request: r, ContentLength: int64(len(body)),
		Header: http.Header{"Retry-After": {retryAfter}}, Body: io.NopCloser(strings.NewReader(body)),
	}
}

// broken is a body that ends early.
func broken(err error) io.ReadCloser {
	return io.NopCloser(io.MultiReader(strings.NewReader("0123"), failing{err}))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// silent is a body that says nothing until its request ends.
type silent struct{ done <-chan struct{} }

func (s silent) Read([]byte) (int, error) { <-s.done; return 0, errors.New("closed") }
func (s silent) Close() error             { return nil }

func TestRetries(t *testing.T) {
	reset := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	gone := &net.DNSError{Err: "no such host", Name: "registry.example", IsNotFound: true}
	sec := time.Second
	date := time.Date(2000, 1, 1, 0, 0, 7, 0, time.UTC).Format(http.TimeFormat) // synctest starts at midnight
	for _, test := range []struct {
		name   string
		script []any
		at     []time.Duration // when each request went out
		want   string          // in the error; "" for success
	}{
		{"works", []any{200}, []time.Duration{0}, ""},
		{"reset, then works", []any{reset, 200}, []time.Duration{0, 10 * sec}, ""},
		{"5xx, then works", []any{500, 503, 200}, []time.Duration{0, 10 * sec, 70 * sec}, ""},
		{"408 and 420", []any{408, 420, 200}, []time.Duration{0, 10 * sec, 70 * sec}, ""},
		{"5xx for good", []any{503}, []time.Duration{0, 10 * sec, 70 * sec}, "503 Service Unavailable; no credentials were sent: tried 3 times"},
		{"429 in seconds", []any{"3", 200}, []time.Duration{0, 3 * sec}, ""},
		{"429 by date", []any{date, 200}, []time.Duration{0, 7 * sec}, ""},
		{"429 for an hour is capped", []any{"3600", 200}, []time.Duration{0, 60 * sec}, ""},
		{"429 without a word", []any{"", "soon", 200}, []time.Duration{0, 10 * sec, 70 * sec}, ""},
		{"truncated", []any{broken(io.ErrUnexpectedEOF), 200}, []time.Duration{0, 10 * sec}, ""},
		{"truncated for good", []any{broken(io.ErrUnexpectedEOF), broken(reset), broken(reset)}, []time.Duration{0, 10 * sec, 70 * sec}, "connection reset by peer (tried 3 times)"},
		{"404", []any{404}, []time.Duration{0}, "404 Not Found"},
		{"401", []any{401}, []time.Duration{0}, "401 Unauthorized"},
		{"no such host", []any{gone}, []time.Duration{0}, "no such host (tried once)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, at := scripted(test.script...)
				c := client(t, Options{Default: "https://registry.example", Transport: transport,
					Retry: Retry{Count: 2, Factor: 10, Min: 10 * sec, Max: time.Minute}})
				got, err := c.Tarball(t.Context(), TarballRequest{URL: "https://registry.example/a.tgz"})
				if test.want == "" && (err != nil || string(got) != "0123456789") {
					t.Errorf("got %q, %v", got, err)
				}
				if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				if fmt.Sprint(*at) != fmt.Sprint(test.at) {
					t.Errorf("requests at %v, want %v", *at, test.at)
				}
			})
		})
	}
}

// A server that falls silent, before or within its answer, is asked again.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			n++
			switch n {
			case 1:
				<-r.Context().Done()
				return nil, r.Context().Err()
			case 2:
				resp := respond(r, 200, "0123456789", "")
				resp.Body = silent{r.Context().Done()}
				return resp, nil
			}
			return respond(r, 200, "0123456789", ""), nil
		})
		sink := &warnings{}
		c := client(t, Options{Default: "https://registry.example", Transport: transport, Timeout: time.Minute, Sink: sink,
			Retry: Retry{Count: 2, Factor: 1, Min: time.Second, Max: time.Second}})
		start := time.Now()
		got, err := c.Tarball(t.Context(), TarballRequest{URL: "https://registry.example/a.tgz"})
		if err != nil || string(got) != "0123456789" {
			t.Errorf("got %q, %v", got, err)
		}
		if took := time.Since(start); took != 2*time.Minute+2*time.Second {
			t.Errorf("took %v, want two timeouts and two waits", took)
		}
		want := "GET https://registry.example/a.tgz: the server fell silent: no data for 1m0s; attempt 2 of 3 follows in 1s"
		if len(sink.list) != 2 || sink.list[0].Message != want {
			t.Errorf("got warnings %+v, want %q", sink.list, want)
		}
	})
}
