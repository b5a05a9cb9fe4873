package sched

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const (
	network Lane = iota
	cpu
	disk
)

func lanes(net, cpus, disks int) Options {
	return Options{Lanes: []LaneOptions{
		{Name: "network", Width: net},
		{Name: "cpu", Width: cpus},
		{Name: "disk", Width: disks},
	}}
}

// log records what happened in which order.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

// takes is a Run that lasts d of virtual time and logs its end.
func (l *log) takes(name string, d time.Duration) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error {
		select {
		case <-time.After(d):
			l.add(name)
			return nil
		case <-ctx.Done():
			l.add(name + " canceled")
			return ctx.Err()
		}
	}
}

func fails(err error) func(context.Context, int) error {
	return func(context.Context, int) error { return err }
}

func nop(context.Context, int) error { return nil }

func mustWait(t *testing.T, s *Scheduler) Counts {
	t.Helper()
	c, err := s.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestKeyRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t.Context(), lanes(8, 1, 1))
		var ran atomic.Int32
		var results sync.Map
		var callers sync.WaitGroup
		for i := range 50 {
			callers.Go(func() {
				result := i
				ticket := s.Add(Task{Key: "a", Result: &result, Run: func(context.Context, int) error {
					time.Sleep(time.Second)
					ran.Add(1)
					return nil
				}})
				if err := ticket.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				results.Store(ticket.Result(), true)
			})
		}
		callers.Wait()
		c := mustWait(t, s)
		distinct := 0
		results.Range(func(any, any) bool { distinct++; return true })
		if ran.Load() != 1 || c.Joined != 49 || distinct != 1 {
			t.Errorf("ran %d times, %d joined, %d results", ran.Load(), c.Joined, distinct)
		}
	})
}

func TestLaneWidthAndSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t.Context(), lanes(1, 3, 1))
		var busy [3]atomic.Bool
		for i := range 20 {
			s.Add(Task{Key: Key(fmt.Sprint(i)), Lane: cpu, Group: "g", Run: func(_ context.Context, slot int) error {
				if !busy[slot].CompareAndSwap(false, true) {
					t.Error("slot is taken twice")
				}
				time.Sleep(time.Second)
				busy[slot].Store(false)
				return nil
			}})
		}
		c := mustWait(t, s)
		want := Count{Name: "cpu", Started: 20, Finished: 20, MaxConcurrent: 3, MaxBacklog: 20,
			Work: 20 * time.Second, Busy: 7 * time.Second, Span: 7 * time.Second}
		if c.Lanes[cpu] != want {
			t.Errorf("lane:\n got %+v\nwant %+v", c.Lanes[cpu], want)
		}
		want.Name, want.MaxBacklog = "g", 0
		if c.Groups["g"] != want {
			t.Errorf("group:\n got %+v\nwant %+v", c.Groups["g"], want)
		}
	})
}

// chain adds n packages as an install would: download, extract, link.
func chain(s *Scheduler, i int, download, extract time.Duration, cost int64) {
	name := fmt.Sprint(i)
	pause := func(d time.Duration) func(context.Context, int) error {
		return func(context.Context, int) error { time.Sleep(d); return nil }
	}
	s.AddAll([]Task{
		{Key: Key("link " + name), Lane: disk, Needs: []Key{Key("extract " + name)}, Run: pause(0)},
		{Key: Key("extract " + name), Lane: cpu, Needs: []Key{Key("download " + name)}, Run: pause(extract)},
		{Key: Key("download " + name), Lane: network, Cost: cost, Until: Key("extract " + name), Run: pause(download)},
	})
}

func TestBacklogOfItemsStopsAdmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := lanes(4, 1, 1)
		o.Lanes[network].Behind = []Backlog{{Lane: cpu, Items: 3}}
		s := New(t.Context(), o)
		for i := range 30 {
			chain(s, i, time.Second, 10*time.Second, 0)
		}
		time.Sleep(5 * time.Second)
		s.mu.Lock()
		if n := s.state.running; n != 1 { // the extraction; no download although four fit
			t.Errorf("%d tasks run while extraction is behind, want 1", n)
		}
		s.mu.Unlock()
		c := mustWait(t, s)
		// Three wait, and three more were on their way when the third arrived.
		if got := c.Lanes[cpu].MaxBacklog; got > 3+3 {
			t.Errorf("backlog rose to %d", got)
		}
		if c.Lanes[disk].Finished != 30 {
			t.Errorf("linked %d of 30", c.Lanes[disk].Finished)
		}
	})
}

