package server

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"godwit/internal/resolve/wire"
)

// A run that has failed, and whose work does not look at the clock, tells that to
// those who were there: who comes later begins another one.
func TestFailedRunIsNotJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Limits{Resolve: time.Minute}
		l.applyDefaults()
		rs := newRuns(l, time.Now)
		goOn := make(chan struct{})
		stubborn, _, err := rs.begin(t.Context(), question{}, func(context.Context, *run) { <-goOn })
		if err != nil {
			t.Fatal(err)
		}
		if second, kind := rs.join(question{}); second != stubborn || kind != Joined {
			t.Errorf("within its time it is %s", kind)
		}
		time.Sleep(time.Minute + 1)
		synctest.Wait()
		if !stubborn.failed() {
			t.Fatal("its time is not over")
		}
		later, kind, err := rs.begin(t.Context(), question{}, func(_ context.Context, r *run) { r.say(&wire.Frame{Done: &wire.Done{}}) })
		if err != nil || later == stubborn || kind != Resolved {
			t.Errorf("after it: %s, %v", kind, err)
		}
		close(goOn)
		for _, r := range []*run{stubborn, stubborn, later} {
			rs.leave(r)
		}
		if len(rs.on) != 0 || rs.waiting != 0 {
			t.Errorf("%d are on, %d wait", len(rs.on), rs.waiting)
		}
	})
}

// Who asks for what is on gets it, however much there is to do.
func TestJoinWhenBusy(t *testing.T) {
	rs := newRuns(Limits{Resolves: 1, Resolve: time.Minute}, time.Now)
	first, _, err := rs.begin(t.Context(), question{}, func(ctx context.Context, _ *run) { <-ctx.Done() })
	if err != nil {
		t.Fatal(err)
	}
	if second, kind, err := rs.begin(t.Context(), question{}, nil); second != first || kind != Joined || err != nil {
		t.Errorf("%s, %v", kind, err)
	}
	if _, _, err := rs.begin(t.Context(), question{key: runKey{1}}, nil); !errors.Is(err, errBusy) {
		t.Errorf("something else: %v", err)
	}
	rs.leave(first)
	rs.leave(first)
}
