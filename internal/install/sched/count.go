package sched

import (
	"maps"
	"time"
)

// Counts is what a run did.
type Counts struct {
	Lanes   []Count          // as in Options
	Groups  map[string]Count // tasks with a Group
	Joined  int              // tasks added again
	Dropped int              // tasks dropped, whether they ran or not
	Tally   map[string]int64 // see Scheduler.Tally
}

// Count is what the tasks of a lane or of a group did.
type Count struct {
	Name          string
	Started       int
	Finished      int // succeeded
	MaxConcurrent int
	MaxBacklog    int   // most tasks ready or running at one time; lanes only
	MaxBytes      int64 // most bytes held at one time; lanes only

	Work time.Duration // sum over the tasks
	Busy time.Duration // during which at least one ran
	Span time.Duration // from the first start to the last end
}

// meter keeps a Count up to date.
type meter struct {
	Count
	running   int
	first     time.Time // start
	busySince time.Time
}

func (m *meter) start(now time.Time) {
	if m.Started == 0 {
		m.first = now
	}
	if m.running == 0 {
		m.busySince = now
	}
	m.Started++
	m.running++
	m.MaxConcurrent = max(m.MaxConcurrent, m.running)
}

func (m *meter) end(began, now time.Time, ok bool) {
	m.running--
	if ok {
		m.Finished++
	}
	m.Work += now.Sub(began)
	m.Span = max(m.Span, now.Sub(m.first))
	if m.running == 0 {
		m.Busy += now.Sub(m.busySince)
	}
}

func (st *state) counts() Counts {
	c := Counts{
		Lanes:   make([]Count, len(st.lanes)),
		Groups:  make(map[string]Count, len(st.groups)),
		Joined:  st.joined,
		Dropped: st.dropped,
		Tally:   maps.Clone(st.tally),
	}
	for i := range st.lanes {
		c.Lanes[i] = st.lanes[i].Count
	}
	for name, m := range st.groups {
		c.Groups[name] = m.Count
	}
	return c
}
