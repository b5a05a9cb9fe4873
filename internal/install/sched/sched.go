// Package sched runs a growing graph of keyed tasks in lanes.
//
//	Add ──► waiting ──► ready ──► running ──► done
//	        (needs)    (lane,       │
//	                    gates)      ├──► dropped (and what needs it)
//	                                └──► failed: everything ends
//
// A task runs at most once per key, after the tasks it needs, when its lane has
// room and no gate is shut. It knows nothing of what tasks do.
//
// # Who owns what
//
// All state is in one value (state.go), guarded by Scheduler.mu: whoever adds
// or finishes a task takes the lock, makes the step, and takes along the tasks
// that the step admitted. There is no owner goroutine, because every report to
// one is two context switches, and installs are made of thousands of reports.
// For the same reason lanes are counts, not pools: a goroutine that finished a
// task goes on with the next one of whatever lane, preferring the lane furthest
// down, whose input it has just produced; others are woken only for what is
// admitted beyond that. No goroutine outlives [Scheduler.Wait].
//
// # Panics
//
// A panic in a task is a bug. It is not recovered: the process dies with the
// stack.
package sched

import (
	"context"
	"sync"
	"time"
)

// Key names a piece of work. Two tasks with one key are the same work.
type Key string

// Lane is the index of a lane in [Options].
type Lane int

// Task is a piece of work.
type Task struct {
	Key  Key
	Lane Lane

	// Needs are tasks that must have succeeded before; when one is dropped,
	// this one is dropped with it. They may be added later than this one.
	Needs []Key
	// After are tasks that must have ended before, dropped ones included.
	After []Key

	// Run does the work. ctx is the run's, not that of whoever added the task,
	// and is canceled when the run fails. slot is below the lane's width, and
	// no two tasks of a lane that run at once have the same: an index for
	// memory to use again. Run may call Add, SetCost and Tally; it must not
	// wait for another task, since it holds its lane's slot.
	Run func(ctx context.Context, slot int) error

	// Cost is how many bytes the task makes the process hold, as far as known
	// (see SetCost), from the moment it is admitted until the task Until has
	// ended, or itself if Until is "" or the task does not succeed.
	Cost  int64
	Until Key

	// Drop, if not nil, says whether an error of Run may be dropped: then the
	// task and all that need it end without ending the run. When a key is
	// added again, its errors may be dropped only if all who added it say so:
	// a prefetch whose errors nobody minds becomes as important as the demand
	// that joins it. Drop is called with the scheduler locked.
	Drop func(error) bool

	// Label is what messages call the task; the key if "".
	Label string
	// Why, if not nil, says in a message who wanted the task ("app > a > b").
	// It is called only when the task fails, with the scheduler locked.
	Why func() string
	// Group is what the task is counted under besides its lane; may be "".
	Group string
	// Result is handed to everybody who adds the key: usually a pointer that
	// Run writes through.
	Result any
}

// LaneOptions describe a lane.
type LaneOptions struct {
	Name  string
	Width int // tasks that run at once; at least 1

	// Behind shuts the lane while other lanes are behind.
	Behind []Backlog
	// Bytes shuts the lane while its tasks hold that much (Task.Cost); 0 is no
	// bound. Nothing held, nothing shut: a task larger than the bound runs
	// alone.
	Bytes int64
}

// Backlog is a bound on the tasks of a lane that are ready or running.
type Backlog struct {
	Lane  Lane
	Items int // shut at that many; at least 1
}

// Options configure a scheduler.
type Options struct {
	Lanes []LaneOptions
	// Now is the clock; [time.Now] if nil.
	Now func() time.Time
	// Trace, if not nil, is told of every task that ran. It is called by many
	// goroutines, after the task and before those that need it.
	Trace func(Span)
}

// Span is one run of a task.
type Span struct {
	Key        Key
	Label      string
	Lane       Lane
	Slot       int
	Group      string
	Start, End time.Time
	Err        error
}

