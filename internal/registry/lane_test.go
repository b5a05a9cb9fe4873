package registry

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// entered is how many requests a lane lets in at one time.
func entered(t *testing.T, l *lane) int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := 0
	for len(l.slots) < cap(l.slots) {
		if err := l.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if err := l.enter(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a full lane: %v", err)
	}
	for range n {
		l.leave()
	}
	return n
}

func TestLane(t *testing.T) {
	answers := func(n int, took time.Duration) func(*lane) {
		return func(l *lane) {
			for range n {
				l.answered(took)
			}
		}
	}
	for name, c := range map[string]struct {
		then []func(*lane)
		want int
	}{
		"at first":            {nil, 4},
		"before it can tell":  {[]func(*lane){answers(tellingAnswers-1, time.Second)}, 4},
		"far":                 {[]func(*lane){answers(tellingAnswers, far)}, 9},
		"far, for long":       {[]func(*lane){answers(10*tellingAnswers, time.Second)}, 9},
		"one was near":        {[]func(*lane){answers(1, far-1), answers(100, time.Second)}, 4},
		"near after all":      {[]func(*lane){answers(tellingAnswers, far), answers(1, 0)}, 9},
		"far, but failing":    {[]func(*lane){answers(tellingAnswers-1, far), (*lane).failed, answers(100, far)}, 4},
		"failed at the start": {[]func(*lane){(*lane).failed, answers(100, far)}, 4},
	} {
		l := newLane(4, 9, nil)
		for _, do := range c.then {
			do(l)
		}
		if got := entered(t, l); got != c.want {
			t.Errorf("%s: %d requests at one time, want %d", name, got, c.want)
		}
	}
}

// TestFarRegistry answers half a lane at once and the rest only when more than a
// lane wait, by a clock on which every answer takes long.
func TestFarRegistry(t *testing.T) {
	var seen, waiting atomic.Int32
	wide := make(chan struct{})
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if seen.Add(1) <= tellingAnswers {
			return
		}
		if waiting.Add(1) == defaultSockets+1 {
			close(wide)
		}
		select {
		case <-wide:
		case <-r.Context().Done():
		}
	})
	var ticks atomic.Int64
	c := client(t, Options{Default: server.URL, Now: func() time.Time {
		return time.Unix(0, 0).Add(time.Duration(ticks.Add(1)) * far)
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // of a lane that stays narrow
	defer cancel()
	done := make(chan error)
	const requests = tellingAnswers + farSockets
	for range requests {
		go func() {
			_, err := c.Tarball(ctx, TarballRequest{URL: server.URL + "/a.tgz"})
			done <- err
		}()
	}
	for range requests {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
