package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// collectLess sets how often memory is collected. An install allocates for a
// second or two and ends: collecting at every doubling of a small heap costs a
// tenth of its time. So the heap may become five times what is in use, within
// floor, or within half as much again as is in use where that is more: a limit
// that does not follow has the collector run without a pause once an install
// outgrows it, 60 times and a fifth of the processor time with 2,700 packages.
func collectLess() {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(floor)
	runtime.SetFinalizer(&cycle{}, (*cycle).over)
}

// floor is what an install takes whatever its size, tarballs in flight above all.
const floor = 160 << 20

// cycle is garbage from the start: its finalizer runs after each collection.
type cycle struct {
	live [1]metrics.Sample // an array: a struct without pointers may share a block that lives
}

func (c *cycle) over() {
	c.live[0].Name = "/gc/heap/live:bytes"
	metrics.Read(c.live[:])
	debug.SetMemoryLimit(max(floor, int64(c.live[0].Value.Uint64())*3/2))
	runtime.SetFinalizer(c, (*cycle).over)
}
