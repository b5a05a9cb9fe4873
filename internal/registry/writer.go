package registry

import (
	"sync"
)

// writer carries cache files to disk one after the other, behind the requests
// and never holding one up: what does not fit its queue is not written. It has
// one goroutine, from the first job to close.
type writer struct {
	changed chan struct{} // wakes the goroutine; one token

	mu      sync.Mutex
	running sync.WaitGroup
	started bool
	closing bool
	queue   []job
	bytes   int64 // of bodies in queue
	err     error // the first
}

type job struct {
	bytes int64
	run   func() error
}

// maxQueued bounds the bodies that wait. They are in memory anyway, held by
// packuments in use; the bound is for disks that stall.
const maxQueued = 256 << 20

// add queues run, which is about a body of so many bytes.
func (w *writer) add(bytes int64, run func() error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing || w.bytes+bytes > maxQueued {
		return
	}
	w.queue = append(w.queue, job{bytes, run})
	w.bytes += bytes
	if !w.started {
		w.started = true
		w.running.Go(w.work)
	}
	w.wake()
}

// wake leaves the token; one is enough, since work empties the queue.
func (w *writer) wake() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *writer) work() {
	for {
		w.mu.Lock()
		if len(w.queue) == 0 {
			closing := w.closing
			w.mu.Unlock()
			if closing {
				return
			}
			<-w.changed
			continue
		}
		j := w.queue[0]
		w.queue[0] = job{} // lets the body go
		w.queue = w.queue[1:]
		w.mu.Unlock()

		err := j.run()

		w.mu.Lock()
		w.bytes -= j.bytes
		if w.err == nil {
			w.err = err
		}
		w.mu.Unlock()
	}
}

// close writes what is queued and returns the first error of all writes.
func (w *writer) close() error {
	w.mu.Lock()
	w.closing = true
	w.wake()
	w.mu.Unlock()
	w.running.Wait()
	return w.err
}
