package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestLimitFollows(t *testing.T) {
	limit, percent := debug.SetMemoryLimit(-1), debug.SetGCPercent(100)
	defer func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}()
	collectLess()
	if got := debug.SetMemoryLimit(-1); got != floor {
		t.Errorf("the limit begins at %d, want %d", got, int64(floor))
	}
	used := make([]byte, 2*floor) // never written to: no memory yet
	for range 100 {               // finalizers run after a collection, some time
		runtime.GC()
		if debug.SetMemoryLimit(-1) > floor {
			break
		}
	}
	if got := debug.SetMemoryLimit(-1); got < 3*floor {
		t.Errorf("with %d bytes in use the limit is %d", len(used), got)
	}
	runtime.KeepAlive(used)
}
