package server

import (
	"container/list"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"time"

	"godwit/internal/resolve/wire"
	"godwit/internal/turns"
)

// runKey is the digest of all that an answer depends on but the registry and the
// moment.
type runKey [sha256.Size]byte

// question is what a run answers.
type question struct {
	key    runKey
	moment moment
}

// run is one resolution and what it has said so far.
type run struct {
	question
	cancel context.CancelFunc
	ended  chan struct{} // closed when nobody works on it any more

	readers int // guarded by runs.mu

	mu       sync.Mutex
	said     bool          // the last frame
	log      []byte        // the lines; only ever grows
	packages int           // of them
	code     string        // of the error that is the last of them, or ""
	more     chan struct{} // closed when log has grown
	until    time.Time     // how long what was found may be told again
	holds    span          // for which moments
	hints    *hints        // nil without
}

// say appends a frame. Behind the last one nothing is said any more.
func (r *run) say(f *wire.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said {
		return
	}
	if r.hints.take(f) {
		return
	}
	r.log = f.Append(r.log)
	switch {
	case f.Package != nil:
		r.packages++
	case f.Error != nil:
		r.said, r.code = true, f.Error.Code
	default:
		r.said = true
	}
	close(r.more)
	r.more = make(chan struct{})
}

// isSaid reports whether the last frame is in the log.
func (r *run) isSaid() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said
}

// failed reports whether that is an error.
func (r *run) failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.code != ""
}

// good is how long what was found may be told again; zero if nothing was, or not
// in time.
func (r *run) good() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.code != "" {
		return time.Time{}
	}
	return r.until
}

// from is what the run has said from the byte at on; over says that it will say
// no more. It waits until there is something.
func (r *run) from(ctx context.Context, at int) (lines []byte, over bool, err error) {
	for {
		r.mu.Lock()
		lines, more, over := r.log[at:], r.more, r.said
		r.mu.Unlock()
		if len(lines) > 0 || over {
			return lines, over, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, false, context.Cause(ctx)
		}
	}
}

// runs is who resolves what, and what was found lately.
type runs struct {
	limits Limits
	now    func() time.Time
	turns  turns.Turns // one for each resolution at work

	mu      sync.Mutex
	on      map[runKey][]*run // several for moments that are far apart
	waiting int               // runs that are on, at work or not
	replays replays
}

func newRuns(l Limits, now func() time.Time) *runs {
	return &runs{
		limits: l, now: now, turns: turns.New(l.Resolves), on: map[runKey][]*run{},
		replays: replays{limit: l.Replays, by: map[runKey]*list.Element{}},
	}
}

// errBusy is a request for which there is no room.
var errBusy = errors.New("this server has as much to do as it is allowed")

// join finds the run that answers q, if it is on or its answer is still good.
// Whoever got one leaves it.
func (rs *runs) join(q question) (*run, Kind) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.joined(q)
}

// joined is join. mu is held.
func (rs *runs) joined(q question) (*run, Kind) {
	if r := rs.running(q); r != nil {
		r.readers++
		return r, Joined
	}
	if r := rs.replays.get(q, rs.now()); r != nil {
		r.readers++
		return r, Replayed
	}
	return nil, ""
}

// running is the run that is on and will answer q, or nil. One that has failed,
// and is still at work, answers those who were there when it did.
func (rs *runs) running(q question) *run {
	for _, r := range rs.on[q.key] {
		if q.moment.soon(r.moment) && !r.failed() {
			return r
		}
	}
	return nil
}

// off ends that a run can be joined, and reports whether it could be.
func (rs *runs) off(r *run) bool {
	all := rs.on[r.key]
	at := slices.Index(all, r)
	if at < 0 {
		return false
	}
	if rs.on[r.key] = slices.Delete(all, at, at+1); len(all) == 1 {
		delete(rs.on, r.key)
	}
	return true
}

// begin starts work for q, unless somebody was faster. The work runs on a
// context of its own: it is stopped when nobody waits for it any more.
func (rs *runs) begin(ctx context.Context, q question, work func(context.Context, *run)) (*run, Kind, error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if r, kind := rs.joined(q); r != nil {
		return r, kind, nil
	}
	if rs.waiting >= rs.limits.Resolves+rs.limits.Queue {
		return nil, "", errBusy
	}
	own, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), rs.limits.Resolve, errTimeout)
	r := &run{question: q, cancel: cancel, ended: make(chan struct{}), readers: 1, more: make(chan struct{})}
	r.hint(rs.replays.old(q))
	rs.on[q.key] = append(rs.on[q.key], r)
	rs.waiting++
	go func() { // ends before the last reader leaves
		defer cancel()
		// Who waits is told in time, even if the work does not look at the clock.
		late := context.AfterFunc(own, func() { r.say(&wire.Frame{Error: failureOf(own, context.Cause(own))}) })
		defer late()
		if done, err := rs.turns.Take(own); err == nil {
			work(own, r)
			done()
		}
		rs.end(r)
	}()
	return r, Resolved, nil
}

func (rs *runs) end(r *run) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.waiting--
	if rs.off(r) && r.good().After(rs.now()) {
		rs.replays.put(r.lasting())
	}
	close(r.ended)
}

// leave says that a reader is done with r. The last one ends it, and waits for
// that.
func (rs *runs) leave(r *run) {
	rs.mu.Lock()
	r.readers--
	last := r.readers == 0
	if last && !r.isSaid() {
		rs.off(r) // who comes now must not join what is being stopped
	}
	rs.mu.Unlock()
	if last {
		r.cancel()
		<-r.ended
	}
}

// replays are runs that ended, the most recently used first; guarded by runs.mu.
type replays struct {
	limit int64
	bytes int64
	used  list.List // of *run
	by    map[runKey]*list.Element
}

func (p *replays) get(q question, now time.Time) *run {
	e := p.by[q.key]
	if e == nil {
		return nil
	}
	kept := e.Value.(*run)
	if !kept.until.After(now) || !kept.holds.holds(q.moment) {
		return nil // what is found instead takes its place
	}
	p.used.MoveToFront(e)
	return kept
}

// old is a run whose answer was right lately, or nil.
func (p *replays) old(q question) *run {
	e := p.by[q.key]
	if e == nil || q.moment.cutoff.Before(e.Value.(*run).moment.cutoff) { // it may have what is too young
		return nil
	}
	return e.Value.(*run)
}

func (p *replays) put(r *run) {
	if e := p.by[r.key]; e != nil {
		p.drop(e)
	}
	p.by[r.key] = p.used.PushFront(r)
	p.bytes += int64(cap(r.log))
	for p.bytes > p.limit && p.used.Len() > 0 {
		p.drop(p.used.Back())
	}
}

func (p *replays) drop(e *list.Element) {
	r := p.used.Remove(e).(*run)
	delete(p.by, r.key)
	p.bytes -= int64(cap(r.log))
}
