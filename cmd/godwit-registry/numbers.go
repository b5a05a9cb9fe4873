package main

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"time"

	"godwit/internal/front"
	"godwit/internal/metric"
	"godwit/internal/proxy"
	"godwit/internal/server"
)

// numbers is the page of /metrics.
type numbers struct {
	page    metric.Page
	seconds *metric.Histogram
	resolve *metric.Histogram
	sent    atomic.Int64
	flying  atomic.Int64
}

// The bounds of the histogram: from what memory answers in to what people call
// broken.
var bounds = []float64{0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60}

func newNumbers(d *daemon, began time.Time) *numbers {
	n, p := &numbers{}, d.proxy
	c := p.Counts()
	n.seconds = n.page.Histogram("godwit_request_duration_seconds", "Time to answer, by kind of request and status.", bounds...)
	n.resolve = n.page.Histogram("godwit_resolve_duration_seconds", "Time to resolve, by what it cost and how it ended.", bounds...)
	n.page.Counter("godwit_sent_bytes_total", "Bytes of answers.", one(&n.sent))
	n.page.Counter("godwit_documents_total", "Packuments, by where they came from.", outcomes(&c.Documents)...)
	n.page.Counter("godwit_tarballs_total", "Tarballs, by where they came from.",
		labelled("from", "cache", &c.Tarballs.Hit), labelled("from", "upstream", &c.Tarballs.Miss))
	n.page.Counter("godwit_upstream_requests_total", "Requests to the registries behind this one.",
		labelled("kind", "packument", &c.Upstream.Documents), labelled("kind", "tarball", &c.Upstream.Tarballs), labelled("kind", "passed", &c.Upstream.Passed))
	n.page.Counter("godwit_upstream_failures_total", "Those of them that failed.", one(&c.Upstream.Failed))
	n.page.Counter("godwit_upstream_tarball_bytes_total", "Bytes of tarballs fetched.", one(&c.Upstream.Bytes))
	n.page.Counter("godwit_tarball_mismatches_total", "Tarballs that were not what the registry said.", one(&c.Mismatches))
	n.page.Counter("godwit_hidden_tarballs_total", "Tarballs refused by minimum-release-age or trust-policy.", one(&c.Hidden))
	n.page.Counter("godwit_not_kept_total", "What the cache on disk did not take.", one(&c.NotKept))
	n.page.Counter("godwit_evicted_files_total", "Files removed to keep the cache within its size.", size(p, 2))
	n.page.Gauge("godwit_cache_bytes", "Bytes kept.",
		metric.Sample{Labels: []metric.Label{{Name: "where", Value: "memory"}}, Value: size(p, 0).Value},
		metric.Sample{Labels: []metric.Label{{Name: "where", Value: "disk"}}, Value: size(p, 1).Value})
	n.page.Gauge("godwit_requests_in_flight", "Requests that are being answered.", one(&n.flying))
	n.process(d, began)
	return n
}

// process adds what every exporter has, by the names that dashboards know.
func (n *numbers) process(d *daemon, began time.Time) {
	gauge := func(name, help string, value func() float64, labels ...metric.Label) {
		n.page.Gauge(name, help, metric.Sample{Labels: labels, Value: value})
	}
	gauge("godwit_build_info", "1, with the version of the program.", func() float64 { return 1 },
		metric.Label{Name: "version", Value: version}, metric.Label{Name: "goversion", Value: runtime.Version()})
	gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", func() float64 { return float64(began.UnixMilli()) / 1000 })
	gauge("go_goroutines", "Goroutines that are there.", func() float64 { return float64(runtime.NumGoroutine()) })
	gauge("godwit_memory_bytes", "Memory that the process has from the system.", func() float64 {
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		metrics.Read(sample)
		return float64(sample[0].Value.Uint64() - sample[1].Value.Uint64())
	})
	if d.certificate != nil {
		gauge("godwit_certificate_expiry_timestamp_seconds", "When the certificate ends, in seconds since 1970.", func() float64 {
			return float64(d.certificate.until().Unix())
		})
	}
}

func one(n *atomic.Int64) metric.Sample {
	return metric.Sample{Value: func() float64 { return float64(n.Load()) }}
}

func labelled(name, value string, n *atomic.Int64) metric.Sample {
	return metric.Sample{Labels: []metric.Label{{Name: name, Value: value}}, Value: one(n).Value}
}

func outcomes(o *proxy.Outcomes) []metric.Sample {
	return []metric.Sample{
		labelled("from", "cache", &o.Hit), labelled("from", "upstream", &o.Miss), labelled("from", "stale", &o.Stale),
		labelled("from", "revalidated", &o.Revalidated), labelled("from", "failover", &o.Failover),
	}
}

// size is one of the three numbers of Sizes.
func size(p *proxy.Proxy, which int) metric.Sample {
	return metric.Sample{Value: func() float64 {
		memory, disk, evicted := p.Sizes()
		return float64([]int64{memory, disk, evicted}[which])
	}}
}

// counted counts requests while next answers them.
func (n *numbers) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.flying.Add(1)
		defer n.flying.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// observe counts an answer.
func (n *numbers) observe(a front.Answer) {
	n.sent.Add(a.Bytes)
	status := "broken"
	if a.Status > 0 {
		status = fmt.Sprintf("%dxx", a.Status/100)
	}
	n.seconds.Observe(a.Duration.Seconds(), metric.Label{Name: "kind", Value: kindOf(a.Request)}, metric.Label{Name: "status", Value: status})
}

// resolved counts a resolution.
func (n *numbers) resolved(o server.Outcome) {
	code := o.Code
	if code == "" {
		code = "ok"
	}
	n.resolve.Observe(o.Duration.Seconds(), metric.Label{Name: "kind", Value: string(o.Kind)}, metric.Label{Name: "code", Value: code})
}

// kindOf tells requests apart by their path alone.
func kindOf(r *http.Request) string {
	switch path := r.URL.Path; {
	case isProbe(r):
		return "probe"
	case strings.HasPrefix(path, "/-/godwit/v1/mature/"):
		return "mature"
	case strings.HasPrefix(path, "/-/godwit/"):
		return "resolve"
	case strings.HasPrefix(path, "/-/"):
		return "other"
	case strings.Contains(path, "/-/"):
		return "tarball"
	}
	return "packument"
}
