package server

import (
	"container/list"
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"godwit/internal/resolve/wire"
)

// runKey is the digest of all that an answer depends on but the registry.
type runKey [sha256.Size]byte

// run is one resolution and what it has said so far.
type run struct {
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
}

// say appends a frame. Behind the last one nothing is said any more.
func (r *run) say(f *wire.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said {
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
	turns  chan struct{} // one for each resolution at work

	mu      sync.Mutex
	on      map[runKey]*run
	waiting int // runs that are on, at work or not
	replays replays
}

func newRuns(l Limits, now func() time.Time) *runs {
	return &runs{
		limits: l, now: now, turns: make(chan struct{}, l.Resolves), on: map[runKey]*run{},
		replays: replays{limit: l.Replays, by: map[runKey]*list.Element{}},
	}
}

// errBusy is a request for which there is no room.
var errBusy = errors.New("this server has as much to do as it is allowed")

// join finds the run of key, if it is on or its answer is still good. Whoever got
// one leaves it.
func (rs *runs) join(key runKey) (*run, Kind) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if r := rs.on[key]; r != nil {
		r.readers++
		return r, Joined
	}
	if r := rs.replays.get(key, rs.now()); r != nil {
		r.readers++
		return r, Replayed
	}
	return nil, ""
}

// begin starts work for key, unless somebody was faster. The work runs on a
// context of its own: it is stopped when nobody waits for it any more.
func (rs *runs) begin(ctx context.Context, key runKey, work func(context.Context, *run)) (*run, Kind, error) {
	if r, kind := rs.join(key); r != nil {
		return r, kind, nil
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.waiting >= rs.limits.Resolves+rs.limits.Queue {
		return nil, "", errBusy
	}
	if r := rs.on[key]; r != nil {
		r.readers++
		return r, Joined, nil
	}
	own, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), rs.limits.Resolve, errTimeout)
	r := &run{cancel: cancel, ended: make(chan struct{}), readers: 1, more: make(chan struct{})}
	rs.on[key] = r
	rs.waiting++
	go func() { // ends before the last reader leaves
		defer cancel()
		// Who waits is told in time, even if the work does not look at the clock.
		late := context.AfterFunc(own, func() { r.say(&wire.Frame{Error: failureOf(own, context.Cause(own))}) })
		defer late()
		select {
		case rs.turns <- struct{}{}:
			work(own, r)
			<-rs.turns
		case <-own.Done():
		}
		rs.end(key, r)
	}()
	return r, Resolved, nil
}

func (rs *runs) end(key runKey, r *run) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.waiting--
	if rs.on[key] == r {
		delete(rs.on, key)
		if r.good().After(rs.now()) {
			rs.replays.put(key, r)
		}
	}
	close(r.ended)
}

// leave says that a reader is done with r. The last one ends it, and waits for
// that.
func (rs *runs) leave(key runKey, r *run) {
	rs.mu.Lock()
	r.readers--
	last := r.readers == 0
	if last && rs.on[key] == r && !r.isSaid() {
		delete(rs.on, key) // who comes now must not join what is being stopped
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
	used  list.List // of *replay
	by    map[runKey]*list.Element
}

type replay struct {
	key runKey
	run *run
}

func (p *replays) get(key runKey, now time.Time) *run {
	e := p.by[key]
	if e == nil {
		return nil
	}
	kept := e.Value.(*replay)
	if !kept.run.until.After(now) {
		p.drop(e)
		return nil
	}
	p.used.MoveToFront(e)
	return kept.run
}

func (p *replays) put(key runKey, r *run) {
	if e := p.by[key]; e != nil {
		p.drop(e)
	}
	p.by[key] = p.used.PushFront(&replay{key, r})
	p.bytes += int64(cap(r.log))
	for p.bytes > p.limit && p.used.Len() > 0 {
		p.drop(p.used.Back())
	}
}

func (p *replays) drop(e *list.Element) {
	kept := p.used.Remove(e).(*replay)
	delete(p.by, kept.key)
	p.bytes -= int64(cap(kept.run.log))
}
