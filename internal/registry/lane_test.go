package registry

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
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

// atOnce is a registry that is a round trip of took away, and counts how many
// requests wait for it at one time.
type atOnce struct {
	took time.Duration

	mu            sync.Mutex
	waiting, most int
}

func (a *atOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.waiting++
	a.most = max(a.most, a.waiting)
	a.mu.Unlock()
	time.Sleep(a.took)
	a.mu.Lock()
	a.waiting--
	a.mu.Unlock()
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

func TestDistanceOfRegistry(t *testing.T) {
	for took, want := range map[time.Duration]int{
		far - 1: defaultSockets,
		far:     farSockets,
	} {
		synctest.Test(t, func(t *testing.T) {
			registry := &atOnce{took: took}
			c := client(t, Options{Default: "http://registry.example", Transport: registry})
			var asking sync.WaitGroup
			for range 4 * farSockets {
				asking.Go(func() {
					if _, err := c.Tarball(t.Context(), TarballRequest{URL: "http://registry.example/a.tgz"}); err != nil {
						t.Error(err)
					}
				})
			}
			asking.Wait()
			if registry.most != want {
				t.Errorf("%d requests at one time where an answer takes %s, want %d", registry.most, took, want)
			}
		})
	}
}
