// Package stat turns samples into statements.
package stat

import (
	"math"
	"slices"
)

// Median of xs, or NaN for none.
func Median(xs []float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(xs))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// Deviation is the sample standard deviation of xs; 0 for fewer than two.
func Deviation(xs []float64) float64 {
	if len(xs) < 2 {
		return 0
	}
	var mean, sum float64
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		sum += (x - mean) * (x - mean)
	}
	return math.Sqrt(sum / float64(len(xs)-1))
}

// MedianIndex is the index of the element of xs nearest to the median, or -1.
func MedianIndex(xs []float64) int {
	m, best := Median(xs), -1
	for i, x := range xs {
		if best < 0 || math.Abs(x-m) < math.Abs(xs[best]-m) {
			best = i
		}
	}
	return best
}

// Verdict is what rounds allow to say about two tools.
type Verdict string

const (
	Faster   Verdict = "faster"
	Slower   Verdict = "slower"
	Same     Verdict = "no difference"
	TooFew   Verdict = "too few rounds"
	minPairs         = 3 // below it, agreement of four in five is chance
)

// A difference is called only when it is larger than the noise of a quiet
// machine (5 %: what the same program shows against itself), and when four
// rounds in five agree about its direction.
const (
	threshold = 0.05
	agreement = 0.8
)

// Paired is the comparison of two tools over the rounds both finished.
type Paired struct {
	Ratio   float64 `json:"ratio"` // the median of ours/theirs by round; 0 if there was no round
	Rounds  int     `json:"rounds"`
	Verdict Verdict `json:"verdict"`
}

// Compare pairs ours and theirs by round; keys are rounds.
func Compare(ours, theirs map[int]float64) Paired {
	var ratios []float64
	for round, x := range ours {
		if y, ok := theirs[round]; ok && y > 0 {
			ratios = append(ratios, x/y)
		}
	}
	if len(ratios) == 0 {
		return Paired{Verdict: TooFew}
	}
	p := Paired{Ratio: Median(ratios), Rounds: len(ratios), Verdict: Same}
	below, above := 0, 0
	for _, r := range ratios {
		switch {
		case r < 1:
			below++
		case r > 1:
			above++
		}
	}
	need := agreement * float64(len(ratios))
	switch {
	case len(ratios) < minPairs:
		p.Verdict = TooFew
	case p.Ratio < 1-threshold && float64(below) >= need:
		p.Verdict = Faster
	case p.Ratio > 1+threshold && float64(above) >= need:
		p.Verdict = Slower
	}
	return p
}
