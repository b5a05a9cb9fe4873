package sched

import (
	"fmt"
	"time"
)

// state is all there is to know about a run. It starts nothing and waits for
// nothing: each method is one step, made under the scheduler's lock.
type state struct {
	tasks    map[Key]*task
	lanes    []lane
	order    int // tasks added so far
	waiting  int // tasks that wait for others
	running  int
	draining bool  // only tasks add tasks
	stopped  error // why the run fails
	over     bool  // nothing runs, and nothing will

	groups  map[string]*meter
	joined  int
	dropped int
	tally   map[string]int64
}

type lane struct {
	LaneOptions
	meter
	ready queue
	slots []int // not in use; the last one is the warmest
	held  int64 // bytes
}

// phase is how far a task is.
type phase uint8

const (
	absent  phase = iota // needed by others, not added yet
	waiting              // for others
	ready                // in its lane's queue
	running
	done
	failed
	dropped
	canceled
)

// task is a Task and where it stands.
type task struct {
	Task
	phase phase
	order int
	unmet int    // needs that have not ended
	next  []edge // tasks that wait for this one

	err   error  // of Run
	why   string // what Why said then
	cause *task  // the need whose end ended this one

	slot  int
	began time.Time
	held  int64   // bytes counted in its lane
	frees []*task // tasks whose bytes are held until this one ends

	ended chan struct{} // made when somebody watches
}

// edge is a task that waits, by Needs or by After.
type edge struct {
	to   *task
	hard bool
}

func newState(o Options) state {
	st := state{
		tasks:  make(map[Key]*task),
		lanes:  make([]lane, len(o.Lanes)),
		groups: make(map[string]*meter),
		tally:  make(map[string]int64),
	}
	for i, lo := range o.Lanes {
		if lo.Width < 1 {
			panic(fmt.Sprintf("sched: lane %q has no width", lo.Name))
		}
		for _, b := range lo.Behind {
			// Gates point down the list, so none can wait for itself.
			if b.Lane <= Lane(i) || int(b.Lane) >= len(o.Lanes) || b.Items < 1 {
				panic(fmt.Sprintf("sched: lane %q must be gated by a later lane and at least one item", lo.Name))
			}
		}
		l := &st.lanes[i]
		l.LaneOptions = lo
		l.Count.Name = lo.Name
		for slot := lo.Width - 1; slot >= 0; slot-- {
			l.slots = append(l.slots, slot)
		}
	}
	return st
}

// lookup returns the task of a key, absent if it was not added.
func (st *state) lookup(key Key) *task {
	t := st.tasks[key]
	if t == nil {
		t = &task{Task: Task{Key: key}}
		st.tasks[key] = t
	}
	return t
}

func (st *state) add(spec Task) *task {
	t := st.lookup(spec.Key)
	if t.phase != absent {
		st.join(t, spec)
		return t
	}
	if int(spec.Lane) >= len(st.lanes) || spec.Run == nil {
		panic(fmt.Sprintf("sched: %q has no lane or nothing to run", spec.Key))
	}
	st.order++
	t.Task, t.order = spec, st.order
	if st.stopped != nil || st.over {
		t.phase = canceled
		st.settle(t)
		return t
	}
	t.phase = waiting
	st.waiting++
	var lost *task // a need that was dropped
	for _, key := range spec.Needs {
		if need := st.require(t, key, true); need.phase == dropped {
			lost = need
		}
	}
	for _, key := range spec.After {
		st.require(t, key, false)
	}
	switch {
	case lost != nil:
		st.lose(t, lost)
		st.settle(t)
	case t.unmet == 0:
		st.enqueue(t)
	}
	return t
}

// require makes t wait for the task of key unless that has ended.
func (st *state) require(t *task, key Key, hard bool) *task {
	need := st.lookup(key)
	if need.phase < done {
		need.next = append(need.next, edge{t, hard})
		t.unmet++
	}
	return need
}

// join adds a task whose key is known: it is as droppable as both say.
func (st *state) join(t *task, spec Task) {
	st.joined++
	if t.Why == nil {
		t.Why = spec.Why
	}
	first, second := t.Drop, spec.Drop
	switch {
	case first == nil:
	case second == nil:
		t.Drop = nil
	default:
		t.Drop = func(err error) bool { return first(err) && second(err) }
	}
	if t.phase != dropped || st.over {
		return
	}
	// It was dropped before somebody asked who may not want that.
	if fault := t.fault(); second == nil || !second(fault.Err) {
		t.phase = failed
		st.stop(fault)
	}
}

func (st *state) enqueue(t *task) {
	l := &st.lanes[t.Lane]
	t.phase = ready
	st.waiting--
	l.ready.push(t)
	l.MaxBacklog = max(l.MaxBacklog, l.backlog())
}

func (l *lane) backlog() int { return l.ready.len() + l.running }