func TestBacklogOfBytesStopsAdmission(t *testing.T) {
	tests := []struct {
		name      string
		bound     int64
		cost      int64
		maxBytes  int64
		downloads int // most at once
	}{
		{"three fit", 35, 10, 30, 3},
		{"exactly four fit", 40, 10, 40, 4},
		{"larger than the bound: one by one", 5, 10, 10, 1},
		{"no bound", 0, 10, 300, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := lanes(8, 1, 1)
				o.Lanes[network].Bytes = tt.bound
				s := New(t.Context(), o)
				for i := range 30 {
					chain(s, i, time.Second, 10*time.Second, tt.cost)
				}
				c := mustWait(t, s)
				got := c.Lanes[network]
				if tt.bound > 0 && got.MaxBytes != tt.maxBytes || got.MaxConcurrent != tt.downloads || got.Finished != 30 {
					t.Errorf("held %d bytes, %d downloads at once, %d done", got.MaxBytes, got.MaxConcurrent, got.Finished)
				}
			})
		})
	}
}

func TestSizeLearntLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := lanes(2, 1, 1)
		o.Lanes[network].Bytes = 100
		s := New(t.Context(), o)
		var l log
		s.Add(Task{Key: "extract", Lane: cpu, Needs: []Key{"big"}, Run: l.takes("extract", 5*time.Second)})
		s.Add(Task{Key: "big", Until: "extract", Run: func(context.Context, int) error {
			s.SetCost("big", 100)
			time.Sleep(time.Second)
			l.add("big")
			return nil
		}})
		time.Sleep(time.Millisecond)
		s.Add(Task{Key: "small", Cost: 1, Run: l.takes("small", time.Second)})
		mustWait(t, s)
		if want := []string{"big", "extract", "small"}; !slices.Equal(l.lines, want) {
			t.Errorf("order %q, want %q", l.lines, want)
		}
	})
}

func TestHeldBytesCannotStopTheRun(t *testing.T) {
	// The extraction that would free the bytes needs another download.
	synctest.Test(t, func(t *testing.T) {
		o := lanes(4, 1, 1)
		o.Lanes[network].Bytes = 10
		s := New(t.Context(), o)
		s.AddAll([]Task{
			{Key: "a", Cost: 10, Until: "extract", Run: nop},
			{Key: "b", Cost: 10, Until: "extract", Run: nop},
			{Key: "extract", Lane: cpu, Needs: []Key{"a", "b"}, Run: nop},
		})
		mustWait(t, s)
	})
}

func TestChildWaitsForParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t.Context(), lanes(8, 8, 8))
		var l log
		s.Add(Task{Key: "a/b/c", Lane: disk, Needs: []Key{"a/b"}, Run: l.takes("a/b/c", time.Second)})
		s.Add(Task{Key: "a/b", Lane: disk, Needs: []Key{"a"}, Run: l.takes("a/b", time.Second)})
		s.Add(Task{Key: "z", Lane: disk, Run: l.takes("z", time.Second)})
		time.Sleep(10 * time.Second)
		s.Add(Task{Key: "a", Lane: disk, Run: l.takes("a", time.Second)})
		mustWait(t, s)
		if want := []string{"z", "a", "a/b", "a/b/c"}; !slices.Equal(l.lines, want) {
			t.Errorf("order %q, want %q", l.lines, want)
		}
	})
}

var errNotFound = errors.New("404 not found")

func TestFailureReachesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t.Context(), lanes(2, 2, 2))
		var l log
		bad := s.Add(Task{Key: "download b", Why: func() string { return "app > a > b" },
			Run: func(context.Context, int) error { time.Sleep(time.Second); return errNotFound }})
		running := s.Add(Task{Key: "download c", Run: l.takes("c", time.Hour)})
		queued := s.Add(Task{Key: "download d", Run: l.takes("d", time.Second)})
		parent := s.Add(Task{Key: "link b", Label: "link a/b", Lane: disk, Needs: []Key{"download b"}, Run: l.takes("link b", 0)})
		child := s.Add(Task{Key: "link x", Label: "link a/b/x", Lane: disk, Needs: []Key{"link b"}, Run: l.takes("link x", 0)})
		_, err := s.Wait(t.Context())
		late := s.Add(Task{Key: "late", Run: l.takes("late", 0)})

		const why = ": 404 not found (wanted by app > a > b)"
		for ticket, want := range map[Ticket]string{
			bad:     "download b" + why,
			parent:  "link a/b > download b" + why,
			child:   "link a/b/x > link a/b > download b" + why,
			running: "download c: canceled: download b" + why,
			queued:  "download d: canceled: download b" + why,
			late:    "late: canceled: download b" + why,
		} {
			got := ticket.Wait(t.Context())
			if !errors.Is(got, errNotFound) || got.Error() != want {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		}
		var fault *Error
		if !errors.As(err, &fault) || fault.Key != "download b" {
			t.Errorf("run ended with %v", err)
		}
		if want := []string{"c canceled"}; !slices.Equal(l.lines, want) {
			t.Errorf("ran %q, want %q", l.lines, want)
		}
		if time.Since(s.state.tasks["download b"].began) != time.Second {
			t.Error("the failure did not end the run at once")
		}
	})
}

func anyError(error) bool       { return true }
func onlyNotFound(e error) bool { return errors.Is(e, errNotFound) }

func TestOptionalSubtreeIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t.Context(), lanes(2, 2, 2))
		var l log
		top := s.Add(Task{Key: "download opt", Drop: onlyNotFound, Run: fails(errNotFound)})
		s.Add(Task{Key: "link opt", Lane: disk, Drop: onlyNotFound, Needs: []Key{"download opt"}, Run: l.takes("link opt", 0)})
		leaf := s.Add(Task{Key: "link opt/x", Lane: disk, Drop: onlyNotFound, Needs: []Key{"link opt"}, Run: l.takes("link opt/x", 0)})
		s.Add(Task{Key: "bins", Lane: disk, After: []Key{"link opt", "link req"}, Run: l.takes("bins", 0)})
		s.Add(Task{Key: "link req", Lane: disk, Run: l.takes("link req", time.Second)})
		time.Sleep(time.Second)
		late := s.Add(Task{Key: "link opt/y", Lane: disk, Drop: onlyNotFound, Needs: []Key{"link opt"}, Run: l.takes("link opt/y", 0)})
		c := mustWait(t, s)
		if c.Dropped != 4 {
			t.Errorf("dropped %d, want 4", c.Dropped)
		}
		if want := []string{"link req", "bins"}; !slices.Equal(l.lines, want) {
			t.Errorf("ran %q, want %q", l.lines, want)
		}
		for _, ticket := range []Ticket{top, leaf, late} {
			if err := ticket.Wait(t.Context()); !errors.Is(err, ErrDropped) || !errors.Is(err, errNotFound) {
				t.Errorf("outcome %v", err)
			}
		}
		if got, want := leaf.Wait(t.Context()).Error(), "dropped: link opt/x > link opt > download opt: 404 not found"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestWhatMustNotBeDropped(t *testing.T) {
	errCorrupt := errors.New("integrity mismatch")
	tests := map[string]func(s *Scheduler){
		"an error of another kind": func(s *Scheduler) {
			s.Add(Task{Key: "a", Drop: onlyNotFound, Run: fails(errCorrupt)})
		},
		"a prefetch joined by demand before it failed": func(s *Scheduler) {
			s.Add(Task{Key: "a", Drop: anyError, Run: func(context.Context, int) error { time.Sleep(time.Second); return errCorrupt }})
			s.Add(Task{Key: "a", Run: nop})
		},
		"a prefetch joined by demand after it failed": func(s *Scheduler) {
			s.Add(Task{Key: "a", Drop: anyError, Run: fails(errCorrupt)})
			time.Sleep(time.Second)
			s.Add(Task{Key: "a", Run: nop})
		},
		"a prefetch joined by an option that minds this error": func(s *Scheduler) {
			s.Add(Task{Key: "a", Drop: anyError, Run: fails(errCorrupt)})
			time.Sleep(time.Second)
			s.Add(Task{Key: "a", Drop: onlyNotFound, Run: nop})
		},
		"demand that needs a prefetch": func(s *Scheduler) {
			s.Add(Task{Key: "a", Drop: anyError, Run: func(context.Context, int) error { time.Sleep(time.Second); return errCorrupt }})
			s.Add(Task{Key: "link", Needs: []Key{"a"}, Run: nop})
		},
		"demand that needs a dropped prefetch": func(s *Scheduler) {
			s.Add(Task{Key: "a", Drop: anyError, Run: fails(errCorrupt)})
			time.Sleep(time.Second)
			s.Add(Task{Key: "link", Needs: []Key{"a"}, Run: nop})
		},
		"two options joined, the second of which minds": func(s *Scheduler) {
			s.Add(Task{Key: "a", Drop: anyError, Run: func(context.Context, int) error { time.Sleep(time.Second); return errCorrupt }})
			s.Add(Task{Key: "a", Drop: onlyNotFound, Run: nop})
		},
		"two options joined, the first of which minds": func(s *Scheduler) {
			s.Add(Task{Key: "a", Drop: onlyNotFound, Run: func(context.Context, int) error { time.Sleep(time.Second); return errCorrupt }})
			s.Add(Task{Key: "a", Drop: anyError, Run: nop})
		},
	}
	for name, add := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(t.Context(), lanes(2, 2, 2))
				add(s)
				if _, err := s.Wait(t.Context()); !errors.Is(err, errCorrupt) || errors.Is(err, ErrDropped) {
					t.Errorf("run ended with %v", err)
				}
			})
		})
	}
}

