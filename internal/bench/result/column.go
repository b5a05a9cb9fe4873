package result

import "fmt"

// Column is one number of a sample.
type Column struct {
	Key  string
	Unit Unit
	Of   func(Sample) float64
}

// Unit says how a number is written.
type Unit int

const (
	Seconds Unit = iota
	Bytes
	Count
)

// Wall is the column comparisons are made in.
var Wall = Column{"wall", Seconds, func(s Sample) float64 { return s.Wall.Seconds() }}

// Columns are all the numbers of a sample, in the order of the report.
func Columns() []Column {
	return []Column{
		Wall,
		{"user", Seconds, func(s Sample) float64 { return s.User.Seconds() }},
		{"sys", Seconds, func(s Sample) float64 { return s.Sys.Seconds() }},
		{"RSS", Bytes, func(s Sample) float64 { return float64(s.MaxRSS) }},
		{"pgMinor", Count, func(s Sample) float64 { return float64(s.MinorFaults) }},
		{"vCtx", Count, func(s Sample) float64 { return float64(s.Voluntary) }},
		{"iCtx", Count, func(s Sample) float64 { return float64(s.Involuntary) }},
		// The registry's own counters, so loopback counts and nothing else does.
		{"netRX", Bytes, func(s Sample) float64 { return float64(s.Net.BytesOut) }},
		{"netTX", Bytes, func(s Sample) float64 { return float64(s.Net.BytesIn) }},
		{"requests", Count, func(s Sample) float64 { return float64(s.Net.Requests) }},
		{"connections", Count, func(s Sample) float64 { return float64(s.Net.Connections) }},
		{"virtualStore", Seconds, virtualStore},
	}
}

// virtualStore is 0 for tools that do not tell it.
func virtualStore(s Sample) float64 {
	if s.Done == nil {
		return 0
	}
	return s.Done.Summary.VirtualStore()
}

// Named returns the column with the key, or false.
func Named(key string) (Column, bool) {
	for _, c := range Columns() {
		if c.Key == key {
			return c, true
		}
	}
	return Column{}, false
}

// Write is x in the unit: seconds with at least three digits, bytes and counts
// with a suffix, "-" for nothing.
func (u Unit) Write(x float64) string {
	switch {
	case x == 0 || x != x:
		return "-"
	case u == Seconds && x < 0.1:
		return fmt.Sprintf("%.1fms", x*1000)
	case u == Seconds && x < 10:
		return fmt.Sprintf("%.2fs", x)
	case u == Seconds:
		return fmt.Sprintf("%.1fs", x)
	case u == Bytes && x >= 1<<30:
		return fmt.Sprintf("%.2fG", x/(1<<30))
	case u == Bytes && x >= 1<<20:
		return fmt.Sprintf("%.1fM", x/(1<<20))
	case u == Bytes && x >= 1<<10:
		return fmt.Sprintf("%.0fK", x/(1<<10))
	case u == Count && x >= 1e6:
		return fmt.Sprintf("%.2fM", x/1e6)
	case u == Count && x >= 1e4:
		return fmt.Sprintf("%.1fK", x/1e3)
	}
	return fmt.Sprintf("%.0f", x)
}
