package stat

import (
	"math"
	"testing"
)

func rounds(xs ...float64) map[int]float64 {
	m := map[int]float64{}
	for i, x := range xs {
		if x > 0 {
			m[i] = x
		}
	}
	return m
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name         string
		ours, theirs map[int]float64
		want         Verdict
		ratio        float64
	}{
		{"clearly faster", rounds(8, 8, 8, 8, 8), rounds(10, 10, 10, 10, 10), Faster, 0.8},
		{"clearly slower", rounds(12, 12, 12, 12), rounds(10, 10, 10, 10), Slower, 1.2},
		{"four rounds in five agree", rounds(8, 8, 8, 8, 12), rounds(10, 10, 10, 10, 10), Faster, 0.8},
		{"three in five do not do", rounds(8, 8, 8, 12, 12), rounds(10, 10, 10, 10, 10), Same, 0.8},
		{"within 5 %", rounds(9.6, 9.6, 9.6, 9.6), rounds(10, 10, 10, 10), Same, 0.96},
		{"two rounds", rounds(5, 5), rounds(10, 10), TooFew, 0.5},
		{"a round only one finished is left out", rounds(8, 0, 8, 8), rounds(10, 1, 10, 10), Faster, 0.8},
		{"nothing in common", rounds(8), nil, TooFew, 0},
		// Unpaired medians would say 10 against 10; by round, ours always wins.
		{"paired, not pooled", rounds(10, 20, 30, 8, 5), rounds(12, 24, 36, 10, 6), Faster, 5.0 / 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Compare(c.ours, c.theirs)
			if got.Verdict != c.want || math.Abs(got.Ratio-c.ratio) > 1e-9 {
				t.Errorf("got %+v, want %s at %g", got, c.want, c.ratio)
			}
		})
	}
}

func TestMedianAndDeviation(t *testing.T) {
	if m := Median([]float64{3, 1, 2}); m != 2 {
		t.Errorf("odd: %g", m)
	}
	if m := Median([]float64{4, 1, 2, 3}); m != 2.5 {
		t.Errorf("even: %g", m)
	}
	if !math.IsNaN(Median(nil)) {
		t.Error("the median of nothing is a number")
	}
	if d := Deviation([]float64{2, 4, 4, 4, 5, 5, 7, 9}); math.Abs(d-2.138089935) > 1e-6 {
		t.Errorf("deviation: %g", d)
	}
	if d := Deviation([]float64{1}); d != 0 {
		t.Errorf("deviation of one: %g", d)
	}
	if i := MedianIndex([]float64{9, 1, 5}); i != 2 {
		t.Errorf("MedianIndex: %d", i)
	}
	if i := MedianIndex(nil); i != -1 {
		t.Errorf("MedianIndex of nothing: %d", i)
	}
}