func TestCancelDrains(t *testing.T) {
	cause := errors.New("interrupted")
	tests := map[string]func(t *testing.T) (*Scheduler, context.Context, func()){
		"context of the run": func(t *testing.T) (*Scheduler, context.Context, func()) {
			ctx, cancel := context.WithCancelCause(t.Context())
			return New(ctx, lanes(2, 2, 2)), t.Context(), func() { cancel(cause) }
		},
		"context of Wait": func(t *testing.T) (*Scheduler, context.Context, func()) {
			ctx, cancel := context.WithCancelCause(t.Context())
			return New(t.Context(), lanes(2, 2, 2)), ctx, func() { cancel(cause) }
		},
	}
	for name, setup := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, ctx, cancel := setup(t)
				var l log
				for i := range 5 {
					s.Add(Task{Key: Key(fmt.Sprint(i)), Run: func(ctx context.Context, _ int) error {
						<-ctx.Done()
						time.Sleep(time.Minute) // cleaning up
						l.add("cleaned")
						return context.Cause(ctx)
					}})
				}
				time.AfterFunc(time.Second, cancel)
				start := time.Now()
				c, err := s.Wait(ctx)
				if err != cause {
					t.Errorf("run ended with %v", err)
				}
				if d := time.Since(start); d != time.Minute+time.Second {
					t.Errorf("Wait returned after %v", d)
				}
				if c.Lanes[network].Started != 2 || len(l.lines) != 2 {
					t.Errorf("%d started, %q", c.Lanes[network].Started, l.lines)
				}
			})
		})
	}
}

// A bubble of synctest ends with a panic when goroutines are left in it, and
// inside the bubble whoever is left would still be running or blocked.
func TestNoGoroutineOutlivesWait(t *testing.T) {
	for _, end := range []string{"success", "failure", "close"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				before := bubbleGoroutines()
				s := New(ctx, lanes(16, 4, 4))
				for i := range 200 {
					chain(s, i, time.Second, time.Second, 1)
				}
				switch end {
				case "success":
					mustWait(t, s)
				case "failure":
					s.Add(Task{Key: "bad", Run: fails(errNotFound)})
					s.Wait(t.Context())
				case "close":
					time.Sleep(1500 * time.Millisecond)
					if bubbleGoroutines() != before+16+4 { // 16 downloads, 4 extractions
						t.Fatal("the test does not see the workers")
					}
				}
				s.Close()
				if n := bubbleGoroutines(); n != before {
					t.Errorf("%d goroutines are left", n-before)
				}
			})
		})
	}
}

func TestTwoSchedulersDoNotMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := New(t.Context(), lanes(1, 1, 1)), New(t.Context(), lanes(1, 1, 1))
		var l log
		a.Add(Task{Key: "same", Run: l.takes("a", time.Second)})
		b.Add(Task{Key: "same", Run: l.takes("b", 2*time.Second)})
		a.Add(Task{Key: "bad", Run: fails(errNotFound)})
		ca, err := a.Wait(t.Context())
		if !errors.Is(err, errNotFound) {
			t.Errorf("a ended with %v", err)
		}
		cb := mustWait(t, b)
		if want := []string{"a", "b"}; !slices.Equal(l.lines, want) || ca.Joined+cb.Joined != 0 {
			t.Errorf("ran %q, joined %d and %d", l.lines, ca.Joined, cb.Joined)
		}
	})
}

func TestGrowthWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t.Context(), lanes(4, 2, 2))
		var grow func(depth, i int) Task
		grow = func(depth, i int) Task {
			return Task{Key: Key(fmt.Sprintf("%d.%d", depth, i)), Run: func(context.Context, int) error {
				time.Sleep(time.Millisecond)
				if depth < 6 {
					s.AddAll([]Task{grow(depth+1, 2*i), grow(depth+1, 2*i+1), grow(depth+1, 2*i)})
				}
				s.Tally("nodes", 1)
				return nil
			}}
		}
		s.Add(grow(0, 0))
		c := mustWait(t, s)
		if c.Tally["nodes"] != 127 || c.Lanes[network].Finished != 127 || c.Joined != 63 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestDeadlockIsReported(t *testing.T) {
	tests := []struct {
		name  string
		tasks []Task
		want  *DeadlockError
	}{
		{"never added", []Task{{Key: "b", After: []Key{"a"}}, {Key: "a", Needs: []Key{"x"}}},
			&DeadlockError{Key: "a", Need: "x"}},
		{"itself", []Task{{Key: "a", Needs: []Key{"a"}}},
			&DeadlockError{Key: "a", Need: "a", Cycle: []Key{"a", "a"}}},
		{"cycle", []Task{{Key: "ok"}, {Key: "a", Needs: []Key{"ok", "b"}}, {Key: "b", Needs: []Key{"c"}}, {Key: "c", After: []Key{"b"}}},
			&DeadlockError{Key: "c", Need: "b", Cycle: []Key{"b", "c", "b"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(t.Context(), lanes(2, 2, 2))
				for i := range tt.tasks {
					tt.tasks[i].Run = nop
				}
				s.AddAll(tt.tasks)
				_, err := s.Wait(t.Context())
				var got *DeadlockError
				if !errors.As(err, &got) || !reflect.DeepEqual(got, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
			})
		})
	}
}

func TestTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := lanes(1, 1, 1)
		var l log
		o.Trace = func(s Span) { l.add(fmt.Sprintf("%s %d %v %v", s.Label, s.Lane, s.End.Sub(s.Start), s.Err)) }
		s := New(t.Context(), o)
		s.Add(Task{Key: "a", Run: l.takes("ran a", time.Second), Lane: cpu})
		s.Add(Task{Key: "b", Label: "bee", Drop: anyError, Run: fails(errNotFound), Lane: disk, Needs: []Key{"a"}})
		mustWait(t, s)
		if got, want := strings.Join(l.lines, "; "), "ran a; a 1 1s <nil>; bee 2 0s 404 not found"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestClosedSchedulerRunsNothing(t *testing.T) {
	s := New(t.Context(), lanes(1, 1, 1))
	mustWait(t, s)
	ticket := s.Add(Task{Key: "a", Run: func(context.Context, int) error { t.Error("ran"); return nil }})
	if err := ticket.Wait(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("outcome %v", err)
	}
	s.Close()
}