// admit takes one task that can run off its queue, from the last lane that has
// one: work in hand ends before more begins. It returns nil if there is none.
func (st *state) admit(now time.Time) *task {
	for i := len(st.lanes) - 1; i >= 0; i-- {
		l := &st.lanes[i]
		if l.ready.len() > 0 && len(l.slots) > 0 && st.open(l) {
			return st.begin(l, now)
		}
	}
	return nil
}

// open reports whether no gate shuts the lane. Bytes do not when nothing else
// can make progress any more: those who hold them then wait for this lane.
func (st *state) open(l *lane) bool {
	for _, b := range l.Behind {
		if st.lanes[b.Lane].backlog() >= b.Items {
			return false
		}
	}
	return l.Bytes == 0 || l.held == 0 || l.held+l.ready.first().Cost <= l.Bytes ||
		st.draining && st.running == 0
}

func (st *state) begin(l *lane, now time.Time) *task {
	t := l.ready.pop()
	n := len(l.slots) - 1
	t.slot, l.slots = l.slots[n], l.slots[:n]
	t.phase, t.began = running, now
	st.running++
	l.start(now)
	if t.Group != "" {
		st.group(t.Group).start(now)
	}
	if t.Cost > 0 {
		st.hold(t, t.Cost)
	}
	return t
}

func (st *state) group(name string) *meter {
	m := st.groups[name]
	if m == nil {
		m = &meter{Count: Count{Name: name}}
		st.groups[name] = m
	}
	return m
}

// hold changes the bytes that t holds.
func (st *state) hold(t *task, bytes int64) {
	l := &st.lanes[t.Lane]
	l.held += bytes - t.held
	t.held = bytes
	l.MaxBytes = max(l.MaxBytes, l.held)
}

func (st *state) setCost(key Key, bytes int64) {
	t := st.tasks[key]
	if t == nil || t.phase < running || t.phase > done || t.phase == done && t.held == 0 {
		return
	}
	st.hold(t, max(bytes, 0))
}

// finish ends a running task.
func (st *state) finish(t *task, err error, now time.Time) {
	l := &st.lanes[t.Lane]
	st.running--
	l.slots = append(l.slots, t.slot)
	l.end(t.began, now, err == nil)
	if t.Group != "" {
		st.group(t.Group).end(t.began, now, err == nil)
	}
	t.err = err
	if err != nil && t.Why != nil {
		t.why = t.Why()
	}
	switch {
	case err == nil:
		t.phase = done
	case st.stopped != nil:
		t.phase = canceled
	case t.Drop != nil && t.Drop(err):
		t.phase = dropped
		st.dropped++
	default:
		t.phase = failed
	}
	st.keepBytes(t)
	st.settle(t)
}

// keepBytes decides who ends the hold on a finished task's bytes.
func (st *state) keepBytes(t *task) {
	if t.phase == done && t.Until != "" {
		if until := st.lookup(t.Until); until.phase < done {
			until.frees = append(until.frees, t)
			return
		}
	}
	st.hold(t, 0)
}

// settle tells those who wait for t that it has ended, and ends those that
// cannot run any more, down to the last one.
func (st *state) settle(t *task) {
	var lost []*task // ended by t, to be settled
	var fault *Error // the first
	for t != nil {
		for _, held := range t.frees {
			st.hold(held, 0)
		}
		for _, e := range t.next {
			if e.to.phase != waiting { // lost with another need
				continue
			}
			if t.phase == done || t.phase == dropped && !e.hard {
				if e.to.unmet--; e.to.unmet == 0 {
					st.enqueue(e.to)
				}
				continue
			}
			st.lose(e.to, t)
			lost = append(lost, e.to)
		}
		if t.frees, t.next = nil, nil; t.ended != nil {
			close(t.ended)
		}
		if t.phase == failed && fault == nil {
			fault = t.fault()
		}
		t = nil
		if n := len(lost); n > 0 {
			t, lost = lost[n-1], lost[:n-1]
		}
	}
	if fault != nil { // only now: stop ends what is not yet settled without a cause
		st.stop(fault)
	}
}

// lose ends t, which waits, because need did not succeed. The caller settles t.
func (st *state) lose(t, need *task) {
	st.waiting--
	t.cause = need
	switch {
	case need.phase != dropped:
		t.phase = canceled
	case t.Drop != nil && t.Drop(need.root().err):
		t.phase = dropped
		st.dropped++
	default: // it was not to be dropped, so its need was not either
		t.phase = failed
	}
}

// stop ends the run: nothing begins any more.
func (st *state) stop(cause error) {
	if st.stopped != nil {
		return
	}
	st.stopped = cause
	for i := range st.lanes {
		st.lanes[i].ready = queue{}
	}
	st.waiting = 0
	for _, t := range st.tasks {
		if t.phase == waiting || t.phase == ready {
			t.phase = canceled
			if t.ended != nil {
				close(t.ended)
			}
		}
	}
}
