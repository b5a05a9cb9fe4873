package jsonscan

import (
	"os"
	"testing"
)

// BenchmarkSkip skips a document of your own, named by GODWIT_PACKUMENT.
func BenchmarkSkip(b *testing.B) {
	doc, err := os.ReadFile(os.Getenv("GODWIT_PACKUMENT"))
	if err != nil {
		b.Skip("GODWIT_PACKUMENT names no document")
	}
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if New(doc).Value() == nil {
			b.Fatal("broken document")
		}
	}
}
