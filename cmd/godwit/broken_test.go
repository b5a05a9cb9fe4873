package main

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func breaks() int { panic(errors.New("sched: \"a\x1b[2J\nb\" needs nothing")) }

func TestBrokenInvariants(t *testing.T) {
	var stderr strings.Builder
	if status := guarded(&stderr, breaks); status != 1 {
		t.Errorf("status %d", status)
	}
	want := regexp.MustCompile(`^godwit: internal error: sched: "a \[2J b" needs nothing\n  Next: report it .*\n\ngoroutine (?s:.*)\.breaks\(`)
	if !want.MatchString(stderr.String()) {
		t.Errorf("%s", stderr.String())
	}
	stderr.Reset()
	if status := guarded(&stderr, func() int { return 7 }); status != 7 || stderr.Len() > 0 {
		t.Errorf("status %d, %q", status, stderr.String())
	}
}
