package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"
)

// wait is how long to wait after a failed attempt, 0 being the first. There is
// no jitter (npm has none): an install is not a fleet, and a run can be
// repeated exactly.
func (r Retry) wait(attempt int) time.Duration {
	d := float64(r.Min) * math.Pow(max(r.Factor, 1), float64(attempt))
	return time.Duration(min(d, float64(max(r.Max, r.Min))))
}

// transientStatus lists what may be different next time (make-fetch-happen).
func transientStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, 420, http.StatusTooManyRequests: // 420: an old rate limit
		return true
	}
	return status >= 500
}

// transientError reports whether a connection may work the next time. A name
// that does not exist, a certificate that is not trusted, a proxy that refuses and
// a URL that cannot be asked stay what they are.
func transientError(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return false
	}
	var proxy *proxyError
	if errors.As(err, &proxy) {
		return transientStatus(proxy.status)
	}
	return !untrusted(err) && !errors.Is(err, errFinal) && !errors.Is(err, context.Canceled)
}

func untrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &record)
}

// errFinal marks failures of a request that no retry changes.
var errFinal = errors.New("not retried")

// retryAfter reads the header of that name, in seconds or as a date; 0 if it
// is absent or in the past.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if n, err := strconv.Atoi(value); err == nil && n > 0 {
		return time.Duration(min(n, math.MaxInt32)) * time.Second
	}
	if t, err := http.ParseTime(value); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}

// Sleep waits for d or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
