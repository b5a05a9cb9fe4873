package sched

import (
	"slices"
	"time"
)

func (t *task) label() string {
	if t.Label != "" {
		return t.Label
	}
	return string(t.Key)
}

func (t *task) span(end time.Time, err error) Span {
	return Span{
		Key: t.Key, Label: t.label(), Lane: t.Lane, Slot: t.slot, Group: t.Group,
		Start: t.began, End: end, Err: err,
	}
}

// watch returns a channel that is closed when t has ended.
func (t *task) watch() <-chan struct{} {
	if t.ended == nil {
		t.ended = make(chan struct{})
		if t.phase >= done {
			close(t.ended)
		}
	}
	return t.ended
}

// root is the task whose Run is to blame for the end of t.
func (t *task) root() *task {
	for t.cause != nil {
		t = t.cause
	}
	return t
}

// fault is the error of root, as seen from t.
func (t *task) fault() *Error {
	e := &Error{}
	for ; t != nil; t = t.cause {
		e.Chain = append(e.Chain, t.label())
		e.Key, e.Why, e.Err = t.Key, t.why, t.err
	}
	return e
}

// outcome is what those who wait for t are told.
func (st *state) outcome(t *task) error {
	switch root := t.root(); {
	case t.phase == done:
		return nil
	case t.phase == dropped:
		return droppedError{t.fault()}
	case root.err != nil && root.phase != canceled:
		return t.fault()
	case st.stopped != nil:
		return canceledError{t.label(), st.stopped}
	}
	return canceledError{t.label(), ErrClosed}
}

// deadlock describes why the tasks that are waiting will wait forever.
func (st *state) deadlock() *DeadlockError {
	var t *task // the one added first, so that the report does not change
	for _, other := range st.tasks {
		if other.phase == waiting && (t == nil || other.order < t.order) {
			t = other
		}
	}
	path := []Key{t.Key}
	for {
		need := st.unmet(t)
		if need.phase == absent {
			return &DeadlockError{Key: t.Key, Need: need.Key}
		}
		if i := slices.Index(path, need.Key); i >= 0 {
			return &DeadlockError{Key: t.Key, Need: need.Key, Cycle: append(path[i:], need.Key)}
		}
		path = append(path, need.Key)
		t = need
	}
}

// unmet returns a task that t waits for.
func (st *state) unmet(t *task) *task {
	for _, keys := range [][]Key{t.Needs, t.After} {
		for _, key := range keys {
			if need := st.tasks[key]; need.phase < done {
				return need
			}
		}
	}
	panic("sched: " + string(t.Key) + " waits for nothing")
}

// queue is a FIFO of tasks.
type queue struct {
	items []*task
	head  int
}

func (q *queue) len() int     { return len(q.items) - q.head }
func (q *queue) first() *task { return q.items[q.head] }
func (q *queue) push(t *task) { q.items = append(q.items, t) }

func (q *queue) pop() *task {
	t := q.items[q.head]
	q.items[q.head] = nil
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return t
}
