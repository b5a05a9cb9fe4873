// Package metric writes numbers as Prometheus reads them: text format 0.0.4.
//
// A page is read a few times a minute and holds a few dozen lines, of which most
// are counters that somebody else keeps: a library for that would be larger
// than the server.
package metric

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Page is a list of metrics. Add all before it is served; its zero value is
// ready.
type Page struct {
	families []family
}

type family struct {
	name, help, kind string
	write            func(out *strings.Builder, name string)
}

// Label is a name and a value; the value may be any text.
type Label struct{ Name, Value string }

// Sample is one line of a family.
type Sample struct {
	Labels []Label
	Value  func() float64
}

// Counter adds a family of numbers that only grow.
func (p *Page) Counter(name, help string, samples ...Sample) { p.add(name, help, "counter", samples) }

// Gauge adds a family of numbers that come and go.
func (p *Page) Gauge(name, help string, samples ...Sample) { p.add(name, help, "gauge", samples) }

func (p *Page) add(name, help, kind string, samples []Sample) {
	p.families = append(p.families, family{name, help, kind, func(out *strings.Builder, name string) {
		for _, s := range samples {
			line(out, name, s.Labels, s.Value())
		}
	}})
}

// Histogram adds a family that counts observations by size. bounds are upper
// bounds in ascending order.
func (p *Page) Histogram(name, help string, bounds ...float64) *Histogram {
	h := &Histogram{bounds: bounds, by: map[string]*counts{}}
	p.families = append(p.families, family{name, help, "histogram", h.write})
	return h
}

// Histogram is safe for concurrent use.
type Histogram struct {
	bounds []float64
	mu     sync.Mutex
	by     map[string]*counts // by labels as they are written
}

type counts struct {
	labels []Label
	upTo   []uint64
	count  uint64
	sum    float64
}

// Observe counts one value. The sets of labels are few: whoever observes takes
// their values from a short list.
func (h *Histogram) Observe(value float64, labels ...Label) {
	key := write(labels)
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.by[key]
	if c == nil {
		c = &counts{labels: labels, upTo: make([]uint64, len(h.bounds))}
		h.by[key] = c
	}
	c.count++
	c.sum += value
	for i := len(h.bounds) - 1; i >= 0 && value <= h.bounds[i]; i-- {
		c.upTo[i]++
	}
}

func (h *Histogram) write(out *strings.Builder, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := make([]string, 0, len(h.by))
	for key := range h.by {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		c := h.by[key]
		for i, bound := range append(slices.Clone(h.bounds), math.Inf(1)) {
			n := c.count
			if i < len(h.bounds) {
				n = c.upTo[i]
			}
			le := Label{"le", number(bound)}
			line(out, name+"_bucket", append(slices.Clone(c.labels), le), float64(n))
		}
		line(out, name+"_sum", c.labels, c.sum)
		line(out, name+"_count", c.labels, float64(c.count))
	}
}

func line(out *strings.Builder, name string, labels []Label, value float64) {
	fmt.Fprintf(out, "%s%s %s\n", name, write(labels), number(value))
}

func number(x float64) string {
	if math.IsInf(x, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// write is labels as the format has them.
func write(labels []Label) string {
	if len(labels) == 0 {
		return ""
	}
	parts := make([]string, len(labels))
	for i, l := range labels {
		value := l.Value
		if strings.ContainsAny(value, "\\\"\n") { // hardly ever, and this is done for every request
			value = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value)
		}
		parts[i] = l.Name + `="` + value + `"`
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// String is the page.
func (p *Page) String() string {
	var out strings.Builder
	for _, f := range p.families {
		fmt.Fprintf(&out, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		f.write(&out, f.name)
	}
	return out.String()
}

// ServeHTTP answers with the page.
func (p *Page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = io.WriteString(w, p.String()) // a client that went away
}
