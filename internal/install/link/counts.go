package link

import "sync/atomic"

// Stats are what a [Linker] has done so far.
type Stats struct {
	Slots, Kept            int // slots placed; slots that were there
	Linked, Cloned, Copied int // files placed, by way
	Symlinks, Bins         int // links and commands made or changed
	MaxConcurrent          int // the most slots that were worked on at once
}

type counts struct {
	slots, kept, symlinks, bins atomic.Int64
	files                       [byCopy + 1]atomic.Int64 // by way
	max                         atomic.Int64
}

func (c *counts) placed(w way) { c.files[w].Add(1) }

// Stats returns the counts.
func (l *Linker) Stats() Stats {
	c := &l.counts
	return Stats{
		Slots: int(c.slots.Load()), Kept: int(c.kept.Load()),
		Linked: int(c.files[byLink].Load()), Cloned: int(c.files[byClone].Load()), Copied: int(c.files[byCopy].Load()),
		Symlinks: int(c.symlinks.Load()), Bins: int(c.bins.Load()),
		MaxConcurrent: int(c.max.Load()),
	}
}

// enter counts a slot that is begun.
func (l *Linker) enter() {
	n := l.running.Add(1)
	for {
		old := l.counts.max.Load()
		if n <= old || l.counts.max.CompareAndSwap(old, n) {
			break
		}
	}
	if l.probe != nil {
		l.probe(int(n))
	}
}

func (l *Linker) leave() { l.running.Add(-1) }
