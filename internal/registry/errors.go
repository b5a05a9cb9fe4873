package registry

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The errors of this package have a stable code (method Code) that tools may
// match; where pnpm has one for the case it is pnpm's.

// StatusError is an answer that is no success.
type StatusError struct {
	Method   string // "": GET
	URL      string // masked
	Status   int
	Registry string        // masked; the registry asked, "" for a tarball elsewhere
	Sent     string        // what was sent to prove who we are: "a token", …; "" for nothing
	Key      string        // "//host/path/" that stands in .npmrc before what was sent
	Message  string        // the registry's own words, safe to print
	Hint     string        // what to do; "" where nothing helps
	OTP      bool          // a one-time password is asked for
	After    time.Duration // what it asks to wait; 0 if nothing
	Body     []byte        // the answer or its beginning, as it came: not to be printed
}

// Code is "ERR_PNPM_FETCH_404" for status 404.
func (e *StatusError) Code() string { return fmt.Sprintf("ERR_PNPM_FETCH_%d", e.Status) }

func (e *StatusError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s", cmp.Or(e.Method, "GET"), e.URL, statusLine(e.Status))
	if e.Message != "" {
		fmt.Fprintf(&b, " (%s)", e.Message)
	}
	switch {
	case e.Sent != "":
		fmt.Fprintf(&b, "; %s was sent, of %s", e.Sent, e.Key)
	case e.Status != http.StatusProxyAuthRequired: // that is not the registry's word
		b.WriteString("; no credentials were sent")
	}
	if e.Hint != "" {
		b.WriteString(": " + e.Hint)
	}
	return b.String()
}

// NetworkError is a request that got no answer, or not all of it.
type NetworkError struct {
	Method   string // "": GET
	URL      string // masked
	Attempts int
	Err      error // of the last attempt
	Hint     string
}

// Code is pnpm's for metadata and tarballs alike.
func (e *NetworkError) Code() string { return "ERR_PNPM_META_FETCH_FAIL" }

func (e *NetworkError) Error() string {
	times := "tried once"
	if e.Attempts > 1 {
		times = fmt.Sprintf("tried %d times", e.Attempts)
	}
	hint := e.Hint
	if hint == "" {
		hint = "check the connection, the registry URL and the proxy settings"
	}
	return fmt.Sprintf("%s %s: %s (%s): %s", cmp.Or(e.Method, "GET"), e.URL, maskString(e.Err.Error()), times, hint)
}

func (e *NetworkError) Unwrap() error { return e.Err }

// OfflineError is a request that offline forbids.
type OfflineError struct {
	What    string // "packument of a", "tarball https://…"
	Tarball bool
}

// Code tells packuments and tarballs apart, as pnpm does.
func (e *OfflineError) Code() string {
	if e.Tarball {
		return "ERR_PNPM_NO_OFFLINE_TARBALL"
	}
	return "ERR_PNPM_NO_OFFLINE_META"
}

func (e *OfflineError) Error() string {
	return fmt.Sprintf("%s is not in the cache, and the network is off: run once without --offline", e.What)
}

var errNotModified = errors.New("answered 304 (not modified) without having been asked")

// BrokenError is an answer that is not what was asked for.
type BrokenError struct {
	URL  string // masked
	Page bool   // it is a web page
	Err  error
}

// Code is pnpm's.
func (e *BrokenError) Code() string { return "ERR_PNPM_BROKEN_METADATA_JSON" }

func (e *BrokenError) Error() string {
	if e.Page {
		return fmt.Sprintf("GET %s: a web page came, no packument: check that the URL is an npm registry's, and whether the network wants you to sign in", e.URL)
	}
	return fmt.Sprintf("GET %s: %v: check that the URL is an npm registry's", e.URL, e.Err)
}

func (e *BrokenError) Unwrap() error { return e.Err }

// TooLargeError is a body beyond Options.MaxPackument or MaxTarball.
type TooLargeError struct {
	URL   string // masked
	Limit int64  // bytes
}

// Code has no counterpart in pnpm, which has no limit.
func (e *TooLargeError) Code() string { return "ERR_GODWIT_BODY_TOO_LARGE" }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("GET %s: more than %d bytes: refused as a damaged or hostile answer", e.URL, e.Limit)
}

// IsNotFound reports whether an error is a registry's 404.
func IsNotFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == http.StatusNotFound
}

// Brief is an error without what to do about it.
func Brief(err error) string {
	var status *StatusError
	if errors.As(err, &status) {
		text := fmt.Sprintf("%s answered %d", status.URL, status.Status)
		if status.Message != "" {
			text += " (" + status.Message + ")"
		}
		return text
	}
	return err.Error()
}
