package semver

import (
	"fmt"
	"testing"
)

// published is what dependencies look like, by frequency.
var published = []string{
	"^1.2.3", "^7.24.1", "~4.17.21", "^0.5.0", "2.0.0", ">=14.0.0", "^16.8.0 || ^17.0.0 || ^18.0.0",
	"*", "1.x", "^5.0.0-beta.1", ">=1.0.0 <2.0.0", "~1.2", "^3", "15.6.1", "1 || 2 || 3",
}

func BenchmarkParseRange(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := ParseRange(published[i%len(published)], Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	texts := []string{"1.2.3", "16.14.0", "0.10.0", "5.0.0-beta.12", "18.3.0-canary-a870b2d54-20240314", "4.17.21"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := Parse(texts[i%len(texts)], Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	var ranges []Range
	for _, s := range published {
		ranges = append(ranges, mustParseRange(s))
	}
	versions := []Version{MustParse("1.2.9"), MustParse("16.14.0"), MustParse("5.0.0-beta.12"), MustParse("0.5.1")}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		ranges[i%len(ranges)].Match(versions[i&3])
	}
}

// The longest range that is accepted, and as hard as can be.
func BenchmarkIntersectsHostile(b *testing.B) {
	r := mustParseRange(hostile())
	for b.Loop() {
		Intersects(r, r)
	}
}

func hostile() string {
	var text []byte
	for i := 0; len(text) < maxRange-16; i++ {
		text = fmt.Appendf(text, ">1.0.%d ", i)
	}
	return string(text)
}
