package metric

import "testing"

func TestPage(t *testing.T) {
	var p Page
	n := 2.0
	p.Counter("requests_total", "Requests.",
		Sample{[]Label{{"kind", "a\"b\\c\n"}}, func() float64 { return n }},
		Sample{nil, func() float64 { return 1 << 40 }})
	p.Gauge("bytes", "Bytes.", Sample{Value: func() float64 { return 0.5 }})
	h := p.Histogram("seconds", "Seconds.", 0.1, 1)
	for _, v := range []float64{0.05, 0.1, 0.5, 7} {
		h.Observe(v, Label{"kind", "x"})
	}
	n++
	want := `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{kind="a\"b\\c\n"} 3
requests_total 1.099511627776e+12
# HELP bytes Bytes.
# TYPE bytes gauge
bytes 0.5
# HELP seconds Seconds.
# TYPE seconds histogram
seconds_bucket{kind="x",le="0.1"} 2
seconds_bucket{kind="x",le="1"} 3
seconds_bucket{kind="x",le="+Inf"} 4
seconds_sum{kind="x"} 7.65
seconds_count{kind="x"} 4
`
	if got := p.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
