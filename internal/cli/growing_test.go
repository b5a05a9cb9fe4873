package cli

import (
	"slices"
	"testing"

	"godwit/internal/event"
)

type discard struct{}

func (discard) Emit(event.Event) {}

func TestGrowing(t *testing.T) {
	var told []int
	g := &growing{Sink: discard{}, grow: func(n int) { told = append(told, n) }}
	for range 600 {
		g.Emit(event.Resolved{})
	}
	g.Emit(event.Planned{Warm: 500, Cold: 100})
	if want := []int{256, 512, 100}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	(&growing{Sink: discard{}}).Emit(event.Planned{}) // nobody to tell
}