// Scheduler runs tasks. Use [New]; all methods may be called from any
// goroutine. Two schedulers share nothing.
type Scheduler struct {
	ctx    context.Context // of all tasks
	cancel context.CancelCauseFunc
	trace  func(Span)
	now    func() time.Time

	workers  sync.WaitGroup
	finished chan struct{} // closed when the run is over
	unwatch  func()        // ends the watch over the caller's context

	mu    sync.Mutex // guards what follows
	state state
	idle  []chan *task // workers without work; the last one is the warmest
}

// New returns a scheduler whose tasks run under ctx: when that is canceled the
// run fails with its cause. The caller calls [Scheduler.Wait] or
// [Scheduler.Close] in the end. It panics if the lanes make no sense: no width,
// or gates that wait for each other.
func New(ctx context.Context, o Options) *Scheduler {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Scheduler{
		trace:    o.Trace,
		now:      o.Now,
		finished: make(chan struct{}),
		state:    newState(o),
	}
	s.ctx, s.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	watched := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(watched)
		s.fail(context.Cause(ctx))
	})
	s.unwatch = sync.OnceFunc(func() {
		if !stop() {
			<-watched
		}
	})
	return s
}

// Add adds a task, or joins the one that has its key: of the second task only
// Drop counts, and Why if the first has none. After the run failed or ended
// the task does not run and its ticket tells why.
func (s *Scheduler) Add(t Task) Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := s.state.add(t)
	s.step(s.now(), false)
	return Ticket{s, added}
}

// AddAll adds tasks in one step, which is cheaper than adding one by one.
func (s *Scheduler) AddAll(tasks []Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range tasks {
		s.state.add(t)
	}
	s.step(s.now(), false)
}

// SetCost says how many bytes the task of that key really holds. It has no
// effect before the task was admitted or after its bytes were released.
func (s *Scheduler) SetCost(key Key, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.setCost(key, bytes)
	s.step(s.now(), false)
}

// Tally adds n to the counter of that name in [Counts].
func (s *Scheduler) Tally(name string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.tally[name] += n
}

// Wait says that only tasks will add tasks from now on, and returns when all
// have ended and no goroutine of the scheduler is left. The error is that of
// the first task that failed, an [*Error], or the cause of ctx, whose end
// cancels the run, or a [*DeadlockError] when tasks are left that wait for
// what will not come. It may be called again and then returns the same.
func (s *Scheduler) Wait(ctx context.Context) (Counts, error) {
	s.mu.Lock()
	s.state.draining = true
	s.step(s.now(), false)
	s.mu.Unlock()
	select {
	case <-s.finished:
	case <-ctx.Done():
		s.fail(context.Cause(ctx))
		<-s.finished
	}
	s.unwatch()
	s.workers.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.counts(), s.state.stopped
}

// Close cancels what has not ended and waits as Wait does. After Wait it does
// nothing, so that it can be deferred.
func (s *Scheduler) Close() {
	s.fail(ErrClosed)
	s.Wait(context.Background())
}

// fail ends the run unless it has ended.
func (s *Scheduler) fail(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.over {
		return
	}
	s.state.draining = true
	s.state.stop(cause)
	s.step(s.now(), false)
}

// Ticket stands for a task that was added.
type Ticket struct {
	s *Scheduler
	t *task
}

// Wait waits for the task's end and returns nil, an error that wraps
// [ErrDropped], or what ended the run. The end of ctx ends the wait only. A
// task must not wait for another one; that is what Needs is for.
func (k Ticket) Wait(ctx context.Context) error {
	k.s.mu.Lock()
	ended := k.t.watch()
	k.s.mu.Unlock()
	select {
	case <-ended:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	return k.s.state.outcome(k.t)
}

// Result is the Result of the task that runs under the key, whoever added it.
// What it points to may be read once Wait returned nil, and by tasks that need
// the key.
func (k Ticket) Result() any { return k.t.Result }
