package resolve

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"godwit/internal/npm"
)

// slow answers after a time of its own for each name.
type slow struct {
	memory
	delay   func(npm.Name) time.Duration
	running *atomic.Int32
}

func (s slow) Packument(ctx context.Context, name npm.Name, fresh bool) (*npm.Packument, error) {
	s.running.Add(1)
	defer s.running.Add(-1)
	select {
	case <-time.After(s.delay(name)):
		return s.memory.Packument(ctx, name, fresh)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// crowd is a registry in which everything has to do with everything.
func crowd(t testing.TB) memory {
	r := rand.New(rand.NewPCG(7, 7))
	name := func() string { return fmt.Sprintf("n%d", r.IntN(30)) }
	var lines []string
	for i := range 30 {
		for v := 1; v <= 3; v++ {
			line := fmt.Sprintf("n%d@%d.0.0", i, v)
			for range r.IntN(4) {
				line += " " + name() + "@>=" + fmt.Sprint(1+r.IntN(3))
			}
			for range r.IntN(3) {
				line += []string{" peer:", " peer?:"}[r.IntN(2)] + name() + "@>=" + fmt.Sprint(1+r.IntN(2))
			}
			lines = append(lines, line)
		}
	}
	return registry(t, lines...)
}

// TestOrderOfAnswers resolves a hundred times, with answers that arrive in a
// different order each time; and no fetch outlives its resolution.
func TestOrderOfAnswers(t *testing.T) {
	reg := crowd(t)
	req := project("n0@*", "n1@^1", "n2@2", "n3@*", "n4@>=2")
	want, err := Resolve(t.Context(), reg, req)
	if err != nil {
		t.Fatal(err)
	}
	for run := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(run, 0))
			delays := map[npm.Name]time.Duration{}
			for i := range 30 {
				delays[npm.Name(fmt.Sprintf("n%d", i))] = time.Duration(r.IntN(1000)) * time.Millisecond
			}
			src := slow{reg, func(n npm.Name) time.Duration { return delays[n] }, new(atomic.Int32)}
			got, err := Resolve(t.Context(), src, req)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("run %d: another graph", run)
			}
			if n := src.running.Load(); n != 0 {
				t.Fatalf("run %d: %d fetches go on", run, n)
			}
		})
	}
}

// A cancelled resolution returns without waiting for an answer that never
// comes. In the bubble, waiting for it would be a deadlock.
func TestCancelWhileWaiting(t *testing.T) {
	reg := registry(t, "a@1.0.0 b@1", "b@1.0.0")
	synctest.Test(t, func(t *testing.T) {
		src := slow{reg, func(n npm.Name) time.Duration {
			if n == "b" {
				return 1000 * time.Hour
			}
			return 0
		}, new(atomic.Int32)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := Resolve(ctx, src, project("a@1")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want context.DeadlineExceeded", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("returned after %v", took)
		}
		if n := src.running.Load(); n != 0 {
			t.Errorf("%d fetches go on", n)
		}
	})
}

// An error ends the fetches that nobody needs any more.
func TestErrorEndsFetches(t *testing.T) {
	reg := registry(t, "a@1.0.0 gone@1 late@1", "late@1.0.0")
	synctest.Test(t, func(t *testing.T) {
		src := slow{reg, func(n npm.Name) time.Duration {
			if n == "late" {
				return 1000 * time.Hour
			}
			return time.Second
		}, new(atomic.Int32)}
		if _, err := Resolve(t.Context(), src, project("a@1")); err == nil {
			t.Error("no error for a package that does not exist")
		}
		if n := src.running.Load(); n != 0 {
			t.Errorf("%d fetches go on", n)
		}
	})
}

// A deep graph costs its depth in round trips, not more.
func TestLooksAhead(t *testing.T) {
	const depth = 12
	var lines []string
	for i := range depth {
		lines = append(lines, fmt.Sprintf("d%d@1.0.0 d%d@1 e%d@1", i, i+1, i), fmt.Sprintf("e%d@1.0.0", i))
	}
	lines = append(lines, fmt.Sprintf("d%d@1.0.0", depth))
	reg := registry(t, lines...)
	synctest.Test(t, func(t *testing.T) {
		src := slow{reg, func(npm.Name) time.Duration { return time.Second }, new(atomic.Int32)}
		began := time.Now()
		if _, err := Resolve(t.Context(), src, project("d0@1")); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > (depth+1)*time.Second {
			t.Errorf("%v of round trips for a depth of %d", took, depth)
		}
	})
}
