package sched

import "time"

// step admits what can run and ends the run when there is nothing left. It
// hands tasks to idle workers, or to new ones: there are never more than tasks
// that run at once. If keep is set one task is returned instead, for the
// worker that calls. s.mu is held.
func (s *Scheduler) step(now time.Time, keep bool) (next *task) {
	for {
		t := s.state.admit(now)
		if t == nil {
			break
		}
		if keep && next == nil {
			next = t
			continue
		}
		s.start(t)
	}
	st := &s.state
	if st.draining && !st.over && st.running == 0 && st.waiting > 0 {
		st.stop(st.deadlock())
	}
	if st.stopped != nil {
		s.cancel(st.stopped)
	}
	if st.draining && !st.over && st.running == 0 {
		s.end()
	}
	return next
}

// start gives t to a worker. s.mu is held.
func (s *Scheduler) start(t *task) {
	if n := len(s.idle); n > 0 {
		wake := s.idle[n-1]
		s.idle = s.idle[:n-1]
		wake <- t // never blocks: it has room for one, and its worker is idle
		return
	}
	s.workers.Go(func() { s.work(t) })
}

// end lets the workers go and Wait return. s.mu is held.
func (s *Scheduler) end() {
	s.state.over = true
	for _, wake := range s.idle {
		close(wake)
	}
	s.idle = nil
	s.cancel(ErrClosed) // frees what tasks hung on the context
	close(s.finished)
}

// work runs t and whatever comes after it until the run is over.
func (s *Scheduler) work(t *task) {
	wake := make(chan *task, 1)
	for t != nil {
		next := s.finish(t, t.Run(s.ctx, t.slot), wake)
		if next == nil {
			next = <-wake
		}
		t = next
	}
}

// finish reports the end of t and returns the next task of this worker. If
// there is none the worker is to wait for wake.
func (s *Scheduler) finish(t *task, err error, wake chan *task) *task {
	now := s.now()
	if s.trace != nil {
		s.trace(t.span(now, err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.finish(t, err, now)
	next := s.step(now, true)
	switch {
	case next != nil:
	case s.state.over:
		close(wake)
	default:
		s.idle = append(s.idle, wake)
	}
	return next
}
